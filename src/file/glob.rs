//! Patterns of paths: `*` is anything within a segment, `?` one character of it, and a segment `**` any number of segments.
//!
//! The work is bounded by the product of the lengths: nothing is tried twice.

use super::path::{MOST_PATH_BYTES, MOST_SEGMENTS};

/// A pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Any,
    Segment(Vec<char>),
}

/// Why a text is no pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a pattern has 1 to {MOST_PATH_BYTES} bytes and {MOST_SEGMENTS} segments at most, none of them empty")]
pub struct InvalidGlob;

impl Glob {
    /// Parses a pattern.
    pub fn parse(text: &str) -> Result<Self, InvalidGlob> {
        let segments = text.split('/').count();
        if text.is_empty() || text.len() > MOST_PATH_BYTES || segments > MOST_SEGMENTS {
            return Err(InvalidGlob);
        }
        let part = |segment: &str| match segment {
            "" => Err(InvalidGlob),
            "**" => Ok(Part::Any),
            other => Ok(Part::Segment(other.chars().collect())),
        };
        text.split('/').map(part).collect::<Result<_, _>>().map(Self)
    }

    /// Whether a path is one of those.
    pub fn takes(&self, path: &str) -> bool {
        let segments: Vec<&str> = path.split('/').collect();
        // Which numbers of segments the parts so far can be.
        let mut reached = start(segments.len());
        for part in &self.0 {
            reached = match part {
                Part::Any => or_more(&reached),
                Part::Segment(pattern) => one_more(&reached, segments.iter().map(|segment| is_like(pattern, segment))),
            };
        }
        reached.last() == Some(&true)
    }
}

/// Nothing is reached yet but the beginning.
fn start(length: usize) -> Vec<bool> {
    std::iter::once(true).chain(std::iter::repeat_n(false, length)).collect()
}

/// From every place that is reached, every later one is.
fn or_more(reached: &[bool]) -> Vec<bool> {
    let mut any = false;
    let later = |here: &bool| {
        any |= *here;
        any
    };
    reached.iter().map(later).collect()
}

/// From every place that is reached, the next one is where what stands between them fits.
fn one_more(reached: &[bool], fits: impl Iterator<Item = bool>) -> Vec<bool> {
    std::iter::once(false).chain(fits.zip(reached).map(|(fits, here)| fits && *here)).collect()
}

/// Whether one segment is like one of a pattern.
fn is_like(pattern: &[char], segment: &str) -> bool {
    let letters: Vec<char> = segment.chars().collect();
    let mut reached = start(letters.len());
    for wanted in pattern {
        reached = match wanted {
            '*' => or_more(&reached),
            wanted => one_more(&reached, letters.iter().map(|letter| *wanted == '?' || wanted == letter)),
        };
    }
    reached.last() == Some(&true)
}

#[cfg(test)]
mod tests {
    use super::Glob;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_star_stays_in_its_segment_and_two_go_through_any_number() {
        for (pattern, path, takes) in [
            ("*.md", "a.md", true),
            ("*.md", "a/b.md", false),
            ("**/*.md", "a.md", true),
            ("**/*.md", "a/b/c.md", true),
            ("a/**", "a/b/c", true),
            ("a/**", "ab/c", false),
            ("a/**/z", "a/z", true),
            ("a/**/z", "a/b/c/z", true),
            ("a/**/z", "a/b/c/zz", false),
            ("?.txt", "ä.txt", true),
            ("?.txt", ".txt", false),
            ("r*t*.csv", "report.csv", true),
            ("r*t*.csv", "reporT.csv", false),
            ("**", "a/b", true),
            ("a.b", "axb", false),
            ("a**b", "a1b", true),
        ] {
            assert_eq!(Glob::parse(pattern).unwrap().takes(path), takes, "{pattern} {path}");
        }
        for bad in ["", "/a", "a/", "a//b", &"a/".repeat(20), &"x".repeat(513)] {
            assert!(Glob::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_hostile_pattern_costs_no_more_than_its_length() {
        let pattern = Glob::parse(&"*a".repeat(250)).unwrap();
        assert!(!pattern.takes(&"a".repeat(249)) && pattern.takes(&"a".repeat(512)));
    }
}
