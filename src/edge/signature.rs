//! Signatures of others, checked by the platform's own Web Cryptography API.

use crate::oauth::key::{Jwk, SignatureAlgorithm};
use worker::js_sys::{Array, Function, JSON, Promise, Reflect, Uint8Array, global};
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::wasm_bindgen_futures::JsFuture;

/// Whether this key made this signature of these bytes. Whatever goes wrong is a no.
///
/// The algorithm is that of the key's own record: the caller has chosen the key by it.
pub async fn verify(key: &Jwk, algorithm: SignatureAlgorithm, signed: &[u8], signature: &[u8]) -> bool {
    checked(key, algorithm, signed, signature).await.is_ok_and(|answer| answer.is_truthy())
}

async fn checked(
    key: &Jwk,
    algorithm: SignatureAlgorithm,
    signed: &[u8],
    signature: &[u8],
) -> Result<JsValue, JsValue> {
    let (import, check) = match algorithm {
        SignatureAlgorithm::Es256 => {
            (r#"{"name":"ECDSA","namedCurve":"P-256"}"#, r#"{"name":"ECDSA","hash":"SHA-256"}"#)
        }
        SignatureAlgorithm::Ed25519 => (r#"{"name":"Ed25519"}"#, r#"{"name":"Ed25519"}"#),
    };
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
