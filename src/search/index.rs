//! The words of an endpoint's tools, and which tools fit a query best.
//!
//! The order is BM25F's (Robertson, Zaragoza, Taylor, "Simple BM25 extension to multiple weighted fields", CIKM 2004): the
//! words of a name weigh more than those of a description. The index is made once, of everything an endpoint shows to
//! anybody. What is counted of it, in how many tools a word stands and how long they are, is counted for each query over
//! the tools its caller sees: so an index in which some are hidden answers exactly as one in which they are not.

use super::words;
use crate::mcp::wire::Tool;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// How soon more of the same word adds nothing: 1.2 to 2 (Robertson and Zaragoza, "The Probabilistic Relevance Framework:
/// BM25 and Beyond", 2009, section 3.5).
const K1: f64 = 1.2;
/// How much a long text is discounted: 0.5 to 0.8 (the same).
const B: f64 = 0.75;
/// What a word weighs in each field.
const WEIGHTS: [f64; FIELDS] = [4.0, 2.0, 1.5, 0.5];
/// What a word weighs that only begins as the one that was asked for.
const BEGINNING: f64 = 0.5;
const FIELDS: usize = 4;

/// Most words of one tool that are looked at; names come first, then titles, descriptions, and schemas.
pub const MAX_TOOL_WORDS: usize = 400;
/// Most different words of one query that are looked at.
pub const MAX_QUERY_WORDS: usize = 32;
/// How much of a query is looked at, in bytes.
pub const MAX_QUERY_BYTES: usize = 2_048;
/// Most words that one beginning stands for.
const MAX_BEGINNINGS: usize = 16;
/// Shortest text that is taken for the beginning of a word or a name, in bytes.
const MIN_BEGINNING: usize = 3;
/// How deep into a schema is looked.
const MAX_DEPTH: usize = 8;

/// Where a word stands.
#[derive(Clone, Copy)]
enum Field {
    Name = 0,
    Title = 1,
    Description = 2,
    Schema = 3,
}

/// How often a word stands in each field of a tool.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Posting {
    tool: u32,
    counts: [u8; FIELDS],
}

/// A tool's names, and their words.
#[derive(Clone, Debug, PartialEq)]
struct Names {
    shown: String,
    own: String,
    shown_words: String,
    own_words: String,
}

/// The words of an endpoint's tools.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Index {
    names: Vec<Names>,
    /// How many words each field of each tool has.
    lengths: Vec<[u16; FIELDS]>,
    /// Every word, in alphabetical order, with where it stands.
    words: Vec<(String, Vec<Posting>)>,
}

/// How well a name fits a query, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// It is the shown name.
    Shown,
    /// It is the upstream's own name.
    Own,
    /// It has the words of a name in their order.
    Words,
    /// A name begins with it.
    Beginning,
    /// By its words alone.
    Loose,
}

impl Index {
    /// The index of these tools, each under the name it is shown as. At most [`u32::MAX`] tools; 8 bytes for each
    /// different word of a tool, of at most [`MAX_TOOL_WORDS`].
    pub fn build<'a>(tools: impl IntoIterator<Item = (&'a str, &'a Tool)>) -> Self {
        let mut made = Making::default();
        for (shown, tool) in tools {
            made.add(shown, tool);
        }
        let Making { mut index, known, postings, .. } = made;
        let mut words: Vec<(String, usize)> = known.into_iter().collect();
        words.sort_unstable();
        let mut postings: Vec<Vec<Posting>> = postings;
        let take = |(word, at): (String, usize)| Some((word, std::mem::take(postings.get_mut(at)?)));
        index.words = words.into_iter().filter_map(take).collect();
        index
    }

    /// How many tools it is of.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether it is of none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The places of the tools that fit a query, in the order in which the index was built of them, the best first. A tool
    /// of that very name comes first, then those whose name begins with the query, then those with its words; of equals
    /// the one whose name comes first. `may_see` says of a place whether the caller sees that tool; a tool that is not seen
    /// changes nothing.
    pub fn find(&self, query: &str, may_see: &dyn Fn(usize) -> bool) -> Vec<usize> {
        let seen: Vec<bool> = (0..self.names.len()).map(may_see).collect();
        let query = cut(query.trim(), MAX_QUERY_BYTES);
        let scores = self.scores(&asked(query), &seen);
        let words = joined(query);
        let mut found: Vec<(Fit, f64, usize)> = Vec::new();
        for (place, (names, score)) in self.names.iter().zip(scores).enumerate() {
            let fit = names.fit(query, &words);
            let is_seen = seen.get(place).copied().unwrap_or_default();
            if is_seen && (fit != Fit::Loose || score > 0.0) {
                found.push((fit, score, place));
            }
        }
        let name = |place: usize| self.names.get(place).map(|names| names.shown.as_str());
        found.sort_unstable_by(|left, right| {
            left.0.cmp(&right.0).then(right.1.total_cmp(&left.1)).then_with(|| name(left.2).cmp(&name(right.2)))
        });
        found.into_iter().map(|(_, _, place)| place).collect()
    }

    /// What each tool is worth for these words.
    fn scores(&self, asked: &[String], seen: &[bool]) -> Vec<f64> {
        let mut scores = vec![0.0; self.names.len()];
        let (count, means) = self.means(seen);
        for word in asked {
            let exact = self.words.binary_search_by(|(known, _)| known.as_str().cmp(word)).ok();
            let exact = exact.and_then(|at| self.words.get(at)).filter(|(_, postings)| is_seen(postings, seen));
            match exact {
                Some((_, postings)) => self.add(&mut scores, postings, seen, (count, &means), 1.0),
                // A word that nobody uses stands for those that begin with it.
                None => {
                    for postings in self.beginning_with(word, seen) {
                        self.add(&mut scores, postings, seen, (count, &means), BEGINNING);
                    }
                }
            }
        }
        scores
    }

    fn beginning_with<'a>(&'a self, word: &'a str, seen: &'a [bool]) -> impl Iterator<Item = &'a Vec<Posting>> {
        let start = self.words.partition_point(|(known, _)| known.as_str() < word);
        let longer = self.words.get(start..).unwrap_or_default().iter();
        let longer = longer.take_while(move |(known, _)| word.len() >= MIN_BEGINNING && known.starts_with(word));
        longer.map(|(_, postings)| postings).filter(move |postings| is_seen(postings, seen)).take(MAX_BEGINNINGS)
    }

    /// How many tools are seen, and how many words each field of them has on the average.
    fn means(&self, seen: &[bool]) -> (f64, [f64; FIELDS]) {
        let mut count = 0.0;
        let mut sums = [0.0; FIELDS];
        for (lengths, _) in self.lengths.iter().zip(seen).filter(|(_, seen)| **seen) {
            count += 1.0;
            for (sum, length) in sums.iter_mut().zip(lengths) {
                *sum += f64::from(*length);
            }
        }
        (count, sums.map(|sum| if count > 0.0 { sum / count } else { 0.0 }))
    }

    /// Adds what one word is worth: its inverse document frequency, in the form that is never negative, times its frequency,
    /// which weighs by field and saturates.
    fn add(
        &self,
        scores: &mut [f64],
        postings: &[Posting],
        seen: &[bool],
        (count, means): (f64, &[f64; FIELDS]),
        weight: f64,
    ) {
        let with = postings.iter().filter(|posting| posting.is_seen(seen)).fold(0.0, |sum, _| sum + 1.0);
        let rarity = ((count - with + 0.5) / (with + 0.5)).ln_1p();
        for posting in postings.iter().filter(|posting| posting.is_seen(seen)) {
            let (Some(lengths), Some(score)) = (self.lengths.get(posting.place()), scores.get_mut(posting.place()))
            else {
                continue;
            };
            let mut frequency = 0.0;
            for (((times, length), mean), weight) in posting.counts.iter().zip(lengths).zip(means).zip(WEIGHTS) {
                if *times > 0 {
                    frequency += weight * f64::from(*times) / (1.0 - B + B * f64::from(*length) / mean);
                }
            }
            *score += weight * rarity * frequency / (K1 + frequency);
        }
    }
}

impl Posting {
    fn place(self) -> usize {
        usize::try_from(self.tool).unwrap_or(usize::MAX)
    }

    fn is_seen(self, seen: &[bool]) -> bool {
        seen.get(self.place()).copied().unwrap_or_default()
    }
}

impl Names {
    fn fit(&self, query: &str, words: &str) -> Fit {
        let begins = |name: &str| {
            let head = name.as_bytes().get(..query.len());
            query.len() >= MIN_BEGINNING && head.is_some_and(|head| head.eq_ignore_ascii_case(query.as_bytes()))
        };
        if self.shown == query {
            Fit::Shown
        } else if self.own == query {
            Fit::Own
        } else if !words.is_empty() && (self.shown_words == words || self.own_words == words) {
            Fit::Words
        } else if begins(&self.shown) || begins(&self.own) {
            Fit::Beginning
        } else {
            Fit::Loose
        }
    }
}

/// An index under way.
#[derive(Default)]
struct Making {
    index: Index,
    /// The place of every known word in `postings`.
    known: HashMap<String, usize>,
    postings: Vec<Vec<Posting>>,
    /// Words the tool at hand may still have.
    left: usize,
}

impl Making {
    fn add(&mut self, shown: &str, tool: &Tool) {
        let names = Names {
            shown: shown.to_owned(),
            own: tool.name.clone(),
            shown_words: joined(shown),
            own_words: joined(&tool.name),
        };
        self.index.names.push(names);
        self.index.lengths.push([0; FIELDS]);
        self.left = MAX_TOOL_WORDS;
        self.take(Field::Name, shown);
        self.take(Field::Title, tool.title.as_deref().unwrap_or_default());
        self.take(Field::Description, tool.description.as_deref().unwrap_or_default());
        self.take_schema(&tool.input_schema, MAX_DEPTH);
    }

    fn take(&mut self, field: Field, text: &str) {
        if self.left > 0 {
            words::each(text, &mut |word| self.note(field, word));
        }
    }

    fn note(&mut self, field: Field, word: &str) {
        if self.left == 0 {
            return;
        }
        self.left -= 1;
        let Ok(tool) = u32::try_from(self.index.names.len().saturating_sub(1)) else { return };
        let known = self.known.get(word).copied();
        let at = known.unwrap_or_else(|| {
            self.known.insert(word.to_owned(), self.postings.len());
            self.postings.push(Vec::new());
            self.postings.len() - 1
        });
        let Some(postings) = self.postings.get_mut(at) else { return };
        if postings.last().is_none_or(|last| last.tool != tool) {
            postings.push(Posting { tool, counts: [0; FIELDS] });
        }
        let counted = postings.last_mut().and_then(|last| last.counts.get_mut(field as usize));
        if let Some(times) = counted {
            *times = times.saturating_add(1);
        }
        if let Some(length) = self.index.lengths.last_mut().and_then(|lengths| lengths.get_mut(field as usize)) {
            *length = length.saturating_add(1);
        }
    }

    /// The words of a schema that say what an argument is: names of properties, titles, descriptions and fixed values.
    fn take_schema(&mut self, schema: &Map<String, Value>, depth: usize) {
        for (keyword, value) in schema {
            match (keyword.as_str(), value) {
                ("title" | "description" | "const", Value::String(text)) => self.take(Field::Schema, text),
                ("enum", Value::Array(values)) => {
                    for text in values.iter().filter_map(Value::as_str) {
                        self.take(Field::Schema, text);
                    }
                }
                ("properties", Value::Object(properties)) => {
                    for (name, schema) in properties {
                        self.take(Field::Schema, name);
                        self.take_below(schema, depth);
                    }
                }
                ("$defs" | "definitions" | "patternProperties", Value::Object(schemas)) => {
                    for schema in schemas.values() {
                        self.take_below(schema, depth);
                    }
                }
                ("items" | "additionalProperties", schema) => self.take_below(schema, depth),
                ("anyOf" | "oneOf" | "allOf" | "prefixItems", Value::Array(schemas)) => {
                    for schema in schemas {
                        self.take_below(schema, depth);
                    }
                }
                _ => {}
            }
        }
    }

    fn take_below(&mut self, schema: &Value, depth: usize) {
        if let (Some(schema), true) = (schema.as_object(), depth > 0 && self.left > 0) {
            self.take_schema(schema, depth - 1);
        }
    }
}

/// The different words of a query, without those that say nothing, unless it has no others.
fn asked(query: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    words::each(query, &mut |word| {
        if all.len() < MAX_QUERY_WORDS && !all.iter().any(|known| known == word) {
            all.push(word.to_owned());
        }
    });
    if all.iter().all(|word| words::says_nothing(word)) {
        return all;
    }
    all.retain(|word| !words::says_nothing(word));
    all
}

/// The words of a name, one after the other.
fn joined(text: &str) -> String {
    let mut all = String::new();
    words::each(text, &mut |word| {
        if !all.is_empty() {
            all.push(' ');
        }
        all.push_str(word);
    });
    all
}

fn is_seen(postings: &[Posting], seen: &[bool]) -> bool {
    postings.iter().any(|posting| posting.is_seen(seen))
}

/// The beginning of a text, of at most this many bytes.
fn cut(text: &str, bytes: usize) -> &str {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests;
