//! Token exchange (RFC 8693): a client of a tenant's operator gets, for an access token of this gateway, one that a server of
//! the tenant takes which trusts this issuer. It is good for that server alone, and never here.

use crate::id::TokenId;
use crate::oauth::client::{Client, Known};
use crate::oauth::error::{Code, OAuthError};
use crate::scope::Scope;
use crate::time::{Lifetime, Timestamp};
use crate::token::access::{AccessClaims, Actor, DelegatedClaims};
use crate::token::audience::Audience;

/// The longest such a token lives: it is fetched for a call and not kept.
const LIFE: Lifetime = Lifetime::from_seconds(300);

/// What is asked for, besides the token that is given.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The address of the server.
    pub resource: &'a str,
    /// Whether an enabled server of the token's tenant has this very address.
    pub known: bool,
    /// A narrower scope.
    pub scope: Option<&'a Scope>,
    /// This gateway's own resource, which no server behind it can be.
    pub base: &'a str,
}

/// The claims of the new token. `subject` are those of a good and live token of this gateway.
///
/// 1. the client is of the tenant's operator; 2. the server is one of the tenant's, and not the gateway; 3. no more is
///    allowed than was; 4. it lives for five minutes at most, and no longer than the token it is for.
pub fn delegate(
    subject: &AccessClaims,
    client: &Client,
    wanted: &Wanted<'_>,
    now: Timestamp,
    id: TokenId,
) -> Result<DelegatedClaims, OAuthError> {
    let of_tenant = matches!(&client.known, Known::Operator { tenant, .. } if *tenant == subject.tenant);
    let exp = subject.exp.min(now.plus(LIFE).seconds());
    if !of_tenant || exp <= now.seconds() {
        return Err(NOT_GOOD);
    }
    if !wanted.known || Audience::parse(wanted.base, wanted.resource).is_some() {
        return Err(Code::InvalidTarget.because("the tenant has no such server"));
    }
    let scope = wanted.scope.unwrap_or(&subject.scope);
    if !subject.scope.covers(scope) {
        return Err(Code::InvalidScope.because("more than the token allows"));
    }
    Ok(DelegatedClaims {
        iss: subject.iss.clone(),
        aud: wanted.resource.to_owned(),
        sub: subject.sub.clone(),
        tenant: subject.tenant.clone(),
        client_id: client.id.clone(),
        scope: scope.clone(),
        act: Actor { sub: client.id.clone() },
        iat: now.seconds(),
        exp,
        jti: id,
    })
}

/// What is told of a token that cannot be exchanged, whatever is wrong with it (RFC 8693 section 2.2.2).
pub const NOT_GOOD: OAuthError =
    Code::InvalidRequest.because("subject_token is not a good access token of this client's tenant");

#[cfg(test)]
mod tests {
    use super::{DelegatedClaims, NOT_GOOD, Wanted, delegate};
    use crate::id::{TenantId, TokenId};
    use crate::oauth::client::{Authentication, Client, Grants, Known};
    use crate::oauth::error::{Code, OAuthError};
    use crate::scope::Scope;
    use crate::time::Timestamp;
    use crate::token::access::{AccessClaims, TokenRefusal, mint_delegated, verify};
    use crate::token::sample::{NOW, claims, expectation, keys};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const SERVER: &str = "https://tools.example.com/mcp";

    fn client(tenant: &str) -> Client {
        Client {
            id: "broker".into(),
            name: "Broker".into(),
            known: Known::Operator { tenant: TenantId::parse(tenant).unwrap(), account: None },
            redirect_uris: Vec::new(),
            authentication: Authentication::Nothing,
            grants: Grants::default(),
        }
    }

    fn ask(subject: &AccessClaims, client: &Client, wanted: &Wanted<'_>) -> Result<DelegatedClaims, OAuthError> {
        delegate(subject, client, wanted, Timestamp::from_seconds(NOW), TokenId::from_bytes(&[1; 32]))
    }

    fn wanted(resource: &str) -> Wanted<'_> {
        Wanted { resource, known: true, scope: None, base: "https://gw.example.com/mcp" }
    }

    #[test]
    fn the_new_token_says_for_whom_by_whom_and_where() {
        let narrow = Scope::parse("tools:read").unwrap();
        let made = ask(&claims(), &client("acme"), &Wanted { scope: Some(&narrow), ..wanted(SERVER) }).unwrap();
        assert_eq!((made.aud.as_str(), made.sub, made.scope), (SERVER, claims().sub, narrow));
        assert_eq!((made.act.sub.as_str(), made.client_id.as_str()), ("broker", "broker"));
        assert_eq!((made.iat, made.exp), (NOW, NOW + 300));
    }

    #[test]
    fn it_lives_no_longer_than_the_token_it_is_for() {
        let ending =
            |exp| ask(&AccessClaims { exp, ..claims() }, &client("acme"), &wanted(SERVER)).map(|made| made.exp);
        assert_eq!((ending(NOW + 7), ending(NOW), ending(NOW - 1)), (Ok(NOW + 7), Err(NOT_GOOD), Err(NOT_GOOD)));
    }

    #[test]
    fn another_tenants_token_and_a_client_of_no_operator_are_refused() {
        assert_eq!(ask(&claims(), &client("zeta"), &wanted(SERVER)), Err(NOT_GOOD));
        let itself = Client { known: Known::Itself, ..client("acme") };
        assert_eq!(ask(&claims(), &itself, &wanted(SERVER)), Err(NOT_GOOD));
    }

    #[test]
    fn it_is_for_a_server_of_the_tenant_and_never_for_the_gateway() {
        let unknown = Wanted { known: false, ..wanted(SERVER) };
        for wanted in [unknown, wanted("https://gw.example.com/mcp"), wanted("https://gw.example.com/mcp/files")] {
            assert_eq!(ask(&claims(), &client("acme"), &wanted).unwrap_err().code, Code::InvalidTarget);
        }
    }

    #[test]
    fn it_allows_no_more_than_the_token_it_is_for() {
        let subject = AccessClaims { scope: Scope::parse("tools:read").unwrap(), ..claims() };
        let full = Scope::full();
        let wider = Wanted { scope: Some(&full), ..wanted(SERVER) };
        assert_eq!(ask(&subject, &client("acme"), &wider).unwrap_err().code, Code::InvalidScope);
        assert_eq!(ask(&subject, &client("acme"), &wanted(SERVER)).unwrap().scope, subject.scope);
    }

    #[test]
    fn the_gateway_itself_refuses_it() {
        let mut made = ask(&claims(), &client("acme"), &wanted(SERVER)).unwrap();
        let read = |made: &DelegatedClaims| {
            verify(&keys(), mint_delegated(&keys(), made).unwrap().expose(), &expectation(NOW)).unwrap_err()
        };
        assert_eq!(read(&made), TokenRefusal::Claims, "it has no session");
        made.aud = "https://gw.example.com/mcp".into();
        assert_eq!(read(&made), TokenRefusal::Claims, "wherever it is for");
    }
}
