//! Who may use an operation, and on how much.

use crate::account::role::Role;

/// Who may use an operation. Its tenant is always the one the credential says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom {
    /// The operator of the gateway alone.
    Operator,
    /// Owners.
    Owners,
    /// Owners and administrators.
    Managers,
    /// Those, and auditors.
    Readers,
    /// Managers everything; developers what is their own.
    ManagersOrOwn,
    /// Readers everything; developers what is their own.
    ReadersOrOwn,
}

/// How much of its tenant somebody may use an operation on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Everything.
    All,
    /// What is the user's own.
    Own,
}

impl Whom {
    /// How much a user with this role may use it on; none for not at all.
    pub const fn extent(self, role: Role) -> Option<Extent> {
        let all = match self {
            Self::Operator => false,
            Self::Owners => matches!(role, Role::Owner),
            Self::Managers | Self::ManagersOrOwn => role.manages(),
            Self::Readers | Self::ReadersOrOwn => role.reads_all(),
        };
        let own = matches!(self, Self::ManagersOrOwn | Self::ReadersOrOwn) && matches!(role, Role::Developer);
        match (all, own) {
            (true, _) => Some(Extent::All),
            (false, true) => Some(Extent::Own),
            (false, false) => None,
        }
    }

    /// Who they are, in words for whoever is none of them.
    pub const fn as_words(self) -> &'static str {
        match self {
            Self::Operator => "the gateway's operator",
            Self::Owners => "owners",
            Self::Managers => "owners and administrators",
            Self::Readers => "owners, administrators and auditors",
            Self::ManagersOrOwn => "owners, administrators, and developers for what is their own",
            Self::ReadersOrOwn => "owners, administrators, auditors, and developers for what is their own",
        }
    }

    /// Who they are, as a sentence.
    pub const fn as_sentence(self) -> &'static str {
        match self {
            Self::Operator => "For the gateway's operator, with `OPERATOR_TOKEN`.",
            Self::Owners => "For owners.",
            Self::Managers => "For owners and administrators.",
            Self::Readers => "For owners, administrators and auditors.",
            Self::ManagersOrOwn => "For owners and administrators; for developers where it is their own.",
            Self::ReadersOrOwn => "For owners, administrators and auditors; for developers where it is their own.",
        }
    }
}
