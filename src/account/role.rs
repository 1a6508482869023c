//! What a user may do for its tenant.

use serde::{Deserialize, Serialize};

/// The role of a user. Tokens do not carry it: it is read where it counts, at the moment it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Uses the tenant's tools.
    Member,
    /// Looks after the tenant's people besides.
    Admin,
}

impl Role {
    /// The role's name, in the database, in a form and in the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Admin => "admin",
        }
    }

    /// The role of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Member, Self::Admin].into_iter().find(|role| role.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::Role;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_role_is_known_by_its_exact_name_only() {
        for role in [Role::Member, Role::Admin] {
            assert_eq!(Role::parse(role.as_str()), Some(role));
            assert_eq!(serde_json::to_string(&role).unwrap(), format!("\"{}\"", role.as_str()));
        }
        for other in ["", "Admin", "owner", "admin ", "administrator"] {
            assert_eq!(Role::parse(other), None, "{other:?}");
        }
    }
}
