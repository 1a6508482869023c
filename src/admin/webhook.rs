//! Webhooks: where a tenant is told what it should know.

use serde::{Deserialize, Serialize};

/// A webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct WebhookView {
    /// Its id.
    pub id: String,
    /// Where messages go.
    pub url: String,
    /// Who made it.
    pub made_by: String,
    /// When it was made, seconds since 1970.
    pub created_at: u64,
    /// The latest messages to it, at most 50; not in a list of webhooks.
    pub messages: Vec<MessageView>,
}

/// A message, without what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct MessageView {
    /// Its id, which the receiver sees as `webhook-id`.
    pub id: String,
    /// When it was made, seconds since 1970.
    pub created_at: u64,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next, seconds since 1970; absent when it was taken, or given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<u64>,
    /// When it was taken, seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<u64>,
    /// Why the last attempt failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// A webhook to be made.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct NewWebhook {
    /// Where messages go: `https`, and public.
    pub url: String,
}

/// A webhook that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct MadeWebhook {
    /// The webhook.
    #[serde(flatten)]
    pub webhook: WebhookView,
    /// What its messages are signed with, as Standard Webhooks says; shown this once.
    pub secret: String,
}

/// A message as its receiver gets it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Message<T> {
    /// What it is about.
    #[serde(rename = "type")]
    pub about: &'static str,
    /// When it was made: RFC 3339, UTC.
    pub timestamp: String,
    /// What it says.
    pub data: T,
}
