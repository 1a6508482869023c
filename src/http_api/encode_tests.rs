use super::{RefusedSegment, check_segment, encoded, is_cookie_value, is_reserved_header, is_token, push_literal};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn everything_but_the_unreserved_characters_is_encoded() {
    assert_eq!(encoded("aZ09-._~"), "aZ09-._~");
    assert_eq!(encoded("a b/?#%&=+é\0\r\n"), "a%20b%2F%3F%23%25%26%3D%2B%C3%A9%00%0D%0A");
}

#[test]
fn a_template_keeps_what_a_path_may_have() {
    let literal = |text: &str| {
        let mut to = String::new();
        push_literal(text, &mut to);
        to
    };
    assert_eq!(literal("/v1/users('a'):go;x=1,2@b"), "/v1/users('a'):go;x=1,2@b");
    assert_eq!(literal("/a%2Fb/100%/é|"), "/a%2Fb/100%25/%C3%A9%7C");
}

#[test]
fn what_climbs_in_any_spelling_is_refused() {
    for climbing in [
        ".",
        "..",
        "../x",
        "a/../b",
        "a/.",
        "%2e",
        "%2e%2E",
        "%252e%252e",
        "..%2fx",
        "a%2f..%2fb",
        "%25252e.",
        "..;x",
        "a/..;/b",
        ".%2e/",
    ] {
        assert_eq!(check_segment(climbing), Err(RefusedSegment::Climbs), "{climbing}");
    }
}

#[test]
fn what_a_server_may_take_for_something_else_is_refused() {
    for (text, why) in [
        ("", RefusedSegment::Empty),
        ("/etc", RefusedSegment::Rooted),
        ("//evil", RefusedSegment::Rooted),
        ("%2fetc", RefusedSegment::Rooted),
        ("a\\b", RefusedSegment::Character),
        ("%5c", RefusedSegment::Character),
        ("a\0", RefusedSegment::Character),
        ("%00", RefusedSegment::Character),
        ("a\r\nb", RefusedSegment::Character),
        ("%250d", RefusedSegment::Character),
        ("%25252525252541", RefusedSegment::Encoded),
    ] {
        assert_eq!(check_segment(text), Err(why), "{text:?}");
    }
}

#[test]
fn what_names_things_is_allowed() {
    for fine in ["a", "...", "a.b", "..a", ".git", "src/lib.rs", "https://a.example/x", "50%", "a%20b", "é", "a;b", "~"]
    {
        assert_eq!(check_segment(fine), Ok(()), "{fine}");
    }
}

#[test]
fn a_name_of_a_header_is_a_token_and_a_cookies_value_has_no_separators() {
    assert!(is_token("X-Request-Id") && !is_token("") && !is_token("a b") && !is_token("a:b") && !is_token("é"));
    assert!(is_cookie_value("a=b%20c") && !is_cookie_value("a;b") && !is_cookie_value("a b") && !is_cookie_value("\""));
}

#[test]
fn headers_that_say_who_asks_whom_are_reserved() {
    for name in ["Host", "AUTHORIZATION", "cookie", "X-Forwarded-For", "CF-Connecting-IP", "Mcp-Session-Id", "te"] {
        assert!(is_reserved_header(name), "{name}");
    }
    for name in ["Proxy-Authorization", "Content-Length", "Transfer-Encoding", "Connection", "X-HTTP-Method-Override"] {
        assert!(is_reserved_header(name), "{name}");
    }
    for name in ["X-Request-Id", "If-Match", "Accept", "Accept-Language", "X-Api-Version", "Idempotency-Key"] {
        assert!(!is_reserved_header(name), "{name}");
    }
}
