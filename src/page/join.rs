//! The pages of people who have no sign-in yet: the first administrator, and whoever was given a one-time code.

use super::html;
use askama::Template;

/// The page that makes the first administrator. Its form is posted to [`action`](Self::action) with `ticket`, `token`, `tenant`,
/// `username`, `password` and `again`.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "setup.html")]
pub struct SetupPage<'a> {
    /// Where the form goes: a path of this origin.
    pub action: &'a str,
    /// What ties the posted form to this browser.
    pub ticket: &'a str,
    /// What stands in the tenant's field.
    pub tenant: &'a str,
    /// What stands in the username's field.
    pub username: &'a str,
    /// A sentence read out at once, on what was wrong.
    pub notice: Option<&'a str>,
}

/// The page that takes a one-time code. Its form is posted to [`action`](Self::action) with `ticket`, `code`, `username`,
/// `password` and `again`.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "join.html")]
pub struct JoinPage<'a> {
    /// Where the form goes: a path of this origin.
    pub action: &'a str,
    /// What ties the posted form to this browser.
    pub ticket: &'a str,
    /// What stands in the username's field.
    pub username: &'a str,
    /// A sentence read out at once, on what was wrong.
    pub notice: Option<&'a str>,
}

impl SetupPage<'_> {
    /// The page's HTML.
    pub fn render(&self) -> String {
        html(self)
    }
}

impl JoinPage<'_> {
    /// The page's HTML.
    pub fn render(&self) -> String {
        html(self)
    }
}
