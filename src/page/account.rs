//! The page of what has access to an account.

use super::html;
use super::text::{shown, whole};
use askama::Template;

/// The account page. Every form of it is posted with `csrf`; a line's form goes to [`revoke_action`](Self::revoke_action)
/// with `session` besides, the line's [`id`](SessionLine::id).
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "account.html")]
pub struct AccountPage<'a> {
    /// Who is signed in.
    pub username: &'a str,
    /// The tenant the user belongs to.
    pub tenant: &'a str,
    /// What ties the posted forms to this browser's session; every form carries it hidden.
    pub csrf: &'a str,
    /// Other pages of the account: a path of this origin each, and what it is for.
    pub links: &'a [(&'a str, &'a str)],
    /// Everything that has access, in the order it is shown.
    pub sessions: &'a [SessionLine<'a>],
    /// Where to post to sign this browser out: a path of this origin.
    pub logout_action: &'a str,
    /// Where to post to end a session: a path of this origin.
    pub revoke_action: &'a str,
    /// A sentence on what was just done, such as that an app's access ended.
    pub notice: Option<&'a str>,
}

/// One session that has access to the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLine<'a> {
    /// What the form to end it says; no secret.
    pub id: &'a str,
    /// Who opened it: the client's name as the client gave it, or words for the browser.
    pub client: &'a str,
    /// What opened it.
    pub kind: SessionKind,
    /// Its scopes with a space between them; may be empty.
    pub scope: &'a str,
    /// The resource it may use: a URL; may be empty.
    pub resource: &'a str,
    /// When it was opened, as text for a person.
    pub opened: &'a str,
    /// When it was used last, as text for a person.
    pub last_used: &'a str,
    /// Whether it is the session this page was asked for with.
    pub current: bool,
}

/// What opened a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionKind {
    /// A sign-in in a browser.
    Browser,
    /// A client the user consented to.
    App,
    /// A username and password sent to the login endpoint of the API.
    PasswordLogin,
}

impl SessionKind {
    const fn is_app(self) -> bool {
        matches!(self, Self::App)
    }

    /// What the heading above a line of this kind leaves open.
    const fn words(self) -> Option<&'static str> {
        match self {
            Self::PasswordLogin => Some("Signed in with a password, through the API"),
            Self::Browser | Self::App => None,
        }
    }
}

impl<'a> AccountPage<'a> {
    /// The page's HTML.
    pub fn render(&self) -> String {
        html(self)
    }

    /// The lines of apps, or all the others.
    fn lines(&self, apps: bool) -> Vec<&'a SessionLine<'a>> {
        self.sessions.iter().filter(|line| line.kind.is_app() == apps).collect()
    }
}
