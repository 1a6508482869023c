//! Pages that say one thing and ask nothing.

use super::html;
use askama::Template;

/// The page of a request that cannot be gone on with.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "error.html")]
pub struct ErrorPage<'a> {
    /// What went wrong, in a few words.
    pub title: &'a str,
    /// What it means, and what to do, in a sentence or two.
    pub detail: &'a str,
    /// The request's correlation id, to find it in the log.
    pub correlation: &'a str,
}

impl ErrorPage<'_> {
    /// The page's HTML.
    pub fn render(&self) -> String {
        html(self)
    }
}

/// The page after a sign-out.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "signed_out.html")]
pub struct SignedOutPage;

impl SignedOutPage {
    /// The page's HTML.
    pub fn render(&self) -> String {
        html(self)
    }
}
