//! Who looks at an endpoint: somebody may see less of it than there is.

use super::listing::Kind;
use super::naming::Prefix;
use serde_json::{Map, Value};

/// An item as somebody would see it.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// What kind of item it is.
    pub kind: Kind,
    /// What the endpoint of everything shows it as, whatever endpoint is looked at.
    pub name: &'a str,
    /// The name of its upstream; none for the gateway's own.
    pub upstream: Option<&'a Prefix>,
    /// A tool's annotations, where they are known.
    pub annotations: Option<&'a Map<String, Value>>,
}

/// Who looks: whether they may see an item. Nobody in particular sees everything.
#[derive(Clone, Copy, Default)]
pub struct Eyes<'a>(Option<&'a dyn Fn(&Seen<'_>) -> bool>);

impl<'a> Eyes<'a> {
    /// The eyes of somebody who sees what this says.
    pub fn of(sees: &'a dyn Fn(&Seen<'_>) -> bool) -> Self {
        Self(Some(sees))
    }

    /// Whether they see an item.
    pub fn see(self, seen: &Seen<'_>) -> bool {
        self.0.is_none_or(|sees| sees(seen))
    }
}

impl std::fmt::Debug for Eyes<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "Eyes(somebody)" } else { "Eyes(nobody)" })
    }
}
