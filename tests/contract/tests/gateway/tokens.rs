//! Access tokens that somebody changed, and the published keys.

use crate::{gateway, logged_in};
use base64ct::{Base64UrlUnpadded, Encoding};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use gateway_contract::client::{Answer, Tokens, send};
use gateway_contract::raw;
use gateway_contract::seed::Tools;
use gateway_contract::token::{decode, encode, part, signed, with_part, with_raw};
use hmac::{Hmac, Mac};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;

/// The alphabet of base64url.
const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

#[track_caller]
fn is_refused(what: &str, answer: &Answer) {
    assert_eq!(answer.status, 401, "{what}: {}", answer.text());
    answer.problem(401);
    assert!(answer.must("www-authenticate").contains("error=\"invalid_token\""), "{what}");
}

async fn refuse_all(tokens: &Tokens, bad: &[(String, String)]) {
    for (what, token) in bad {
        assert_ne!(*token, tokens.access, "{what} changes nothing");
        is_refused(what, &gateway().get_as(token, "/auth/me").await);
    }
    assert!(gateway().is_let_in(&tokens.access).await, "the honest token still works");
}

async fn keys() -> Vec<Value> {
    gateway().get("/.well-known/jwks.json").await.json(200)["keys"].as_array().expect("keys").clone()
}

#[tokio::test]
async fn the_published_key_verifies_a_token_and_is_only_public() {
    let (_, tokens) = logged_in(Tools::Own).await;
    let header = part(&tokens.access, 0);
    let keys = keys().await;
    let key = keys
        .iter()
        .find(|key| key["kid"] == header["kid"])
        .unwrap_or_else(|| panic!("no {} in {keys:?}", header["kid"]));
    assert_eq!((&key["kty"], &key["crv"], &key["use"]), (&json!("OKP"), &json!("Ed25519"), &json!("sig")));
    assert_eq!(key["alg"], header["alg"]);
    for key in &keys {
        assert!(key.get("d").is_none() && key.get("k").is_none(), "a private key is published");
    }
    let public = VerifyingKey::from_bytes(&decode(key["x"].as_str().unwrap()).try_into().unwrap()).unwrap();
    let (input, signature) = tokens.access.rsplit_once('.').unwrap();
    let signature = Signature::from_slice(&decode(signature)).unwrap();
    public.verify_strict(input.as_bytes(), &signature).unwrap();
    assert!(public.verify_strict(format!("{input}x").as_bytes(), &signature).is_err());
}

#[tokio::test]
async fn an_algorithm_the_token_chooses_itself_is_refused() {
    let (_, tokens) = logged_in(Tools::Own).await;
    let (header, claims) = (part(&tokens.access, 0), tokens.claims());
    let key = keys().await.into_iter().find(|key| key["kid"] == header["kid"]).unwrap();
    let mut bad = Vec::new();
    for name in ["none", "None", "NONE", "nOnE", ""] {
        let mut header = header.clone();
        header["alg"] = name.into();
        bad.push((format!("alg {name} without signature"), signed(&header, &claims, |_| Vec::new())));
        bad.push((format!("alg {name} with the signature"), with_part(&tokens.access, 0, &header)));
    }
    let public = decode(key["x"].as_str().unwrap());
    for secret in [public, key["x"].as_str().unwrap().into(), key.to_string().into_bytes(), Vec::new()] {
        let mut header = header.clone();
        header["alg"] = "HS256".into();
        let token = signed(&header, &claims, |input| {
            let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(&secret).unwrap();
            mac.update(input);
            mac.finalize().into_bytes().to_vec()
        });
        bad.push((format!("HS256 with a public value of {} bytes", secret.len()), token));
    }
    for name in ["ES256", "RS256", "eddsa", "Ed448"] {
        let mut header = header.clone();
        header["alg"] = name.into();
        bad.push((format!("alg {name}"), with_part(&tokens.access, 0, &header)));
    }
    refuse_all(&tokens, &bad).await;
}

#[tokio::test]
async fn a_key_the_token_brings_along_is_refused() {
    let (_, tokens) = logged_in(Tools::Own).await;
    let (header, claims) = (part(&tokens.access, 0), tokens.claims());
    let own = SigningKey::from_bytes(&[7; 32]);
    let sign = |input: &[u8]| own.sign(input).to_bytes().to_vec();
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": encode(own.verifying_key().as_bytes())});
    let changes = [
        json!({}),
        json!({"jwk": jwk}),
        json!({"jku": "https://evil.example.com/jwks.json"}),
        json!({"x5u": "https://evil.example.com/cert"}),
        json!({"x5c": ["MIIB"]}),
        json!({"kid": "other"}),
        json!({"kid": "../../dev/null"}),
        json!({"kid": "' OR 1=1 --"}),
        json!({"kid": ""}),
        json!({"kid": 7}),
        json!({"kid": null}),
    ];
    let mut bad = Vec::new();
    for change in changes {
        let mut header = header.clone();
        header.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        bad.push((format!("own key and {change}"), signed(&header, &claims, sign)));
    }
    refuse_all(&tokens, &bad).await;
}

#[tokio::test]
async fn a_changed_header_or_claim_is_refused() {
    let (_, tokens) = logged_in(Tools::Own).await;
    let (header, claims) = (part(&tokens.access, 0), tokens.claims());
    let mut bad = Vec::new();
    for (name, value) in [
        ("typ", json!("JWT")),
        ("typ", Value::Null),
        ("crit", json!(["exp"])),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
    ] {
        let mut header = header.clone();
        header[name] = value.clone();
        bad.push((format!("header {name} {value}"), with_part(&tokens.access, 0, &header)));
    }
    let later = claims["exp"].as_u64().unwrap() + 3600;
    for (name, value) in [
        ("sub", json!("usr-0-0")),
        ("tenant", json!("ten-0-0")),
        ("scope", json!("tools:call tools:read admin")),
        ("exp", json!(later)),
        ("aud", json!("https://elsewhere.example.com/mcp")),
        ("iss", json!("https://elsewhere.example.com")),
        ("jti", json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")),
    ] {
        let mut claims = claims.clone();
        claims[name] = value.clone();
        bad.push((format!("claim {name} {value}"), with_part(&tokens.access, 1, &claims)));
    }
    refuse_all(&tokens, &bad).await;
}

#[tokio::test]
async fn every_flipped_bit_is_noticed() {
    let (_, tokens) = logged_in(Tools::Own).await;
    let mut bad = Vec::new();
    for index in 0..3 {
        let raw = tokens.access.split('.').nth(index).unwrap();
        let bytes = decode(raw);
        for step in 0..16 {
            let (at, bit) = (step * bytes.len() / 16, step % 8);
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            bad.push((
                format!("part {index}, byte {at}, bit {bit}"),
                with_raw(&tokens.access, index, &encode(&changed)),
            ));
        }
    }
    refuse_all(&tokens, &bad).await;
}

#[tokio::test]
async fn another_spelling_of_the_same_token_is_refused() {
    let (_, tokens) = logged_in(Tools::Own).await;
    let token = &tokens.access;
    let [header, claims, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
    // The last character of 64 bytes carries four bits that must be zero.
    let last = ALPHABET.find(signature.chars().last().unwrap()).unwrap();
    let noisy = format!("{}{}", &signature[..signature.len() - 1], &ALPHABET[last ^ 1..=last ^ 1]);
    assert!(Base64UrlUnpadded::decode_vec(&noisy).is_err(), "the spelling must be a wrong one");
    let long = json!({"x": "x".repeat(9000)});
    let bad: Vec<(String, String)> = [
        ("noise in the last character", with_raw(token, 2, &noisy)),
        ("padding", format!("{token}==")),
        ("padding within", with_raw(token, 0, &format!("{header}="))),
        ("a fourth part", format!("{token}.{signature}")),
        ("a last dot", format!("{token}.")),
        ("a first dot", format!(".{token}")),
        ("no signature", format!("{header}.{claims}")),
        ("an empty signature", format!("{header}.{claims}.")),
        ("no claims", format!("{header}..{signature}")),
        ("parts swapped", format!("{claims}.{header}.{signature}")),
        ("a cut signature", with_raw(token, 2, &signature[..signature.len() - 4])),
        ("a longer signature", with_raw(token, 2, &format!("{signature}AAAA"))),
        ("five parts", format!("{header}.{claims}.{signature}.{claims}.{signature}")),
        ("only dots", "..".to_owned()),
        ("a long one", signed(&part(token, 0), &long, |_| vec![0; 64])),
        ("the token twice", format!("{token}{token}")),
    ]
    .map(|(what, token)| (what.to_owned(), token))
    .into();
    refuse_all(&tokens, &bad).await;
}

#[tokio::test]
async fn a_token_counts_in_the_authorization_header_only_and_only_once() {
    let (_, tokens) = logged_in(Tools::Own).await;
    let token = &tokens.access;
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let request = gateway().request(Method::GET, "/auth/me").header("authorization", format!("{scheme} {token}"));
        assert_eq!(send(request).await.status, 200, "{scheme}");
    }
    for value in [
        token.clone(),
        format!("Basic {token}"),
        format!("Token {token}"),
        format!("Bearer{token}"),
        format!("Bearer {token} x"),
        "Bearer".into(),
        "Bearer ".into(),
    ] {
        let status = send(gateway().request(Method::GET, "/auth/me").header("authorization", &value)).await.status;
        assert!(matches!(status, 400 | 401), "{}: {status}", value.replace(token.as_str(), "TOKEN"));
    }
    for path in [format!("/auth/me?access_token={token}"), format!("/auth/me?authorization=Bearer%20{token}")] {
        gateway().get(&path).await.problem(401);
    }
    send(gateway().request(Method::GET, "/auth/me").header("cookie", format!("access_token={token}")))
        .await
        .problem(401);
    let (good, bad) = (format!("Bearer {token}"), "Bearer x.y.z".to_owned());
    for pair in [[&good, &bad], [&bad, &good]] {
        let lines = pair.map(|value| ("Authorization", value.as_bytes()));
        let status = raw::request(gateway(), "GET", "/auth/me", &lines, b"").status;
        assert!(matches!(status, 400 | 401), "two credentials: {status}");
    }
}
