use super::{Area, FilePath, InvalidPath, MOST_PATH_BYTES, MOST_SEGMENTS};
use crate::id::{TenantId, UpstreamId};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn area(tenant: &str, upstream: &str) -> Area {
    Area::new(&TenantId::parse(tenant).unwrap(), &UpstreamId::parse(upstream).unwrap())
}

#[test]
fn a_path_is_what_it_looks_like() {
    for good in
        ["a", "a/b", "notes/2026/today.md", "ü ß.txt", "...", "a/.hidden", "100%", "%zz", "t/other/ups/x", "a'b\"c;d"]
    {
        assert_eq!(FilePath::parse(good).map(|path| path.to_string()).as_deref(), Ok(good));
    }
    let deep = vec!["a"; MOST_SEGMENTS].join("/");
    assert!(FilePath::parse(&deep).is_ok());
    assert_eq!(FilePath::parse(&format!("{deep}/a")), Err(InvalidPath::Depth));
    assert!(FilePath::parse(&"x".repeat(MOST_PATH_BYTES)).is_ok());
    assert_eq!(FilePath::parse(&"x".repeat(MOST_PATH_BYTES + 1)), Err(InvalidPath::Length));
    assert_eq!(FilePath::parse(""), Err(InvalidPath::Length));
}

#[test]
fn a_path_that_climbs_in_any_place_is_refused() {
    for climbing in ["..", "."] {
        for place in ["{}", "{}/a", "a/{}", "a/{}/b", "a/b/{}/{}/{}/c", "/{}", "{}/", "./{}"] {
            let text = place.replace("{}", climbing);
            assert!(FilePath::parse(&text).is_err(), "{text}");
        }
    }
    for (text, why) in [
        ("/a", InvalidPath::Empty),
        ("a/", InvalidPath::Empty),
        ("a//b", InvalidPath::Empty),
        ("/", InvalidPath::Empty),
        ("a\\b", InvalidPath::Character),
        ("..\\a", InvalidPath::Character),
        ("C:\\a", InvalidPath::Character),
        ("%2e%2e/a", InvalidPath::Encoded),
        ("a%2Fb", InvalidPath::Encoded),
        ("a%00", InvalidPath::Encoded),
        ("a /b", InvalidPath::Blank),
        ("a/ b", InvalidPath::Blank),
        (" ", InvalidPath::Blank),
        (".. /a", InvalidPath::Blank),
    ] {
        assert_eq!(FilePath::parse(text), Err(why), "{text}");
    }
}

#[test]
fn characters_that_nobody_sees_are_in_no_path() {
    for hidden in [
        '\0',
        '\n',
        '\t',
        '\u{7f}',
        '\u{85}',
        '\u{a0}',
        '\u{ad}',
        '\u{61c}',
        '\u{200b}',
        '\u{200d}',
        '\u{200f}',
        '\u{2028}',
        '\u{202e}',
        '\u{2066}',
        '\u{2069}',
        '\u{206a}',
        '\u{3000}',
        '\u{3164}',
        '\u{fe0f}',
        '\u{feff}',
        '\u{e0041}',
    ] {
        for text in [format!("a{hidden}b"), format!("{hidden}"), format!("a/{hidden}/b")] {
            assert_eq!(
                FilePath::parse(&text),
                Err(InvalidPath::Character),
                "{:?}",
                hidden.escape_unicode().to_string()
            );
        }
    }
}

#[test]
fn an_address_is_decoded_once_and_judged_as_a_path() {
    for (uri, path) in [
        ("file:///a/b.md", Some("a/b.md")),
        ("file:///a%20b/%C3%BC", Some("a b/ü")),
        ("file:///%25", Some("%")),
        ("file:///a%2Fb", Some("a/b")),
        ("file:///..%2Fa", None),
        ("file:///%2e%2e/a", None),
        ("file:///%252e%252e/a", None),
        ("file:////a", None),
        ("file:///", None),
        ("file:///a?b", None),
        ("file:///a#b", None),
        ("file:///a%2", None),
        ("file:///a%zz", None),
        ("file:///%ff", None),
        ("file:///a%00b", None),
        ("file://host/a", None),
        ("file:/a", None),
        ("FILE:///a", None),
        ("https://a/b", None),
    ] {
        assert_eq!(FilePath::of_address(uri).ok().as_ref().map(FilePath::as_str), path, "{uri}");
    }
}

#[test]
fn a_media_type_follows_from_the_extension_alone() {
    let of = |text: &str| FilePath::parse(text).unwrap().media_type();
    assert_eq!(
        (of("a.MD"), of("a/b.json"), of("a.json/b")),
        ("text/markdown", "application/json", "application/octet-stream")
    );
    for name in [
        "a.txt", "a.csv", "a.html", "a.css", "a.js", "a.jsonl", "a.xml", "a.pdf", "a.zip", "a.png", "a.jpg", "a.gif",
        "a.webp", "a.svg",
    ] {
        assert_ne!(of(name), "application/octet-stream", "{name}");
    }
}

#[test]
fn an_area_knows_its_own_objects_only() {
    let own = area("ten", "ups");
    let path = FilePath::parse("a/b").unwrap();
    assert_eq!((own.prefix(), own.key(&path).as_str()), ("t/ten/ups/", "t/ten/ups/a/b"));
    assert_eq!((own.below(None), own.below(Some(&path))), ("t/ten/ups/".into(), "t/ten/ups/a/b/".into()));
    assert_eq!(own.path_of("t/ten/ups/a/b"), Some(path));
    for other in ["t/ten/ups", "t/ten/ups/", "t/ten/ups2/a", "t/ten2/ups/a", "x", "t/ten/ups//a", "t/ten/ups/../ups/a"]
    {
        assert_eq!(own.path_of(other), None, "{other}");
    }
    let cursor = own.cursor("t/ten/ups/a/b").unwrap();
    assert_eq!(own.after(&cursor).as_deref(), Some("t/ten/ups/a/b"));
    assert_eq!((own.cursor("t/ten2/ups/a"), own.after("not base64!"), own.after("_w")), (None, None, None));
}

#[cfg(not(target_arch = "wasm32"))]
proptest::proptest! {
    #[test]
    fn nothing_that_is_taken_as_a_path_leads_out_of_its_area(
        text in proptest::prop_oneof![".{0,40}", "[./\\\\%2eEfF ab]{0,24}", "(\\.\\./|/|\\./|a/|%2e|\\\\){0,8}[a.]{0,3}"],
    ) {
        let own = area("ten", "ups");
        if let Ok(path) = FilePath::parse(&text) {
            let key = own.key(&path);
            proptest::prop_assert!(key.starts_with("t/ten/ups/") && key.len() > own.prefix().len());
            proptest::prop_assert!(key.split('/').all(|segment| !segment.is_empty() && segment != "." && segment != ".."));
            // However often it is decoded by whoever reads it.
            let plain = key.to_ascii_lowercase().replace("%2e", ".").replace("%2f", "/").replace("%5c", "\\");
            proptest::prop_assert!(plain.split(['/', '\\']).all(|segment| segment != "."  && segment != ".."));
            proptest::prop_assert_eq!(own.path_of(&key), Some(path.clone()));
            proptest::prop_assert_eq!(FilePath::of_address(&path.address()), Ok(path.clone()));
            proptest::prop_assert_eq!(area("ten", "other").path_of(&key), None);
            proptest::prop_assert_eq!(area("other", "ups").path_of(&key), None);
        }
    }

    #[test]
    fn a_cursor_goes_on_within_its_area_whatever_it_says(text in ".{0,40}") {
        let own = area("ten", "ups");
        if let Some(after) = own.after(&text) {
            proptest::prop_assert!(after.starts_with(own.prefix()));
        }
    }
}
