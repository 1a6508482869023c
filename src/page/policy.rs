//! The content policy a page is sent with.

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
    for target in form_targets.iter().filter(|target| is_origin(target) || is_private_scheme(target)) {
        policy.push(' ');
        policy.push_str(target);
    }
    policy
}

/// `http` or `https`, a host of plain characters, perhaps a port. No path and no wildcard.
fn is_origin(target: &str) -> bool {
    let Some(authority) = target.strip_prefix("https://").or_else(|| target.strip_prefix("http://")) else {
        return false;
    };
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, "80"));
    let plain = |letter: u8| letter.is_ascii_alphanumeric() || letter == b'-' || letter == b'.' || letter == b'_';
    !host.is_empty()
        && host.bytes().all(plain)
        && !port.is_empty()
        && port.bytes().all(|letter| letter.is_ascii_digit())
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
