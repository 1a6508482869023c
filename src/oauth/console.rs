//! The gateway's own console as a client: known without being registered, and only ever answered at its own page.

use crate::oauth::client::{Authentication, Client, Grants, Known};
use crate::oauth::redirect::RedirectUri;

/// Its id. Nobody can register it.
pub const CONSOLE_CLIENT: &str = "gateway-console";

/// The console of the gateway at this issuer. It is a page, which keeps no secret: a public client whose one redirect URI is
/// a page of the gateway itself.
pub fn console(issuer: &str) -> Client {
    Client {
        id: CONSOLE_CLIENT.to_owned(),
        name: "the console".to_owned(),
        known: Known::Gateway,
        redirect_uris: RedirectUri::of_gateway(issuer, "/console/callback").into_iter().collect(),
        authentication: Authentication::Nothing,
        grants: Grants { code: true, refresh: true, ..Grants::default() },
    }
}

#[cfg(test)]
mod tests {
    use super::{CONSOLE_CLIENT, console};
    use crate::oauth::client::{Authentication, Known};
    use crate::oauth::registration::is_operators_id;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn the_console_is_answered_at_its_own_page_and_nowhere_else() {
        for (issuer, own) in [
            ("https://gw.example.com", "https://gw.example.com/console/callback"),
            ("http://127.0.0.1:8787", "http://127.0.0.1:8787/console/callback"),
        ] {
            let client = console(issuer);
            assert!(client.redirect(own).is_some(), "{own}");
            for other in [
                "https://gw.example.com/console",
                "https://gw.example.com/console/callback?x",
                "https://gw.example.com:8443/console/callback",
                "https://evil.example/console/callback",
                "http://127.0.0.1:9999/console/callback",
                "http://localhost:8787/console/callback",
            ] {
                assert!(client.redirect(other).is_none(), "{other}");
            }
        }
    }

    #[test]
    fn the_console_has_no_secret_and_nobody_can_register_it() {
        let client = console("https://gw.example.com");
        assert_eq!((client.known, client.authentication), (Known::Gateway, Authentication::Nothing));
        assert_eq!(client.grants.names(), ["authorization_code", "refresh_token"]);
        assert!(!is_operators_id(CONSOLE_CLIENT));
    }
}
