//! A gateway whose keys the test knows: tokens that are truly signed, and still not good.

use crate::strained::{gateway_with_known_keys, logged_in};
use ed25519_dalek::{Signer, SigningKey};
use gateway_contract::Gateway;
use gateway_contract::token::{encode, part, signed};
use serde_json::{Map, Value, json};

/// The gateway's key ring.
pub const SIGNING: [u8; 32] = seed(1);
/// The key that signs next.
pub const NEXT: [u8; 32] = seed(2);
/// The key that signed before.
pub const PREVIOUS: [u8; 32] = seed(3);

/// 32 bytes that are no obvious pattern: a gateway may refuse keys that nobody drew at random.
const fn seed(start: u8) -> [u8; 32] {
    let mut bytes = [0; 32];
    let (mut state, mut at) = ((start as u32).wrapping_mul(2_654_435_761), 0);
    while at < 32 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        bytes[at] = (state >> 24) as u8;
        at += 1;
    }
    bytes
}

struct Forge<'a> {
    gateway: &'a Gateway,
    header: Value,
    claims: Value,
}

impl Forge<'_> {
    async fn status(&self, key: &[u8; 32], header: &Value, claims: &Value) -> u16 {
        let key = SigningKey::from_bytes(key);
        let token = signed(header, claims, |input| key.sign(input).to_bytes().to_vec());
        self.gateway.get_as(&token, "/auth/me").await.status
    }

    /// The claims with some changed; `null` takes one away.
    fn claims_with(&self, changes: &Value) -> Value {
        let mut claims: Map<String, Value> = self.claims.as_object().unwrap().clone();
        for (name, value) in changes.as_object().unwrap() {
            if value.is_null() { drop(claims.remove(name)) } else { drop(claims.insert(name.clone(), value.clone())) }
        }
        Value::Object(claims)
    }
}

async fn forge() -> Forge<'static> {
    let gateway = gateway_with_known_keys();
    let tokens = logged_in().await;
    Forge { gateway, header: part(&tokens.access, 0), claims: tokens.claims() }
}

#[tokio::test]
async fn only_whole_and_current_claims_for_this_gateway_are_good() {
    let forge = forge().await;
    assert_eq!(
        forge.status(&SIGNING, &forge.header, &forge.claims).await,
        200,
        "the test's own signature must be good"
    );
    let now = forge.claims["iat"].as_u64().unwrap();
    let issuer = forge.claims["iss"].as_str().unwrap().to_owned();
    let bad = [
        json!({"exp": now - 120, "iat": now - 720}),
        json!({"exp": now.to_string()}),
        json!({"exp": null}),
        json!({"exp": now + 7 * 86_400}),
        json!({"exp": 1e300}),
        json!({"exp": -1}),
        json!({"iat": null}),
        json!({"iat": now + 3600, "exp": now + 4000}),
        json!({"iat": "now"}),
        json!({"nbf": now + 3600}),
        json!({"nbf": "soon"}),
        json!({"iss": null}),
        json!({"iss": format!("{issuer}/")}),
        json!({"iss": "https://elsewhere.example.com"}),
        json!({"iss": [issuer]}),
        json!({"aud": null}),
        json!({"aud": "https://elsewhere.example.com/mcp"}),
        json!({"aud": format!("{issuer}/mcp/")}),
        json!({"aud": []}),
        json!({"aud": {"x": format!("{issuer}/mcp")}}),
        json!({"sub": null}),
        json!({"sub": ""}),
        json!({"sub": 7}),
        json!({"tenant": null}),
        json!({"tenant": "../other"}),
        json!({"client_id": null}),
        json!({"jti": null}),
        json!({"jti": 7}),
        json!({"scope": ["tools:read"]}),
        json!({"scope": "tools:read\u{0} admin"}),
    ];
    for changes in bad {
        let status = forge.status(&SIGNING, &forge.header, &forge.claims_with(&changes)).await;
        assert_eq!(status, 401, "{changes}");
    }
    for (name, value) in
        [("typ", json!("JWT")), ("typ", json!("")), ("alg", json!("none")), ("crit", json!(["x"])), ("kid", json!("x"))]
    {
        let mut header = forge.header.clone();
        header[name] = value.clone();
        assert_eq!(forge.status(&SIGNING, &header, &forge.claims).await, 401, "header {name} {value}");
    }
    let mut header = forge.header.clone();
    header.as_object_mut().unwrap().remove("typ");
    assert_eq!(forge.status(&SIGNING, &header, &forge.claims).await, 401, "no typ");
}

#[tokio::test]
async fn a_claim_that_stands_twice_is_refused() {
    let forge = forge().await;
    let claims = forge.claims.to_string();
    let twice = format!("{},\"sub\":\"usr-0-1\"}}", claims.trim_end_matches('}'));
    let input = format!("{}.{}", encode(forge.header.to_string().as_bytes()), encode(twice.as_bytes()));
    let signature = SigningKey::from_bytes(&SIGNING).sign(input.as_bytes()).to_bytes();
    let token = format!("{input}.{}", encode(&signature));
    assert_eq!(forge.gateway.get_as(&token, "/auth/me").await.status, 401);
}

#[tokio::test]
async fn a_scope_a_token_lacks_is_asked_for() {
    let forge = forge().await;
    let key = SigningKey::from_bytes(&SIGNING);
    let narrow = forge.claims_with(&json!({"scope": "tools:read"}));
    let token = signed(&forge.header, &narrow, |input| key.sign(input).to_bytes().to_vec());
    let list = forge.gateway.get_as(&token, "/mcp/tools").await;
    assert_eq!(list.status, 200, "{}", list.text());
    let answer = forge.gateway.execute(&token, "server_time", &json!({})).await;
    answer.problem(403);
    let challenge = answer.must("www-authenticate");
    assert!(challenge.contains("error=\"insufficient_scope\"") && challenge.contains("tools:call"), "{challenge}");
}

#[tokio::test]
async fn next_current_and_previous_keys_are_published_and_the_previous_still_counts() {
    let forge = forge().await;
    let keys = forge.gateway.get("/.well-known/jwks.json").await.json(200)["keys"].as_array().unwrap().clone();
    let public = |seed: &[u8; 32]| encode(SigningKey::from_bytes(seed).verifying_key().as_bytes());
    let kid = |seed: &[u8; 32]| {
        let key = keys.iter().find(|key| key["x"] == public(seed));
        key.unwrap_or_else(|| panic!("a key is not published: {keys:?}"))["kid"].clone()
    };
    assert_eq!(keys.len(), 3, "{keys:?}");
    assert_eq!(forge.header["kid"], kid(&SIGNING), "the current key signs");
    let mut header = forge.header.clone();
    header["kid"] = kid(&PREVIOUS);
    assert_eq!(forge.status(&PREVIOUS, &header, &forge.claims).await, 200, "signed by the previous key");
    assert_eq!(forge.status(&SIGNING, &header, &forge.claims).await, 401, "the previous key's name on another key");
    header["kid"] = kid(&NEXT);
    assert_eq!(forge.status(&PREVIOUS, &header, &forge.claims).await, 401, "the next key's name on another key");
}
