//! How a secret is shown to an API.

use super::encode;
use crate::outbound::HeaderValue;
use crate::secret::SecretText;
use base64ct::{Base64, Encoding};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// How an API wants to be shown who asks (OpenAPI 3.1.1 section 4.8.27).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SlotKind {
    /// A key in a header field, the query or a cookie of the slot's own name.
    ApiKey,
    /// `Authorization: Basic`; the secret is `user:password`.
    Basic,
    /// `Authorization: Bearer`.
    Bearer,
    /// An OAuth 2.0 access token, as a bearer.
    Oauth2,
    /// An access token of an OpenID provider, as a bearer.
    OpenIdConnect,
}

/// Where a key goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SlotPlace {
    /// A header field.
    Header,
    /// The query.
    Query,
    /// A cookie.
    Cookie,
}

/// A place for one secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slot {
    /// What the tools call it.
    pub scheme: String,
    /// How it is shown.
    pub kind: SlotKind,
    /// Where an API key goes; other kinds go to `Authorization`.
    #[serde(default, rename = "in", skip_serializing_if = "Option::is_none")]
    pub place: Option<SlotPlace>,
    /// What an API key is called there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// The secrets of one call, as they are sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credentials {
    /// Header fields.
    pub headers: Vec<(Cow<'static, str>, HeaderValue)>,
    /// Parameters of the query.
    pub query: Vec<(String, SecretText)>,
    /// Cookies, each as `name=value`.
    pub cookies: Vec<HeaderValue>,
}

/// A secret that cannot be shown as its slot says: a header or a cookie cannot carry it, or the slot has no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the credential cannot be sent")]
pub struct Unsendable;

impl Credentials {
    /// Adds the secret of a slot.
    pub fn show(&mut self, slot: &Slot, secret: &SecretText) -> Result<(), Unsendable> {
        let authorization = |text: String| Ok(("authorization".into(), value(text)?));
        if secret.expose().is_empty() {
            return Err(Unsendable);
        }
        match slot.kind {
            SlotKind::ApiKey => return self.show_key(slot, secret),
            SlotKind::Basic => {
                let pair = Base64::encode_string(secret.expose().as_bytes());
                self.headers.push(authorization(format!("Basic {pair}"))?);
            }
            SlotKind::Bearer | SlotKind::Oauth2 | SlotKind::OpenIdConnect => {
                self.headers.push(authorization(format!("Bearer {}", secret.expose()))?);
            }
        }
        Ok(())
    }

    fn show_key(&mut self, slot: &Slot, secret: &SecretText) -> Result<(), Unsendable> {
        let name = slot.name.clone().ok_or(Unsendable)?;
        match slot.place.ok_or(Unsendable)? {
            SlotPlace::Header => self.headers.push((name.to_ascii_lowercase().into(), value(secret.expose())?)),
            SlotPlace::Query => self.query.push((name, secret.clone())),
            SlotPlace::Cookie if encode::is_cookie_value(secret.expose()) => {
                self.cookies.push(value(format!("{name}={}", secret.expose()))?);
            }
            SlotPlace::Cookie => return Err(Unsendable),
        }
        Ok(())
    }
}

fn value(text: impl Into<String>) -> Result<HeaderValue, Unsendable> {
    HeaderValue::parse(text).map_err(|_| Unsendable)
}
