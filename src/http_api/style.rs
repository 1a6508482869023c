//! How a value is written as a parameter (OpenAPI 3.1.1 section 4.8.12.4, "Style Examples").
//!
//! Where the specification leaves it open: `null` is not written, a list or an object within a list or an object is written
//! as JSON, and with `deepObject` in brackets, with the numbers of the entries of lists.

use super::api::Style;
use super::encode::{RefusedSegment, check_segment, encoded, push_encoded};
use serde_json::Value;
use std::borrow::Cow;

/// Parameters of a query or a form, names and values already encoded.
pub type Pairs = Vec<(String, String)>;

/// The text of a value that has no parts, and JSON of one that has.
pub fn plain(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}

/// The names and values of an object's members, or the values of a list, without those that are `null`.
enum Parts<'a> {
    One(Cow<'a, str>),
    List(Vec<Cow<'a, str>>),
    Members(Vec<(&'a str, Cow<'a, str>)>),
}

fn parts(value: &Value) -> Parts<'_> {
    match value {
        Value::Array(items) => Parts::List(items.iter().filter(|item| !item.is_null()).map(plain).collect()),
        Value::Object(members) => {
            let there = members.iter().filter(|(_, member)| !member.is_null());
            Parts::Members(there.map(|(name, member)| (name.as_str(), plain(member))).collect())
        }
        one => Parts::One(plain(one)),
    }
}

/// Appends a value as parameters of a query or a form. `null` and what has no parts gives none.
pub fn push_pairs(name: &str, value: &Value, style: Style, explode: bool, to: &mut Pairs) {
    let own = encoded(name);
    let delimiter = match style {
        _ if value.is_null() => return,
        Style::DeepObject => return push_deep(own, value, to),
        Style::Json => return to.push((own, encoded(&value.to_string()))),
        Style::SpaceDelimited => "%20",
        Style::PipeDelimited => "%7C",
        Style::Form | Style::Simple | Style::Label | Style::Matrix => ",",
    };
    match parts(value) {
        Parts::One(text) => to.push((own, encoded(&text))),
        Parts::List(items) if explode => to.extend(items.iter().map(|item| (own.clone(), encoded(item)))),
        Parts::Members(members) if explode => {
            to.extend(members.iter().map(|(name, member)| (encoded(name), encoded(member))));
        }
        Parts::List(items) => joined(own, items.iter().map(|item| encoded(item)), delimiter, to),
        Parts::Members(members) => {
            let flat = members.iter().flat_map(|(name, member)| [encoded(name), encoded(member)]);
            joined(own, flat, delimiter, to);
        }
    }
}

fn joined(name: String, parts: impl Iterator<Item = String>, delimiter: &str, to: &mut Pairs) {
    let parts: Vec<String> = parts.collect();
    if !parts.is_empty() {
        to.push((name, parts.join(delimiter)));
    }
}

fn push_deep(name: String, value: &Value, to: &mut Pairs) {
    let below = |member: &str| format!("{name}%5B{}%5D", encoded(member));
    match value {
        Value::Null => {}
        Value::Object(members) => {
            for (member, value) in members {
                push_deep(below(member), value, to);
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                push_deep(below(&at.to_string()), item, to);
            }
        }
        one => to.push((name, encoded(&plain(one)))),
    }
}

/// Appends a value to a path (RFC 6570: `{x}`, `{.x}`, `{;x}`). Each part must be one that a path may have.
pub fn push_path(
    name: &str,
    value: &Value,
    style: Style,
    explode: bool,
    to: &mut String,
) -> Result<(), RefusedSegment> {
    let (first, between) = match style {
        Style::Label => (".", if explode { "." } else { "," }),
        Style::Matrix => (";", if explode { ";" } else { "," }),
        _ => ("", ","),
    };
    let named = style == Style::Matrix;
    to.push_str(first);
    if named && (!explode || matches!(parts(value), Parts::One(_))) {
        push_encoded(name, to);
        to.push('=');
    }
    let mut written = Vec::new();
    match parts(value) {
        _ if style == Style::Json => written.push(segment(&value.to_string())?),
        Parts::One(text) => written.push(segment(&text)?),
        Parts::List(items) => {
            let prefix = if named && explode { format!("{}=", encoded(name)) } else { String::new() };
            for item in items {
                written.push(format!("{prefix}{}", segment(&item)?));
            }
        }
        Parts::Members(members) => {
            let link = if explode { "=" } else { "," };
            for (name, member) in members {
                written.push(format!("{}{link}{}", segment(name)?, segment(&member)?));
            }
        }
    }
    if written.is_empty() {
        return Err(RefusedSegment::Empty);
    }
    to.push_str(&written.join(between));
    Ok(())
}

fn segment(text: &str) -> Result<String, RefusedSegment> {
    check_segment(text)?;
    Ok(encoded(text))
}

/// A value as the text of a header field, not encoded; `None` for `null` and what has no parts.
pub fn header_text(value: &Value, style: Style, explode: bool) -> Option<String> {
    if value.is_null() {
        return None;
    }
    let text = match parts(value) {
        _ if style == Style::Json => value.to_string(),
        Parts::One(text) => text.into_owned(),
        Parts::List(items) if !items.is_empty() => items.join(","),
        Parts::Members(members) if !members.is_empty() => {
            let link = if explode { "=" } else { "," };
            members.iter().map(|(name, member)| format!("{name}{link}{member}")).collect::<Vec<_>>().join(",")
        }
        _ => return None,
    };
    Some(text)
}

/// Parameters as a query or a form.
pub fn render(pairs: &[(String, String)]) -> String {
    let mut text = String::new();
    for (name, value) in pairs {
        if !text.is_empty() {
            text.push('&');
        }
        text.push_str(name);
        text.push('=');
        text.push_str(value);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Pairs, header_text, push_pairs, push_path, render};
    use crate::http_api::api::Style;
    use crate::http_api::encode::RefusedSegment;
    use serde_json::{Value, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn query(value: &Value, style: Style, explode: bool) -> String {
        let mut pairs = Pairs::new();
        push_pairs("color", value, style, explode, &mut pairs);
        render(&pairs)
    }

    fn path(value: &Value, style: Style, explode: bool) -> Result<String, RefusedSegment> {
        let mut text = String::new();
        push_path("color", value, style, explode, &mut text).map(|()| text)
    }

    fn examples() -> (Value, Value, Value) {
        (json!("blue"), json!(["blue", "black", "brown"]), json!({"R": 100, "G": 200, "B": 150}))
    }

    #[test]
    fn a_query_is_written_as_the_specification_shows() {
        let (text, list, object) = examples();
        for (value, style, explode, written) in [
            (&text, Style::Form, true, "color=blue"),
            (&list, Style::Form, false, "color=blue,black,brown"),
            (&list, Style::Form, true, "color=blue&color=black&color=brown"),
            (&object, Style::Form, false, "color=R,100,G,200,B,150"),
            (&object, Style::Form, true, "R=100&G=200&B=150"),
            (&list, Style::SpaceDelimited, false, "color=blue%20black%20brown"),
            (&object, Style::SpaceDelimited, false, "color=R%20100%20G%20200%20B%20150"),
            (&list, Style::PipeDelimited, false, "color=blue%7Cblack%7Cbrown"),
            (&list, Style::PipeDelimited, true, "color=blue&color=black&color=brown"),
            (&object, Style::DeepObject, true, "color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150"),
            (&object, Style::Json, false, "color=%7B%22R%22%3A100%2C%22G%22%3A200%2C%22B%22%3A150%7D"),
        ] {
            assert_eq!(query(value, style, explode), written);
        }
    }

    #[test]
    fn a_path_is_written_as_the_specification_shows() {
        let (text, list, object) = examples();
        for (value, style, explode, written) in [
            (&text, Style::Simple, false, "blue"),
            (&list, Style::Simple, false, "blue,black,brown"),
            (&list, Style::Simple, true, "blue,black,brown"),
            (&object, Style::Simple, false, "R,100,G,200,B,150"),
            (&object, Style::Simple, true, "R=100,G=200,B=150"),
            (&text, Style::Label, false, ".blue"),
            (&list, Style::Label, false, ".blue,black,brown"),
            (&list, Style::Label, true, ".blue.black.brown"),
            (&object, Style::Label, false, ".R,100,G,200,B,150"),
            (&object, Style::Label, true, ".R=100.G=200.B=150"),
            (&text, Style::Matrix, false, ";color=blue"),
            (&text, Style::Matrix, true, ";color=blue"),
            (&list, Style::Matrix, false, ";color=blue,black,brown"),
            (&list, Style::Matrix, true, ";color=blue;color=black;color=brown"),
            (&object, Style::Matrix, false, ";color=R,100,G,200,B,150"),
            (&object, Style::Matrix, true, ";R=100;G=200;B=150"),
        ] {
            assert_eq!(path(value, style, explode).as_deref(), Ok(written));
        }
    }

    #[test]
    fn a_header_is_written_as_the_specification_shows() {
        let (text, list, object) = examples();
        for (value, explode, written) in [
            (&text, false, Some("blue")),
            (&list, true, Some("blue,black,brown")),
            (&object, false, Some("R,100,G,200,B,150")),
            (&object, true, Some("R=100,G=200,B=150")),
            (&json!(null), true, None),
            (&json!([]), true, None),
        ] {
            assert_eq!(header_text(value, Style::Simple, explode).as_deref(), written);
        }
    }

    #[test]
    fn a_delimiter_in_a_value_is_no_delimiter() {
        assert_eq!(query(&json!(["a,b", "c"]), Style::Form, false), "color=a%2Cb,c");
        assert_eq!(query(&json!("a&admin=1#x"), Style::Form, true), "color=a%26admin%3D1%23x");
        assert_eq!(query(&json!({"a=b&c": "d"}), Style::Form, true), "a%3Db%26c=d");
        assert_eq!(query(&json!({"a][b": "d"}), Style::DeepObject, true), "color%5Ba%5D%5Bb%5D=d");
        assert_eq!(path(&json!(["a;b", "c,d"]), Style::Matrix, true).as_deref(), Ok(";color=a%3Bb;color=c%2Cd"));
        assert_eq!(path(&json!("a/b?c"), Style::Simple, false).as_deref(), Ok("a%2Fb%3Fc"));
    }

    #[test]
    fn what_has_no_parts_is_not_written() {
        for style in [Style::Form, Style::SpaceDelimited, Style::DeepObject] {
            for value in [json!(null), json!([]), json!({}), json!([null])] {
                assert_eq!(query(&value, style, false), "", "{style:?} {value}");
            }
        }
        for value in [json!([]), json!({}), json!("")] {
            assert_eq!(path(&value, Style::Simple, false), Err(RefusedSegment::Empty));
        }
    }

    #[test]
    fn what_lies_deep_is_written_in_brackets() {
        let value = json!({"price": {"gt": 5, "in": [1, {"x": true}]}, "none": null});
        let written = "color%5Bprice%5D%5Bgt%5D=5&color%5Bprice%5D%5Bin%5D%5B0%5D=1\
                       &color%5Bprice%5D%5Bin%5D%5B1%5D%5Bx%5D=true";
        assert_eq!(query(&value, Style::DeepObject, true), written);
        assert_eq!(query(&json!(["a", "b"]), Style::DeepObject, true), "color%5B0%5D=a&color%5B1%5D=b");
    }
}
