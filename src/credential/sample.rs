//! Credentials for tests.

use crate::credential::grant::{Flow, Grant};
use crate::credential::secret::{Client, Secret};
use crate::id::{UpstreamId, UserId};
use crate::outbound::{OutboundUrl, Reach};
use serde_json::{Value, json};

pub fn secret(given: Value) -> Secret {
    serde_json::from_value(given).unwrap()
}

pub fn url(text: &str) -> OutboundUrl {
    OutboundUrl::parse(text, Reach::Public).unwrap()
}

pub fn grant(flow: Flow) -> Grant {
    let client = json!({
        "token_endpoint": "https://login.example.com/token", "client_id": "gate way", "client_secret": "s+/",
        "scope": "read write", "resource": "https://api.example.com/mcp"
    });
    let client: Client = serde_json::from_value(client).unwrap();
    Grant {
        upstream: UpstreamId::parse("u-1").unwrap(),
        credential: "c-1".into(),
        holder: (flow == Flow::Connection).then(|| UserId::parse("ada").unwrap()),
        origin: "https://api.example.com".into(),
        flow,
        endpoint: url(&client.token_endpoint),
        client,
        page: "https://gw.example.com/connect/files".into(),
    }
}
