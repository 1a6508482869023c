//! What a user may do for its tenant.

use serde::{Deserialize, Serialize};

/// The role of a user. Tokens do not carry it: it is read where it counts, at the moment it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum Role {
    /// Everything in the tenant, other owners included.
    Owner,
    /// Looks after the tenant's people, keys, policies and plans; owners are out of reach.
    Admin,
    /// Uses the tenant's tools, and has keys of its own.
    Developer,
    /// Reads everything, and changes and calls nothing.
    Auditor,
    /// Calls tools: a program's role.
    Agent,
}

impl Role {
    /// Every role, from the most to the least that it may change.
    pub const ALL: [Self; 5] = [Self::Owner, Self::Admin, Self::Developer, Self::Auditor, Self::Agent];

    /// The role's name, in the database, in a form and in the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Developer => "developer",
            Self::Auditor => "auditor",
            Self::Agent => "agent",
        }
    }

    /// The role of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    /// Whether it looks after the tenant: its people and what they may do.
    pub const fn manages(self) -> bool {
        matches!(self, Self::Owner | Self::Admin)
    }

    /// Whether it may give somebody that role, take it away, or change a user who has it. Only an owner reaches owners.
    pub const fn reaches(self, other: Self) -> bool {
        match other {
            Self::Owner => matches!(self, Self::Owner),
            _ => self.manages(),
        }
    }

    /// Whether it may read what concerns the whole tenant.
    pub const fn reads_all(self) -> bool {
        self.manages() || matches!(self, Self::Auditor)
    }

    /// Whether it may call tools at all. What it may call is for policies to say.
    pub const fn calls(self) -> bool {
        !matches!(self, Self::Auditor)
    }
}

#[cfg(test)]
mod tests {
    use super::Role;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_role_is_known_by_its_exact_name_only() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(role));
            assert_eq!(serde_json::to_string(&role).unwrap(), format!("\"{}\"", role.as_str()));
        }
        for other in ["", "Admin", "member", "admin ", "administrator"] {
            assert_eq!(Role::parse(other), None, "{other:?}");
        }
    }

    #[test]
    fn only_an_owner_reaches_an_owner_and_only_who_manages_reaches_anybody() {
        for role in Role::ALL {
            assert_eq!(role.reaches(Role::Owner), role == Role::Owner);
            for other in [Role::Admin, Role::Developer, Role::Auditor, Role::Agent] {
                assert_eq!(role.reaches(other), role.manages(), "{role:?} {other:?}");
            }
        }
    }
}
