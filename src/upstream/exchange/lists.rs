//! An upstream's lists, page by page: which one is asked for next, and what is taken of each answer.

use crate::mcp::method::ListKind;
use crate::mcp::wire::Tool;
use crate::upstream::survey::{Introduction, Survey};
use crate::upstream::{ProtocolBreach, UntrustedText, Unusable, UnusableReason, param};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Most pages of one list.
pub const MAX_PAGES: usize = 20;
/// Most entries of one list.
pub const MAX_ENTRIES: usize = 500;
/// Longest cursor, in bytes.
const MAX_CURSOR_BYTES: usize = 4096;

/// A survey under way.
#[derive(Debug, Default)]
pub(super) struct Lists {
    survey: Survey,
    /// The lists that are still to come, the next one last.
    left: Vec<ListKind>,
    cursor: Option<String>,
    pages: usize,
    taken: usize,
}

impl Lists {
    /// Begins with an upstream that introduced itself so. Tools are asked for in any case: servers in use offer them
    /// without saying so.
    pub(super) fn begin(introduction: Introduction) -> Self {
        let mut left = Vec::new();
        if introduction.offered.resources.is_some() {
            left.extend([ListKind::ResourceTemplates, ListKind::Resources]);
        }
        if introduction.offered.prompts.is_some() {
            left.push(ListKind::Prompts);
        }
        left.push(ListKind::Tools);
        Self { survey: Survey { introduction, ..Survey::default() }, left, ..Self::default() }
    }

    /// The list that is asked for now, and where to go on in it; `None` when every list is complete.
    pub(super) fn next(&self) -> Option<(ListKind, Option<&str>)> {
        self.left.last().map(|kind| (*kind, self.cursor.as_deref()))
    }

    /// What was found.
    pub(super) fn into_survey(self) -> Survey {
        self.survey
    }

    /// The upstream does not have the list that was asked for.
    pub(super) fn skip(&mut self) {
        self.left.pop();
        (self.cursor, self.pages, self.taken) = (None, 0, 0);
    }

    /// Takes one page.
    pub(super) fn take(&mut self, result: &Map<String, Value>) -> Result<(), ProtocolBreach> {
        let Some(kind) = self.left.last().copied() else { return Ok(()) };
        let entries = result.get(kind.member()).and_then(Value::as_array).ok_or(ProtocolBreach::Result)?;
        for entry in entries {
            self.entry(kind, entry);
        }
        self.pages += 1;
        let next = match result.get("nextCursor") {
            None | Some(Value::Null) => {
                self.skip();
                return Ok(());
            }
            Some(Value::String(cursor)) if cursor.len() <= MAX_CURSOR_BYTES => cursor,
            Some(_) => return Err(ProtocolBreach::Result),
        };
        if self.pages >= MAX_PAGES || self.cursor.as_ref() == Some(next) {
            return Err(ProtocolBreach::EndlessList);
        }
        if self.taken >= MAX_ENTRIES {
            self.skip();
        } else {
            self.cursor = Some(next.clone());
        }
        Ok(())
    }

    fn entry(&mut self, kind: ListKind, entry: &Value) {
        let taken = if self.taken >= MAX_ENTRIES { Err(UnusableReason::TooMany) } else { self.keep(kind, entry) };
        match taken {
            Ok(()) => self.taken += 1,
            Err(reason) if self.survey.unusable.len() < MAX_ENTRIES => {
                let named = ["name", "uri", "uriTemplate"].into_iter().find_map(|name| entry.get(name)?.as_str());
                let name = UntrustedText::new(named.unwrap_or_default()).as_str().chars().take(128).collect();
                self.survey.unusable.push(Unusable { tool: name, reason });
            }
            Err(_) => {}
        }
    }

    fn keep(&mut self, kind: ListKind, entry: &Value) -> Result<(), UnusableReason> {
        match kind {
            ListKind::Tools => self.survey.tools.push(tool(entry)?),
            ListKind::Prompts => self.survey.prompts.push(read(entry)?),
            ListKind::Resources => self.survey.resources.push(read(entry)?),
            ListKind::ResourceTemplates => self.survey.templates.push(read(entry)?),
        }
        Ok(())
    }
}

fn tool(entry: &Value) -> Result<Tool, UnusableReason> {
    let tool: Tool = read(entry)?;
    match param::annotations(&tool.input_schema) {
        Ok(_) => Ok(tool),
        Err(_) => Err(UnusableReason::HeaderAnnotation),
    }
}

fn read<T: DeserializeOwned>(entry: &Value) -> Result<T, UnusableReason> {
    // A struct would also be read from a list.
    if !entry.is_object() {
        return Err(UnusableReason::Malformed);
    }
    T::deserialize(entry).map_err(|_| UnusableReason::Malformed)
}
