//! Accounts: tenants, users and their roles, passwords, second factors, and whether a login succeeds.

pub mod api_key;
pub mod groups;
pub mod guessed;
pub mod kind;
pub mod name;
pub mod one_time;
pub mod password;
pub mod role;
pub mod second_factor;

use crate::account::role::Role;
use crate::config::Profile;
use crate::id::{TenantId, UserId};
use crate::time::Timestamp;

/// The name of the demo account, which exists on a developer's machine only.
pub const DEMO_USERNAME: &str = "demo";

/// What is stored of a user, as far as a login needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Unique id.
    pub id: UserId,
    /// The tenant it belongs to.
    pub tenant: TenantId,
    /// Login name, unique over all tenants.
    pub username: Username,
    /// Argon2id hash in PHC form.
    pub password_hash: String,
    /// Whether this is the demo account.
    pub demo: bool,
    /// What it may do for its tenant.
    pub role: Role,
    /// The sealed secret of its second factor, if it has one.
    pub second_factor: Option<String>,
    /// When the user or its tenant was disabled, if either was.
    pub disabled_at: Option<Timestamp>,
}

/// A login name: 1 to 64 characters of `a-z 0-9 . _ @ + -`, folded to lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Username(String);

/// The text is not a login name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a username has 1 to 64 characters of a-z, 0-9, '.', '_', '@', '+', '-'")]
pub struct InvalidUsername;

/// What a password comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// Start a session for this user.
    Admit {
        /// The tenant.
        tenant: TenantId,
        /// The user.
        user: UserId,
    },
    /// The password was right, and a code is needed besides.
    AskCode {
        /// The tenant.
        tenant: TenantId,
        /// The user.
        user: UserId,
        /// The sealed secret of its second factor.
        sealed: String,
    },
    /// Refuse, always with the same words; the reason is for the log.
    Refuse(LoginRefusal),
}

/// Why a login was refused: never told to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LoginRefusal {
    /// No such user.
    #[error("unknown user")]
    UnknownUser,
    /// The password does not match.
    #[error("wrong password")]
    WrongPassword,
    /// The password matches, and the code that is needed besides is missing, wrong or used.
    #[error("no good code of the second factor")]
    NoCode,
    /// Everything of the user was ended while the login was on its way.
    #[error("everything was ended meanwhile")]
    Outrun,
    /// The user or its tenant is disabled.
    #[error("disabled account")]
    Disabled,
    /// The demo account outside a developer's machine.
    #[error("demo account outside the local profile")]
    DemoOutsideLocal,
}

impl Username {
    /// Parses a login name; upper case is folded, anything else outside the alphabet is refused.
    pub fn parse(text: &str) -> Result<Self, InvalidUsername> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'@' | b'+' | b'-');
        if (1..=64).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(InvalidUsername)
        }
    }

    /// The folded text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Decides a login from the stored user and from whether the password matched.
///
/// The caller has hashed the password in every case ([`password::DUMMY_HASH`] for an unknown user), so that the time taken
/// says nothing about which names exist.
pub fn login(user: Option<&User>, password_matches: bool, profile: Profile) -> Login {
    let refusal = match user {
        None => LoginRefusal::UnknownUser,
        Some(_) if !password_matches => LoginRefusal::WrongPassword,
        Some(user) if user.disabled_at.is_some() => LoginRefusal::Disabled,
        Some(user) if is_demo(user) && profile != Profile::Local => LoginRefusal::DemoOutsideLocal,
        Some(user) => {
            let (tenant, id) = (user.tenant.clone(), user.id.clone());
            return match user.second_factor.clone() {
                None => Login::Admit { tenant, user: id },
                Some(sealed) => Login::AskCode { tenant, user: id, sealed },
            };
        }
    };
    Login::Refuse(refusal)
}

fn is_demo(user: &User) -> bool {
    user.demo || user.username.as_str() == DEMO_USERNAME
}

#[cfg(test)]
mod tests {
    use super::{Login, LoginRefusal, Role, User, Username, login};
    use crate::config::Profile;
    use crate::id::{TenantId, UserId};
    use crate::time::Timestamp;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn user(username: &str) -> User {
        User {
            id: UserId::parse("u-1").unwrap(),
            tenant: TenantId::parse("acme").unwrap(),
            username: Username::parse(username).unwrap(),
            password_hash: String::new(),
            demo: false,
            role: Role::Developer,
            second_factor: None,
            disabled_at: None,
        }
    }

    #[test]
    fn who_has_a_second_factor_is_never_admitted_by_a_password_alone() {
        let ada = User { second_factor: Some("sealed".into()), ..user("ada") };
        for profile in [Profile::Local, Profile::Production] {
            let Login::AskCode { sealed, .. } = login(Some(&ada), true, profile) else { panic!() };
            assert_eq!(sealed, "sealed");
        }
        assert_eq!(login(Some(&ada), false, Profile::Local), Login::Refuse(LoginRefusal::WrongPassword));
        let disabled = User { disabled_at: Some(Timestamp::from_seconds(1)), ..ada };
        assert_eq!(login(Some(&disabled), true, Profile::Local), Login::Refuse(LoginRefusal::Disabled));
    }

    #[test]
    fn only_a_known_enabled_user_with_the_right_password_is_admitted() {
        let ada = user("ada");
        assert!(matches!(login(Some(&ada), true, Profile::Production), Login::Admit { .. }));
        assert_eq!(login(Some(&ada), false, Profile::Production), Login::Refuse(LoginRefusal::WrongPassword));
        assert_eq!(login(None, true, Profile::Production), Login::Refuse(LoginRefusal::UnknownUser));
        let disabled = User { disabled_at: Some(Timestamp::from_seconds(1)), ..ada };
        assert_eq!(login(Some(&disabled), true, Profile::Local), Login::Refuse(LoginRefusal::Disabled));
    }

    #[test]
    fn the_demo_account_logs_in_on_a_developers_machine_only() {
        let flagged = User { demo: true, ..user("ada") };
        for demo in [user("demo"), user("DEMO"), flagged] {
            assert!(matches!(login(Some(&demo), true, Profile::Local), Login::Admit { .. }));
            assert_eq!(login(Some(&demo), true, Profile::Production), Login::Refuse(LoginRefusal::DemoOutsideLocal));
        }
    }

    #[test]
    fn a_username_is_folded_and_bounded() {
        assert_eq!(Username::parse("Ada.L@example.com").unwrap().as_str(), "ada.l@example.com");
        for bad in ["", "a b", "a\n", "é", "a/b", &"x".repeat(65)] {
            assert!(Username::parse(bad).is_err(), "{bad:?}");
        }
    }
}
