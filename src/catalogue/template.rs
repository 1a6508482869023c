//! Whether a URI may come from a URI template (RFC 6570).
//!
//! The template's literal parts must stand in the URI in their order; an expression may have become any text, or none. A
//! plain `{name}` encodes a slash, so it became text without one; an operator or a modifier lifts that. Each literal is
//! looked for where it can stand first and never again, so the work grows with the lengths and no faster. Where plain
//! expressions and others are mixed, a URI may be missed that way; none is taken that the template cannot give.

/// Most expressions of one template.
pub const MAX_EXPRESSIONS: usize = 32;

/// A template, cut into its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UriTemplate {
    head: String,
    gaps: Vec<Gap>,
}

/// An expression, or several side by side, and the literal text after it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Gap {
    crosses_slashes: bool,
    tail: String,
}

/// Why a text is no template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a URI template has at most {MAX_EXPRESSIONS} expressions, each in braces of its own and not empty")]
pub struct InvalidTemplate;

impl UriTemplate {
    /// Cuts a template.
    pub fn parse(text: &str) -> Result<Self, InvalidTemplate> {
        let mut pieces = text.split('{');
        let head = literal(pieces.next().unwrap_or_default())?;
        let mut gaps: Vec<Gap> = Vec::new();
        for (count, piece) in pieces.enumerate() {
            let (expression, tail) = piece.split_once('}').ok_or(InvalidTemplate)?;
            if count >= MAX_EXPRESSIONS || expression.is_empty() {
                return Err(InvalidTemplate);
            }
            let crosses_slashes = !is_plain(expression);
            let tail = literal(tail)?;
            match gaps.last_mut() {
                Some(last) if last.tail.is_empty() => {
                    last.crosses_slashes |= crosses_slashes;
                    last.tail = tail;
                }
                _ => gaps.push(Gap { crosses_slashes, tail }),
            }
        }
        Ok(Self { head, gaps })
    }

    /// Whether the template can give this URI.
    pub fn may_give(&self, uri: &str) -> bool {
        let Some(mut rest) = uri.strip_prefix(self.head.as_str()) else { return false };
        let Some((last, gaps)) = self.gaps.split_last() else { return rest.is_empty() };
        for gap in gaps {
            match rest.split_once(gap.tail.as_str()) {
                Some((filled, after)) if gap.takes(filled) => rest = after,
                _ => return false,
            }
        }
        rest.strip_suffix(last.tail.as_str()).is_some_and(|filled| last.takes(filled))
    }
}

impl Gap {
    fn takes(&self, filled: &str) -> bool {
        self.crosses_slashes || !filled.contains('/')
    }
}

fn literal(text: &str) -> Result<String, InvalidTemplate> {
    if text.contains('}') { Err(InvalidTemplate) } else { Ok(text.to_owned()) }
}

/// Simple expansion of whole values (RFC 6570 section 3.2.2). A list that is exploded is joined with commas, but servers
/// in use read `*` as "the rest of the path".
fn is_plain(expression: &str) -> bool {
    !expression.starts_with(|c: char| "+#./;?&=,!@|".contains(c)) && !expression.contains('*')
}

#[cfg(test)]
mod tests {
    use super::{MAX_EXPRESSIONS, UriTemplate};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn gives(template: &str, uri: &str) -> bool {
        UriTemplate::parse(template).unwrap().may_give(uri)
    }

    #[test]
    fn the_literal_parts_stand_in_their_order() {
        for (template, uri, expected) in [
            ("a:b", "a:b", true),
            ("a:b", "a:bc", false),
            ("file:///{name}", "file:///x.txt", true),
            ("file:///{name}", "file:///", true),
            ("file:///{name}", "file:///x/y", false),
            ("file:///{+path}", "file:///x/y", true),
            ("file:///{path*}", "file:///x/y", true),
            ("db://{table}/rows/{id}.json", "db://t/rows/7.json", true),
            ("db://{table}/rows/{id}.json", "db://t/rows/7.xml", false),
            ("db://{table}/rows/{id}.json", "db://t/u/rows/7.json", false),
            ("db://{table}/rows/{id}.json", "db://t/rows/.json", true),
            ("a:{x}-{y}", "a:1-2-3", true),
            ("a:{x}{y}!", "a:12!", true),
            ("a:{x}{/y}", "a:1/2", true),
            ("s:q{?a,b}", "s:q?a=1&b=2", true),
            ("s:q{?a,b}", "s:q", true),
            ("{scheme}://{host}", "http://x", true),
            ("a:xx{y}xx", "a:xxx", false),
        ] {
            assert_eq!(gives(template, uri), expected, "{template} {uri}");
        }
    }

    #[test]
    fn braces_out_of_place_are_no_template() {
        let many = format!("a:{}", "{x}".repeat(MAX_EXPRESSIONS + 1));
        for bad in ["a:{", "a:}", "a:{}", "a:{x", "a:{x}}", "a:{{x}}", many.as_str()] {
            assert!(UriTemplate::parse(bad).is_err(), "{bad}");
        }
        assert!(UriTemplate::parse(&format!("a:{}", "{x}".repeat(MAX_EXPRESSIONS))).is_ok());
    }

    #[cfg(not(target_arch = "wasm32"))]
    proptest::proptest! {
        #[test]
        fn what_a_template_gives_is_recognised(
            parts in proptest::collection::vec(("[a/-]{0,3}", "[a%-]{0,3}"), 0..5), end in "[a/-]{0,3}",
        ) {
            let (mut template, mut uri) = (String::new(), String::new());
            for (at, (literal, value)) in parts.iter().enumerate() {
                template.extend([literal.as_str(), "{v", &at.to_string(), "}"]);
                uri.extend([literal.as_str(), value]);
            }
            template.push_str(&end);
            uri.push_str(&end);
            proptest::prop_assert!(gives(&template, &uri), "{template} {uri}");
            let wide = template.replace("{v", "{+v");
            proptest::prop_assert!(gives(&wide, &uri), "{wide} {uri}");
        }
    }
}
