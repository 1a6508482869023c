//! Which operations become tools, and how.

use crate::catalogue::naming::{MAX_PREFIX, MAX_TOOL_NAME, Prefix, SEPARATOR};
use crate::outbound::{Method, OutboundUrl, Reach};
use crate::policy::glob::{Globs, InvalidGlob};
use serde::{Deserialize, Serialize};

/// Which operations are wanted: those that every list has that is not empty. Without any list, all of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Choice {
    /// Patterns of `operationId`, with `*`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub operations: Vec<String>,
    /// Tags, to the letter: one of them is enough.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Methods.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub methods: Vec<Method>,
    /// Patterns of paths as the document writes them, with `*`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// Whether tools get output schemas. Without one an answer is shown whatever its form is.
    pub outputs: bool,
    /// Whether tools show a short part of JSON answers with a status of 400 to 499.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub show_errors: bool,
}

impl Default for Choice {
    fn default() -> Self {
        let none = Vec::new;
        Self { operations: none(), tags: none(), methods: Vec::new(), paths: none(), outputs: true, show_errors: false }
    }
}

/// What the gateway decides about a conversion.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the API is, whatever the document says; `None` for what the document says.
    pub base: Option<OutboundUrl>,
    /// Which addresses may be asked.
    pub reach: Reach,
    /// Longest own name of a tool.
    pub longest_name: usize,
}

impl Settings {
    /// For tools that are shown with this name before them; the longest there can be where it is not known.
    pub fn new(base: Option<OutboundUrl>, reach: Reach, prefix: Option<&Prefix>) -> Self {
        let taken = prefix.map_or(MAX_PREFIX, |prefix| prefix.as_str().len()) + SEPARATOR.len();
        Self { base, reach, longest_name: MAX_TOOL_NAME - taken }
    }
}

/// A choice, read.
#[derive(Clone, Debug)]
pub(super) struct Chooser {
    operations: Option<Globs>,
    paths: Option<Globs>,
    tags: Vec<String>,
    methods: Vec<Method>,
}

impl Chooser {
    pub(super) fn new(choice: &Choice) -> Result<Self, InvalidGlob> {
        let globs = |texts: &[String]| (!texts.is_empty()).then(|| Globs::parse(texts)).transpose();
        Ok(Self {
            operations: globs(&choice.operations)?,
            paths: globs(&choice.paths)?,
            tags: choice.tags.clone(),
            methods: choice.methods.clone(),
        })
    }

    /// Whether an operation is wanted. One without an id fits no pattern of ids.
    pub(super) fn wants(&self, id: Option<&str>, tags: &[&str], method: Option<Method>, path: &str) -> bool {
        let fits = |globs: &Option<Globs>, text: Option<&str>| {
            globs.as_ref().is_none_or(|globs| text.is_some_and(|text| globs.fit(text)))
        };
        let tagged = self.tags.is_empty() || self.tags.iter().any(|tag| tags.contains(&tag.as_str()));
        let asked = self.methods.is_empty() || method.is_some_and(|method| self.methods.contains(&method));
        tagged && asked && fits(&self.operations, id) && fits(&self.paths, Some(path))
    }
}
