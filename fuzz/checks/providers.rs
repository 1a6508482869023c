//! Any answer to any provider: nothing panics, bytes come out of a fresh 200 alone and never too many, reading twice reads the
//! same, and no failure repeats a key or a word of the answer.
//!
//! The input: one byte for the provider, one for the status, the media type and a header, then the body. A zero byte in the
//! body divides what is answered to the preparation from what is answered to the request for bytes.

use mcp_secure_gateway::config::Profile;
use mcp_secure_gateway::entropy::provider::{MAX_ANSWER_BYTES, Provider, ProviderId, Providers};
use mcp_secure_gateway::outbound::OutboundAnswer;
use mcp_secure_gateway::time::Timestamp;

const NOW: Timestamp = Timestamp::from_seconds(1_795_000_000);
const NONCE: [u8; 16] = [7; 16];
const STATUSES: [u16; 8] = [200, 200, 200, 200, 401, 429, 500, 302];
const MEDIA_TYPES: [Option<&str>; 4] =
    [Some("application/json"), Some("application/octet-stream"), Some("text/html"), None];
const HEADERS: [Option<(&str, &str)>; 4] =
    [None, Some(("retry-after", "9")), Some(("age", "1")), Some(("cf-cache-status", "HIT"))];
const SECRET: &str = "canary-of-a-key";

/// The value of any setting the provider may want.
fn setting(provider: ProviderId, name: &str) -> Option<String> {
    let value = match name {
        "ENTROPY_PROVIDERS" => provider.as_str(),
        "QUANTINUUM_SHARED_SECRET" => "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        "IDQ_BASE_URL" | "QRNG_OPEN_API_BASE_URL" => "https://source.example.com",
        _ if name.ends_with("_KEY") || name.ends_with("_TOKEN") || name.ends_with("_CLIENT_ID") => SECRET,
        _ => return None,
    };
    Some(value.to_owned())
}

fn answer(shape: u8, body: &[u8]) -> OutboundAnswer {
    let media_type = MEDIA_TYPES[usize::from((shape >> 3) & 3)].map(|media_type| ("content-type", media_type));
    let headers = media_type.into_iter().chain(HEADERS[usize::from(shape >> 5 & 3)]);
    OutboundAnswer {
        status: STATUSES[usize::from(shape & 7)],
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        body: body.to_vec(),
    }
}

fn prepare(provider: &mut dyn Provider, answer: &OutboundAnswer) {
    // A description, a test or a token: the hub sends as many requests before the one for bytes.
    for _ in 0..2 {
        if provider.preparation(NOW).is_none() {
            return;
        }
        if let Err(failure) = provider.prepare(answer, NOW) {
            assert!(provider.preparation(NOW).is_some(), "{failure}: and is asked for bytes");
            return;
        }
        assert_eq!(answer.status, 200, "a refusal was taken for a description");
    }
}

/// Has one provider take one answer. How many bytes it gave.
pub fn check(input: &[u8]) -> Option<usize> {
    let [which, shape, body @ ..] = input else { return None };
    let id = ProviderId::all().nth(usize::from(*which) % ProviderId::all().count())?;
    let mut providers = Providers::read(&|name| setting(id, name), Profile::Local).expect("complete settings");
    let provider = providers.find_mut(id).expect("the provider");
    let mut parts = body.splitn(2, |byte| *byte == 0);
    let first = parts.next().unwrap_or_default();
    let bytes = answer(*shape, parts.next().unwrap_or(first));
    prepare(provider, &answer(*shape, first));
    assert!(provider.request(&NONCE).max_answer_bytes <= MAX_ANSWER_BYTES);
    let read = provider.parse(&NONCE, &bytes);
    assert_eq!(read, provider.parse(&NONCE, &bytes), "{id}: read twice");
    match read {
        Ok(read) => {
            let fresh =
                bytes.status == 200 && bytes.header("age").is_none() && bytes.header("cf-cache-status").is_none();
            assert!(fresh, "{id}: bytes of a refusal or of a cache");
            assert!((1..=bytes.body.len()).contains(&read.expose().len()), "{id}: bytes out of nowhere");
            Some(read.expose().len())
        }
        Err(failure) => {
            assert!(!format!("{failure:?}{failure}").contains(SECRET) && !failure.outcome().is_empty());
            None
        }
    }
}
