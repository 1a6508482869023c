//! A path with places for arguments.

use super::encode::check_segment;

/// A part of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// What stands in every path.
    Literal(&'a str),
    /// Where the parameter of this name goes.
    Parameter(&'a str),
}

/// A text is no template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a path begins with '/' and has no empty segments, no '.' or '..', no '?' and no '#', and names in braces")]
pub struct InvalidTemplate;

/// The parts of a template.
pub fn pieces(path: &str) -> Result<Vec<Piece<'_>>, InvalidTemplate> {
    let inner = path.strip_prefix('/').ok_or(InvalidTemplate)?;
    let segments = inner.strip_suffix('/').unwrap_or(inner);
    let whole = inner.is_empty() || segments.split('/').all(|segment| check_segment(segment).is_ok());
    if !whole || path.contains(['?', '#']) || path.len() > 2048 {
        return Err(InvalidTemplate);
    }
    let mut pieces = Vec::new();
    let mut rest = path;
    while let Some((literal, after)) = rest.split_once('{') {
        let (name, tail) = after.split_once('}').ok_or(InvalidTemplate)?;
        if literal.contains('}') || name.is_empty() || name.contains(['{', '/']) {
            return Err(InvalidTemplate);
        }
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        pieces.push(Piece::Parameter(name));
        rest = tail;
    }
    if rest.contains('}') {
        return Err(InvalidTemplate);
    }
    if !rest.is_empty() {
        pieces.push(Piece::Literal(rest));
    }
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use super::{InvalidTemplate, Piece, pieces};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_template_is_cut_at_its_braces() {
        let expected = [Piece::Literal("/a/"), Piece::Parameter("b"), Piece::Literal(".c/"), Piece::Parameter("d-e")];
        assert_eq!(pieces("/a/{b}.c/{d-e}").unwrap(), expected);
        assert_eq!(pieces("/").unwrap(), [Piece::Literal("/")]);
        assert_eq!(pieces("/a/").unwrap(), [Piece::Literal("/a/")]);
    }

    #[test]
    fn a_path_that_may_lead_elsewhere_is_no_template() {
        for bad in
            ["", "a", "//a", "/a//b", "/..", "/a/./b", "/%2e%2e/a", "/a?b=c", "/a#b", "/a\\b", "/a/..%2fb", "/a\nb"]
        {
            assert_eq!(pieces(bad), Err(InvalidTemplate), "{bad:?}");
        }
        for bad in ["/{", "/}", "/{}", "/{a", "/a}", "/{a{b}}", "/{a/b}"] {
            assert_eq!(pieces(bad), Err(InvalidTemplate), "{bad:?}");
        }
    }
}
