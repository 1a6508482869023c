//! Challenges: what `WWW-Authenticate` says of a refusal (RFC 6750 section 3), and where a client learns who gives tokens
//! (RFC 9728 section 5.1).

use crate::oauth::metadata::description_of;
use crate::scope::Scope;

/// What was to be protected where a request was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Realm<'a> {
    /// The gateway's issuer, from its settings.
    pub issuer: &'a str,
    /// The virtual server whose endpoint was asked for; none at every other route.
    pub server: Option<&'a str>,
}

impl<'a> Realm<'a> {
    /// That of every route but the endpoints of virtual servers.
    pub const fn of(issuer: &'a str) -> Self {
        Self { issuer, server: None }
    }

    /// No credentials were sent: no error is named (RFC 6750 section 3.1).
    pub fn ask(self) -> String {
        format!("Bearer {}", self.wanted(&Scope::full().to_string()))
    }

    /// The token is not good; why is not said.
    pub fn refuse_token(self) -> String {
        let wanted = self.wanted(&Scope::full().to_string());
        format!("Bearer error=\"invalid_token\", error_description=\"invalid, expired or revoked\", {wanted}")
    }

    /// The token may not do this. All that the operation needs is named at once, whatever of it the token has, so that a
    /// client asks for it in one step.
    pub fn demand(self, needed: &[&str]) -> String {
        let scope = needed.join(" ");
        let wanted = self.wanted(&scope);
        format!("Bearer error=\"insufficient_scope\", error_description=\"this needs the scope {scope}\", {wanted}")
    }

    /// The route is the operator's, whose credential no authorization server gives.
    pub fn ask_operator(self) -> String {
        format!("Bearer realm=\"{}\"", self.issuer)
    }

    /// An OAuth client must present itself (RFC 6749 section 5.2).
    pub fn ask_client(self) -> String {
        format!("Basic realm=\"{}\"", self.issuer)
    }

    fn wanted(self, scope: &str) -> String {
        format!("resource_metadata=\"{}\", scope=\"{scope}\"", description_of(self.issuer, self.server))
    }
}

#[cfg(test)]
mod tests {
    use super::Realm;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_challenge_leads_to_the_description_of_the_resource_that_was_asked_for() {
        let everything = Realm::of("https://gw.example");
        assert_eq!(
            everything.ask(),
            "Bearer resource_metadata=\"https://gw.example/.well-known/oauth-protected-resource/mcp\", \
             scope=\"tools:call tools:read\""
        );
        let server = Realm { server: Some("files"), ..everything };
        for challenge in [server.ask(), server.refuse_token(), server.demand(&["a"])] {
            let address = "resource_metadata=\"https://gw.example/.well-known/oauth-protected-resource/mcp/files\"";
            assert!(challenge.contains(address), "{challenge}");
        }
        assert!(!everything.ask_operator().contains("resource_metadata"), "nobody gives tokens for the operator");
    }

    #[test]
    fn nothing_of_a_path_gets_into_a_challenge_that_is_no_name() {
        let realm = Realm { issuer: "https://gw.example", server: Some("a\", error=\"x") };
        assert_eq!(realm.ask(), Realm::of("https://gw.example").ask());
    }

    #[test]
    fn all_that_an_operation_needs_is_named_at_once() {
        assert_eq!(
            Realm::of("https://gw.example").demand(&["tools:call", "tools:read"]),
            "Bearer error=\"insufficient_scope\", \
             error_description=\"this needs the scope tools:call tools:read\", \
             resource_metadata=\"https://gw.example/.well-known/oauth-protected-resource/mcp\", \
             scope=\"tools:call tools:read\""
        );
    }
}
