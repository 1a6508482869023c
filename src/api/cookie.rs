//! Cookies of the pages (RFC 6265bis): host-only, out of reach of scripts, and never sent along with another site's posts.

/// The cookie of that name in a `Cookie` field; none where it is not there or there twice.
pub fn find<'a>(field: Option<&'a str>, name: &str) -> Option<&'a str> {
    let pairs = field?.split(';').filter_map(|pair| pair.trim().split_once('='));
    let mut found = pairs.filter(|(known, _)| *known == name).map(|(_, value)| value);
    match (found.next(), found.next()) {
        (Some(value), None) => Some(value),
        _ => None,
    }
}

/// A `Set-Cookie` field. `name` begins with `__Host-`; `value` is base64url, dots and underscores. It ends with the browser's
/// own session at the latest.
pub fn set(name: &str, value: &str) -> String {
    format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax")
}

/// A `Set-Cookie` field that takes a cookie away.
pub fn clear(name: &str) -> String {
    format!("{}; Max-Age=0", set(name, ""))
}

#[cfg(test)]
mod tests {
    use super::{clear, find, set};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_cookie_is_found_by_its_whole_name_and_only_once() {
        assert_eq!(find(Some("a=1; __Host-x=two; b=3"), "__Host-x"), Some("two"));
        assert_eq!(find(Some("a=1;__Host-x=two=three"), "__Host-x"), Some("two=three"));
        for field in
            [None, Some(""), Some("x=1"), Some("__Host-xy=1"), Some("__host-x=1"), Some("__Host-x=1; __Host-x=2")]
        {
            assert_eq!(find(field, "__Host-x"), None, "{field:?}");
        }
    }

    #[test]
    fn a_cookie_is_host_only_and_no_script_reads_it() {
        assert_eq!(set("__Host-x", "v"), "__Host-x=v; Path=/; Secure; HttpOnly; SameSite=Lax");
        assert!(clear("__Host-x").ends_with("; Max-Age=0"));
    }
}
