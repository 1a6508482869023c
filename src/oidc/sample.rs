//! The provider of the tests, its key, and tokens it signed.

use crate::id::TenantId;
use crate::oidc::provider::Provider;
use crate::outbound::{OutboundAnswer, OutboundUrl, Reach};
use crate::scope::Scope;
use crate::secret::SecretText;
use crate::time::Timestamp;
use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::Value;

/// The provider's issuer.
pub const ISSUER: &str = "https://login.example.com";
/// The gateway's own issuer.
pub const GATEWAY: &str = "https://gw.example.com";
/// When everything happens, in seconds.
pub const NOW_SECONDS: u64 = 1_800_000_000;
/// The same.
pub const NOW: Timestamp = Timestamp::from_seconds(NOW_SECONDS);

/// A provider with a secret.
pub fn provider() -> Provider {
    Provider { client_secret: Some(SecretText::new("s3cret+/")), ..public_provider() }
}

/// A provider this gateway is a public client of.
pub fn public_provider() -> Provider {
    Provider {
        issuer: ISSUER.into(),
        url: OutboundUrl::parse(ISSUER, Reach::Public).unwrap(),
        client_id: "gateway".into(),
        client_secret: None,
        tenant: TenantId::parse("acme").unwrap(),
        name: "Example".into(),
        scopes: Scope::parse("openid profile email").unwrap(),
        groups_claim: None,
    }
}

/// A JSON answer with status 200.
pub fn answer(document: &Value) -> OutboundAnswer {
    let headers = vec![("content-type".into(), "application/json; charset=utf-8".into())];
    OutboundAnswer { status: 200, headers, body: document.to_string().into_bytes() }
}

/// A token of these texts with a signature of nobody.
pub fn token(header: &str, claims: &str) -> String {
    let encode = |text: &str| Base64UrlUnpadded::encode_string(text.as_bytes());
    format!("{}.{}.{}", encode(header), encode(claims), encode("signature"))
}
