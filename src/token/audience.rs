//! What a token is for (RFC 8707 section 2, RFC 9068 section 4): everything this gateway serves, or one virtual server.

/// The resource in a token's `aud`, read against this gateway's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// The endpoint of everything, and so every route of the gateway.
    Everything,
    /// The endpoint of this virtual server and nothing else.
    Server(String),
}

impl Audience {
    /// Reads a resource: `base`, the endpoint of everything, or one segment below it that can be the name of a virtual
    /// server. Compared to the letter: no other spelling of an address is the same resource.
    pub fn parse(base: &str, resource: &str) -> Option<Self> {
        match resource.strip_prefix(base)? {
            "" => Some(Self::Everything),
            rest => {
                rest.strip_prefix('/').filter(|name| is_server_name(name)).map(|name| Self::Server(name.to_owned()))
            }
        }
    }

    /// Whether it covers the endpoint of this virtual server, or, without one, every other route.
    pub fn covers(&self, server: Option<&str>) -> bool {
        match self {
            Self::Everything => true,
            Self::Server(own) => server == Some(own.as_str()),
        }
    }
}

/// Whether a text can be the name of a virtual server. Whether there is one of that name is nobody's business yet.
pub fn is_server_name(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=64).contains(&text.len()) && text.bytes().all(letter)
}

#[cfg(test)]
mod tests {
    use super::Audience;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const BASE: &str = "https://gw.example/mcp";

    #[test]
    fn an_audience_is_the_endpoint_of_everything_or_that_of_one_server_to_the_letter() {
        assert_eq!(Audience::parse(BASE, BASE), Some(Audience::Everything));
        assert_eq!(Audience::parse(BASE, "https://gw.example/mcp/files"), Some(Audience::Server("files".into())));
        for other in [
            "",
            "https://gw.example",
            "https://gw.example/",
            "https://gw.example/mcp/",
            "https://gw.example/mcp//a",
            "https://gw.example/mcp/a/",
            "https://gw.example/mcp/a/b",
            "https://gw.example/mcp/.",
            "https://gw.example/mcp/a?b",
            "https://gw.example/mcp/a#b",
            "https://gw.example/mcp/%61",
            "https://gw.example/mcp?a",
            "https://gw.example/mcpx",
            "https://gw.example/MCP",
            "https://GW.example/mcp",
            "http://gw.example/mcp",
            "https://gw.example:443/mcp",
            " https://gw.example/mcp",
            "https://gw.example/mcp https://gw.example/mcp/a",
        ] {
            assert_eq!(Audience::parse(BASE, other), None, "{other}");
        }
        assert_eq!(Audience::parse(BASE, &format!("{BASE}/{}", "a".repeat(65))), None);
    }

    #[test]
    fn everything_covers_every_route_and_a_server_covers_itself_alone() {
        let places = [None, Some("files"), Some("Files"), Some("file"), Some("files/"), Some("")];
        assert_eq!(places.map(|place| Audience::Everything.covers(place)), [true; 6]);
        let server = Audience::Server("files".into());
        assert_eq!(places.map(|place| server.covers(place)), [false, true, false, false, false, false]);
    }
}
