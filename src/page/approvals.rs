//! The page of calls that wait for a person's approval.

use super::html;
use askama::Template;

/// The page of approvals. Each line's form is posted to [`action`](Self::action) with `csrf`, `approval` and `do`: `approve` or `refuse`.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "approvals.html")]
pub struct ApprovalsPage<'a> {
    /// The tenant.
    pub tenant: &'a str,
    /// Where its forms go: a path of this origin.
    pub action: &'a str,
    /// Where the account page is: a path of this origin.
    pub back: &'a str,
    /// What ties the posted forms to this browser's session.
    pub csrf: &'a str,
    /// The calls that wait.
    pub waiting: &'a [ApprovalLine<'a>],
    /// A sentence on what was just done, or why it was not.
    pub notice: Option<&'a str>,
}

/// One call that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApprovalLine<'a> {
    /// What its form says; no secret.
    pub id: &'a str,
    /// Who wants to call.
    pub username: &'a str,
    /// The tool.
    pub tool: &'a str,
    /// Its arguments as JSON text, with what looks like a secret left out.
    pub arguments: &'a str,
    /// When it was asked for.
    pub asked: &'a str,
    /// Whether who looks may decide it: an administrator decides what others want.
    pub decidable: bool,
}

impl ApprovalsPage<'_> {
    /// The page's HTML.
    pub fn render(&self) -> String {
        html(self)
    }
}
