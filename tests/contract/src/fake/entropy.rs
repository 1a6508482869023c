//! Providers of quantum-derived bytes: ANU (both APIs), Quantinuum Quantum Origin v1, ID Quantique Quantis appliance.
//!
//! The bytes come from a counter through SHA-256: they pass any health test and no two answers are the same.

use super::{Reply, Request, Server};
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64ct::{Base64, Encoding};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::atomic::{AtomicU64, Ordering};

/// The key the ANU fake takes.
pub const ANU_KEY: &str = "anu-canary-key-5cb1";
/// The key the Quantum Origin fake takes.
pub const ORIGIN_KEY: &str = "origin-canary-key-77e0";
/// The client id the Quantum Origin fake takes.
pub const ORIGIN_CLIENT: &str = "0b0e5a5e-4a4c-4bd8-9d63-6a1b1a3e5f10";
/// The secret shared with the Quantum Origin fake.
pub const ORIGIN_SECRET: [u8; 32] = [0x5a; 32];

/// `https://api.quantumnumbers.anu.edu.au`.
pub fn anu() -> Server {
    Server::start(|request| {
        if request.header("x-api-key") != Some(ANU_KEY) {
            return Reply::json(403, &json!({"message": "Forbidden"}));
        }
        let length = number(request, "length", 1);
        let size = number(request, "size", 1);
        let kind = request.query("type").unwrap_or_default();
        let width = match kind {
            "uint8" => 1,
            "uint16" => 2,
            "hex8" => size,
            "hex16" => 2 * size,
            _ => 0,
        };
        if !(1..=1024).contains(&length) || !(1..=1024).contains(&size) || width == 0 {
            return Reply::json(400, &json!({"success": false}));
        }
        let data = elements(kind, length, width);
        Reply::json(200, &json!({"success": true, "type": kind, "length": length.to_string(), "data": data}))
    })
}

/// `https://qrng.anu.edu.au/API/jsonI.php`: `length` is a number, `size` counts bytes, the limit is told with a 500.
pub fn anu_legacy() -> Server {
    let asked = AtomicU64::new(0);
    Server::start(move |request| {
        if asked.fetch_add(1, Ordering::SeqCst) > 0 {
            let text = "The QRNG API is limited to 1 requests per minute. For more requests, please visit https://quantumnumbers.anu.edu.au";
            return Reply::text(500, "text/plain", text);
        }
        let length = number(request, "length", 1);
        let kind = request.query("type").unwrap_or_default();
        let width = match kind {
            "uint8" => 1,
            "uint16" => 2,
            _ => number(request, "size", 1),
        };
        let data = elements(kind, length, width);
        Reply::json(200, &json!({"type": kind, "length": length, "data": data, "success": true}))
    })
}

/// `POST {base}/randomness` of Quantum Origin Cloud v1, with its inner encryption.
pub fn quantum_origin() -> Server {
    Server::start(|request| {
        let known = request.header("qo-api-key") == Some(ORIGIN_KEY) && request.header("uuid") == Some(ORIGIN_CLIENT);
        if !known {
            return Reply::text(401, "text/plain", "unauthorized");
        }
        let body = request.json();
        let (size, nonce) =
            (body["size"].as_u64(), body["nonce"].as_str().and_then(|text| Base64::decode_vec(text).ok()));
        let scheme = body["encryption_scheme"].as_str();
        match (request.path.ends_with("/randomness"), size, nonce, scheme) {
            (true, Some(size), Some(nonce), Some("HKDF-AES-GCM")) => Reply::json(200, &seal(size, &nonce)),
            _ => Reply::text(400, "text/plain", "bad request"),
        }
    })
}

/// `GET /api/2.0/streambytes` of a Quantis appliance: the raw bytes.
pub fn quantis() -> Server {
    Server::start(|request| match request.path.as_str() {
        "/api/2.0/streambytes" => Reply::text(200, "application/octet-stream", bytes(number(request, "size", 0))),
        _ => Reply::text(404, "text/html", "<!doctype html><html>not found</html>"),
    })
}

fn seal(size: u64, nonce: &[u8]) -> Value {
    let (seed, plain) = (bytes(36), bytes(usize::try_from(size).expect("a small size")));
    let sealed = seal_with(&ORIGIN_SECRET, &seed, nonce, &plain);
    json!({"counter": 0, "encrypted_data": Base64::encode_string(&sealed), "seed": Base64::encode_string(&seed)})
}

fn seal_with(secret: &[u8], seed: &[u8], nonce: &[u8], plain: &[u8]) -> Vec<u8> {
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(secret).expect("any key length");
    mac.update(&seed[..32]);
    mac.update(&[1]);
    let key = mac.finalize().into_bytes();
    let iv = [&seed[32..], &0_u64.to_be_bytes()].concat();
    let cipher = Aes256Gcm::new_from_slice(&key).expect("32 bytes");
    cipher.encrypt(Nonce::from_slice(&iv), Payload { msg: plain, aad: nonce }).expect("a sealed block")
}

fn elements(kind: &str, length: usize, width: usize) -> Vec<Value> {
    let element = |chunk: &[u8]| match kind {
        "uint8" => json!(chunk[0]),
        "uint16" => json!(u16::from_be_bytes([chunk[0], chunk[1]])),
        _ => json!(hex(chunk)),
    };
    bytes(length * width).chunks(width).map(element).collect()
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

fn number(request: &Request, name: &str, default: usize) -> usize {
    request.query(name).map_or(default, |text| text.parse().unwrap_or(0))
}

fn bytes(length: usize) -> Vec<u8> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let block = || Sha256::digest(COUNTER.fetch_add(1, Ordering::Relaxed).to_be_bytes()).to_vec();
    std::iter::repeat_with(block).flatten().take(length).collect()
}

#[cfg(test)]
mod tests {
    use super::{Base64, Encoding, bytes, seal_with};

    #[test]
    fn the_inner_encryption_of_quantum_origin_is_the_published_one() {
        let secret: Vec<u8> = (0..32).collect();
        let seed = Base64::decode_vec("QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl9gYWJj").unwrap();
        let nonce = Base64::decode_vec("ABEiM0RVZneImaq7zN3u/w==").unwrap();
        let plain: Vec<u8> = (0..48).map(|i: u16| u8::try_from((7 * i + 3) & 255).unwrap()).collect();
        let sealed = Base64::encode_string(&seal_with(&secret, &seed, &nonce, &plain));
        let vector = "9e1uH5xO9hZt1WRvIJCUAPqcvB2moXLfTDhu5DXTZ0PVPLMnN3gwVJlBCSUhj2I9o34x9axnI5kij6akwRITmg==";
        assert_eq!(sealed, vector);
    }

    #[test]
    fn no_two_answers_are_the_same() {
        assert_ne!(bytes(64), bytes(64));
    }
}
