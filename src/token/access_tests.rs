use super::{AccessClaims, TokenRefusal, mint, verify};
use crate::id::encode_random;
use crate::time::Timestamp;
use crate::token::jwks::KeyRing;
use crate::token::sample::{NOW, SEED, claims, expectation, keys};
use ed25519_dalek::Signer;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// A token with any header and payload, truly signed by the gateway's key.
fn signed(header: &str, payload: &str) -> String {
    let message = format!("{}.{}", encode_random(header.as_bytes()), encode_random(payload.as_bytes()));
    let signature = keys().current().0.sign(message.as_bytes());
    format!("{message}.{}", encode_random(&signature.to_bytes()))
}

fn header() -> String {
    format!(r#"{{"alg":"EdDSA","typ":"at+jwt","kid":"{}"}}"#, keys().current().1)
}

fn refusal(token: &str) -> TokenRefusal {
    verify(&keys(), token, &expectation(NOW)).expect_err(token)
}

#[test]
fn the_gateway_accepts_its_own_token() {
    let token = mint(&keys(), &claims()).unwrap();
    let verified = verify(&keys(), token.expose(), &expectation(NOW)).unwrap();
    assert_eq!(verified.claims(), &claims());
    assert_eq!(verified.expires_at(), Timestamp::from_seconds(NOW + 600));
}

#[test]
fn the_newer_algorithm_name_is_accepted_for_the_same_key() {
    let header = header().replace("EdDSA", "Ed25519");
    let payload = serde_json::to_string(&claims()).unwrap();
    assert!(verify(&keys(), &signed(&header, &payload), &expectation(NOW)).is_ok());
}

#[test]
fn no_header_can_steer_the_reader() {
    let payload = serde_json::to_string(&claims()).unwrap();
    for extra in [
        "jwk\":{}",
        "jku\":\"https://e.example\"",
        "x5u\":\"\"",
        "x5c\":[]",
        "crit\":[]",
        "b64\":false",
        "zip\":\"DEF\"",
        "cty\":\"JWT\"",
    ] {
        let header = header().replace(r#"{"alg""#, &format!("{{\"{extra},\"alg\""));
        assert_eq!(refusal(&signed(&header, &payload)), TokenRefusal::Header, "{extra}");
    }
    let doubled = header().replace(r#"{"alg""#, r#"{"alg":"none","alg""#);
    assert_eq!(refusal(&signed(&doubled, &payload)), TokenRefusal::Header);
    assert_eq!(refusal(&signed(&header().replace("at+jwt", "JWT"), &payload)), TokenRefusal::Header);
    for alg in ["none", "HS256", "ES256", "eddsa", "RS256", ""] {
        assert_eq!(refusal(&signed(&header().replace("EdDSA", alg), &payload)), TokenRefusal::Algorithm, "{alg}");
    }
    let unknown = header().replace(keys().current().1.as_str(), "other");
    assert_eq!(refusal(&signed(&unknown, &payload)), TokenRefusal::UnknownKey);
}

#[test]
fn every_claim_must_be_there_once_with_its_type() {
    let good = serde_json::to_value(claims()).unwrap();
    for name in ["iss", "aud", "sub", "tenant", "client_id", "scope", "sid", "iat", "exp", "jti"] {
        for wrong in ["null", "[]", "{}", "true", "1.5", "\"\\u0000\""] {
            let mut claims = good.clone();
            claims[name] = serde_json::from_str(wrong).unwrap();
            assert!(
                verify(&keys(), &signed(&header(), &claims.to_string()), &expectation(NOW)).is_err(),
                "{name} {wrong}"
            );
        }
        let mut without = good.clone();
        without.as_object_mut().unwrap().shift_remove(name);
        assert_eq!(refusal(&signed(&header(), &without.to_string())), TokenRefusal::Claims, "{name}");
    }
    for wrong in
        ["[]", "{}", "true", "\"classical\"", r#"{"label":"certified","providers":[]}"#, r#"{"label":"classical"}"#]
    {
        let mut claims = good.clone();
        claims["ent"] = serde_json::from_str(wrong).unwrap();
        assert_eq!(refusal(&signed(&header(), &claims.to_string())), TokenRefusal::Claims, "{wrong}");
    }
    let mut early = good.clone();
    early["nbf"] = serde_json::json!("soon");
    assert_eq!(refusal(&signed(&header(), &early.to_string())), TokenRefusal::Claims);
    let doubled = good.to_string().replace(r#"{"iss""#, r#"{"exp":9999999999,"iss""#);
    assert_eq!(refusal(&signed(&header(), &doubled)), TokenRefusal::Claims);
}

#[test]
fn a_token_that_says_nothing_of_its_randomness_and_one_that_names_an_unknown_provider_are_good() {
    let mut claims = serde_json::to_value(claims()).unwrap();
    claims["ent"]["providers"] = serde_json::json!(["of-a-later-release"]);
    let named = verify(&keys(), &signed(&header(), &claims.to_string()), &expectation(NOW)).unwrap();
    assert_eq!(named.claims().ent.as_ref().unwrap().providers, ["of-a-later-release"]);
    claims.as_object_mut().unwrap().shift_remove("ent");
    let silent = verify(&keys(), &signed(&header(), &claims.to_string()), &expectation(NOW)).unwrap();
    assert_eq!(silent.claims().ent, None);
}

#[test]
fn issuer_audience_and_times_hold_exactly() {
    type Change = fn(&mut AccessClaims);
    let cases: [(Change, TokenRefusal); 6] = [
        (|c| c.iss.push('/'), TokenRefusal::Issuer),
        (|c| c.aud = "https://gw.example.com".into(), TokenRefusal::Audience),
        (|c| c.exp = NOW - 30, TokenRefusal::Expired),
        (
            |c| {
                c.iat = NOW + 31;
                c.exp = NOW + 60;
            },
            TokenRefusal::NotYetValid,
        ),
        (|c| c.nbf = Some(NOW + 31), TokenRefusal::NotYetValid),
        (|c| c.exp = NOW + 601, TokenRefusal::TooLong),
    ];
    for (change, expected) in cases {
        let mut claims = claims();
        change(&mut claims);
        if expected == TokenRefusal::Expired {
            claims.iat = NOW - 600;
        }
        assert_eq!(refusal(mint(&keys(), &claims).unwrap().expose()), expected);
    }
}

#[test]
fn a_token_is_for_everything_or_for_one_server() {
    let verified = |aud: &str| {
        let mut claims = claims();
        claims.aud = aud.into();
        verify(&keys(), mint(&keys(), &claims).unwrap().expose(), &expectation(NOW))
    };
    let places = [None, Some("files"), Some("notes")];
    let everything = verified("https://gw.example.com/mcp").unwrap();
    assert_eq!(places.map(|place| everything.is_for(place)), [true, true, true]);
    let server = verified("https://gw.example.com/mcp/files").unwrap();
    assert_eq!(places.map(|place| server.is_for(place)), [false, true, false]);
    for other in ["/mcp/", "/mcp//files", "/mcp/files/", "/mcp/files/x", "/MCP", "/mcp/fi%6Ces", "/mcpfiles", ""] {
        assert_eq!(verified(&format!("https://gw.example.com{other}")), Err(TokenRefusal::Audience), "{other}");
    }
}

#[test]
fn every_change_of_one_character_is_refused() {
    let token = mint(&keys(), &claims()).unwrap().expose().to_owned();
    for index in 0..token.len() {
        for other in ["A", "Q", "_", "=", ".", " "] {
            let mut changed = token.clone();
            changed.replace_range(index..=index, other);
            assert!(changed == token || verify(&keys(), &changed, &expectation(NOW)).is_err(), "{index} {other}");
        }
    }
    for other in
        [format!("{token}."), format!("{token}.x"), format!("{token}="), format!(" {token}"), format!("{token}\n")]
    {
        assert!(verify(&keys(), &other, &expectation(NOW)).is_err());
    }
    assert_eq!(refusal(&"a".repeat(9000)), TokenRefusal::Malformed);
}

#[test]
fn a_token_of_a_removed_key_is_refused() {
    let token = mint(&keys(), &claims()).unwrap();
    let other = encode_random(&std::array::from_fn::<u8, 32, _>(|i| u8::try_from(i).unwrap()));
    let ring = KeyRing::read(&|name| (name == "SIGNING_KEY").then(|| other.clone())).unwrap();
    assert_eq!(verify(&ring, token.expose(), &expectation(NOW)), Err(TokenRefusal::UnknownKey));
    let rotated = KeyRing::read(&|name| match name {
        "SIGNING_KEY" => Some(other.clone()),
        "SIGNING_KEY_PREVIOUS" => Some(SEED.to_owned()),
        _ => None,
    });
    assert!(verify(&rotated.unwrap(), token.expose(), &expectation(NOW)).is_ok());
}
