//! Signed access tokens from the outside: taking them apart, changing them, checking them.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::Value;

/// Part 0 (header) or 1 (claims) of a token, unverified.
#[track_caller]
pub fn part(token: &str, index: usize) -> Value {
    serde_json::from_slice(&decode(token.split('.').nth(index).expect("a part"))).expect("JSON in the token")
}

/// Base64url without padding, as tokens use it.
pub fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

/// The bytes of unpadded base64url.
#[track_caller]
pub fn decode(text: &str) -> Vec<u8> {
    Base64UrlUnpadded::decode_vec(text).expect("unpadded base64url")
}

/// The token with another header or other claims and the signature it had.
pub fn with_part(token: &str, index: usize, value: &Value) -> String {
    with_raw(token, index, &encode(value.to_string().as_bytes()))
}

/// The token with one part replaced as it stands.
pub fn with_raw(token: &str, index: usize, raw: &str) -> String {
    let parts = token.split('.').enumerate().map(|(at, part)| if at == index { raw } else { part });
    parts.collect::<Vec<_>>().join(".")
}

/// The token signed by somebody else.
pub fn signed(header: &Value, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let input = format!("{}.{}", encode(header.to_string().as_bytes()), encode(claims.to_string().as_bytes()));
    let signature = encode(&sign(input.as_bytes()));
    format!("{input}.{signature}")
}
