//! Finding values in a text. A scanner goes forward once; what it reads again for one candidate is bounded.
//!
//! Everything that is looked for is written in ASCII, so that a place found is never within a character. Other characters
//! count as what stands around a value: some scripts put no blanks there.

pub mod contact;
pub mod money;
pub mod network;
pub mod secret;

use super::detector::Detector;
use std::ops::Range;

/// Where a value stands, in bytes.
pub type Span = Range<usize>;
/// The first value that begins at a place or after it.
pub type Scanner = fn(Text<'_>, usize) -> Option<Span>;

/// A text, read by bytes. Beyond its ends stand zeros.
#[derive(Clone, Copy)]
pub struct Text<'a>(&'a str);

impl<'a> Text<'a> {
    /// Reads a text.
    pub const fn new(text: &'a str) -> Self {
        Self(text)
    }

    /// Its length in bytes.
    pub const fn len(self) -> usize {
        self.0.len()
    }

    /// The byte at a place.
    pub fn at(self, place: usize) -> u8 {
        self.0.as_bytes().get(place).copied().unwrap_or_default()
    }

    /// The byte before a place.
    pub fn before(self, place: usize) -> u8 {
        place.checked_sub(1).map_or(0, |place| self.at(place))
    }

    /// The bytes between two places.
    pub fn bytes(self, span: Span) -> &'a [u8] {
        self.0.as_bytes().get(span).unwrap_or_default()
    }

    /// The text between two places, where these are ends of characters.
    pub fn part(self, span: Span) -> &'a str {
        self.0.get(span).unwrap_or_default()
    }

    /// Where something stands, from a place on.
    pub fn find(self, from: usize, what: &str) -> Option<usize> {
        self.0.get(from..)?.find(what).map(|at| from + at)
    }

    /// Whether something stands at a place, in either case of letters.
    pub fn has(self, place: usize, what: &str) -> bool {
        self.bytes(place..place + what.len()).eq_ignore_ascii_case(what.as_bytes())
    }

    /// The end of the run of such bytes that begins at a place, and goes on for so many at most.
    pub fn run(self, from: usize, most: usize, of: impl Fn(u8) -> bool) -> usize {
        let bytes = self.0.as_bytes().get(from..).unwrap_or_default();
        from + bytes.iter().take(most).take_while(|byte| of(**byte)).count()
    }

    /// The first place from one on whose byte is such a one.
    pub fn next(self, from: usize, is: impl Fn(u8) -> bool) -> Option<usize> {
        let bytes = self.0.as_bytes().get(from..)?;
        bytes.iter().position(|byte| is(*byte)).map(|at| from + at)
    }

    /// The first value that begins at such a byte: `read` tells where the value at a place ends. A run of such bytes is
    /// read from its beginning only.
    pub fn first(
        self,
        mut from: usize,
        begins: impl Fn(u8) -> bool + Copy,
        read: impl Fn(Self, usize) -> Option<usize>,
    ) -> Option<Span> {
        while let Some(start) = self.next(from, begins) {
            if !begins(self.before(start))
                && let Some(end) = read(self, start)
            {
                return Some(start..end);
            }
            from = self.run(start, usize::MAX, begins);
        }
        None
    }
}

/// Letters and digits.
pub const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

/// Digits.
pub const fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit()
}

/// A value that was found.
pub type Found = (Span, Detector);

/// What these find in a text, in the order in which it stands there, the longer one first where two begin together. Values of
/// several of them may overlap.
pub fn all(text: &str, detectors: impl Iterator<Item = Detector>) -> Vec<Found> {
    detectors.map(|detector| found(Text::new(text), detector)).fold(Vec::new(), merged)
}

fn found(text: Text<'_>, detector: Detector) -> Vec<Found> {
    let (scan, mut from, mut found) = (detector.scanner(), 0, Vec::new());
    while let Some(span) = scan(text, from) {
        from = span.end;
        found.push((span, detector));
    }
    found
}

/// Two lists in one. A sort would do the same, and is a good part of the whole room's size.
fn merged(one: Vec<Found>, other: Vec<Found>) -> Vec<Found> {
    if one.is_empty() {
        return other;
    }
    let mut all = Vec::with_capacity(one.len() + other.len());
    let mut other = other.into_iter().peekable();
    for value in one {
        let goes_before = |(span, _): &Found| (span.start, value.0.end) < (value.0.start, span.end);
        while let Some(earlier) = other.next_if(goes_before) {
            all.push(earlier);
        }
        all.push(value);
    }
    all.extend(other);
    all
}
