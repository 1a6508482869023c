//! Reading the document of a rule: one strict reading, and where it is wrong.

use super::condition::InvalidCondition;
use super::glob::InvalidGlob;
use crate::catalogue::naming::InvalidPrefix;
use crate::json::JsonError;
use serde_json::{Map, Value};

/// Most entries of one list.
pub const MAX_ENTRIES: usize = 64;
/// Most characters of an unknown member's name that are repeated.
const MAX_QUOTED: usize = 64;

/// Why a document is no rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{pointer:?}: {fault}")]
pub struct InvalidRule {
    /// Where it is wrong: a JSON Pointer (RFC 6901), empty for the whole document.
    pub pointer: String,
    /// What is wrong there.
    pub fault: Fault,
}

/// What is wrong in one place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Not JSON, too long or too deep.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// Something else than the type that belongs there.
    #[error("must be {0}")]
    Type(&'static str),
    /// Needed, and not there.
    #[error("is missing")]
    Missing,
    /// There, and means nothing.
    #[error("means nothing here")]
    UnknownMember,
    /// Too many entries.
    #[error("has more than {MAX_ENTRIES} entries")]
    TooMany,
    /// A text outside its form.
    #[error("must be {0}")]
    Form(&'static str),
    /// No pattern.
    #[error(transparent)]
    Glob(#[from] InvalidGlob),
    /// No name of an upstream.
    #[error(transparent)]
    Upstream(#[from] InvalidPrefix),
    /// No condition.
    #[error(transparent)]
    Condition(#[from] InvalidCondition),
    /// An approval of what is no call.
    #[error("only a call can be approved")]
    ApprovesNoCall,
    /// A condition on arguments, where there are none.
    #[error("only a call has arguments")]
    SeesNoArguments,
}

/// An object of a document, and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Object<'a> {
    members: Option<&'a Map<String, Value>>,
    pointer: &'a str,
}

impl<'a> Object<'a> {
    /// A value as an object with no other members than these; one that is not there is an empty one.
    pub fn read(value: Option<&'a Value>, pointer: &'a str, known: &[&str]) -> Result<Self, InvalidRule> {
        let members = value.map(|value| value.as_object().ok_or(Fault::Type("an object"))).transpose();
        let object = Self { members: members.map_err(|fault| fault.at(pointer.to_owned()))?, pointer };
        let names = object.members.into_iter().flat_map(Map::keys);
        match names.into_iter().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(object.wrong(name, Fault::UnknownMember)),
            None => Ok(object),
        }
    }

    /// A member.
    pub fn member(&self, name: &str) -> Option<&'a Value> {
        self.members.and_then(|members| members.get(name))
    }

    /// What is wrong with a member.
    pub fn wrong(&self, name: &str, fault: Fault) -> InvalidRule {
        let name: String = name.chars().take(MAX_QUOTED).collect();
        fault.at(format!("{}/{}", self.pointer, name.replace('~', "~0").replace('/', "~1")))
    }

    /// A member that is a text.
    pub fn text(&self, name: &str) -> Result<Option<&'a str>, InvalidRule> {
        let text = |value: &'a Value| value.as_str().ok_or_else(|| self.wrong(name, Fault::Type("a text")));
        self.member(name).map(text).transpose()
    }

    /// A member that is true or false.
    pub fn truth(&self, name: &str) -> Result<Option<bool>, InvalidRule> {
        let truth = |value: &Value| value.as_bool().ok_or_else(|| self.wrong(name, Fault::Type("true or false")));
        self.member(name).map(truth).transpose()
    }

    /// A member that is a list of texts, each read for itself; empty when it is not there.
    pub fn list<T>(&self, name: &str, read: impl Fn(&'a str) -> Result<T, Fault>) -> Result<Vec<T>, InvalidRule> {
        let Some(value) = self.member(name) else { return Ok(Vec::new()) };
        let items = value.as_array().ok_or_else(|| self.wrong(name, Fault::Type("a list")))?;
        if items.len() > MAX_ENTRIES {
            return Err(self.wrong(name, Fault::TooMany));
        }
        let item = |(at, item): (usize, &'a Value)| {
            let text = item.as_str().ok_or(Fault::Type("a text"));
            text.and_then(&read).map_err(|fault| fault.at(format!("{}/{name}/{at}", self.pointer)))
        };
        items.iter().enumerate().map(item).collect()
    }
}

impl Fault {
    /// The fault in its place.
    pub(super) const fn at(self, pointer: String) -> InvalidRule {
        InvalidRule { pointer, fault: self }
    }
}
