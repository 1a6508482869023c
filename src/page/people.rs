//! The page of a tenant's people, for its administrators.

use super::html;
use crate::account::role::Role;
use askama::Template;

/// The page of people. Every form of it is posted to [`action`](Self::action) with `csrf` and `do`: `invite-developer`,
/// `invite-admin` and `invite-auditor` alone, `reset`, `disable` and `enable` with `user` besides, a line's [`id`](PersonLine::id).
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "people.html")]
pub struct PeoplePage<'a> {
    /// The tenant.
    pub tenant: &'a str,
    /// Where its forms go: a path of this origin.
    pub action: &'a str,
    /// Where the account page is: a path of this origin.
    pub back: &'a str,
    /// What ties the posted forms to this browser's session.
    pub csrf: &'a str,
    /// Everybody, in the order it is shown.
    pub people: &'a [PersonLine<'a>],
    /// A code that was just made; it is shown this once.
    pub made: Option<MadeCode<'a>>,
    /// A sentence on what was just done, or why it was not.
    pub notice: Option<&'a str>,
}

/// One user of the tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PersonLine<'a> {
    /// What its forms say; no secret.
    pub id: &'a str,
    /// Its login name.
    pub username: &'a str,
    /// What it may do.
    pub role: Role,
    /// Whether it has a second factor.
    pub second_factor: bool,
    /// Whether it is disabled.
    pub disabled: bool,
    /// Whether it is who the page was shown to, and so has no buttons.
    pub own: bool,
}

/// A code that was just made.
#[derive(Clone, Copy)]
pub struct MadeCode<'a> {
    /// The code, as it is typed.
    pub code: &'a str,
    /// What it does, as the end of a sentence: "set a new password for ada".
    pub purpose: &'a str,
    /// Where it is typed: a URL of this gateway.
    pub place: &'a str,
    /// How long it is good: "7 days".
    pub life: &'a str,
}

impl std::fmt::Debug for MadeCode<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MadeCode").field("purpose", &self.purpose).finish_non_exhaustive()
    }
}

impl PersonLine<'_> {
    const fn role_name(&self) -> &'static str {
        match self.role {
            Role::Owner => "Owner",
            Role::Admin => "Administrator",
            Role::Developer => "Developer",
            Role::Auditor => "Auditor",
            Role::Agent => "Agent",
        }
    }
}

impl PeoplePage<'_> {
    /// The page's HTML.
    pub fn render(&self) -> String {
        html(self)
    }
}
