//! The content policy a page is sent with.

use std::borrow::Cow;

/// The value of `Content-Security-Policy` for a page: its own style and pictures, no script, in no frame, and forms that go to
/// this origin and from there to `form_targets`.
///
/// A browser may hold the redirect that answers a form to `form-action` as well, so the page whose form ends at a client must
/// name where: an origin (`https://app.example:8443`) or a private scheme (`com.example.app:`). A target that is neither is
/// left out: with it, the page would be sent with a policy that says something else.
pub fn content_security_policy(form_targets: &[&str]) -> String {
    let mut policy = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; \
                      form-action 'self'"
        .to_owned();
    for source in form_targets.iter().filter_map(|target| source(target)) {
        policy.extend([" ", &source]);
    }
    policy
}

/// A target as the policy's grammar writes it (Content Security Policy Level 3, section 2.3.1).
fn source(target: &str) -> Option<Cow<'_, str>> {
    // The grammar has no IPv6 address. Its port at any host is the narrowest that lets it through.
    if let Some(port) = target.strip_prefix("http://[::1]:") {
        return is_port(port).then(|| Cow::Owned(["http://*:", port].concat()));
    }
    (is_origin(target) || is_private_scheme(target)).then_some(Cow::Borrowed(target))
}

/// `http` or `https`, a host of plain characters, perhaps a port. No path and no wildcard.
fn is_origin(target: &str) -> bool {
    let Some(authority) = target.strip_prefix("https://").or_else(|| target.strip_prefix("http://")) else {
        return false;
    };
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, "80"));
    let plain = |letter: u8| letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'.' | b'_');
    !host.is_empty() && host.bytes().all(plain) && is_port(port)
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|letter| letter.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

/// A scheme and its colon, where the scheme belongs to a program and not to the browser.
fn is_private_scheme(target: &str) -> bool {
    const BROWSERS_OWN: [&str; 9] = ["http", "https", "ws", "wss", "data", "blob", "filesystem", "javascript", "about"];
    let Some(scheme) = target.strip_suffix(':') else {
        return false;
    };
    let plain = |letter: u8| letter.is_ascii_alphanumeric() || matches!(letter, b'+' | b'-' | b'.');
    scheme.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && scheme.bytes().all(plain)
        && !BROWSERS_OWN.iter().any(|own| scheme.eq_ignore_ascii_case(own))
}

#[cfg(test)]
mod tests {
    use super::content_security_policy;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const OWN: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

    #[test]
    fn a_page_may_load_its_style_and_pictures_and_nothing_else() {
        assert_eq!(content_security_policy(&[]), OWN);
    }

    #[test]
    fn a_form_may_go_on_to_the_origins_and_private_schemes_named() {
        let targets = ["https://app.example", "https://app.example:8443", "http://127.0.0.1:51234", "com.example.app:"];
        assert_eq!(content_security_policy(&targets), format!("{OWN} {}", targets.join(" ")));
    }

    #[test]
    fn the_loopback_address_the_grammar_lacks_is_named_by_its_port() {
        assert_eq!(content_security_policy(&["http://[::1]:8123"]), format!("{OWN} http://*:8123"));
    }

    #[test]
    fn what_would_say_something_else_is_left_out() {
        for target in [
            "",
            ":",
            "*",
            "'none'",
            "'unsafe-inline'",
            "https:",
            "HTTP:",
            "data:",
            "JavaScript:",
            "1up:",
            "a b:",
            "a;b:",
            "https://",
            "https://:443",
            "https://*.example",
            "https://a.example/path",
            "https://a.example?x",
            "https://a.example:",
            "https://a.example:+1",
            "https://a.example:99999",
            "https://a.example:*",
            "https://user@a.example",
            "https://a.example; script-src *",
            "https://a.example, default-src *",
            "https://a.example\r\nX: y",
            "https://a.example\nb:",
            "https://é.example",
            "https://[::1]:8123",
            "http://[::1]",
            "http://[::1]:8123/",
            "http://[::1]: 1",
            "http://[2001:db8::1]:80",
            "ftp://a.example",
        ] {
            assert_eq!(content_security_policy(&[target]), OWN, "{target:?}");
        }
    }
}
