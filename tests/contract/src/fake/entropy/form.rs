//! The wire formats.

use super::super::{Reply, Request};
use super::fault::good;
use super::{ANU_KEY, ORIGIN_CLIENT, ORIGIN_KEY, ORIGIN_SECRET, OTHER_KEY, hex};
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64ct::{Base64, Encoding};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Where a form takes the bytes of an answer.
pub(super) type Draw<'a> = &'a dyn Fn(usize) -> Vec<u8>;

/// How a provider answers when nothing is wrong with it.
pub(super) trait Form: Send + Sync + 'static {
    /// The answer to a request.
    fn answer(&self, request: &Request, draw: Draw<'_>) -> Reply;
}

impl<F: Fn(&Request, Draw<'_>) -> Reply + Send + Sync + 'static> Form for F {
    fn answer(&self, request: &Request, draw: Draw<'_>) -> Reply {
        self(request, draw)
    }
}

pub(super) fn anu(request: &Request, draw: Draw<'_>) -> Reply {
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
    let data = elements(kind, &draw(length * width), width);
    Reply::json(200, &json!({"success": true, "type": kind, "length": length.to_string(), "data": data}))
}

pub(super) fn anu_legacy() -> impl Form {
    let asked = AtomicU64::new(0);
    move |request: &Request, draw: Draw<'_>| {
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
        let data = elements(kind, &draw(length * width), width);
        Reply::json(200, &json!({"type": kind, "length": length, "data": data, "success": true}))
    }
}

pub(super) fn quantum_origin(request: &Request, draw: Draw<'_>) -> Reply {
    let known = request.header("qo-api-key") == Some(ORIGIN_KEY) && request.header("uuid") == Some(ORIGIN_CLIENT);
    if !known {
        return Reply::text(401, "text/plain", "unauthorized");
    }
    let body = request.json();
    let (size, nonce) = (body["size"].as_u64(), body["nonce"].as_str().and_then(|text| Base64::decode_vec(text).ok()));
    let scheme = body["encryption_scheme"].as_str();
    match (request.path.ends_with("/randomness"), size, nonce, scheme) {
        (true, Some(size), Some(nonce), Some("HKDF-AES-GCM")) => {
            let plain = draw(usize::try_from(size).expect("a small size"));
            Reply::json(200, &seal(&plain, &nonce))
        }
        _ => Reply::text(400, "text/plain", "bad request"),
    }
}

fn seal(plain: &[u8], nonce: &[u8]) -> Value {
    let seed = good(36);
    let sealed = seal_with(&ORIGIN_SECRET, &seed, nonce, plain);
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

pub(super) fn quantis(request: &Request, draw: Draw<'_>) -> Reply {
    match request.path.as_str() {
        "/api/2.0/streambytes" => Reply::text(200, "application/octet-stream", draw(number(request, "size", 0))),
        "/api/2.0/hexbytes" => {
            let (blocks, width) = (number(request, "quantity", 1), number(request, "dataLength", 1));
            Reply::json(200, &elements("hex", &draw(blocks * width), width).into())
        }
        _ => Reply::text(404, "text/html", "<!doctype html><html>not found</html>"),
    }
}

pub(super) fn qrng_open_api(request: &Request, draw: Draw<'_>) -> Reply {
    if !bears(request, OTHER_KEY) {
        return Reply::text(401, "text/plain", "unauthorized");
    }
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/v1/capabilities") => {
            let entropy =
                json!({"min_block_size": "1", "max_block_size": 256, "max_block_count": 16, "entropy_types": ["raw"]});
            let health =
                json!({"test_threshold": ["0.9"], "test_type": "nist_90b", "time_stamp": "2023-09-13T08:34:4502"});
            Reply::json(200, &json!({"entropy": entropy, "healthtest": health, "source_count": 1, "extensions": [{}]}))
        }
        ("GET", "/v1/healthtest") => {
            let result = json!({"test_type": "nist_90b", "test_result": "0.94", "time_stamp": "2023-09-13T08:34:45Z"});
            Reply::json(200, &json!({"test_result": [result]}))
        }
        ("POST", "/v1/entropy") => {
            let body = request.json();
            let (size, count) = (body["block_size"].as_u64().unwrap_or(0), body["block_count"].as_u64().unwrap_or(1));
            if !(1..=256).contains(&size) || !(1..=16).contains(&count) {
                return Reply::text(422, "text/plain", "parameter error");
            }
            let size = usize::try_from(size).expect("a small size");
            let blocks: Vec<_> = (0..count).map(|_| Base64::encode_string(&draw(size))).collect();
            Reply::json(200, &json!({"entropy": blocks}))
        }
        _ => Reply::text(404, "text/plain", "not found"),
    }
}

pub(super) fn qrypt(request: &Request, draw: Draw<'_>) -> Reply {
    let kibibytes = number(request, "size", 1);
    match (bears(request, OTHER_KEY), request.path.as_str(), kibibytes) {
        (false, ..) => Reply::text(401, "text/plain", ""),
        (_, "/api/v1/quantum-entropy", 1..=512) => {
            let blocks: Vec<_> = (0..kibibytes).map(|_| Base64::encode_string(&draw(1024))).collect();
            Reply::json(200, &json!({"random": blocks, "size": kibibytes}))
        }
        _ => Reply::text(400, "text/plain", ""),
    }
}

pub(super) fn outshift(request: &Request, draw: Draw<'_>) -> Reply {
    if request.header("x-id-api-key") != Some(OTHER_KEY) {
        return Reply::json(401, &json!({"error": "invalid key"}));
    }
    let body = request.json();
    let blocks = body["number_of_blocks"].as_u64().and_then(|blocks| usize::try_from(blocks).ok()).unwrap_or(0);
    if request.path != "/api/v1/random_numbers" || body["bits_per_block"] != 8 || !(1..=1000).contains(&blocks) {
        return Reply::json(400, &json!({"error": "bad request"}));
    }
    let format = body["format"].as_str().unwrap_or_default();
    let block = |byte: &u8| {
        let all = [
            ("binary", format!("{byte:b}")),
            ("octal", format!("{byte:o}")),
            ("decimal", byte.to_string()),
            ("hexadecimal", format!("{byte:x}")),
        ];
        all.into_iter()
            .filter(|(name, _)| format == "all" || format == *name)
            .collect::<std::collections::BTreeMap<_, _>>()
    };
    let numbers: Vec<_> = draw(blocks).iter().map(block).collect();
    Reply::json(200, &json!({"encoding": body["encoding"], "random_numbers": numbers}))
}

pub(super) fn lfd(request: &Request, draw: Draw<'_>) -> Reply {
    let length = number(request, "length", 0);
    match request.path.as_str() {
        "/qrng_api/qrng" if length > 0 => Reply::json(200, &json!({"qrn": hex(&draw(length)), "length": length})),
        "/qrng_api/qrng" => Reply::json(200, &json!({"error": "length param out of bounds"})),
        _ => Reply::text(404, "text/html", "<html>not found</html>"),
    }
}

pub(super) fn qrandom_io(request: &Request, draw: Draw<'_>) -> Reply {
    let (count, highest) = (number(request, "n", 1), number(request, "max", 0));
    match (request.path.as_str(), count, highest) {
        ("/api/random/ints", 1..=1000, 255) => {
            let stamp = "2026-08-19T10:00:00.000Z";
            let answer = json!({"id": "5f0c", "resultType": "randomIntArray", "timeStamp": stamp, "elapsedTime": 3,
                "numbers": draw(count), "message": "", "signature": "3c"});
            Reply::json(200, &answer)
        }
        _ => Reply::json(400, &json!({"message": "bad request"})),
    }
}

pub(super) fn qbck(request: &Request, draw: Draw<'_>) -> Reply {
    let (blocks, width) = (number(request, "size", 1), number(request, "length", 1));
    if request.path.starts_with(&format!("/{OTHER_KEY}/")) {
        let data = elements("hex", &draw(blocks * width), width);
        return Reply::json(200, &json!({"data": {"result": data}}));
    }
    Reply::json(200, &json!({"error": "Not Found", "message": "Wrong key", "status": 404}))
}

pub(super) fn qci() -> impl Form {
    let left = AtomicU64::new(0);
    move |request: &Request, draw: Draw<'_>| match request.path.as_str() {
        "/auth/v1/access-tokens" if request.json()["refresh_token"] == OTHER_KEY => {
            left.store(10, Ordering::SeqCst);
            let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_secs();
            let answer = json!({"access_token": "short-lived", "expires_in": now + 3600, "scope": "access_token",
                "token_type": "bearer"});
            Reply::json(200, &answer)
        }
        "/qrng/random_numbers" if bears(request, "short-lived") => {
            let body = request.json();
            let good = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
            match body["n_samples"].as_u64().and_then(|samples| usize::try_from(samples).ok()) {
                Some(samples) if good && body["n_bits"] == 8 => Reply::json(200, &json!(draw(samples))),
                Some(_) if good => Reply::json(400, &json!({"message": "bad request"})),
                _ => Reply::json(401, &json!({"message": "expired"})),
            }
        }
        _ => Reply::json(401, &json!({"message": "unauthorized"})),
    }
}

fn bears(request: &Request, key: &str) -> bool {
    request.header("authorization") == Some(&format!("Bearer {key}"))
}

fn elements(kind: &str, bytes: &[u8], width: usize) -> Vec<Value> {
    let element = |chunk: &[u8]| match kind {
        "uint8" => json!(chunk[0]),
        "uint16" => json!(u16::from_be_bytes([chunk[0], chunk[1]])),
        _ => json!(hex(chunk)),
    };
    bytes.chunks(width).map(element).collect()
}

fn number(request: &Request, name: &str, default: usize) -> usize {
    request.query(name).map_or(default, |text| text.parse().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::{Base64, Encoding, seal_with};

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
}
