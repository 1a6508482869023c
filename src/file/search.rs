//! Looking for files, within bounds: how many names are looked at, how many files are read, and how much of them.

use super::order::Searching;
use super::path::FilePath;
use super::told::{Entry, Searched};
use serde::Serialize;

/// Most names that one search looks at.
pub const MOST_NAMES: u32 = 5_000;
/// Most files that one search reads.
pub const MOST_READ: u32 = 50;
/// Most bytes that one search reads.
pub const MOST_READ_BYTES: u64 = 8 * 1024 * 1024;
/// Most places that are shown of one file.
const MOST_MATCHES: usize = 5;
/// Longest line that is shown, in characters.
const MOST_SHOWN: usize = 200;

/// A place where the text stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Match {
    /// The line, from 1 on.
    pub line: u32,
    /// The line's text, cut around the place.
    pub text: String,
}

/// What is to be done with a file that is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Nothing: it is seen.
    Seen,
    /// It is to be read, and given to [`Search::on_bytes`].
    Read,
    /// The search is over before this file.
    Over,
}

/// A search that is under way.
#[derive(Clone, Debug)]
pub struct Search<'a> {
    wanted: &'a Searching,
    most_bytes: u64,
    read_bytes: u64,
    told: Searched,
}

impl<'a> Search<'a> {
    /// One that has not looked yet. Files above `most_bytes` are not read.
    pub fn new(wanted: &'a Searching, most_bytes: u64) -> Self {
        Self { wanted, most_bytes, read_bytes: 0, told: Searched::default() }
    }

    /// Looks at a file's name.
    pub fn look(&mut self, path: &FilePath, entry: &Entry) -> Look {
        let full = u32::try_from(self.told.files.len()).is_ok_and(|found| found >= self.wanted.within.limit);
        if full || self.told.looked_at >= MOST_NAMES {
            return Look::Over;
        }
        let named = self.wanted.glob.as_ref().is_none_or(|glob| glob.takes(path.as_str()));
        let reads = named && self.wanted.text.is_some() && entry.size <= self.most_bytes && entry.size > 0;
        if reads && (self.told.read >= MOST_READ || self.read_bytes + entry.size > MOST_READ_BYTES) {
            return Look::Over;
        }
        self.told.looked_at += 1;
        if reads {
            self.told.read += 1;
            self.read_bytes += entry.size;
            return Look::Read;
        }
        if named && self.wanted.text.is_none() {
            self.told.files.push(entry.clone());
        }
        Look::Seen
    }

    /// Looks into a file that was read. What is no text has no text in it.
    pub fn on_bytes(&mut self, entry: Entry, bytes: &[u8]) {
        let Some((needle, text)) = self.wanted.text.as_deref().zip(std::str::from_utf8(bytes).ok()) else { return };
        let matches = matches(text, needle);
        if !matches.is_empty() {
            self.told.files.push(Entry { matches, ..entry });
        }
    }

    /// What was found, and where to go on if the search was not over by itself.
    pub fn finish(self, next_cursor: Option<String>) -> Searched {
        Searched { stopped_early: next_cursor.is_some(), next_cursor, ..self.told }
    }
}

/// The first places where a text stands. One that goes over several lines is shown where it begins.
fn matches(text: &str, needle: &str) -> Vec<Match> {
    let mut found: Vec<Match> = Vec::new();
    let (mut line, mut from) = (1, 0);
    for (at, _) in text.match_indices(needle) {
        let begin = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
        let between = text.get(from..begin).unwrap_or_default();
        line += u32::try_from(between.bytes().filter(|byte| *byte == b'\n').count()).unwrap_or(u32::MAX);
        let is_new = begin > from || found.is_empty();
        from = from.max(begin);
        if is_new {
            if found.len() == MOST_MATCHES {
                break;
            }
            found.push(Match { line, text: shown(text, begin, at) });
        }
    }
    found
}

/// The line that begins there, or the part of it before and behind a place.
fn shown(text: &str, begin: usize, at: usize) -> String {
    let line = text.get(begin..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let before = text.get(begin..at).unwrap_or_default().chars().count();
    line.chars().skip(before.saturating_sub(MOST_SHOWN / 4)).take(MOST_SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::{Look, MOST_NAMES, MOST_READ, Search, matches};
    use crate::file::order::{Order, Searching};
    use crate::file::path::FilePath;
    use crate::file::told::Entry;
    use serde_json::{Value, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn searching(arguments: &Value) -> Searching {
        let arguments = arguments.as_object().unwrap();
        match Order::read("search_files", arguments, &crate::file::options::FileOptions::default()).unwrap() {
            Order::Search(searching) => searching,
            other => panic!("{other:?}"),
        }
    }

    fn entry(path: &str, size: u64) -> (FilePath, Entry) {
        let entry = Entry { path: path.into(), size, etag: "e".into(), modified_ms: 1, matches: Vec::new() };
        (FilePath::parse(path).unwrap(), entry)
    }

    #[test]
    fn a_file_is_found_by_its_name_without_being_read() {
        let wanted = searching(&json!({"glob": "**/*.md"}));
        let mut search = Search::new(&wanted, 100);
        for path in ["a.md", "b.txt", "c/d.md"] {
            let (path, entry) = entry(path, 10_000);
            assert_eq!(search.look(&path, &entry), Look::Seen);
        }
        let told = search.finish(None);
        let found: Vec<&str> = told.files.iter().map(|found| found.path.as_str()).collect();
        assert_eq!((found, told.looked_at, told.read, told.stopped_early), (vec!["a.md", "c/d.md"], 3, 0, false));
    }

    #[test]
    fn what_stands_in_a_file_is_found_where_it_is_a_text_of_the_allowed_size() {
        let wanted = searching(&json!({"text": "needle"}));
        let mut search = Search::new(&wanted, 100);
        let (large, at_large) = entry("large.txt", 101);
        assert_eq!(search.look(&large, &at_large), Look::Seen);
        for (path, bytes) in
            [("a.txt", &b"x\nthe needle here\nneedle needle"[..]), ("b", b"needle\xff"), ("c", b"none")]
        {
            let (path, entry) = entry(path, bytes.len() as u64);
            assert_eq!(search.look(&path, &entry), Look::Read);
            search.on_bytes(entry, bytes);
        }
        let told = serde_json::to_value(search.finish(None)).unwrap();
        assert_eq!(
            told,
            json!({"files": [{"path": "a.txt", "size": 31, "etag": "e", "modified_ms": 1,
                "matches": [{"line": 2, "text": "the needle here"}, {"line": 3, "text": "needle needle"}]}],
                "looked_at": 4, "read": 3, "stopped_early": false})
        );
    }

    #[test]
    fn a_search_stops_at_each_of_its_bounds_and_says_so() {
        let wanted = searching(&json!({"text": "x"}));
        let (path, small) = entry("a", 1);
        let reads = |size: u64| {
            let mut search = Search::new(&wanted, u64::MAX);
            let at = entry("a", size).1;
            (0..10_000).take_while(|_| search.look(&path, &at) == Look::Read).count()
        };
        assert_eq!((reads(1), reads(3 * 1024 * 1024), reads(9 * 1024 * 1024)), (MOST_READ as usize, 2, 0));
        let named = searching(&json!({"glob": "z"}));
        let mut search = Search::new(&named, 1);
        let looked = (0..10_000).take_while(|_| search.look(&path, &small) == Look::Seen).count();
        assert_eq!(looked, MOST_NAMES as usize);
        let few = searching(&json!({"glob": "*", "limit": 2}));
        let mut search = Search::new(&few, 1);
        assert_eq!((0..9).take_while(|_| search.look(&path, &small) == Look::Seen).count(), 2);
        assert!(search.finish(Some("c".into())).stopped_early);
    }

    #[test]
    fn long_lines_are_cut_around_the_place_and_between_characters() {
        let line = format!("{}needle{}", "ü".repeat(1000), "ä".repeat(1000));
        let found = matches(&line, "needle");
        assert_eq!((found.len(), found[0].line, found[0].text.chars().count()), (1, 1, 200));
        assert!(found[0].text.contains("needle"));
        assert_eq!(matches(&"n\n".repeat(100), "n").len(), 5);
        assert_eq!(matches("a\nb\nc", "b\nc")[0].line, 2);
    }
}
