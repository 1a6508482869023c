//! OAuth scopes: what a token may be used for.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// May list the tools it is allowed to see.
pub const TOOLS_READ: &str = "tools:read";
/// May call tools.
pub const TOOLS_CALL: &str = "tools:call";

/// May read what concerns the tenant, as far as its user's role lets it.
pub const ADMIN_READ: &str = "admin:read";
/// May change it.
pub const ADMIN_WRITE: &str = "admin:write";

/// All that an operation needs which shows what there is: lists, and news of them.
pub const TO_LIST: &[&str] = &[TOOLS_READ];
/// All that a call needs: its answer shows what there is as well.
pub const TO_CALL: &[&str] = &[TOOLS_CALL, TOOLS_READ];

/// All that reading as an administrator needs.
pub const TO_ADMIN_READ: &[&str] = &[ADMIN_READ];
/// All that changing something as an administrator needs: the answer shows it.
pub const TO_ADMIN_WRITE: &[&str] = &[ADMIN_READ, ADMIN_WRITE];

/// A set of scope tokens, rendered as RFC 6749 section 3.3 wants: space-separated, here in sorted order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scope(BTreeSet<String>);

/// Why a text is not a scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a scope is a list of tokens of visible ASCII without '\"' and '\\', separated by single spaces")]
pub struct InvalidScope;

impl Scope {
    /// Parses `scope-token *( SP scope-token )` of RFC 6749 section 3.3; the empty text is the empty scope.
    pub fn parse(text: &str) -> Result<Self, InvalidScope> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        text.split(' ')
            .map(|token| is_scope_token(token).then(|| token.to_owned()).ok_or(InvalidScope))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Every scope there is. Those of administrators are given to whoever asks for them by name: what they are worth is for
    /// the user's role to say.
    pub fn all() -> Self {
        Self([TOOLS_READ, TOOLS_CALL, ADMIN_READ, ADMIN_WRITE].map(str::to_owned).into())
    }

    /// Every scope a person's own login gives that asks for none.
    pub fn full() -> Self {
        Self([TOOLS_READ, TOOLS_CALL].map(str::to_owned).into())
    }

    /// What this scope and another have in common.
    #[must_use]
    pub fn common(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).cloned().collect())
    }

    /// Whether this scope holds all that another does.
    pub fn covers(&self, other: &Self) -> bool {
        self.0.is_superset(&other.0)
    }

    /// Whether this scope allows nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this scope holds `token`.
    pub fn allows(&self, token: &str) -> bool {
        self.0.contains(token)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, token) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(token)?;
        }
        Ok(())
    }
}

impl TryFrom<String> for Scope {
    type Error = InvalidScope;
    fn try_from(text: String) -> Result<Self, InvalidScope> {
        Self::parse(&text)
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

fn is_scope_token(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

#[cfg(test)]
mod tests {
    use super::{Scope, TOOLS_CALL, TOOLS_READ};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_scope_round_trips_in_sorted_order() {
        assert_eq!(Scope::parse("tools:read tools:call").unwrap().to_string(), "tools:call tools:read");
        assert_eq!(Scope::full().to_string(), format!("{TOOLS_CALL} {TOOLS_READ}"));
    }

    #[test]
    fn a_malformed_scope_is_refused() {
        for bad in [" ", "a  b", "a ", "\"", "a\\b", "é", "a\tb"] {
            assert!(Scope::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_empty_scope_allows_nothing() {
        assert!(!Scope::parse("").unwrap().allows(TOOLS_READ));
    }
}
