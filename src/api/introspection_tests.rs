use super::{FORM, Introspection, IntrospectionRequest, showable};
use crate::api::problem::Problem;
use crate::id::{TenantId, TokenId, UserId};
use crate::time::Timestamp;
use crate::token::access::{AccessClaims, VerifiedToken, mint, verify};
use crate::token::sample::{self, NOW};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn read(body: &str) -> Result<IntrospectionRequest, Problem> {
    IntrospectionRequest::parse(Some(FORM), body.as_bytes())
}

fn claims(user: &str, tenant: &str) -> AccessClaims {
    AccessClaims {
        sub: UserId::parse(user).unwrap(),
        tenant: TenantId::parse(tenant).unwrap(),
        jti: TokenId::parse("t-1").unwrap(),
        ..sample::claims()
    }
}

/// The claims as the gateway itself signs and reads them, at a moment after they were issued.
fn verified(claims: &AccessClaims, seconds_later: u64) -> VerifiedToken {
    let keys = sample::keys();
    verify(&keys, mint(&keys, claims).unwrap().expose(), &sample::expectation(NOW + seconds_later)).unwrap()
}

fn later(seconds: u64) -> Timestamp {
    Timestamp::from_seconds(NOW + seconds)
}

fn rendered(told: &Introspection) -> String {
    serde_json::to_string(told).unwrap()
}

#[test]
fn a_form_with_one_token_is_read_and_what_is_unknown_in_it_is_ignored() {
    for body in ["token=a.b%2Bc", "token=a.b%2Bc&token_type_hint=refresh_token", "x=1&token=a.b%2Bc&x=2&Token=d&tokens"]
    {
        assert_eq!(read(body).unwrap().token.expose(), "a.b+c", "{body}");
    }
    assert_eq!(read("token=a&token_type_hint=x%20y").unwrap().token_type_hint.as_deref(), Some("x y"));
    assert!(!format!("{:?}", read("token=SECRET").unwrap()).contains("SECRET"));
    assert!(IntrospectionRequest::parse(Some("Application/X-WWW-Form-Urlencoded; charset=UTF-8"), b"token=a").is_ok());
}

#[test]
fn a_form_without_exactly_one_token_is_refused_and_its_values_are_not_repeated() {
    for body in [
        "",
        "token",
        "token=",
        "SECRET",
        "token_type_hint=SECRET",
        "token=SECRET&token=SECRET",
        "token=SECRET&token=",
        "token=SECRET&%74oken=SECRET",
        "token=SECRET&token_type_hint=a&token_type_hint=b",
        r#"{"token":"SECRET"}"#,
    ] {
        let Err(Problem::InvalidBody(text)) = read(body) else { panic!("{body}") };
        assert!(!text.contains("SECRET"), "{text}");
    }
}

#[test]
fn only_a_form_is_a_form() {
    for other in [None, Some(""), Some("application/json"), Some("multipart/form-data; boundary=x"), Some("text/plain")]
    {
        let refused = IntrospectionRequest::parse(other, b"token=a").unwrap_err();
        assert_eq!(refused, Problem::UnsupportedMediaType { takes: FORM }, "{other:?}");
    }
}

#[test]
fn a_good_token_is_told_to_a_caller_of_its_tenant_with_what_it_is_made_of() {
    let token = verified(&claims("u-1", "acme"), 0);
    let shown = showable(&token, &claims("u-2", "acme").tenant, later(0)).unwrap();
    assert_eq!(shown.claims(), token.claims());
    assert_eq!(
        rendered(&shown.told(true, Some("ada".to_owned()))),
        r#"{"active":true,"scope":"tools:call tools:read","client_id":"password-login","username":"ada","token_type":"Bearer","exp":1800000600,"iat":1800000000,"sub":"u-1","aud":"https://gw.example.com/mcp","iss":"https://gw.example.com","jti":"t-1","tenant":"acme","entropy":{"label":"classical","providers":[]}}"#
    );
}

#[test]
fn a_token_without_a_stamp_is_told_without_one() {
    let token = verified(&AccessClaims { ent: None, ..claims("u-1", "acme") }, 0);
    let shown = showable(&token, &claims("u-1", "acme").tenant, later(0)).unwrap();
    let told = rendered(&shown.told(true, Some("ada".to_owned())));
    assert!(told.starts_with(r#"{"active":true"#) && !told.contains("entropy"), "{told}");
}

#[test]
fn a_token_is_shown_to_nobody_of_another_tenant() {
    let token = verified(&claims("u-1", "acme"), 0);
    for stranger in [claims("u-2", "other"), claims("u-1", "other"), claims("u-1", "acme2")] {
        assert!(showable(&token, &stranger.tenant, later(0)).is_none(), "{stranger:?}");
    }
}

#[test]
fn a_token_is_shown_until_its_time_is_up_and_not_in_the_leeway_after_it() {
    let reader = claims("u-1", "acme");
    for (seconds, good) in [(0, true), (599, true), (600, false), (615, false)] {
        let token = verified(&reader, seconds);
        assert_eq!(showable(&token, &reader.tenant, later(seconds)).is_some(), good, "{seconds}");
    }
}

#[test]
fn whatever_is_not_good_looks_the_same() {
    let token = verified(&claims("u-1", "acme"), 0);
    let shown = showable(&token, &token.claims().tenant, later(0)).unwrap();
    let name = || Some("ada".to_owned());
    for told in [shown.told(false, name()), shown.told(false, None), shown.told(true, None), Introspection::INACTIVE] {
        assert_eq!(rendered(&told), r#"{"active":false}"#);
    }
}
