//! The page of a person's accounts at upstreams.

use super::html;
use askama::Template;

/// The page of connections. Each line's form is posted to [`action`](Self::action) with `csrf`, `credential` and `do`: `connect` or
/// `disconnect`.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "connections.html")]
pub struct ConnectionsPage<'a> {
    /// Who is signed in.
    pub username: &'a str,
    /// Where its forms go: a path of this origin.
    pub action: &'a str,
    /// Where the account page is: a path of this origin.
    pub back: &'a str,
    /// What ties the posted forms to this browser's session.
    pub csrf: &'a str,
    /// What can be connected, and what is.
    pub connections: &'a [ConnectionLine<'a>],
    /// A sentence on what was just done, or why it was not.
    pub notice: Option<&'a str>,
}

/// One upstream at which an account can be connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionLine<'a> {
    /// What its form says; no secret.
    pub credential: &'a str,
    /// The upstream's name.
    pub upstream: &'a str,
    /// Since when one is connected, as text for a person.
    pub connected: Option<&'a str>,
}

impl ConnectionsPage<'_> {
    /// The page's HTML.
    pub fn render(&self) -> String {
        html(self)
    }
}
