//! The user a provider's person becomes here.

use crate::account::{DEMO_USERNAME, Username};
use crate::id::UserId;

/// Longest subject, in bytes (OpenID Connect Core 1.0 section 2).
const MAX_SUBJECT: usize = 255;
/// Longest name of a user.
const MAX_NAME: usize = 64;
/// Letters of a new user's id that tell it apart from another of that name.
const TAIL: usize = 8;

/// Somebody the provider vouches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    subject: String,
    wished: Option<Username>,
    groups: Option<Vec<String>>,
}

/// Names for a new user: the first where it is free, else the second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// What the person is called at the provider.
    pub wished: Username,
    /// The same, with something that nobody else has.
    pub distinct: Username,
}

impl Person {
    /// Somebody with this subject: 1 to 255 characters of visible ASCII. A name at the provider is a wish and proves
    /// nothing: only the subject says who it is.
    pub fn new(subject: String, preferred_username: Option<String>, email: Option<String>) -> Option<Self> {
        let sound = (1..=MAX_SUBJECT).contains(&subject.len()) && subject.bytes().all(|byte| byte.is_ascii_graphic());
        let names = preferred_username.into_iter().chain(email);
        // The demo account's name decides who may log in, so nobody gets it.
        let mut usable =
            names.filter_map(|name| Username::parse(&name).ok()).filter(|name| name.as_str() != DEMO_USERNAME);
        sound.then(|| Self { subject, wished: usable.next(), groups: None })
    }

    /// The same person, in these groups and no others.
    #[must_use]
    pub fn in_groups(self, groups: Vec<String>) -> Self {
        Self { groups: Some(groups), ..self }
    }

    /// Who it is at the provider.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The groups it is in there, where the provider is asked for them.
    pub fn groups(&self) -> Option<&[String]> {
        self.groups.as_deref()
    }

    /// Names for a new user of this id; none for an id without a letter.
    pub fn names(&self, id: &UserId) -> Option<Names> {
        let tail = id.as_str().get(..TAIL).unwrap_or(id.as_str());
        let base = self.wished.as_ref().map_or("user", Username::as_str);
        let cut = base.get(..MAX_NAME - 1 - TAIL).unwrap_or(base);
        let distinct = Username::parse(&format!("{cut}-{tail}")).ok()?;
        Some(Names { wished: self.wished.clone().unwrap_or_else(|| distinct.clone()), distinct })
    }
}

#[cfg(test)]
mod tests {
    use super::Person;
    use crate::id::UserId;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn names(preferred: Option<&str>, email: Option<&str>) -> (String, String) {
        let person = Person::new("s".into(), preferred.map(str::to_owned), email.map(str::to_owned)).unwrap();
        let names = person.names(&UserId::parse("AbCdEfGhIjKl").unwrap()).unwrap();
        (names.wished.as_str().to_owned(), names.distinct.as_str().to_owned())
    }

    #[test]
    fn a_user_is_called_as_at_the_provider_or_with_something_of_its_own_behind_it() {
        assert_eq!(names(Some("Ada"), Some("x@example.com")), ("ada".into(), "ada-abcdefgh".into()));
        assert_eq!(names(Some("Ada Lovelace"), Some("ada@example.com")).0, "ada@example.com");
        let long = "x".repeat(64);
        assert_eq!(names(Some(&long), None), (long.clone(), format!("{}-abcdefgh", "x".repeat(55))));
    }

    #[test]
    fn who_has_no_usable_name_gets_one() {
        for (preferred, email) in [(None, None), (Some("имя"), Some("")), (Some("a b"), Some(&*"x".repeat(65)))] {
            assert_eq!(names(preferred, email), ("user-abcdefgh".into(), "user-abcdefgh".into()));
        }
    }

    #[test]
    fn nobody_gets_the_name_of_the_demo_account() {
        assert_eq!(names(Some("demo"), Some("DEMO")).0, "user-abcdefgh");
        assert_eq!(names(Some("Demo"), Some("ada@example.com")).0, "ada@example.com");
    }

    #[test]
    fn a_subject_is_visible_ascii_of_bounded_length() {
        let is_one = |subject: &str| Person::new(subject.into(), None, None).is_some();
        assert!(is_one("auth0|5f7c8ec7c33c6c004bbafe82") && is_one(&"x".repeat(255)));
        for bad in ["", " ", "a b", "a\n", "\u{0}", "é", &"x".repeat(256)] {
            assert!(!is_one(bad), "{bad:?}");
        }
    }
}
