//! What may leave the gateway: one form for every outbound request, and one policy for every outbound URL.
//!
//! A Worker's `fetch` cannot pin an address, so a name that resolves to a private address is not seen here; the
//! compatibility flag `global_fetch_strictly_public` covers that on the platform (see `docs/THREATS.md`).

mod address;

use crate::time::Lifetime;
use address::{is_loopback, is_public_name, is_public_v4, is_public_v6};
use std::borrow::Cow;
use std::fmt;
use url::{Host, Url};

/// Which addresses an outbound request may reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Public `https` hosts on port 443 only.
    Public,
    /// Public `https` hosts, and plain `http` to this machine's loopback addresses on any port: local development.
    PublicAndLoopback,
}

/// Why a URL may not be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefusedUrl {
    /// Not an absolute URL.
    #[error("not an absolute URL")]
    Malformed,
    /// A scheme other than `https`.
    #[error("only https is allowed")]
    Scheme,
    /// A user name or password in the URL.
    #[error("a URL with a user name or password is refused")]
    UserInfo,
    /// A fragment, which a server never sees.
    #[error("a URL with a fragment is refused")]
    Fragment,
    /// A port other than 443.
    #[error("only port 443 is allowed")]
    Port,
    /// A private, loopback, link-local or otherwise special address or name.
    #[error("private and special-use hosts are refused")]
    Host,
}

/// A URL that passed the outbound policy. `Display` shows scheme and host only: a path or query may carry a key.
#[derive(Clone, PartialEq, Eq)]
pub struct OutboundUrl(Url);

impl OutboundUrl {
    /// Parses and judges a URL. The *parsed* host is judged, so every numeric spelling of an address is seen through.
    pub fn parse(text: &str, reach: Reach) -> Result<Self, RefusedUrl> {
        Self::judge(Url::parse(text).map_err(|_| RefusedUrl::Malformed)?, reach)
    }

    /// Judges a URL that was built from an allowed one; the policy is asked again because building can change the host.
    pub fn judge(url: Url, reach: Reach) -> Result<Self, RefusedUrl> {
        if !url.username().is_empty() || url.password().is_some() {
            return Err(RefusedUrl::UserInfo);
        }
        if url.fragment().is_some() {
            return Err(RefusedUrl::Fragment);
        }
        if reach == Reach::PublicAndLoopback && url.scheme() == "http" && is_loopback(&url) {
            return Ok(Self(url));
        }
        if url.scheme() != "https" {
            return Err(RefusedUrl::Scheme);
        }
        if url.port().is_some() {
            return Err(RefusedUrl::Port);
        }
        match url.host() {
            Some(Host::Domain(name)) if is_public_name(name) => Ok(Self(url)),
            Some(Host::Ipv4(address)) if is_public_v4(address) => Ok(Self(url)),
            Some(Host::Ipv6(address)) if is_public_v6(address) => Ok(Self(url)),
            _ => Err(RefusedUrl::Host),
        }
    }

    /// The same origin with the path and query of `url`: the policy, which is about origins, need not be asked again.
    #[must_use]
    pub fn with_path_and_query(&self, url: &Url) -> Self {
        let mut own = self.0.clone();
        own.set_path(url.path());
        own.set_query(url.query());
        Self(own)
    }

    /// The URL itself, for the request; never for a log line or an error.
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// Scheme, host and port, as RFC 6454 writes an origin.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }
}

impl fmt::Display for OutboundUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin())
    }
}

impl fmt::Debug for OutboundUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OutboundUrl({})", self.origin())
    }
}

/// The methods of requests to other servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum Method {
    /// `GET`
    Get,
    /// `HEAD`
    Head,
    /// `OPTIONS`
    Options,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `PATCH`
    Patch,
    /// `DELETE`
    Delete,
}

impl Method {
    /// Every method.
    pub const ALL: [Self; 7] = [Self::Get, Self::Head, Self::Options, Self::Post, Self::Put, Self::Patch, Self::Delete];

    /// Its name, as a request line has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Options => "OPTIONS",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// Whether it asks for nothing to change (RFC 9110 section 9.2.1).
    pub const fn is_safe(self) -> bool {
        matches!(self, Self::Get | Self::Head | Self::Options)
    }

    /// Whether asking twice is as asking once (RFC 9110 section 9.2.2).
    pub const fn is_idempotent(self) -> bool {
        self.is_safe() || matches!(self, Self::Put | Self::Delete)
    }

    /// Whether a request may have a body: the platform's `fetch` refuses one with `GET` and `HEAD`.
    pub const fn takes_body(self) -> bool {
        !matches!(self, Self::Get | Self::Head)
    }
}

/// One request to another server: built by a room, sent by the edge's one door.
#[derive(Clone, Debug, PartialEq)]
pub struct OutboundRequest {
    /// The method.
    pub method: Method,
    /// Where to.
    pub url: OutboundUrl,
    /// Header fields; a value may be secret, so it is redacted in `Debug`. A name is lower case or as its specification writes it.
    pub headers: Vec<(Cow<'static, str>, HeaderValue)>,
    /// The body, if any.
    pub body: Option<Vec<u8>>,
    /// Header fields of the answer that are read besides its content type, in lower case; all others are dropped at the door.
    pub wanted: &'static [&'static str],
    /// When to give up, counted from sending to the last byte read.
    pub deadline: Lifetime,
    /// Longest answer body accepted, in bytes after decompression.
    pub max_answer_bytes: usize,
}

/// How long the parts of an answer may take. The request's deadline is the end of all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Until the head of the answer is there, connecting included.
    pub first: Lifetime,
    /// From there to each next piece of its body.
    pub idle: Lifetime,
}

impl Patience {
    /// No end but the deadline.
    pub const fn until(deadline: Lifetime) -> Self {
        Self { first: deadline, idle: deadline }
    }
}

/// A header value of visible ASCII, space or tab: it cannot start another header.
#[derive(Clone, PartialEq, Eq)]
pub struct HeaderValue(String);

/// Why a text cannot stand in a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a header value has visible ASCII characters, spaces and tabs only")]
pub struct InvalidHeaderValue;

impl HeaderValue {
    /// Parses a header value (RFC 9110 section 5.5, without obsolete text).
    pub fn parse(text: impl Into<String>) -> Result<Self, InvalidHeaderValue> {
        let text = text.into();
        let clean = text.bytes().all(|b| matches!(b, b'\t' | 0x20..=0x7e));
        if clean && text.trim_matches([' ', '\t']) == text { Ok(Self(text)) } else { Err(InvalidHeaderValue) }
    }

    /// A value known at compile time.
    pub fn fixed(text: &'static str) -> Self {
        Self(text.to_owned())
    }

    /// The text to send.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for HeaderValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// What another server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboundAnswer {
    /// The HTTP status.
    pub status: u16,
    /// Header fields, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, never longer than the request allowed.
    pub body: Vec<u8>,
}

impl OutboundAnswer {
    /// The first header field of that lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// The media type in lower case, without its parameters.
    pub fn media_type(&self) -> Option<String> {
        let value = self.header("content-type")?;
        Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OutboundFailure {
    /// The deadline passed.
    #[error("no complete answer within the deadline")]
    Timeout,
    /// No connection, or it broke.
    #[error("the connection failed")]
    Unreachable,
    /// The answer was longer than allowed.
    #[error("the answer is longer than allowed")]
    TooLarge,
    /// The server wanted to send the gateway elsewhere; redirects are never followed.
    #[error("the server answered with a redirect")]
    Redirected,
}

#[cfg(test)]
mod tests {
    use super::{HeaderValue, OutboundUrl, Reach, RefusedUrl};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn refusal(text: &str) -> RefusedUrl {
        OutboundUrl::parse(text, Reach::Public).expect_err(text)
    }

    #[test]
    fn public_https_hosts_are_allowed() {
        for url in
            ["https://api.example.com/v1?x=1", "https://8.8.8.8/", "https://[2606:4700::1111]/", "https://a.b.co./"]
        {
            assert!(OutboundUrl::parse(url, Reach::Public).is_ok(), "{url}");
        }
    }

    #[test]
    fn every_spelling_of_a_private_address_is_refused() {
        let hosts = [
            "127.0.0.1",
            "127.1",
            "0x7f.1",
            "2130706433",
            "017700000001",
            "0",
            "10.1.2.3",
            "100.64.0.1",
            "169.254.169.254",
            "172.31.255.255",
            "192.168.0.1",
            "192.0.0.1",
            "192.0.2.7",
            "198.19.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "[::]",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:8.8.8.8]",
            "[::127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[64:ff9b:1::1]",
            "[fc00::1]",
            "[fe80::1]",
            "[fec0::1]",
            "[ff02::1]",
            "[100::1]",
            "[5f00::1]",
            "[2001::1]",
            "[2001:db8::1]",
            "[2002:7f00:1::]",
            "[3fff::1]",
            "localhost",
            "LOCALHOST",
            "a.localhost",
            "printer.local",
            "db.internal",
            "x.home.arpa",
            "x.onion",
            "intranet",
            "localhost.",
        ];
        for host in hosts {
            assert_eq!(refusal(&format!("https://{host}/")), RefusedUrl::Host, "{host}");
        }
    }

    #[test]
    fn a_host_is_written_in_ascii() {
        for host in ["１２７.0.0.1", "127。0。0。1", "münchen.de"] {
            assert_eq!(refusal(&format!("https://{host}/")), RefusedUrl::Malformed, "{host}");
        }
        assert!(OutboundUrl::parse("https://xn--mnchen-3ya.de/", Reach::Public).is_ok());
    }

    #[test]
    fn everything_but_plain_https_is_refused_with_its_reason() {
        assert_eq!(refusal("http://example.com/"), RefusedUrl::Scheme);
        assert_eq!(refusal("gopher://127.0.0.1/"), RefusedUrl::Scheme);
        assert_eq!(refusal("https://example.com:8443/"), RefusedUrl::Port);
        assert_eq!(refusal("https://user@example.com/"), RefusedUrl::UserInfo);
        assert_eq!(refusal("https://example.com/#a"), RefusedUrl::Fragment);
        assert_eq!(refusal("/relative"), RefusedUrl::Malformed);
        assert_eq!(refusal("https://xn--example-.org/"), RefusedUrl::Malformed);
    }

    #[test]
    fn loopback_is_reached_only_where_it_was_asked_for() {
        for url in ["http://127.0.0.1:9000/mcp", "http://localhost:1/", "http://[::1]:9/"] {
            assert!(OutboundUrl::parse(url, Reach::PublicAndLoopback).is_ok(), "{url}");
            assert_eq!(refusal(url), RefusedUrl::Scheme);
        }
        assert!(OutboundUrl::parse("http://10.0.0.1/", Reach::PublicAndLoopback).is_err());
    }

    #[test]
    fn a_header_value_cannot_start_another_header() {
        for bad in ["a\r\nb: c", "a\0", "é", " a", "a ", "\u{7f}"] {
            assert!(HeaderValue::parse(bad).is_err(), "{bad:?}");
        }
        assert!(HeaderValue::parse("Bearer a.b-c~d+e/f=").is_ok());
    }

    #[test]
    fn a_url_shows_no_path_and_no_query() {
        let url = OutboundUrl::parse("https://api.example.com/KEY?key=KEY", Reach::Public).unwrap();
        assert_eq!(format!("{url} {url:?}"), "https://api.example.com OutboundUrl(https://api.example.com)");
    }
}
