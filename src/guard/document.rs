//! The document of a tenant's guardrails, as strict JSON.

use super::detector::Detector;
use crate::json::{self, Caps, JsonError};
use crate::plan::ToolPattern;
use serde::de::{DeserializeOwned, Deserializer, Error as _};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

/// Most entries of a deny list.
pub const MAX_DENIED: usize = 64;
/// Most patterns of tools.
pub const MAX_TOOLS: usize = 32;
/// Longest entry of a deny list, in characters.
pub const MAX_ENTRY: usize = 128;
/// Most wildcards of an entry: each is one search through a text.
pub const MAX_WILDCARDS: usize = 4;
/// Limits on the document: 64 KiB, 4 levels.
const CAPS: Caps = Caps { max_bytes: 64 * 1024, max_depth: 4 };
/// Stands for any characters, also none.
const WILDCARD: char = '*';

/// What is looked at in calls. What is absent is not looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Guardrails {
    /// For what goes to an upstream.
    #[serde(deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Rail>,
    /// For what comes from one.
    #[serde(deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub results: Option<Rail>,
}

/// What is looked for on one way, and what happens then.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Rail {
    /// What is looked for, and what happens to it: `email`, `phone`, `credit_card`, `iban`, `us_ssn`, `ipv4`, `ipv6`, `api_key`,
    /// `jwt`, `private_key`, `bearer_token`.
    #[serde(skip_serializing_if = "Detectors::is_empty")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "std::collections::BTreeMap<String, Action>"))]
    pub detectors: Detectors,
    /// Texts whose presence refuses, at most 64: in any case of letters, with `*` for any characters.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(length(max = 64)))]
    #[serde(deserialize_with = "at_most::<MAX_DENIED, _, _>", skip_serializing_if = "Vec::is_empty")]
    pub deny: Vec<Denied>,
    /// The tools it is for, at most 32 shown names or patterns of them; then it is for no prompts and resources. Absent: for
    /// everything.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(length(max = 32)))]
    #[serde(deserialize_with = "at_most::<MAX_TOOLS, _, _>", skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<ToolPattern>,
}

/// What happens to a value that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum Action {
    /// A marker such as `[redacted: email]` stands in its place.
    Redact,
    /// The call is refused before anything is sent, or its result is withheld.
    Refuse,
}

/// Detectors, each with what happens to what it finds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Detectors(Vec<(Detector, Action)>);

impl Detectors {
    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is looked for.
    pub fn kinds(&self) -> impl Iterator<Item = Detector> {
        self.0.iter().map(|(detector, _)| *detector)
    }

    /// Whether what this one finds refuses.
    pub fn refuse(&self, detector: Detector) -> bool {
        self.0.contains(&(detector, Action::Refuse))
    }
}

impl FromIterator<(Detector, Action)> for Detectors {
    fn from_iter<I: IntoIterator<Item = (Detector, Action)>>(all: I) -> Self {
        Self(all.into_iter().collect())
    }
}

impl Serialize for Detectors {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(detector, action)| (detector, action)))
    }
}

impl<'de> Deserialize<'de> for Detectors {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let members = Map::<String, Value>::deserialize(deserializer)?.into_iter();
        let read = |(name, action)| Ok((Detector::deserialize(Value::String(name))?, Action::deserialize(action)?));
        members.map(read).collect::<Result<_, serde_json::Error>>().map_err(D::Error::custom)
    }
}

/// An entry of a deny list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(try_from = "String", into = "String")]
pub struct Denied {
    text: String,
    #[serde(skip)]
    parts: Vec<String>,
}

/// A text is no entry of a deny list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an entry of deny has 1 to {MAX_ENTRY} characters, at most {MAX_WILDCARDS} '*', and something besides them")]
pub struct InvalidDenied;

/// Why a text is no document of guardrails.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GuardrailsProblem {
    /// It is not one strict JSON object.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// It is JSON and says something else: what is wrong, in words.
    #[error("not guardrails: {0}")]
    Document(String),
}

impl Guardrails {
    /// Reads a document. Unknown members and detectors are refused.
    pub fn parse(text: &[u8]) -> Result<Self, GuardrailsProblem> {
        let value = json::parse_object(text, CAPS)?;
        Self::deserialize(value).map_err(|error| GuardrailsProblem::Document(error.to_string()))
    }
}

impl Denied {
    /// Whether it is in a text that was [`folded`]: all of its parts, in their order.
    pub(super) fn is_in(&self, folded: &str) -> bool {
        let rest =
            self.parts.iter().try_fold(folded, |rest, part| rest.split_once(part.as_str()).map(|(_, after)| after));
        rest.is_some()
    }
}

impl TryFrom<String> for Denied {
    type Error = InvalidDenied;
    fn try_from(text: String) -> Result<Self, InvalidDenied> {
        let folded = folded(&text);
        let parts: Vec<_> = folded.split(WILDCARD).filter(|part| !part.trim().is_empty()).map(str::to_owned).collect();
        let is_bounded = text.chars().count() <= MAX_ENTRY && text.matches(WILDCARD).count() <= MAX_WILDCARDS;
        if is_bounded && !parts.is_empty() { Ok(Self { text, parts }) } else { Err(InvalidDenied) }
    }
}

impl From<Denied> for String {
    fn from(denied: Denied) -> Self {
        denied.text
    }
}

/// A text as it is compared: in small letters, one blank for many of any kind, and without what nobody sees.
pub(super) fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut is_after_blank = false;
    for letter in text.chars().filter(|letter| !is_invisible(*letter)) {
        if letter.is_whitespace() {
            is_after_blank = true;
            continue;
        }
        if std::mem::take(&mut is_after_blank) && !folded.is_empty() {
            folded.push(' ');
        }
        folded.extend(letter.to_lowercase());
    }
    folded
}

const fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

/// An object alone: types derived with serde also take an array of their members.
pub fn object<'de, T: DeserializeOwned, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    let members = Option::<Map<String, Value>>::deserialize(deserializer)?;
    members.map(|members| T::deserialize(Value::Object(members)).map_err(D::Error::custom)).transpose()
}

fn at_most<'de, const MAX: usize, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let all = Vec::deserialize(deserializer)?;
    if all.len() <= MAX {
        Ok(all)
    } else {
        Err(D::Error::custom(format_args!("{} entries are more than {MAX}", all.len())))
    }
}
