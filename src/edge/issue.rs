//! Tokens in the making: a pair is drawn, its hash goes to the gate, and what the gate grants goes to the client.

use super::context::Context;
use super::{clock, random};
use crate::api::body::TokenResponse;
use crate::api::problem::Problem;
use crate::api::reply::Reply;
use crate::entropy::purpose::Purpose;
use crate::entropy::stamp::Stamp;
use crate::gate::session::Issued;
use crate::id::{SessionId, TenantId, TokenId, UserId};
use crate::observe::{TokenIssued, Who};
use crate::scope::Scope;
use crate::secret::SecretText;
use crate::time::Timestamp;
use crate::token::access::{self, AccessClaims};
use crate::token::opaque::{self, Kind, OpaqueToken};
use zeroize::Zeroizing;

/// A pair of tokens: its secrets are drawn, and nobody has it yet.
pub struct Pair {
    refresh: SecretText,
    presented: OpaqueToken,
    /// What the gate stores of it.
    pub issued: Issued,
    issued_at: Timestamp,
    /// What may be said about the bytes that were drawn, at the moment they were.
    entropy: Stamp,
}

/// What a pair is for.
pub struct Granted<'a> {
    /// The client.
    pub client_id: &'a str,
    /// What it may be used for.
    pub scope: &'a Scope,
    /// The resource it is for; none for the whole gateway.
    pub resource: Option<String>,
    /// When its session ends.
    pub session_ends: Timestamp,
    /// Whether the client gets the refresh token.
    pub refreshable: bool,
}

impl Pair {
    /// Draws one for a session, which is new or is to be refreshed.
    pub fn draw(context: &Context, tenant: &TenantId, user: &UserId, session: &SessionId) -> Self {
        let issued_at = clock::now();
        let secret = Zeroizing::new(random::bytes::<32>(Purpose::RefreshToken));
        let (refresh, presented) =
            opaque::mint(Kind::Refresh, &context.settings.root, (tenant, user), session, &secret);
        let issued = Issued {
            refresh_hash: presented.secret_hash.clone(),
            token: TokenId::from_bytes(&random::bytes::<32>(Purpose::TokenId)),
            token_expires_at: issued_at.plus(context.settings.access_life),
        };
        Self { refresh, presented, issued, issued_at, entropy: Stamp::from(&random::provenance(issued_at)) }
    }

    /// Whose it is.
    pub fn who(&self) -> Who {
        Who { tenant: self.presented.tenant.clone(), user: self.presented.user.clone() }
    }

    /// What the log keeps of it.
    pub fn record(&self) -> TokenIssued {
        TokenIssued { token: self.issued.token.clone(), entropy: self.entropy.clone() }
    }

    /// The answer that carries it, once the gate knows of it.
    pub fn reply(self, context: &Context, granted: Granted<'_>) -> Result<Reply, Problem> {
        let settings = &context.settings;
        // An access token never outlives its session.
        let expires_at = self.issued.token_expires_at.min(granted.session_ends);
        let expires_in = expires_at.since(self.issued_at).millis() / 1000;
        let claims = AccessClaims {
            iss: settings.issuer.clone(),
            aud: granted.resource.unwrap_or_else(|| settings.resource.clone()),
            sub: self.presented.user,
            tenant: self.presented.tenant,
            client_id: granted.client_id.to_owned(),
            scope: granted.scope.clone(),
            sid: self.presented.session,
            iat: self.issued_at.seconds(),
            exp: self.issued_at.seconds() + expires_in,
            nbf: None,
            jti: self.issued.token,
            ent: Some(self.entropy),
        };
        let access_token = access::mint(&settings.keys, &claims)
            .map_err(|error| Problem::Internal(format!("a token could not be signed: {error}")))?;
        let refresh_token = granted.refreshable.then(|| self.refresh.expose().to_owned());
        Ok(Reply::private_json(
            200,
            &TokenResponse {
                access_token: access_token.expose().to_owned(),
                refresh_token,
                token_type: "bearer",
                expires_in,
                scope: granted.scope.to_string(),
                issued_token_type: None,
            },
        ))
    }
}
