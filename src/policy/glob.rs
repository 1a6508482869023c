//! Patterns of names: `*` stands for any run of characters, also for none, and everything else for itself.
//!
//! The patterns of a virtual server ([`crate::catalogue::endpoint::Chosen`]) are others: there only a `*` at the end is one,
//! because they name items of one upstream, whose URI templates may have a `*` of their own. Policies name what is shown, of
//! whatever upstream, so that `*__delete_*` is a pattern here.

/// Longest pattern, in bytes.
pub const MAX_BYTES: usize = 256;
/// Most wildcards of one pattern: each is one search through the name.
pub const MAX_WILDCARDS: usize = 8;

const WILDCARD: char = '*';

/// A text is no pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a pattern has 1 to {MAX_BYTES} bytes, at most {MAX_WILDCARDS} '*', and no blanks or control characters")]
pub struct InvalidGlob;

/// One pattern with a wildcard.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Glob {
    beginning: String,
    middle: Vec<String>,
    end: String,
}

/// Patterns of which one has to fit. Names are compared exactly, letter case included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Globs {
    /// Sorted.
    names: Vec<String>,
    globs: Vec<Glob>,
}

impl Globs {
    /// The patterns of these texts.
    pub fn parse<T: AsRef<str>>(texts: &[T]) -> Result<Self, InvalidGlob> {
        let mut all = Self { names: Vec::new(), globs: Vec::new() };
        for text in texts {
            all.add(text.as_ref())?;
        }
        all.names.sort_unstable();
        Ok(all)
    }

    /// Whether a text is a pattern.
    pub fn check(text: &str) -> Result<(), InvalidGlob> {
        let whole = !text.chars().any(|letter| letter.is_control() || letter.is_whitespace());
        let bounded = (1..=MAX_BYTES).contains(&text.len()) && text.matches(WILDCARD).count() <= MAX_WILDCARDS;
        if whole && bounded { Ok(()) } else { Err(InvalidGlob) }
    }

    fn add(&mut self, text: &str) -> Result<(), InvalidGlob> {
        Self::check(text)?;
        match text.split_once(WILDCARD).zip(text.rsplit_once(WILDCARD)) {
            None => self.names.push(text.to_owned()),
            Some(((beginning, _), (before, end))) => {
                let middle = before.split(WILDCARD).skip(1).filter(|part| !part.is_empty());
                let middle = middle.map(str::to_owned).collect();
                self.globs.push(Glob { beginning: beginning.to_owned(), middle, end: end.to_owned() });
            }
        }
        Ok(())
    }

    /// Whether one of them fits a name.
    pub fn fit(&self, name: &str) -> bool {
        self.names.binary_search_by(|own| own.as_str().cmp(name)).is_ok()
            || self.globs.iter().any(|glob| glob.fits(name))
    }
}

impl Glob {
    fn fits(&self, name: &str) -> bool {
        let between = name.strip_prefix(self.beginning.as_str()).and_then(|rest| rest.strip_suffix(self.end.as_str()));
        let Some(mut rest) = between else { return false };
        for part in &self.middle {
            // The first place that fits leaves most for the parts after it.
            match rest.split_once(part.as_str()) {
                Some((_, after)) => rest = after,
                None => return false,
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::{Globs, InvalidGlob, MAX_BYTES};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn fits(pattern: &str, name: &str) -> bool {
        Globs::parse(&[pattern]).unwrap().fit(name)
    }

    #[test]
    fn a_star_is_any_run_of_characters_and_nothing_else_is_special() {
        for (pattern, name) in [
            ("a", "a"),
            ("*", "a"),
            ("**", ""),
            ("gh__*", "gh__"),
            ("gh__*", "gh__issue"),
            ("*__delete_*", "gh__delete_repo"),
            ("a*b*c", "abbc"),
            ("*ab*ab", "abab"),
            ("a.?[x]", "a.?[x]"),
        ] {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("a", "A"),
            ("gh__*", "gh_issue"),
            ("ab*ba", "aba"),
            ("*ab*ab", "aab"),
            ("a*b*c", "acb"),
            ("a.?", "abc"),
            ("*__delete_*", "gh__undelete_repo"),
        ] {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn one_pattern_of_several_is_enough_and_no_pattern_fits_nothing() {
        let globs = Globs::parse(&["z", "a", "m*"]).unwrap();
        assert!(globs.fit("a") && globs.fit("z") && globs.fit("mmm") && !globs.fit("b"));
        assert!(!Globs::parse::<&str>(&[]).unwrap().fit(""));
    }

    #[test]
    fn a_text_that_no_name_is_like_is_no_pattern() {
        for bad in ["", "a b", "a\n", &"x".repeat(MAX_BYTES + 1), "*********"] {
            assert_eq!(Globs::parse(&[bad]), Err(InvalidGlob), "{bad}");
        }
    }

    #[cfg(not(target_arch = "wasm32"))]
    proptest::proptest! {
        #[test]
        fn a_pattern_fits_what_a_plain_search_says_it_does(pattern in "[ab*]{1,7}", name in "[ab]{0,9}") {
            fn plainly(pattern: &str, name: &str) -> bool {
                match pattern.chars().next() {
                    None => name.is_empty(),
                    Some('*') => (0..=name.len()).any(|at| plainly(&pattern[1..], &name[at..])),
                    Some(letter) => name.starts_with(letter) && plainly(&pattern[1..], &name[1..]),
                }
            }
            proptest::prop_assert_eq!(fits(&pattern, &name), plainly(&pattern, &name));
        }
    }
}
