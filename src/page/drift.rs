//! The page of what upstreams offer and nobody has approved yet.

use super::html;
use askama::Template;

/// The page of drift. Each line's form is posted to [`action`](Self::action) with `csrf`, `pin`, `fingerprint` and `do`:
/// `approve` or `refuse`.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "drift.html")]
pub struct DriftPage<'a> {
    /// The tenant.
    pub tenant: &'a str,
    /// Where its forms go: a path of this origin.
    pub action: &'a str,
    /// Where the account page is: a path of this origin.
    pub back: &'a str,
    /// What ties the posted forms to this browser's session.
    pub csrf: &'a str,
    /// The things that wait, the worst first.
    pub waiting: &'a [DriftLine<'a>],
    /// Whether there are more than are shown.
    pub more: bool,
    /// Whether who looks may decide.
    pub decidable: bool,
    /// A sentence on what was just done, or why it was not.
    pub notice: Option<&'a str>,
}

/// One thing that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DriftLine<'a> {
    /// What its form says; no secret.
    pub id: &'a str,
    /// The version that is looked at.
    pub fingerprint: &'a str,
    /// Its upstream.
    pub upstream: &'a str,
    /// What kind of thing it is.
    pub kind: &'a str,
    /// What its upstream calls it.
    pub name: &'a str,
    /// What the change means.
    pub verdict: &'a str,
    /// Whether it was approved in another version before.
    pub changed: bool,
    /// When it was noticed.
    pub since: &'a str,
    /// What changed, in lines, with every character visible.
    pub diff: &'a str,
}

impl DriftPage<'_> {
    /// The page's HTML.
    pub fn render(&self) -> String {
        html(self)
    }
}
