//! The page that asks for a username and a password.

use super::html;
use super::text::shown;
use askama::Template;

/// The sign-in page. Its form is posted to [`action`](Self::action) with `ticket`, `username` and `password`.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "login.html")]
pub struct LoginPage<'a> {
    /// The name of the client that waits for this sign-in, as the client gave it; `None` when no client does.
    pub client: Option<&'a str>,
    /// Where the form goes: a path of this origin.
    pub action: &'a str,
    /// What ties the posted form to the request it answers; the form carries it hidden.
    pub ticket: &'a str,
    /// What stands in the username's field; empty on a first visit.
    pub username: &'a str,
    /// A sentence read out at once, such as that the username or password is wrong.
    pub notice: Option<&'a str>,
    /// Where else people may sign in.
    pub external: Option<External<'a>>,
}

/// Another provider people may sign in at. Its form is posted to [`action`](Self::action) with the page's `ticket`, and its
/// answer leads there: the page must name the provider's origin in
/// [`content_security_policy`](super::content_security_policy).
#[derive(Clone, Copy, Debug)]
pub struct External<'a> {
    /// What the operator calls it.
    pub name: &'a str,
    /// Where the form goes: a path of this origin.
    pub action: &'a str,
}

impl LoginPage<'_> {
    /// The page's HTML.
    pub fn render(&self) -> String {
        html(self)
    }
}
