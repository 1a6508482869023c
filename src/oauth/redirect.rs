//! Redirect URIs: which may be registered, and when a requested one is one of them (RFC 6749 section 3.1.2, RFC 8252).

use url::{Host, Url};

/// Longest redirect URI, in bytes.
const MAX_LENGTH: usize = 2048;
/// Schemes that a browser runs, reads from disk, or treats as a page of the current origin. No setting allows them.
const NEVER: [&str; 11] =
    ["about", "blob", "data", "file", "filesystem", "ftp", "http", "https", "javascript", "vbscript", "view-source"];
const LOOPBACK_HOSTS: [&str; 3] = ["127.0.0.1", "[::1]", "localhost"];

/// A redirect URI that may be registered, exactly as the client wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectUri {
    text: String,
    target: Target,
}

/// Where a redirect URI leads.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Target {
    /// A program on the user's own machine that listens on a port.
    Loopback,
    /// A web site, by host.
    Web(String),
    /// A program on the user's own machine that owns a scheme.
    Private(String),
}

/// Why a redirect URI may not be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefusedRedirect {
    /// Not an absolute URI of visible ASCII, or too long.
    #[error("a redirect URI is an absolute URI of visible ASCII, at most 2048 bytes")]
    Malformed,
    /// A scheme that is neither https, http on a loopback host, nor one the operator allows.
    #[error("a redirect URI is https, http on a loopback host, or of a scheme the operator allows")]
    Scheme,
    /// A user name, a password or a fragment.
    #[error("a redirect URI has no user name, password or fragment")]
    Parts,
}

impl RedirectUri {
    /// Judges a redirect URI. `schemes` are the private-use schemes (RFC 8252 section 7.1) the operator allows.
    pub fn parse(text: &str, schemes: &[String]) -> Result<Self, RefusedRedirect> {
        if text.len() > MAX_LENGTH || !text.bytes().all(|b| b.is_ascii_graphic()) || text.contains('\\') {
            return Err(RefusedRedirect::Malformed);
        }
        let url = Url::parse(text).map_err(|_| RefusedRedirect::Malformed)?;
        if text.contains('#') || !url.username().is_empty() || url.password().is_some() || has_userinfo(text) {
            return Err(RefusedRedirect::Parts);
        }
        let target = match url.scheme() {
            "https" => Target::Web(written_host(text, &url, "https://").ok_or(RefusedRedirect::Malformed)?),
            "http" => without_port(text).map(|_| Target::Loopback).ok_or(RefusedRedirect::Scheme)?,
            scheme if NEVER.contains(&scheme) => return Err(RefusedRedirect::Scheme),
            scheme if schemes.iter().any(|allowed| allowed == scheme) && text.starts_with(scheme) => {
                Target::Private(scheme.to_owned())
            }
            _ => return Err(RefusedRedirect::Scheme),
        };
        Ok(Self { text: text.to_owned(), target })
    }

    /// A page of the gateway itself. It is no program that listens on a port it finds free: only this text is it.
    pub fn of_gateway(issuer: &str, path: &str) -> Option<Self> {
        let host = Url::parse(issuer).ok()?.host_str()?.to_owned();
        Some(Self { text: format!("{issuer}{path}"), target: Target::Web(host) })
    }

    /// Whether a requested URI is this one: the same text, or on a loopback host the same but for the port, which a native
    /// program takes as it finds it free (RFC 8252 section 7.3).
    pub fn covers(&self, requested: &str) -> bool {
        let only_port_differs = || {
            let (own, theirs) = (without_port(&self.text), without_port(requested));
            self.target == Target::Loopback && requested.len() <= MAX_LENGTH && own.is_some() && own == theirs
        };
        self.text == requested || only_port_differs()
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a program on the user's own machine receives it: any program there may pose as the client.
    pub fn is_local(&self) -> bool {
        !matches!(self.target, Target::Web(_))
    }

    /// What a person is shown of where the answer goes: the host, or the scheme of a private one.
    pub fn shown(&self) -> String {
        match &self.target {
            Target::Loopback => without_port(&self.text).map_or_else(String::new, |(host, _)| host.to_owned()),
            Target::Web(host) => host.clone(),
            Target::Private(scheme) => format!("{scheme}:"),
        }
    }
}

/// Whether a scheme may be a program's own: it is written as a URL has it, and no browser opens it itself.
pub fn is_private_scheme(scheme: &str) -> bool {
    let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.');
    scheme.starts_with(|first: char| first.is_ascii_lowercase())
        && scheme.bytes().all(letter)
        && !NEVER.contains(&scheme)
}

/// What a form on a page must be allowed to lead to when it is answered with a redirect there: an origin or a scheme, as a
/// content security policy writes it.
pub fn policy_source(redirect: &str) -> String {
    match Url::parse(redirect) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => url.origin().ascii_serialization(),
        Ok(url) => format!("{}:", url.scheme()),
        Err(_) => String::new(),
    }
}

/// Host and rest of an `http` URI on a loopback host, without its port; compared as they are written.
fn without_port(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix("http://")?;
    let (host, rest) = LOOPBACK_HOSTS.iter().find_map(|host| rest.strip_prefix(host).map(|rest| (*host, rest)))?;
    let rest = match rest.strip_prefix(':') {
        Some(after) => {
            let digits = after.bytes().take_while(u8::is_ascii_digit).count();
            let (port, rest) = after.split_at_checked(digits)?;
            port.parse::<u16>().ok().filter(|port| *port > 0)?;
            rest
        }
        None => rest,
    };
    (rest.is_empty() || rest.starts_with(['/', '?'])).then_some((host, rest))
}

/// The host as it stands in the text, if that is how the parser reads it too: no spelling that looks like another host.
fn written_host(text: &str, url: &Url, scheme: &str) -> Option<String> {
    let Some(Host::Domain(host)) = url.host() else { return None };
    let rest = text.strip_prefix(scheme)?;
    let end = rest.find([':', '/', '?']).unwrap_or(rest.len());
    rest.get(..end).filter(|written| *written == host).map(str::to_owned)
}

fn has_userinfo(text: &str) -> bool {
    let after = text.split_once("://").map_or("", |(_, after)| after);
    let end = after.find(['/', '?']).unwrap_or(after.len());
    after.get(..end).is_some_and(|authority| authority.contains('@'))
}

#[cfg(test)]
mod tests {
    use super::{RedirectUri, RefusedRedirect, policy_source};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn parse(text: &str) -> Result<RedirectUri, RefusedRedirect> {
        RedirectUri::parse(text, &["cursor".to_owned(), "com.example.app".to_owned()])
    }

    #[test]
    fn a_web_site_a_loopback_host_and_an_allowed_scheme_may_be_registered() {
        for (text, shown, local) in [
            ("https://app.example.com/callback?x=1", "app.example.com", false),
            ("https://app.example.com:8443/callback", "app.example.com", false),
            ("http://127.0.0.1/callback", "127.0.0.1", true),
            ("http://localhost:3000/callback", "localhost", true),
            ("http://[::1]:9/", "[::1]", true),
            ("cursor://anysphere.cursor-mcp/oauth/callback", "cursor:", true),
            ("com.example.app:/oauth", "com.example.app:", true),
        ] {
            let uri = parse(text).unwrap();
            assert_eq!((uri.shown().as_str(), uri.is_local(), uri.as_str()), (shown, local, text));
        }
    }

    #[test]
    fn anything_else_may_not() {
        for text in [
            "",
            "/callback",
            "//host/callback",
            "http://app.example.com/callback",
            "http://127.0.0.2/",
            "http://127.1/",
            "http://2130706433/",
            "http://localhost.evil.example/",
            "http://localhost:0/",
            "http://localhost:99999/",
            "http://localhost:80a/",
            "http://localhost#",
            "https://app.example.com/#fragment",
            "https://user@app.example.com/",
            "https://user:password@app.example.com/",
            "https://@app.example.com/",
            "https://APP.example.com/",
            "https://app.example.com\\@evil.example/",
            "https:app.example.com/",
            "https:/app.example.com/",
            "https://192.0.2.1/",
            "https://app.exa\u{0301}mple.com/",
            "HTTPS://app.example.com/",
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "\tjavascript:alert(1)",
            "java\nscript:alert(1)",
            " https://app.example.com/",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "blob:https://app.example.com/x",
            "view-source:https://app.example.com",
            "vscode://x/y",
            "CURSOR://x",
            &format!("https://app.example.com/{}", "a".repeat(2048)),
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn no_setting_allows_a_scheme_that_a_browser_runs() {
        for scheme in super::NEVER {
            assert!(RedirectUri::parse(&format!("{scheme}:x"), &[scheme.to_owned()]).is_err(), "{scheme}");
        }
    }

    #[test]
    fn a_requested_uri_is_the_registered_one_to_the_letter() {
        let web = parse("https://app.example.com/callback?a=b").unwrap();
        assert!(web.covers("https://app.example.com/callback?a=b"));
        for other in [
            "https://app.example.com/callback",
            "https://app.example.com/callback?a=b&c=d",
            "https://app.example.com/callback/?a=b",
            "https://app.example.com/Callback?a=b",
            "https://app.example.com:443/callback?a=b",
            "https://app.example.com./callback?a=b",
            "https://app.example.com.evil.example/callback?a=b",
            "https://evil.example/callback?a=b",
            "https://app.example.com@evil.example/callback?a=b",
            "https://app.example.com/callback?a=b#",
            "https://app.example.com/x/../callback?a=b",
            "https://app.example.com/%63allback?a=b",
            "http://app.example.com/callback?a=b",
            "https://\u{0430}pp.example.com/callback?a=b",
        ] {
            assert!(!web.covers(other), "{other}");
        }
    }

    #[test]
    fn the_port_of_a_loopback_host_may_be_any_and_nothing_else_may_differ() {
        for host in super::LOOPBACK_HOSTS {
            let native = parse(&format!("http://{host}/callback")).unwrap();
            assert!(native.covers(&format!("http://{host}:49152/callback")), "{host}");
            assert!(parse(&format!("http://{host}:8080/callback")).unwrap().covers(&format!("http://{host}/callback")));
            for other in ["/Callback", "/callback/", "/callback?x", "/", "@evil.example/callback", "/callback#"] {
                assert!(!native.covers(&format!("http://{host}:49152{other}")), "{host}{other}");
            }
            assert!(!native.covers(&format!("https://{host}:49152/callback")));
            assert!(!native.covers("http://127.0.0.1.evil.example:1/callback"));
        }
        assert!(!parse("http://127.0.0.1/callback").unwrap().covers("http://localhost/callback"));
        assert!(!parse("cursor://x:1/y").unwrap().covers("cursor://x:2/y"));
    }

    #[test]
    fn a_policy_names_the_origin_or_the_scheme_and_never_the_rest() {
        assert_eq!(policy_source("https://app.example.com/x?y;z"), "https://app.example.com");
        assert_eq!(policy_source("http://[::1]:80/x"), "http://[::1]");
        assert_eq!(policy_source("http://127.0.0.1:5000/x"), "http://127.0.0.1:5000");
        assert_eq!(policy_source("cursor://x;script-src"), "cursor:");
        assert_eq!(policy_source("x"), "");
    }
}
