//! Long texts in parts.

/// A part of a text from a byte on, at most `max` bytes of it and no part of a character, and where the next one begins;
/// `None` for the latter after the last. A place within a character is taken as its beginning, and one beyond the end as the end. A
/// part has one character at least, so that every text has an end.
pub fn page(text: &str, from: usize, max: usize) -> (&str, Option<usize>) {
    let start = text.floor_char_boundary(from);
    let rest = text.get(start..).unwrap_or_default();
    let first = rest.chars().next().map_or(0, char::len_utf8);
    let cut = rest.floor_char_boundary(max).max(first);
    let (part, left) = rest.split_at(cut);
    (part, (!left.is_empty()).then_some(start + cut))
}

#[cfg(test)]
mod tests {
    use super::page;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(page("aéz", 0, 2), ("a", Some(1)));
        assert_eq!(page("aéz", 1, 2), ("é", Some(3)));
        assert_eq!(page("aéz", 3, 2), ("z", None));
        assert_eq!(page("aéz", 2, 2), ("é", Some(3)));
        assert_eq!(page("aéz", 99, 2), ("", None));
        assert_eq!(page("", 0, 2), ("", None));
    }

    #[test]
    fn a_part_is_never_empty_before_the_end() {
        assert_eq!(page("éé", 0, 0), ("é", Some(2)));
        assert_eq!(page("éé", 0, 1), ("é", Some(2)));
    }

    #[cfg(not(target_arch = "wasm32"))]
    proptest::proptest! {
        #[test]
        fn the_parts_of_a_text_are_the_text(text in "\\PC{0,60}", max in 0_usize..9) {
            let mut whole = String::new();
            let mut from = Some(0);
            while let Some(at) = from {
                let (part, next) = page(&text, at, max);
                proptest::prop_assert!(part.len() <= max.max(4));
                whole.push_str(part);
                from = next;
            }
            proptest::prop_assert_eq!(whole, text);
        }
    }
}
