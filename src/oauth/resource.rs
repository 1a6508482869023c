//! Resources: what a token may be for (RFC 8707).

/// The resource a client names, if it is one of this gateway's: its protocol endpoint `base`, or that of a virtual server
/// below it. Compared to the letter; whether the server exists is not said, for nobody has signed in yet.
pub fn find(base: &str, named: &str) -> Option<String> {
    let is_name = |name: &str| {
        (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    let known = match named.strip_prefix(base)? {
        "" => true,
        rest => rest.strip_prefix('/').is_some_and(is_name),
    };
    known.then(|| named.to_owned())
}

#[cfg(test)]
mod tests {
    use super::find;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_resource_is_the_endpoint_or_that_of_a_server_to_the_letter() {
        let known = |named: &str| find("https://gw.example/mcp", named).is_some();
        assert!(known("https://gw.example/mcp") && known("https://gw.example/mcp/files"));
        for other in [
            "https://gw.example",
            "https://gw.example/",
            "https://gw.example/mcp/",
            "https://gw.example/mcp/a/b",
            "https://gw.example/mcp/a?b",
            "https://gw.example/mcp#a",
            "https://gw.example/mcp/%61",
            "https://gw.example/mcpx",
            "https://GW.example/mcp",
            "http://gw.example/mcp",
            "https://gw.example:443/mcp",
            "https://evil.example/mcp",
            "",
        ] {
            assert!(!known(other), "{other}");
        }
    }
}
