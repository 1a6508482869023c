//! Signatures of others, checked by the platform's own Web Cryptography API.

use crate::oauth::key::{Jwk, SignatureAlgorithm};
use crate::oidc::jwt::Algorithm;
use crate::oidc::key::Key;
use serde::Serialize;
use worker::js_sys::{Array, Function, JSON, Promise, Reflect, Uint8Array, global};
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::wasm_bindgen_futures::JsFuture;

/// What names an algorithm to the platform: where a key is taken in, and where a signature is checked.
type Names = (&'static str, &'static str);

const RS256: Names = (r#"{"name":"RSASSA-PKCS1-v1_5","hash":"SHA-256"}"#, r#"{"name":"RSASSA-PKCS1-v1_5"}"#);
const ES256: Names = (r#"{"name":"ECDSA","namedCurve":"P-256"}"#, r#"{"name":"ECDSA","hash":"SHA-256"}"#);
const ED25519: Names = (r#"{"name":"Ed25519"}"#, r#"{"name":"Ed25519"}"#);

/// Whether this key of a client made this signature of these bytes. Whatever goes wrong is a no.
///
/// The algorithm is that of the key's own record: the caller has chosen the key by it.
pub async fn verify(key: &Jwk, algorithm: SignatureAlgorithm, signed: &[u8], signature: &[u8]) -> bool {
    let names = match algorithm {
        SignatureAlgorithm::Es256 => ES256,
        SignatureAlgorithm::Ed25519 => ED25519,
    };
    is_good(key, names, signed, signature).await
}

/// Whether this key of the OpenID provider made this signature of these bytes, in the one way the key is for.
pub async fn verify_of_provider(key: &Key, signed: &[u8], signature: &[u8]) -> bool {
    let names = match key.algorithm() {
        Algorithm::Rs256 => RS256,
        Algorithm::Es256 => ES256,
        Algorithm::Ed25519 => ED25519,
    };
    is_good(key, names, signed, signature).await
}

async fn is_good(key: &impl Serialize, names: Names, signed: &[u8], signature: &[u8]) -> bool {
    checked(key, names, signed, signature).await.is_ok_and(|answer| answer.is_truthy())
}

async fn checked(
    key: &impl Serialize,
    (import, check): Names,
    signed: &[u8],
    signature: &[u8],
) -> Result<JsValue, JsValue> {
    let jwk = serde_json::to_string(key).map_err(|_| JsValue::UNDEFINED)?;
    let usages = Array::of1(&"verify".into());
    let arguments = Array::of5(&"jwk".into(), &JSON::parse(&jwk)?, &JSON::parse(import)?, &JsValue::FALSE, &usages);
    let key = call("importKey", &arguments).await?;
    let (signature, signed) = (Uint8Array::from(signature), Uint8Array::from(signed));
    call("verify", &Array::of4(&JSON::parse(check)?, &key, &signature, &signed)).await
}

async fn call(name: &str, arguments: &Array) -> Result<JsValue, JsValue> {
    let subtle = Reflect::get(&Reflect::get(&global(), &"crypto".into())?, &"subtle".into())?;
    let function: Function = Reflect::get(&subtle, &name.into())?.dyn_into()?;
    JsFuture::from(function.apply(&subtle, arguments)?.dyn_into::<Promise>()?).await
}
