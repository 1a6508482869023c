//! Tickets: what a page's form carries to the request that answers it. Sealed, bound to the browser that was shown the
//! page, and good for ten minutes, so that nobody else's form is ever accepted.

use crate::id::{TenantId, UserId, encode_random};
use crate::oauth::authorize::Request;
use crate::secret::SecretText;
use crate::time::{Lifetime, Timestamp};
use crate::token::seal::RootKey;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

/// How long a form may be answered.
pub const LIFE: Lifetime = Lifetime::from_seconds(600);

/// What a form is for. A ticket of one purpose opens no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Sign in.
    Login,
    /// Allow or deny a client.
    Consent,
    /// Anything on the account page.
    Account,
    /// Come back from another OpenID provider: the `state` there.
    External,
    /// The code after a password.
    Code,
    /// A second factor on or off.
    SecondFactor,
    /// The first administrator.
    Setup,
    /// A one-time code.
    Join,
    /// Come back from a provider at which an account is connected: the `state` there.
    Connect,
}

/// The ticket does not belong to this form and this browser, or its time is up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the form is not this browser's, or too old")]
pub struct NotYours;

/// What goes on after a sign-in: the authorization request that waits for it, or none for the account page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// The request.
    pub waiting: Option<Waiting>,
}

/// An authorization request that waits for a person to sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Its query, as it came.
    pub query: String,
    /// The client's name.
    pub client_name: String,
    /// Where the request may be answered to: the page that asks must let a form lead there.
    pub form_target: String,
}

/// What a person is asked to allow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// Used once: the ticket's own id.
    pub id: String,
    /// The tenant of who is asked.
    pub tenant: TenantId,
    /// Who is asked.
    pub user: UserId,
    /// The request.
    pub request: Request,
    /// Its query, as it came, to begin again as somebody else.
    pub query: String,
}

/// A password that was right, and waits for the code of the second factor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// What goes on after the sign-in.
    pub login: Login,
    /// The tenant.
    pub tenant: TenantId,
    /// The user.
    pub user: UserId,
    /// SHA-256 of what is stored of the password: a newer password makes the ticket stale.
    pub password: String,
}

/// A secret that is offered to a person for the second factor; none to turn it off.
#[derive(Serialize, Deserialize)]
pub struct Offered {
    /// Whose it would be: it stays nobody else's in a browser where somebody else has signed in since.
    pub user: UserId,
    /// The secret in base32.
    pub secret: Option<String>,
}

/// A page that carries nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {}

#[derive(Serialize, Deserialize)]
struct Sealed<T> {
    content: T,
    expires_at: Timestamp,
}

impl Form {
    const fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Consent => "consent",
            Self::Account => "account",
            Self::External => "external",
            Self::Code => "code",
            Self::SecondFactor => "second-factor",
            Self::Setup => "setup",
            Self::Join => "join",
            Self::Connect => "connect",
        }
    }

    fn place(self, browser: &str) -> String {
        format!("page/{}/{}", self.name(), encode_random(&Sha256::digest(browser)))
    }

    /// Seals what the form carries, for the browser that holds the cookie `browser`. `nonce` is 12 fresh random bytes.
    pub fn seal(
        self,
        root: &RootKey,
        browser: &str,
        content: &impl Serialize,
        (now, nonce): (Timestamp, [u8; 12]),
    ) -> Result<String, NotYours> {
        let sealed = Sealed { content, expires_at: now.plus(LIFE) };
        let text = serde_json::to_string(&sealed).map_err(|_| NotYours)?;
        root.seal(&SecretText::new(text), &self.place(browser), nonce).map_err(|_| NotYours)
    }

    /// Opens what came back with a form from the browser that holds the cookie `browser`.
    pub fn open<T: DeserializeOwned>(
        self,
        root: &RootKey,
        browser: &str,
        ticket: &str,
        now: Timestamp,
    ) -> Result<T, NotYours> {
        let text = root.open(ticket, &self.place(browser)).map_err(|_| NotYours)?;
        let sealed: Sealed<T> = serde_json::from_str(text.expose()).map_err(|_| NotYours)?;
        if now < sealed.expires_at { Ok(sealed.content) } else { Err(NotYours) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Form, LIFE, Login, NotYours, Waiting};
    use crate::secret::SecretBytes;
    use crate::time::Timestamp;
    use crate::token::seal::RootKey;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const NOW: Timestamp = Timestamp::from_seconds(1_000);

    #[test]
    fn a_ticket_opens_for_its_form_its_browser_and_its_time() {
        let root = RootKey::new(SecretBytes::new(vec![7; 32]));
        let waiting = Waiting {
            query: "client_id=c".into(),
            client_name: "App".into(),
            form_target: "https://app.example".into(),
        };
        let content = Login { waiting: Some(waiting) };
        let ticket = Form::Login.seal(&root, "cookie", &content, (NOW, [1; 12])).unwrap();
        let open = |form: Form, browser: &str, ticket: &str, now| form.open::<Login>(&root, browser, ticket, now);
        assert_eq!(open(Form::Login, "cookie", &ticket, NOW), Ok(content));
        assert_eq!(open(Form::Account, "cookie", &ticket, NOW), Err(NotYours));
        assert_eq!(open(Form::Login, "other", &ticket, NOW), Err(NotYours));
        assert_eq!(open(Form::Login, "cookie", &ticket, NOW.plus(LIFE)), Err(NotYours));
        assert_eq!(open(Form::Login, "cookie", &format!("{ticket}A"), NOW), Err(NotYours));
        let elsewhere = RootKey::new(SecretBytes::new(vec![8; 32]));
        assert_eq!(Form::Login.open::<Login>(&elsewhere, "cookie", &ticket, NOW), Err(NotYours));
    }
}
