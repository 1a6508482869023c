//! The page that asks whether a client may act for the user.

use super::html;
use super::text::{shown, whole};
use askama::Template;

/// The consent page. Its form is posted to [`action`](Self::action) with `ticket`, and `decision`: `allow` or `deny`.
///
/// Its answer must name the client's redirect target in [`content_security_policy`](super::content_security_policy).
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "consent.html")]
pub struct ConsentPage<'a> {
    /// Where the decision goes: a path of this origin.
    pub action: &'a str,
    /// What ties the posted form to the request it answers; both forms carry it hidden.
    pub ticket: &'a str,
    /// The client's name, as the client gave it.
    pub client: &'a str,
    /// Who vouches for that name.
    pub client_verified_by: Verification<'a>,
    /// Where the answer goes: the redirect URI's host, or its scheme when it has no host.
    pub redirect_host: &'a str,
    /// Whether every redirect URI of the client is of this computer, so that any program here can pose as it.
    pub localhost_only: bool,
    /// Who is signed in.
    pub username: &'a str,
    /// The resource the client would act on: a URL of this gateway.
    pub resource: &'a str,
    /// What the client would be allowed, scope by scope.
    pub scopes: &'a [ScopeLine<'a>],
    /// Where to post `ticket` to sign in as another user: a path of this origin.
    pub switch_account_action: &'a str,
}

/// Who vouches for the name of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verification<'a> {
    /// The tenant's operator registered the client.
    Operator,
    /// The client ID is the URL of a metadata document at this domain.
    Domain(&'a str),
    /// The client registered itself.
    Nobody,
    /// The client is a part of the gateway.
    Gateway,
}

/// One scope a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScopeLine<'a> {
    /// The scope as the protocol writes it.
    pub name: &'a str,
    /// What it allows, as a sentence's end: "List your tools and call them".
    pub words: &'a str,
}

impl ConsentPage<'_> {
    /// The page's HTML.
    pub fn render(&self) -> String {
        html(self)
    }
}
