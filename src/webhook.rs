//! Messages to an address of the tenant's, signed as Standard Webhooks says (github.com/standard-webhooks/standard-webhooks,
//! specification 1.0.0), so that a receiver's library for it can tell that they are the gateway's.

use crate::outbound::{
    HeaderValue, InvalidHeaderValue, Method, OutboundAnswer, OutboundFailure, OutboundRequest, OutboundUrl,
};
use crate::secret::SecretText;
use crate::time::{Lifetime, Timestamp};
use base64ct::{Base64, Encoding};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::borrow::Cow;

/// What a secret begins with.
pub const SECRET_PREFIX: &str = "whsec_";
/// Longest answer that is read, in bytes; nothing in it is used.
const MAX_ANSWER_BYTES: usize = 64 * 1024;
const DEADLINE: Lifetime = Lifetime::from_seconds(10);
/// How long after each failed attempt the next one is due, in seconds: the last comes 27 hours after the first.
const PAUSES: [u64; 8] = [30, 120, 600, 1_800, 3_600, 10_800, 28_800, 50_400];

/// Why a message cannot be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsigned {
    /// The secret is none.
    #[error("the secret is not one of a webhook")]
    Secret,
    /// The id or the signature does not fit a header field.
    #[error("the message's id fits no header field")]
    Id,
}

impl From<InvalidHeaderValue> for Unsigned {
    fn from(_: InvalidHeaderValue) -> Self {
        Self::Id
    }
}

/// The secret of these random bytes, as it is shown once and stored sealed.
pub fn secret(bytes: &[u8; 32]) -> SecretText {
    SecretText::new(format!("{SECRET_PREFIX}{}", Base64::encode_string(bytes)))
}

/// The request that brings a message. The signature covers its id, the moment and the body.
pub fn request(
    url: &OutboundUrl,
    secret: &SecretText,
    id: &str,
    body: &str,
    now: Timestamp,
) -> Result<OutboundRequest, Unsigned> {
    let moment = now.seconds().to_string();
    let signature = format!("v1,{}", sign(secret, &[id, ".", &moment, ".", body])?);
    let mut headers: Vec<(Cow<'static, str>, HeaderValue)> = Vec::new();
    for (name, value) in [
        ("content-type", "application/json"),
        ("user-agent", "mcp-secure-gateway"),
        ("webhook-id", id),
        ("webhook-timestamp", &moment),
        ("webhook-signature", &signature),
    ] {
        headers.push((Cow::Borrowed(name), HeaderValue::parse(value)?));
    }
    Ok(OutboundRequest {
        method: Method::Post,
        url: url.clone(),
        headers,
        body: Some(body.as_bytes().to_vec()),
        wanted: &[],
        deadline: DEADLINE,
        max_answer_bytes: MAX_ANSWER_BYTES,
    })
}

fn sign(secret: &SecretText, parts: &[&str]) -> Result<String, Unsigned> {
    let encoded = secret.expose().strip_prefix(SECRET_PREFIX).ok_or(Unsigned::Secret)?;
    let key = Base64::decode_vec(encoded).map_err(|_| Unsigned::Secret)?;
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(&key).map_err(|_| Unsigned::Secret)?;
    for part in parts {
        mac.update(part.as_bytes());
    }
    Ok(Base64::encode_string(&mac.finalize().into_bytes()))
}

/// Why a message was not taken, in words for an administrator; nothing where it was.
pub fn refusal(answer: &Result<OutboundAnswer, OutboundFailure>) -> Option<String> {
    match answer {
        Ok(answer) if (200..300).contains(&answer.status) => None,
        Ok(answer) => Some(format!("answered with HTTP status {}", answer.status)),
        Err(failure) => Some(failure.to_string()),
    }
}

/// When a message is due again that was tried so often and failed; never again after the last attempt.
pub fn due_again(attempts: u32, now: Timestamp) -> Option<Timestamp> {
    let before = usize::try_from(attempts).unwrap_or(usize::MAX).checked_sub(1)?;
    PAUSES.get(before).map(|seconds| now.plus(Lifetime::from_seconds(*seconds)))
}

#[cfg(test)]
mod tests {
    use super::{Unsigned, due_again, refusal, request, secret, sign};
    use crate::outbound::{OutboundFailure, OutboundUrl, Reach};
    use crate::secret::SecretText;
    use crate::time::Timestamp;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_message_is_signed_as_the_specifications_own_example() {
        // Standard Webhooks, "Signature scheme" and the test vector of its reference libraries.
        let secret = SecretText::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let parts = ["msg_p5jXN8AQM9LWM0D4loKWxJek", ".", "1614265330", ".", "{\"test\": 2432232314}"];
        assert_eq!(sign(&secret, &parts).unwrap(), "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn the_request_carries_what_a_receiver_checks() {
        let url = OutboundUrl::parse("https://hooks.example.com/x", Reach::Public).unwrap();
        let now = Timestamp::from_seconds(1_614_265_330);
        let made = request(&url, &secret(&[7; 32]), "msg_1", "{}", now).unwrap();
        let names: Vec<_> = made.headers.iter().map(|(name, _)| name.as_ref()).collect();
        for wanted in ["webhook-id", "webhook-timestamp", "webhook-signature", "content-type"] {
            assert!(names.contains(&wanted), "{wanted}");
        }
        assert_eq!(made.body.as_deref(), Some(&b"{}"[..]));
        assert!(!format!("{made:?}").contains("v1,"), "a signature is as good as a secret in a log");
        assert_eq!(request(&url, &SecretText::new("plain"), "msg_1", "{}", now), Err(Unsigned::Secret));
        assert_eq!(request(&url, &secret(&[7; 32]), "a\nb", "{}", now), Err(Unsigned::Id));
    }

    #[test]
    fn a_message_that_is_not_taken_is_tried_again_for_a_day() {
        let now = Timestamp::from_seconds(0);
        assert_eq!(due_again(0, now), None);
        assert_eq!(due_again(1, now), Some(Timestamp::from_seconds(30)));
        let total: u64 = (1..=8).filter_map(|attempts| due_again(attempts, now)).map(Timestamp::seconds).sum();
        assert_eq!((due_again(9, now), total / 3600), (None, 26));
        assert!(refusal(&Err(OutboundFailure::Timeout)).is_some());
    }
}
