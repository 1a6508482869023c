//! The pages on how a person signs in: a new password, the second factor, and the code it asks for.

use super::html;
use super::picture::{Picture, picture};
use super::text::shown;
use askama::Template;

/// The page that changes the own password. Its form is posted to [`action`](Self::action) with `csrf`, `current`, `password`
/// and `again`.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "password.html")]
pub struct PasswordPage<'a> {
    /// Who is signed in.
    pub username: &'a str,
    /// Where the form goes: a path of this origin.
    pub action: &'a str,
    /// Where the account page is: a path of this origin.
    pub back: &'a str,
    /// What ties the posted form to this browser's session.
    pub csrf: &'a str,
    /// A sentence read out at once, on what was wrong.
    pub notice: Option<&'a str>,
}

/// The page that turns the second factor on or off. Its form is posted to [`action`](Self::action) with `ticket` and `code`.
#[derive(Clone, Copy, Template)]
#[template(path = "second_factor.html")]
pub struct SecondFactorPage<'a> {
    /// Where the form goes: a path of this origin.
    pub action: &'a str,
    /// Where the account page is: a path of this origin.
    pub back: &'a str,
    /// What ties the posted form to this browser's session, and carries a new secret, sealed.
    pub ticket: &'a str,
    /// The new secret, while there is no second factor yet.
    pub offered: Option<OfferedSecret<'a>>,
    /// A sentence read out at once, on what was wrong.
    pub notice: Option<&'a str>,
}

/// A secret for a person's program.
#[derive(Clone, Copy)]
pub struct OfferedSecret<'a> {
    /// In base32, to be typed.
    pub text: &'a str,
    /// As a link with the scheme `otpauth`.
    pub link: &'a str,
}

/// The page that asks for a code after the password was right. Its form is posted to [`action`](Self::action) with `ticket`
/// and `code`.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "code.html")]
pub struct CodePage<'a> {
    /// The name of the client that waits for this sign-in, as the client gave it; `None` when no client does.
    pub client: Option<&'a str>,
    /// Where the form goes: a path of this origin.
    pub action: &'a str,
    /// What ties the posted form to the password that was given.
    pub ticket: &'a str,
    /// A sentence read out at once, on what was wrong.
    pub notice: Option<&'a str>,
}

impl PasswordPage<'_> {
    /// The page's HTML.
    pub fn render(&self) -> String {
        html(self)
    }
}

impl SecondFactorPage<'_> {
    /// The page's HTML.
    pub fn render(&self) -> String {
        html(self)
    }
}

impl CodePage<'_> {
    /// The page's HTML.
    pub fn render(&self) -> String {
        html(self)
    }
}

impl OfferedSecret<'_> {
    /// The link as a picture, for an app on another device.
    fn picture(&self) -> Option<Picture> {
        picture(self.link)
    }

    /// The secret in groups of four letters, as it is read aloud.
    fn in_groups(&self) -> String {
        let mut grouped = String::with_capacity(self.text.len() * 5 / 4);
        for (at, letter) in self.text.chars().enumerate() {
            if at > 0 && at % 4 == 0 {
                grouped.push(' ');
            }
            grouped.push(letter);
        }
        grouped
    }
}
