//! Identity assertion grants (ID-JAG, draft-ietf-oauth-identity-assertion-authz-grant, the extension
//! `enterprise-managed-authorization` of the Model Context Protocol): the provider says that a client may act for a person,
//! and no browser is needed.

use crate::oauth::resource;
use crate::oidc::jwt::{LEEWAY, OneOrMany, Times, TokenProblem, Unverified};
use crate::oidc::person::Person;
use crate::oidc::provider::Provider;
use crate::scope::Scope;
use crate::time::{Lifetime, Timestamp};
use base64ct::{Base64UrlUnpadded, Encoding};
use serde::Deserialize;
use serde::de::IgnoredAny;
use sha2::{Digest, Sha256};

/// The type in its header.
const TYPE: &str = "oauth-id-jag+jwt";
/// The longest an assertion may still be good: what is used once is remembered for that long.
const MAX_LIFE: Lifetime = Lifetime::from_seconds(600);
/// Longest id of an assertion, in bytes.
const MAX_JTI: usize = 256;

/// What is asked for with an assertion.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// This gateway's issuer.
    pub issuer: &'a str,
    /// This gateway's own resource.
    pub base: &'a str,
    /// The client, authenticated.
    pub client_id: &'a str,
    /// What it asks to be allowed.
    pub scope: &'a Scope,
    /// The resource it asks for, if it names one.
    pub resource: Option<&'a str>,
}

/// What an assertion comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asserted {
    /// Whom the client acts for.
    pub person: Person,
    /// What it may do.
    pub scope: Scope,
    /// The resource it may do it with.
    pub resource: String,
    /// What must not come again.
    pub id: String,
    /// Until when it would be good.
    pub until: Timestamp,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: OneOrMany,
    client_id: String,
    jti: String,
    exp: u64,
    iat: u64,
    nbf: Option<u64>,
    resource: OneOrMany,
    scope: Option<String>,
    preferred_username: Option<String>,
    email: Option<String>,
    cnf: Option<IgnoredAny>,
}

/// What an assertion allows whose signature was good.
///
/// 1. its type; 2. the issuer is the provider, to the letter; 3. it is for this gateway alone; 4. it was given to the client
///    that brings it; 5. it is good now, give or take a minute, and for ten minutes at most; 6. it is bound to no key; 7. it
///    names a resource of this gateway, the one that is asked for if one is; 8. what it allows and what is asked for have
///    something in common.
pub fn check(
    token: &Unverified,
    provider: &Provider,
    wanted: &Wanted<'_>,
    now: Timestamp,
) -> Result<Asserted, TokenProblem> {
    if !token.is_type(TYPE) {
        return Err(TokenProblem::Type);
    }
    let claims: Claims = token.claims()?;
    if claims.iss != provider.issuer {
        return Err(TokenProblem::Issuer);
    }
    if claims.aud.as_slice() != [wanted.issuer] {
        return Err(TokenProblem::Audience);
    }
    if claims.client_id != wanted.client_id {
        return Err(TokenProblem::OtherClient);
    }
    Times { exp: claims.exp, iat: claims.iat, nbf: claims.nbf }.check(now)?;
    let until = Timestamp::from_seconds(claims.exp).plus(LEEWAY);
    if until > now.plus(MAX_LIFE).plus(LEEWAY) {
        return Err(TokenProblem::TooLong);
    }
    if claims.cnf.is_some() {
        return Err(TokenProblem::Bound);
    }
    if !(1..=MAX_JTI).contains(&claims.jti.len()) {
        return Err(TokenProblem::Claims);
    }
    let id = spent_id(&claims.iss, &claims.jti);
    let resource = choose(claims.resource.as_slice(), wanted).ok_or(TokenProblem::Resource)?;
    let scope = allowed(claims.scope.as_deref(), wanted.scope)?;
    let person = Person::new(claims.sub, claims.preferred_username, claims.email).ok_or(TokenProblem::Claims)?;
    Ok(Asserted { person, scope, resource, id, until })
}

/// The resource that is asked for, if the assertion names it; else the first of this gateway's that it names.
fn choose(named: &[String], wanted: &Wanted<'_>) -> Option<String> {
    let own = named.iter().filter_map(|name| resource::find(wanted.base, name));
    own.into_iter().find(|name| wanted.resource.is_none_or(|resource| resource == name))
}

/// What the assertion allows of what is asked for; an assertion without a scope leaves that to this gateway.
fn allowed(claimed: Option<&str>, wanted: &Scope) -> Result<Scope, TokenProblem> {
    let own = wanted.common(&Scope::full());
    let scope = match claimed {
        Some(claimed) => own.common(&Scope::parse(claimed).map_err(|_| TokenProblem::Claims)?),
        None => own,
    };
    if scope.is_empty() { Err(TokenProblem::Scope) } else { Ok(scope) }
}

/// What is remembered of an assertion: one id means something within one issuer only.
fn spent_id(issuer: &str, jti: &str) -> String {
    let digest = Sha256::new().chain_update(issuer).chain_update([0]).chain_update(jti).finalize();
    format!("id-jag.{}", Base64UrlUnpadded::encode_string(&digest))
}

#[cfg(test)]
mod tests {
    use super::{Asserted, Wanted, check};
    use crate::oidc::jwt::{TokenProblem, Unverified};
    use crate::oidc::sample::{GATEWAY, ISSUER, NOW, NOW_SECONDS, provider, token};
    use crate::scope::Scope;
    use crate::time::Timestamp;
    use serde_json::{Value, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const HEADER: &str = r#"{"alg":"RS256","kid":"k","typ":"oauth-id-jag+jwt"}"#;
    const BASE: &str = "https://gw.example.com/mcp";

    fn good() -> Value {
        json!({
            "iss": ISSUER, "sub": "248289761001", "aud": GATEWAY, "client_id": "agent", "jti": "j-1",
            "exp": NOW_SECONDS + 300, "iat": NOW_SECONDS, "resource": BASE, "scope": "tools:read other",
            "email": "ada@example.com"
        })
    }

    fn judge(header: &str, claims: &Value, scope: &str, resource: Option<&str>) -> Result<Asserted, TokenProblem> {
        let scope = Scope::parse(scope).unwrap();
        let wanted = Wanted { issuer: GATEWAY, base: BASE, client_id: "agent", scope: &scope, resource };
        check(&Unverified::parse(&token(header, &claims.to_string())).unwrap(), &provider(), &wanted, NOW)
    }

    fn with(name: &str, value: Value) -> Result<Asserted, TokenProblem> {
        let mut claims = good();
        claims[name] = value;
        judge(HEADER, &claims, "tools:call tools:read", None)
    }

    #[test]
    fn a_good_assertion_says_for_whom_what_and_where() {
        let asserted = judge(HEADER, &good(), "tools:call tools:read", None).unwrap();
        assert_eq!((asserted.person.subject(), asserted.resource.as_str()), ("248289761001", BASE));
        assert_eq!(asserted.scope.to_string(), "tools:read");
        assert_eq!(asserted.until, Timestamp::from_seconds(NOW_SECONDS + 360));
        assert!(with("aud", json!([GATEWAY])).is_ok());
        assert_eq!(with("scope", Value::Null).unwrap().scope, Scope::full());
    }

    #[test]
    fn what_is_remembered_is_one_for_each_id() {
        let id = |jti: &str| with("jti", json!(jti)).unwrap().id;
        assert_eq!(id("j-1"), id("j-1"));
        assert!(id("j-1") != id("j-2") && id("j-1").starts_with("id-jag."));
    }

    #[test]
    fn a_token_of_another_kind_is_refused() {
        for header in [
            r#"{"alg":"RS256"}"#,
            r#"{"alg":"RS256","typ":"JWT"}"#,
            r#"{"alg":"RS256","typ":"at+jwt"}"#,
            r#"{"alg":"RS256","typ":"id-jag+jwt"}"#,
        ] {
            assert_eq!(judge(header, &good(), "tools:read", None), Err(TokenProblem::Type), "{header}");
        }
    }

    #[test]
    fn another_issuer_audience_or_client_is_refused_to_the_letter() {
        for (name, other, problem) in [
            ("iss", json!("https://login.example.com/"), TokenProblem::Issuer),
            ("iss", json!(GATEWAY), TokenProblem::Issuer),
            ("aud", json!("https://gw.example.com/"), TokenProblem::Audience),
            ("aud", json!(BASE), TokenProblem::Audience),
            ("aud", json!("gateway"), TokenProblem::Audience),
            ("aud", json!([GATEWAY, "https://other.example.com"]), TokenProblem::Audience),
            ("aud", json!([]), TokenProblem::Audience),
            ("client_id", json!("other"), TokenProblem::OtherClient),
            ("client_id", json!("Agent"), TokenProblem::OtherClient),
        ] {
            assert_eq!(with(name, other.clone()), Err(problem), "{name} {other}");
        }
    }

    #[test]
    fn it_is_good_now_and_for_ten_minutes_at_most() {
        assert!(with("exp", json!(NOW_SECONDS + 600)).is_ok());
        assert_eq!(with("exp", json!(NOW_SECONDS + 601)), Err(TokenProblem::TooLong));
        assert_eq!(with("exp", json!(NOW_SECONDS - 60)), Err(TokenProblem::Expired));
        for name in ["iat", "nbf"] {
            assert_eq!(with(name, json!(NOW_SECONDS + 61)), Err(TokenProblem::NotYetValid), "{name}");
        }
    }

    #[test]
    fn it_names_a_resource_of_this_gateway_and_the_one_that_is_asked_for() {
        let files = "https://gw.example.com/mcp/files";
        assert_eq!(with("resource", json!(files)).unwrap().resource, files);
        assert_eq!(with("resource", json!(["https://other.example.com", files])).unwrap().resource, files);
        for other in
            [json!("https://other.example.com/mcp"), json!(GATEWAY), json!("https://gw.example.com/mcp/"), json!([])]
        {
            assert_eq!(with("resource", other.clone()), Err(TokenProblem::Resource), "{other}");
        }
        let mut both = good();
        both["resource"] = json!([BASE, files]);
        assert_eq!(judge(HEADER, &both, "tools:read", Some(files)).unwrap().resource, files);
        assert_eq!(judge(HEADER, &good(), "tools:read", Some(files)), Err(TokenProblem::Resource));
    }

    #[test]
    fn what_is_allowed_is_what_both_sides_say() {
        assert_eq!(judge(HEADER, &good(), "tools:call", None), Err(TokenProblem::Scope));
        assert_eq!(with("scope", json!("admin")), Err(TokenProblem::Scope));
        assert_eq!(with("scope", json!("a  b")), Err(TokenProblem::Claims));
    }

    #[test]
    fn an_assertion_bound_to_a_key_is_refused() {
        assert_eq!(with("cnf", json!({"jkt": "x"})), Err(TokenProblem::Bound));
    }

    #[test]
    fn every_claim_that_counts_is_there_with_its_type() {
        for name in ["iss", "sub", "aud", "client_id", "jti", "exp", "iat", "resource"] {
            for wrong in [Value::Null, json!({}), json!(true), json!(1.5)] {
                assert_eq!(with(name, wrong.clone()), Err(TokenProblem::Claims), "{name} {wrong}");
            }
        }
        for jti in [String::new(), "x".repeat(257)] {
            assert_eq!(with("jti", json!(jti)), Err(TokenProblem::Claims));
        }
        assert_eq!(with("sub", json!("")), Err(TokenProblem::Claims));
    }
}
