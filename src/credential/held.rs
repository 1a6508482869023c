//! What an upstream is shown, as far as it is known before anybody is asked for it.

use crate::credential::applied::{Applied, Bound};
use crate::credential::grant::Grant;
use crate::id::UserId;
use crate::outbound::OutboundUrl;
use crate::time::Timestamp;
use std::rc::Rc;

/// Under which credential something was learned of an upstream: what was learned under one is never used under another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The credential's id; none where nothing is shown.
    pub credential: Option<String>,
    /// The credential's version.
    pub version: u32,
    /// The user whose own it is; none for one that is everybody's.
    pub holder: Option<UserId>,
    /// When the user connected, for a connection: another account may be behind another connection.
    pub connected_at: Option<Timestamp>,
}

/// What an upstream is shown. Two are equal when they are the same credential's: an access token that was renewed changes
/// nothing of what was learned under it.
#[derive(Clone, Debug, Default)]
pub struct Held {
    /// Which credential it is.
    pub identity: Identity,
    /// What there is to show.
    pub carries: Carries,
}

/// What there is to show.
#[derive(Clone, Debug, Default)]
pub enum Carries {
    /// Nothing: the upstream has no credential.
    #[default]
    Nothing,
    /// This.
    This(Bound),
    /// An access token, which must be at hand first.
    Token(Rc<Grant>),
    /// Nothing can be shown, and so nothing is asked.
    Withheld(Withheld),
}

/// Why nothing can be shown to an upstream that wants something: the end of a sentence about the upstream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Withheld {
    /// Its credential is for another origin: its address was changed.
    #[error("has no credential for this origin")]
    OtherOrigin,
    /// The stored credential opens with no key, or is none.
    #[error("has a credential that cannot be opened")]
    Unreadable,
    /// The user has not connected an account, or the provider wants it connected again.
    #[error("wants you to connect an account of yours first, at {page}")]
    ConnectFirst {
        /// The page of this gateway where a person does that.
        page: String,
    },
    /// The authorization server refused the gateway's client.
    #[error("has an authorization server that refuses the gateway's client")]
    ClientRefused,
    /// There is no token, and the authorization server could not be asked.
    #[error("has an authorization server that does not answer")]
    ServerAway,
    /// The gateway's own database could not be asked.
    #[error("could not be asked: the gateway's database does not answer")]
    GatewayAway,
    /// The token is not at hand yet.
    #[error("was to be asked before its access token was there")]
    NotAtHand,
}

impl PartialEq for Held {
    fn eq(&self, other: &Self) -> bool {
        self.identity == other.identity
    }
}

impl Held {
    /// A credential that needs no token.
    pub const fn of(identity: Identity, bound: Bound) -> Self {
        Self { identity, carries: Carries::This(bound) }
    }

    /// The same credential, with this in place of what it carried.
    #[must_use]
    pub fn with(&self, carries: Carries) -> Self {
        Self { identity: self.identity.clone(), carries }
    }

    /// What goes with a request to this URL: nothing where there is no credential, and an error where there is one that
    /// cannot be shown there.
    pub fn applied(&self, url: &OutboundUrl) -> Result<Option<&Applied>, Withheld> {
        match &self.carries {
            Carries::Nothing => Ok(None),
            Carries::This(bound) => bound.applied(url).map(Some).map_err(|_| Withheld::OtherOrigin),
            Carries::Token(_) => Err(Withheld::NotAtHand),
            Carries::Withheld(why) => Err(why.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Carries, Held, Identity, Withheld};
    use crate::credential::applied::Bound;
    use crate::credential::sample::url;
    use crate::secret::SecretText;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn held(version: u32) -> Held {
        let identity = Identity { credential: Some("c".into()), version, ..Identity::default() };
        Held::of(identity, Bound::of_token(&SecretText::new("t"), "https://api.example.com").unwrap())
    }

    #[test]
    fn an_upstream_elsewhere_is_shown_nothing_and_told_why() {
        assert!(held(1).applied(&url("https://api.example.com/a")).unwrap().is_some());
        let refusal = held(1).applied(&url("https://evil.example.com/")).unwrap_err();
        assert_eq!(refusal.to_string(), "has no credential for this origin");
        assert_eq!(Held::default().applied(&url("https://api.example.com/")), Ok(None));
        let again = held(1).with(Carries::Withheld(Withheld::ServerAway));
        assert_eq!(again.applied(&url("https://api.example.com/")), Err(Withheld::ServerAway));
    }

    #[test]
    fn a_renewed_token_is_the_same_credential_and_a_replaced_one_another() {
        assert_eq!(held(1), held(1).with(Carries::Nothing));
        assert_ne!(held(1), held(2));
        assert_ne!(held(1), Held::default());
    }
}
