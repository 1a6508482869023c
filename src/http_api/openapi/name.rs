//! Names of tools and of arguments, which stay the same as long as the document calls things the same.

use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::fmt::Write as _;

/// Longest name of an argument, in characters: more is not taken by every model vendor's interface.
pub const MAX_ARGUMENT: usize = 64;
/// Digits of a hash that makes a name another one.
const HASH_DIGITS: usize = 8;

/// Names that were given.
#[derive(Debug, Default)]
pub struct Names {
    taken: HashSet<String>,
    longest: usize,
}

impl Names {
    /// None yet; each will have at most this many characters.
    pub fn new(longest: usize) -> Self {
        Self { taken: HashSet::new(), longest: longest.max(HASH_DIGITS + 2) }
    }

    /// A name for an operation: its id, else its method and path; letters, digits, `-` and `_`. One that is too long or
    /// taken ends in a hash of method and path, so that it does not change with its neighbours.
    pub fn give(&mut self, id: Option<&str>, method: &str, path: &str) -> String {
        let from_id = id.map(plain).filter(|name| !name.is_empty());
        let wished = from_id.unwrap_or_else(|| plain(&format!("{} {path}", method.to_ascii_lowercase())));
        let name = if wished.len() > self.longest || self.taken.contains(&wished) {
            let front = wished.get(..self.longest - HASH_DIGITS - 1).unwrap_or(&wished).trim_end_matches('_');
            format!("{front}_{}", hash(method, path))
        } else {
            wished
        };
        // A document cannot have one method of one path twice.
        self.taken.insert(name.clone());
        name
    }
}

fn hash(method: &str, path: &str) -> String {
    let digest = Sha256::digest(format!("{method} {path}"));
    let mut text = String::new();
    for byte in digest.iter().take(HASH_DIGITS / 2) {
        // Writing to a text does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// A text with one `_` for every run of other characters than letters, digits, `-` and `_`, and none around it.
fn plain(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    for letter in text.chars() {
        let plain = letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
        if plain {
            name.push(letter);
        } else if !name.ends_with('_') {
            name.push('_');
        }
    }
    name.trim_matches('_').to_owned()
}

/// An argument that no other one is called: the name itself, else the name and the place, else a number too.
pub fn argument(wished: &str, place: &str, taken: &dyn Fn(&str) -> bool) -> String {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let name: String = wished.chars().map(|c| if is_letter(c) { c } else { '_' }).take(MAX_ARGUMENT - 12).collect();
    // `_id` is a name as it is; of `filter[name]` the last `_` says nothing.
    let name = if wished.chars().all(is_letter) { name.as_str() } else { name.trim_matches('_') };
    let name = if name.is_empty() { place } else { name };
    let candidates = std::iter::once(name.to_owned())
        .chain(std::iter::once(format!("{name}_{place}")))
        .chain((2..).map(|number| format!("{name}_{place}{number}")));
    let mut free = candidates.filter(|name| !taken(name));
    free.next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Names, argument};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_tool_is_called_as_its_operation() {
        let mut names = Names::new(30);
        assert_eq!(names.give(Some("listPets"), "GET", "/pets"), "listPets");
        assert_eq!(names.give(Some("pets/list all"), "GET", "/pets/all"), "pets_list_all");
        assert_eq!(names.give(None, "GET", "/pets/{petId}"), "get_pets_petId");
        assert_eq!(names.give(Some("…"), "DELETE", "/"), "delete");
    }

    #[test]
    fn a_name_that_is_taken_or_too_long_ends_in_a_hash_of_method_and_path() {
        let mut names = Names::new(30);
        assert_eq!(names.give(Some("list"), "GET", "/a"), "list");
        let second = names.give(Some("list"), "GET", "/b");
        assert!(second.len() == 13 && second.starts_with("list_"));
        let long = names.give(Some(&"x".repeat(99)), "GET", "/c");
        assert_eq!(long.len(), 30);
        let other = names.give(Some(&"x".repeat(99)), "GET", "/d");
        assert!(other.len() == 30 && other != long);
        assert_eq!(Names::new(30).give(Some(&"x".repeat(99)), "GET", "/d"), other);
    }

    #[test]
    fn an_argument_that_is_taken_says_where_it_goes() {
        let taken = ["id", "id_query"];
        let is_taken = |name: &str| taken.contains(&name);
        assert_eq!(argument("name", "query", &is_taken), "name");
        assert_eq!(argument("id", "header", &is_taken), "id_header");
        assert_eq!(argument("id", "query", &is_taken), "id_query2");
        assert_eq!(argument("filter[name]", "query", &is_taken), "filter_name");
        assert_eq!(argument("_id", "query", &is_taken), "_id");
        assert_eq!(argument("$", "query", &is_taken), "query");
        assert!(argument(&"x".repeat(500), "query", &is_taken).len() <= super::MAX_ARGUMENT);
    }
}
