//! An endpoint: which items of which upstreams are shown under one address, and how they are named. `/mcp` is one that
//! shows everything; the others are virtual servers, which a tenant names.

use super::naming::{MAX_URI, Prefix};
use crate::id::UpstreamId;

/// Most patterns of one choice.
pub const MAX_PATTERNS: usize = 200;
/// What a pattern ends with when it is only the beginning of a name.
const WILDCARD: char = '*';

/// When the name of an upstream stands before the names of its items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrefixMode {
    /// Always: a name never changes because another upstream came or went.
    Always,
    /// Where two members show the same name: then before both.
    OnConflict,
    /// Never: of two items with one name, the earlier member's is shown.
    Never,
}

impl PrefixMode {
    /// Every mode.
    pub const ALL: [Self; 3] = [Self::Always, Self::OnConflict, Self::Never];

    /// The mode of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text)
    }

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::OnConflict => "conflict",
            Self::Never => "never",
        }
    }
}

/// What an endpoint's list of tools shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Face {
    /// Every tool.
    All,
    /// `search_tools` and `call_tool`, which find and call the others, and the tools whose shown names are chosen here.
    Search {
        /// Tools that are always listed.
        pinned: Chosen,
    },
}

impl Face {
    /// The name of [`Face::All`].
    pub const ALL: &'static str = "all";
    /// The name of [`Face::Search`].
    pub const SEARCH: &'static str = "search";

    /// Whether tools are found by searching.
    pub const fn is_search(&self) -> bool {
        matches!(self, Self::Search { .. })
    }
}

/// The own name of an item, or how it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Pattern {
    Exactly(String),
    Beginning(String),
}

/// Which of an upstream's items are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen(Option<Vec<Pattern>>);

/// Why texts are no choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidChoice {
    /// A pattern that is empty, too long, or has blanks or control characters.
    #[error("a pattern is the name or URI of an item, or how it begins and then '*', and has no blanks")]
    Pattern,
    /// Too many patterns.
    #[error("a choice has at most {MAX_PATTERNS} patterns")]
    TooMany,
}

impl Chosen {
    /// Everything, also what will be offered later.
    pub const ALL: Self = Self(None);

    /// What fits one of these: the own name of a tool or prompt, the own URI of a resource or the text of a template,
    /// whole or, with one `*` at the end, as a beginning. A lone `*` is everything, and no pattern is nothing.
    pub fn only<T: AsRef<str>>(patterns: &[T]) -> Result<Self, InvalidChoice> {
        if patterns.len() > MAX_PATTERNS {
            return Err(InvalidChoice::TooMany);
        }
        let patterns: Result<Vec<_>, _> = patterns.iter().map(|text| Pattern::parse(text.as_ref())).collect();
        let patterns = patterns?;
        let everything = patterns.iter().any(|pattern| *pattern == Pattern::Beginning(String::new()));
        Ok(Self((!everything).then_some(patterns)))
    }

    /// Whether it is everything.
    pub const fn is_all(&self) -> bool {
        self.0.is_none()
    }

    /// Whether the item with this own name is chosen.
    pub fn takes(&self, own: &str) -> bool {
        self.0.as_ref().is_none_or(|patterns| patterns.iter().any(|pattern| pattern.fits(own)))
    }
}

impl Pattern {
    fn parse(text: &str) -> Result<Self, InvalidChoice> {
        let fits = (1..=MAX_URI).contains(&text.len()) && !text.chars().any(|c| c.is_control() || c.is_whitespace());
        match text.strip_suffix(WILDCARD) {
            _ if !fits => Err(InvalidChoice::Pattern),
            Some(beginning) => Ok(Self::Beginning(beginning.to_owned())),
            None => Ok(Self::Exactly(text.to_owned())),
        }
    }

    fn fits(&self, own: &str) -> bool {
        match self {
            Self::Exactly(name) => name == own,
            Self::Beginning(beginning) => own.starts_with(beginning.as_str()),
        }
    }
}

/// The name of a virtual server: of the same form as an upstream's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServerName(String);

/// Why a text cannot be a virtual server's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a server's name has 1 to 32 letters, digits, '-' or single '_', and starts and ends with a letter or digit")]
pub struct InvalidServerName;

impl ServerName {
    /// Parses a name.
    pub fn parse(text: &str) -> Result<Self, InvalidServerName> {
        Prefix::parse(text).map(|_| Self(text.to_owned())).map_err(|_| InvalidServerName)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An upstream of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Which.
    pub upstream: UpstreamId,
    /// What is shown of it.
    pub chosen: Chosen,
}

/// An endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// A virtual server's name; `None` for the endpoint that shows everything.
    pub name: Option<ServerName>,
    /// When names get a prefix.
    pub mode: PrefixMode,
    /// Whether the gateway's own tools are shown.
    pub own_tools: bool,
    /// What its list of tools shows.
    pub face: Face,
    /// Its upstreams, in their order.
    pub members: Vec<Member>,
}

impl Endpoint {
    /// The endpoint that shows everything of these upstreams, and the gateway's own tools.
    pub fn everything(upstreams: impl IntoIterator<Item = UpstreamId>) -> Self {
        let members = upstreams.into_iter().map(|upstream| Member { upstream, chosen: Chosen::ALL }).collect();
        Self { name: None, mode: PrefixMode::Always, own_tools: true, face: Face::All, members }
    }
}

#[cfg(test)]
mod tests {
    use super::{Chosen, Endpoint, InvalidChoice, MAX_PATTERNS, PrefixMode, ServerName};
    use crate::id::UpstreamId;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_mode_is_read_by_its_name() {
        for mode in PrefixMode::ALL {
            assert_eq!(PrefixMode::parse(mode.as_str()), Some(mode));
        }
        assert_eq!(PrefixMode::parse("Always"), None);
    }

    #[test]
    fn a_pattern_is_a_whole_name_or_a_beginning() {
        let chosen = Chosen::only(&["read", "list_*", "file:///docs/*", "db://{t*}"]).unwrap();
        for own in ["read", "list_", "list_all", "file:///docs/a", "db://{t*}"] {
            assert!(chosen.takes(own), "{own}");
        }
        for own in ["reader", "Read", "list", "file:///docs", "db://{t", ""] {
            assert!(!chosen.takes(own), "{own}");
        }
        assert!(!chosen.is_all());
    }

    #[test]
    fn a_lone_star_is_everything_and_no_pattern_is_nothing() {
        assert_eq!(Chosen::only(&["a", "*"]).unwrap(), Chosen::ALL);
        assert!(Chosen::ALL.takes("anything") && !Chosen::only::<&str>(&[]).unwrap().takes("anything"));
    }

    #[test]
    fn a_text_that_no_item_is_called_is_no_pattern() {
        for bad in ["", " ", "a b", "a\n", &"x".repeat(8001)] {
            assert_eq!(Chosen::only(&[bad]), Err(InvalidChoice::Pattern), "{bad}");
        }
        assert_eq!(Chosen::only(&vec!["a"; MAX_PATTERNS + 1]), Err(InvalidChoice::TooMany));
    }

    #[test]
    fn a_servers_name_is_one_that_an_upstream_could_have() {
        assert!(ServerName::parse("team-1").is_ok() && ServerName::parse("a/b").is_err());
    }

    #[test]
    fn everything_is_shown_with_prefixes() {
        let endpoint = Endpoint::everything([UpstreamId::parse("up-1").unwrap()]);
        assert!(endpoint.own_tools && endpoint.mode == PrefixMode::Always && endpoint.name.is_none());
        assert!(endpoint.members.iter().all(|member| member.chosen.is_all()));
    }
}
