//! What every provider's answer goes through before its own parser sees it.

use super::{FETCH_DEADLINE, MAX_ANSWER_BYTES, ProviderFailure, http_date};
use crate::json::{self, Caps};
use crate::outbound::{HeaderValue, Method, OutboundAnswer, OutboundRequest, OutboundUrl};
use crate::time::Lifetime;
use base64ct::{Base64Unpadded, Base64UrlUnpadded, Encoding as _};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use zeroize::Zeroizing;

const CAPS: Caps = Caps { max_bytes: MAX_ANSWER_BYTES, max_depth: 8 };

/// A `GET` with the limits every fetch has.
pub(super) fn ask(url: &OutboundUrl, accept: &'static str) -> OutboundRequest {
    OutboundRequest {
        method: Method::Get,
        url: url.clone(),
        headers: vec![("accept".into(), HeaderValue::fixed(accept))],
        body: None,
        wanted: &["retry-after", "date", "age", "cf-cache-status"],
        deadline: FETCH_DEADLINE,
        max_answer_bytes: MAX_ANSWER_BYTES,
    }
}

/// A `POST` of a JSON document with the limits every fetch has.
pub(super) fn post(url: &OutboundUrl, document: &impl Serialize) -> OutboundRequest {
    let mut request = ask(url, "application/json");
    request.method = Method::Post;
    request.headers.push(("content-type".into(), HeaderValue::fixed("application/json")));
    // The documents are structs of texts and numbers, which always have a JSON form; an empty body would only be refused.
    request.body = Some(serde_json::to_vec(document).unwrap_or_default());
    request
}

/// Passes only a fresh 200: a stored answer may have gone to somebody else as well (RFC 9111 section 5.1).
pub(super) fn fresh_success(answer: &OutboundAnswer) -> Result<(), ProviderFailure> {
    match answer.status {
        200 => {}
        401 | 403 => return Err(ProviderFailure::Unauthorized),
        429 => return Err(ProviderFailure::RateLimited { retry_after: retry_after(answer) }),
        300..=399 => return Err(ProviderFailure::Redirected),
        status => return Err(ProviderFailure::Status { status }),
    }
    let aged = answer.header("age").is_some_and(|age| age.trim() != "0");
    let hit = answer.header("cf-cache-status").is_some_and(|status| status.eq_ignore_ascii_case("hit"));
    if aged || hit { Err(ProviderFailure::Cached) } else { Ok(()) }
}

/// `Retry-After` (RFC 9110 section 10.2.3): seconds, or a date, which counts from the date of the answer, so that it does not
/// matter how the clocks differ.
pub(super) fn retry_after(answer: &OutboundAnswer) -> Option<Lifetime> {
    let wait = answer.header("retry-after")?;
    let seconds = wait.trim().parse().ok().or_else(|| {
        let (until, now) = (http_date::seconds(wait)?, http_date::seconds(answer.header("date")?)?);
        Some(until.saturating_sub(now))
    });
    seconds.map(Lifetime::from_seconds)
}

/// The body as a strict JSON document of the type `T`, whatever its content type says.
pub(super) fn json_body<T: DeserializeOwned>(body: &[u8]) -> Result<T, ProviderFailure> {
    let value = json::parse(body, CAPS).map_err(|_| ProviderFailure::Malformed)?;
    serde_json::from_value(value).map_err(|_| ProviderFailure::Malformed)
}

/// The body of an `application/json` answer as a strict JSON document of the type `T`.
pub(super) fn json<T: DeserializeOwned>(answer: &OutboundAnswer) -> Result<T, ProviderFailure> {
    if answer.media_type().as_deref() != Some("application/json") {
        return Err(ProviderFailure::Malformed);
    }
    json_body(&answer.body)
}

/// Fails unless exactly `expected` things came; nothing at all has its own name.
pub(super) fn count(found: usize, expected: usize) -> Result<(), ProviderFailure> {
    match found {
        _ if found == expected => Ok(()),
        0 => Err(ProviderFailure::Empty),
        _ => Err(ProviderFailure::WrongLength { expected, found }),
    }
}

/// Numbers 0 to 255 as bytes, exactly `expected` of them.
pub(super) fn bytes_of_numbers(numbers: &[i64], expected: usize) -> Result<Vec<u8>, ProviderFailure> {
    count(numbers.len(), expected)?;
    numbers.iter().map(|number| u8::try_from(*number).map_err(|_| ProviderFailure::OutOfRange)).collect()
}

/// Hexadecimal blocks joined, `blocks` of `block_bytes` each; any other length or alphabet is refused.
pub(super) fn bytes_of_hex(texts: &[String], blocks: usize, block_bytes: usize) -> Result<Vec<u8>, ProviderFailure> {
    count(texts.len(), blocks)?;
    let mut bytes = Vec::with_capacity(blocks * block_bytes);
    for text in texts {
        if text.len() != 2 * block_bytes {
            return Err(ProviderFailure::WrongLength { expected: 2 * block_bytes, found: text.len() });
        }
        for pair in text.as_bytes().chunks_exact(2) {
            let digits = pair.iter().map(|digit| char::from(*digit).to_digit(16));
            let value = digits.into_iter().try_fold(0, |value, digit| digit.map(|digit| value * 16 + digit));
            bytes.push(value.and_then(|value| u8::try_from(value).ok()).ok_or(ProviderFailure::Malformed)?);
        }
    }
    Ok(bytes)
}

/// Base64 blocks joined, exactly `blocks` of exactly `block_bytes` each. Both alphabets, with padding or without it.
pub(super) fn bytes_of_base64(texts: &[String], blocks: usize, block_bytes: usize) -> Result<Vec<u8>, ProviderFailure> {
    count(texts.len(), blocks)?;
    let mut bytes = Vec::with_capacity(blocks * block_bytes);
    for text in texts {
        let bare = text.trim_end_matches('=');
        let block = if bare.contains(['-', '_']) {
            Base64UrlUnpadded::decode_vec(bare)
        } else {
            Base64Unpadded::decode_vec(bare)
        };
        let block = Zeroizing::new(block.map_err(|_| ProviderFailure::Malformed)?);
        count(block.len(), block_bytes)?;
        bytes.extend_from_slice(&block);
    }
    Ok(bytes)
}

/// A count that one form of an API writes as a number and another as a text.
#[derive(Deserialize)]
#[serde(from = "Value")]
pub(super) struct Count(Option<usize>);

impl From<Value> for Count {
    fn from(value: Value) -> Self {
        Self(match value {
            Value::Number(number) => number.as_u64().and_then(|number| usize::try_from(number).ok()),
            Value::String(text) => text.parse().ok(),
            _ => None,
        })
    }
}

impl Count {
    /// The count, when it is one.
    pub(super) const fn value(&self) -> Option<usize> {
        self.0
    }

    /// Whether this count is `expected`.
    pub(super) fn is(&self, expected: usize) -> bool {
        self.value() == Some(expected)
    }
}
