//! Looking at everything that a call says.

use super::counts::Counts;
use super::detector::Detector;
use super::document::{Rail, folded};
use super::scan::{self, Found};
use serde_json::{Map, Value};
use std::fmt;

const DENY: &str = "deny";
/// How often a text is looked at again after something in it was replaced.
const ROUNDS: usize = 4;
/// The shortest number that may be a card's.
const SHORTEST_NUMBER: usize = 13;
/// Members of the protocol's own objects whose texts are no words of an upstream: what says what something is, where it is,
/// and what is no text at all.
const NOT_WORDS: [&str; 10] =
    ["type", "role", "mimeType", "uri", "data", "blob", "taskId", "status", "resultType", "cacheScope"];
/// Members of the protocol's own objects in which everything is somebody's data.
const DATA: [&str; 2] = ["structuredContent", "_meta"];

/// What a call is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// A tool, by the name it is shown under at the endpoint of everything.
    Tool(String),
    /// Something of some tool, which is not known: a task, or what belongs to no call.
    Unknown,
    /// A prompt, a resource or a completion.
    Other,
}

/// Why a call goes no further, or its result stays here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Something was found that a detector refuses.
    Detected(Detector),
    /// This entry of the deny list is in it, counted from 0.
    Denied(usize),
    /// What is left of arguments does not fit the tool's schema.
    Unfit,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Detected(detector) => f.write_str(detector.name()),
            Self::Denied(entry) => write!(f, "{DENY}[{entry}]"),
            Self::Unfit => f.write_str("redacted, they do not fit the tool's input schema"),
        }
    }
}

/// What came of looking.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// What was found.
    pub found: Counts,
    /// What refuses, the first of several.
    pub refusal: Option<Refusal>,
    /// Whether something was redacted.
    pub is_changed: bool,
}

impl Rail {
    /// Whether it is for calls of this.
    pub fn is_for(&self, about: &About) -> bool {
        let fits = |name: &str| self.tools.iter().any(|pattern| pattern.fits(name));
        self.tools.is_empty()
            || match about {
                About::Tool(name) => fits(name),
                About::Unknown => true,
                About::Other => false,
            }
    }

    /// Redacts somebody's data: every text and every name of a member, and numbers that look like a card's.
    pub fn sweep_data(&self, members: &mut Map<String, Value>) -> Swept {
        let mut sweep = Sweep::of(self);
        sweep.members(members);
        sweep.swept
    }

    /// Redacts an object of the protocol: the words in it, and the data that it carries.
    pub fn sweep_message(&self, members: &mut Map<String, Value>) -> Swept {
        let mut sweep = Sweep::of(self);
        sweep.message(members);
        sweep.swept
    }

    /// Redacts any value of somebody's data.
    pub fn sweep_value(&self, value: &mut Value) -> Swept {
        let mut sweep = Sweep::of(self);
        sweep.data(value);
        sweep.swept
    }

    /// Redacts a text.
    pub fn sweep_text(&self, text: &mut String) -> Swept {
        let mut sweep = Sweep::of(self);
        sweep.text(text);
        sweep.swept
    }
}

struct Sweep<'a> {
    rail: &'a Rail,
    swept: Swept,
    /// Whether this is within a text that is JSON: a text in it is not read as JSON again.
    is_within: bool,
}

impl<'a> Sweep<'a> {
    fn of(rail: &'a Rail) -> Self {
        Self { rail, swept: Swept::default(), is_within: false }
    }

    fn data(&mut self, value: &mut Value) {
        match value {
            Value::String(text) => self.text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.data(item)),
            Value::Object(members) => self.members(members),
            Value::Number(number) => {
                let digits = number.to_string();
                let digits = digits.strip_suffix(".0").unwrap_or(&digits);
                let is_long = digits.len() >= SHORTEST_NUMBER || !self.rail.deny.is_empty();
                if is_long && let Some(marker) = self.look(digits) {
                    *value = Value::String(marker);
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn members(&mut self, members: &mut Map<String, Value>) {
        members.values_mut().for_each(|value| self.data(value));
        let names: Vec<_> = members.keys().map(|name| self.look(name)).collect();
        if names.iter().all(Option::is_none) {
            return;
        }
        let (mut renamed, mut number) = (Map::with_capacity(members.len()), 1_usize);
        for ((name, value), marked) in std::mem::take(members).into_iter().zip(names) {
            let name = marked.unwrap_or(name);
            let mut free = name.clone();
            // Two names may be redacted to the same. The number never goes back, so that many cost no more than each once.
            while renamed.contains_key(&free) {
                number += 1;
                free = format!("{name} ({number})");
            }
            renamed.insert(free, value);
        }
        *members = renamed;
    }

    fn message(&mut self, members: &mut Map<String, Value>) {
        for (name, value) in members.iter_mut() {
            match value {
                _ if DATA.contains(&name.as_str()) => self.data(value),
                Value::String(_) if NOT_WORDS.contains(&name.as_str()) => {}
                value => self.words(value),
            }
        }
    }

    fn words(&mut self, value: &mut Value) {
        match value {
            Value::String(text) => self.text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.words(item)),
            Value::Object(members) => self.message(members),
            Value::Number(_) | Value::Null | Value::Bool(_) => {}
        }
    }

    fn text(&mut self, text: &mut String) {
        if let Some(redacted) = self.look(text) {
            *text = self.as_json(text).unwrap_or(redacted);
        }
    }

    /// A text that is a JSON object or array, redacted so that it still is one: outside of texts a marker would break it.
    fn as_json(&self, text: &str) -> Option<String> {
        if self.is_within || !text.trim_start().starts_with(['{', '[']) {
            return None;
        }
        let mut value = serde_json::from_str(text).ok()?;
        let mut within = Sweep { is_within: true, ..Sweep::of(self.rail) };
        within.data(&mut value);
        let redacted = value.to_string();
        scan::all(&redacted, self.rail.detectors.kinds()).is_empty().then_some(redacted)
    }

    /// What a text is redacted to; `None` where nothing is found.
    fn look(&mut self, text: &str) -> Option<String> {
        self.deny(text);
        let mut redacted: Option<String> = None;
        for round in 0..=ROUNDS {
            let current = redacted.as_deref().unwrap_or(text);
            let found = scan::all(current, self.rail.detectors.kinds());
            let Some((_, first)) = found.first() else { break };
            self.note(&found);
            // A marker may make a value of what stood beside another one. Whoever arranges that again and again loses it all.
            redacted = Some(if round == ROUNDS { first.marker() } else { replaced(current, &found) });
        }
        self.swept.is_changed |= redacted.is_some();
        redacted
    }

    fn deny(&mut self, text: &str) {
        if self.rail.deny.is_empty() {
            return;
        }
        let folded = folded(text);
        for (entry, denied) in self.rail.deny.iter().enumerate() {
            if denied.is_in(&folded) {
                self.swept.found.add(DENY, 1);
                self.swept.refusal.get_or_insert(Refusal::Denied(entry));
            }
        }
    }

    fn note(&mut self, found: &[Found]) {
        for (_, detector) in found {
            self.swept.found.add(detector.name(), 1);
            if self.rail.detectors.refuse(*detector) {
                self.swept.refusal.get_or_insert(Refusal::Detected(*detector));
            }
        }
    }
}

/// A text with a marker in the place of every value; of values that overlap, the first gives its name to all.
fn replaced(text: &str, found: &[Found]) -> String {
    let (mut redacted, mut done) = (String::with_capacity(text.len()), 0);
    for (span, detector) in found {
        if span.start >= done {
            redacted.push_str(text.get(done..span.start).unwrap_or_default());
            redacted.push_str(&detector.marker());
        }
        done = done.max(span.end);
    }
    redacted.push_str(text.get(done..).unwrap_or_default());
    redacted
}
