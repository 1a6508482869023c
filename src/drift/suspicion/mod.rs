//! What has the form of an attack on the model that reads a definition.
//!
//! A list of forms, not an understanding of texts: it finds what is known to have been tried, and says nothing about what it
//! does not find. In a change only what is new counts, because what stood in the pinned definition was approved.
//!
//! | file | what it holds |
//! |---|---|
//! | `letters` | characters that are not seen, and letters that look like others |
//! | `phrase` | patterns of words |
//! | `told` | what a text tells the model to do |
//! | `secret` | files and variables that hold secrets |
//! | `address` | addresses on the network |
//! | `parameter` | parameters that ask for what is none of their business |
//! | `texts` | every text of a definition |

mod address;
pub(super) mod letters;
mod parameter;
mod phrase;
pub(super) mod secret;
mod texts;
mod told;

use super::change::Change;
use super::definition::Definition;
use super::neighbours::Neighbours;
use super::reason::Reason;
use super::version::Version;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt;
use texts::{Text, each_text};

/// Most signs that are looked for in one definition.
const MAX_SIGNS: usize = 200;
/// Shortest name that is searched for orders, in bytes.
const MIN_TOLD: usize = 20;

/// A form of attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Suspicion {
    /// Orders to the model that are not about the tool, and markup that pretends to come from elsewhere.
    Instruction,
    /// Something that the user is not to know.
    Secrecy,
    /// Files, variables and stores that hold secrets.
    Secret,
    /// A tool of another upstream.
    OtherTool,
    /// Data that is to be sent somewhere, or an address that no service has.
    Exfiltration,
    /// A long text in an encoding.
    Blob,
    /// Characters that are not seen.
    HiddenCharacter,
    /// Characters that change the direction of others.
    Direction,
    /// Tag characters, which spell a text that nobody sees (Unicode, section 23.9).
    Tag,
    /// Terminal control sequences.
    Escape,
    /// A name that looks like another one, or that mixes alphabets.
    LookAlike,
    /// The name of a tool of another upstream.
    Shadowing,
    /// Another name for what was there before.
    Renamed,
    /// A new parameter that asks for what is none of its business.
    Parameter,
    /// A claim about what it does that is the opposite of what it was.
    HintFlipped,
}

impl Suspicion {
    /// The word for it in JSON and in logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Instruction => "instruction",
            Self::Secrecy => "secrecy",
            Self::Secret => "secret",
            Self::OtherTool => "other_tool",
            Self::Exfiltration => "exfiltration",
            Self::Blob => "blob",
            Self::HiddenCharacter => "hidden_character",
            Self::Direction => "direction",
            Self::Tag => "tag",
            Self::Escape => "escape",
            Self::LookAlike => "look_alike",
            Self::Shadowing => "shadowing",
            Self::Renamed => "renamed",
            Self::Parameter => "parameter",
            Self::HintFlipped => "hint_flipped",
        }
    }
}

impl fmt::Display for Suspicion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Instruction => "a text gives the model orders",
            Self::Secrecy => "a text wants something kept from the user",
            Self::Secret => "a text names a place where secrets are",
            Self::OtherTool => "a text speaks of a tool of another upstream",
            Self::Exfiltration => "a text wants data sent elsewhere, or names an address made for that",
            Self::Blob => "a text has a long part that nobody can read",
            Self::HiddenCharacter => "a text has characters that nobody sees",
            Self::Direction => "a text has characters that turn others around",
            Self::Tag => "a text has tag characters, which spell a text that nobody sees",
            Self::Escape => "a text has control sequences of a terminal",
            Self::LookAlike => "its name looks like that of another tool, or mixes alphabets",
            Self::Shadowing => "it has the name of a tool of another upstream",
            Self::Renamed => "it is what was there under another name",
            Self::Parameter => "a new parameter asks for what is none of its business",
            Self::HintFlipped => "it claims the opposite of what it claimed",
        })
    }
}

/// One sign: what it is, where, and by what it was found. The same sign may stand somewhere else afterwards.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Sign {
    pub suspicion: Suspicion,
    /// What was found, in the form in which it is compared.
    pub evidence: String,
    /// JSON pointer of the text.
    pub at: String,
}

/// Every sign in the texts of a definition.
fn signs(definition: &Definition, neighbours: &Neighbours) -> Vec<Sign> {
    let mut found = Vec::new();
    each_text(definition, &mut |text| {
        if found.len() < MAX_SIGNS {
            signs_of(&text, neighbours, &mut found);
        }
    });
    if found.len() >= MAX_SIGNS {
        // What was not searched is another text in every definition.
        let evidence = Version::of(definition.clone()).fingerprint().to_string();
        found.push(Sign { suspicion: Suspicion::Blob, evidence, at: String::new() });
    }
    found
}

fn signs_of(text: &Text<'_>, neighbours: &Neighbours, found: &mut Vec<Sign>) {
    let content = text.content;
    let mut note = |suspicion: Suspicion, evidence: String| {
        found.push(Sign { suspicion, evidence, at: text.at.clone() });
    };
    letters::look(content, &mut note);
    if text.is_name {
        if let Some(part) = secret::in_name(content) {
            note(Suspicion::Secret, part.to_owned());
        }
        if content.len() >= MIN_TOLD {
            told::look(content, &phrase::Words::of(content), &mut note);
        }
        return;
    }
    let plain = phrase::Words::of(content);
    if plain.is_cut() {
        note(Suspicion::Blob, format!("{} bytes", content.len()));
    }
    told::look(content, &plain, &mut note);
    secret::look(content, &plain, &mut note);
    address::look(content, &plain, &mut note);
    for name in neighbours.named_in(content) {
        note(Suspicion::OtherTool, name);
    }
    if let Some(blob) = address::blob(content) {
        note(Suspicion::Blob, blob);
    }
}

/// What is suspicious about a definition and was not so about the one before it, if there was one.
pub(super) fn suspect(before: Option<&Definition>, now: &Definition, neighbours: &Neighbours) -> Vec<Change> {
    let known: BTreeSet<(Suspicion, String)> = before
        .map(|before| signs(before, neighbours))
        .into_iter()
        .flatten()
        .map(|sign| (sign.suspicion, sign.evidence))
        .collect();
    let mut told = known;
    let mut changes: Vec<Change> = signs(now, neighbours)
        .into_iter()
        .filter(|sign| told.insert((sign.suspicion, sign.evidence.clone())))
        .map(|sign| {
            let text = Value::String(sign.evidence);
            Change::new(&sign.at, None, Some(&text), Reason::Suspicion(sign.suspicion))
        })
        .collect();
    changes.extend(parameter::suspect(before, now));
    if let Some(before) = before {
        changes.extend(address::added(before, now));
    }
    changes
}

#[cfg(test)]
mod tests;
