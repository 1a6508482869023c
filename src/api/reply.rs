//! A reply before it meets the runtime: status, header fields, body.

use crate::gate::bucket::Policy;
use crate::time::Lifetime;
use serde::Serialize;

const POLICY: &str = "content-security-policy";

/// What goes back to the caller. The edge adds the correlation id and the security headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Header fields.
    pub headers: Vec<(&'static str, String)>,
    /// The body; empty for none.
    pub body: Vec<u8>,
}

impl Reply {
    /// A reply without a body.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// A JSON reply. A value that cannot be rendered gives a bare 500: none of this crate's types is such a value.
    pub fn json(status: u16, value: &impl Serialize) -> Self {
        Self::typed(status, "application/json; charset=utf-8", value)
    }

    /// A JSON reply that must not be kept by any cache: it carries tokens or says who the caller is.
    pub fn private_json(status: u16, value: &impl Serialize) -> Self {
        Self::json(status, value).with("cache-control", "no-store")
    }

    /// A JSON reply with a content type of its own.
    pub fn typed(status: u16, content_type: &'static str, value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => Self { status, headers: vec![("content-type", content_type.to_owned())], body },
            Err(_) => Self::empty(500),
        }
    }

    /// A page for a person, with the content policy it is shown under. No cache keeps it.
    pub fn page(status: u16, html: String, policy: &str) -> Self {
        let headers = [("content-type", "text/html; charset=utf-8"), (POLICY, policy), ("cache-control", "no-store")];
        let headers = headers.map(|(name, value)| (name, value.to_owned())).to_vec();
        Self { status, headers, body: html.into_bytes() }
    }

    /// Sends a browser on, with `GET` whatever it did before (RFC 9110 section 15.4.4).
    pub fn see_other(location: impl Into<String>) -> Self {
        Self::empty(303).with("location", location).with("cache-control", "no-store")
    }

    /// The same with one more header field.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The same with the `RateLimit` fields of draft-ietf-httpapi-ratelimit-headers: the policy, and what is left of it.
    #[must_use]
    pub fn with_rate(self, policy: Policy, remaining: u32, reset: Lifetime) -> Self {
        let window = policy.window().seconds_ceil();
        self.with("ratelimit-policy", format!("\"calls\";q={};w={window}", policy.burst))
            .with("ratelimit", format!("\"calls\";r={remaining};t={}", reset.seconds_ceil()))
    }

    /// The same with the `RateLimit` fields of a quota that is used up: its name, how many calls it has, and when it begins
    /// anew. It has no window of a fixed length: a day and a month begin at midnight.
    #[must_use]
    pub fn with_used_up(self, name: &'static str, quota: u32, reset: Lifetime) -> Self {
        self.with("ratelimit-policy", format!("\"{name}\";q={quota}"))
            .with("ratelimit", format!("\"{name}\";r=0;t={}", reset.seconds_ceil()))
    }
}

#[cfg(test)]
mod tests {
    use super::Reply;
    use crate::gate::bucket::Policy;
    use crate::time::Lifetime;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn the_rate_fields_are_structured_fields() {
        let policy = Policy { burst: 20, per_minute: 600 };
        let reply = Reply::empty(429).with_rate(policy, 0, Lifetime::from_millis(100));
        assert_eq!(reply.headers[0], ("ratelimit-policy", "\"calls\";q=20;w=2".to_owned()));
        assert_eq!(reply.headers[1], ("ratelimit", "\"calls\";r=0;t=1".to_owned()));
    }
}
