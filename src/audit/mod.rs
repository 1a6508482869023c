//! The audit trail: who did what, with which tool, when, and how it ended.
//!
//! | file | what it holds |
//! |---|---|
//! | `record` | what is written of one deed, and what of a deed is never written |
//! | `chain` | records in a chain of hashes: sealing, and finding every change |
//! | `append` | what an append comes to, also when it comes again |
//! | `head` | the chain's end, signed, for whoever keeps it elsewhere |
//! | `query` `export` | asking for some records, and taking all of them away |
//! | `retention` | letting go of old records while the rest still verifies |
//! | `redact` | bodies without what looks like a secret |
//! | `damper` | one record for many refusals of the same kind |
//! | `gathered` `shared` | what waits to be written, in one append for each trail: in the background, and before replies |
//! | `message` | what a trail is asked, and what it answers |
//!
//! A trail is written by one object, so its chain cannot fork. What the chain shows is that nothing in it was changed, left
//! out or moved; that it was not written anew from the start is shown by the signed heads that somebody kept elsewhere.

pub mod append;
pub mod chain;
pub mod damper;
pub mod export;
pub mod gathered;
pub mod head;
pub mod message;
pub mod query;
pub mod record;
pub mod redact;
pub mod retention;
pub mod shared;

#[cfg(all(test, not(target_arch = "wasm32")))]
mod simulation;

use crate::id::TenantId;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The operator's trail. No tenant's name can meet it: an identifier has no colon.
const OPERATOR: &str = "audit:operator";
/// Stands before a tenant's id.
const OF_TENANT: &str = "audit/";

/// Whose trail.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Trail {
    /// A tenant's.
    Tenant(TenantId),
    /// The operator's: what belongs to no tenant, such as a login with a name that nobody has.
    Operator,
}

/// Why a text does not name a trail.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a trail is {OF_TENANT} and a tenant's id, or {OPERATOR}")]
pub struct InvalidTrail;

impl Trail {
    /// Reads a trail's name.
    pub fn parse(name: &str) -> Result<Self, InvalidTrail> {
        if name == OPERATOR {
            return Ok(Self::Operator);
        }
        let tenant = name.strip_prefix(OF_TENANT).ok_or(InvalidTrail)?;
        TenantId::parse(tenant).map(Self::Tenant).map_err(|_| InvalidTrail)
    }

    /// The trail of a tenant, or the operator's where there is none.
    pub fn of(tenant: Option<&TenantId>) -> Self {
        tenant.map_or(Self::Operator, |tenant| Self::Tenant(tenant.clone()))
    }
}

impl fmt::Display for Trail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tenant(tenant) => write!(f, "{OF_TENANT}{tenant}"),
            Self::Operator => f.write_str(OPERATOR),
        }
    }
}

impl TryFrom<String> for Trail {
    type Error = InvalidTrail;
    fn try_from(name: String) -> Result<Self, InvalidTrail> {
        Self::parse(&name)
    }
}

impl From<Trail> for String {
    fn from(trail: Trail) -> Self {
        trail.to_string()
    }
}

/// What a tenant decided about its trail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keeping {
    /// When a call is written.
    #[serde(default)]
    pub mode: AuditMode,
    /// Whether the arguments of calls are written, redacted, beside their digest.
    #[serde(default)]
    pub bodies: bool,
}

/// When a call is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AuditMode {
    /// Before its reply leaves: whoever dies meanwhile leaves a call without a result.
    #[default]
    Before,
    /// After its reply: faster, and what was under way when an isolate dies is lost.
    After,
}

#[cfg(test)]
mod tests {
    use super::Trail;
    use crate::id::TenantId;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_trail_is_known_by_its_name_and_no_tenant_has_the_operators() {
        for name in ["acme", "-", "operator"] {
            let trail = Trail::of(Some(&TenantId::parse(name).unwrap()));
            assert_eq!(Trail::parse(&trail.to_string()), Ok(trail.clone()));
            assert_ne!(trail.to_string(), Trail::Operator.to_string());
        }
        assert_eq!(Trail::parse("audit:operator"), Ok(Trail::Operator));
        for bad in ["", "acme", "audit/", "audit/a/b", "audit:acme"] {
            assert!(Trail::parse(bad).is_err(), "{bad}");
        }
    }
}
