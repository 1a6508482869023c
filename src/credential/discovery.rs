//! What an authorization server says of itself (RFC 8414), read once, when an administrator names its issuer.
//!
//! Only an administrator names an issuer: whatever an upstream says of its authorization server has nothing of that trust.

use crate::credential::secret::Connection;
use crate::json::{self, Caps};
use crate::outbound::{HeaderValue, Method, OutboundAnswer, OutboundFailure, OutboundRequest, OutboundUrl, Reach};
use crate::time::Lifetime;
use serde::Deserialize;

/// Where the metadata stands: between the issuer's host and its path (section 3.1).
const WELL_KNOWN: &str = "/.well-known/oauth-authorization-server";
const DEADLINE: Lifetime = Lifetime::from_seconds(5);
const MAX_ANSWER: usize = 64 * 1024;

/// Why metadata cannot be used. No variant carries a value the server sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DiscoveryProblem {
    /// There is no answer, or none with status 200.
    #[error("the issuer's metadata could not be read")]
    Unavailable,
    /// It is not a document of the kind.
    #[error("the issuer's metadata is not readable")]
    Unreadable,
    /// It is of another issuer (section 3.3).
    #[error("the metadata is of another issuer")]
    OtherIssuer,
    /// An address in it may not be asked.
    #[error("an address in the issuer's metadata is refused")]
    Address,
    /// It does not say that it supports S256, without which codes can be stolen.
    #[error("the issuer does not say that it supports S256")]
    Unsuitable,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    #[serde(default)]
    code_challenge_methods_supported: Vec<String>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// The request for an issuer's metadata.
pub fn request(issuer: &OutboundUrl) -> OutboundRequest {
    let mut url = issuer.url().clone();
    url.set_path(&format!("{WELL_KNOWN}{}", issuer.url().path().trim_end_matches('/')));
    url.set_query(None);
    OutboundRequest {
        method: Method::Get,
        url: issuer.with_path_and_query(&url),
        headers: vec![("accept".into(), HeaderValue::fixed("application/json"))],
        body: None,
        wanted: &[],
        deadline: DEADLINE,
        max_answer_bytes: MAX_ANSWER,
    }
}

/// A connection with the endpoints that its issuer's metadata name, where it does not name them itself.
///
/// 1. it is of the issuer that was asked, byte for byte; 2. every address may be asked; 3. it supports S256.
pub fn complete(
    connection: Connection,
    answer: Result<OutboundAnswer, OutboundFailure>,
    reach: Reach,
) -> Result<Connection, DiscoveryProblem> {
    let answer = answer.ok().filter(|answer| answer.status == 200).ok_or(DiscoveryProblem::Unavailable)?;
    if answer.media_type().as_deref() != Some("application/json") {
        return Err(DiscoveryProblem::Unreadable);
    }
    let read = json::parse_object(&answer.body, Caps { max_bytes: MAX_ANSWER, max_depth: 8 });
    let read = read.map_err(|_| DiscoveryProblem::Unreadable)?;
    let document: Document = serde_json::from_value(read).map_err(|_| DiscoveryProblem::Unreadable)?;
    if connection.issuer.as_deref() != Some(document.issuer.as_str()) {
        return Err(DiscoveryProblem::OtherIssuer);
    }
    if !document.code_challenge_methods_supported.iter().any(|method| method == "S256") {
        return Err(DiscoveryProblem::Unsuitable);
    }
    let found = |own: String, theirs: String| {
        if !own.is_empty() {
            return Ok(own);
        }
        OutboundUrl::parse(&theirs, reach).map(|_| theirs).map_err(|_| DiscoveryProblem::Address)
    };
    let mut client = connection.client;
    client.token_endpoint = found(client.token_endpoint, document.token_endpoint)?;
    Ok(Connection {
        authorization_endpoint: found(connection.authorization_endpoint, document.authorization_endpoint)?,
        names_issuer: connection.names_issuer || document.authorization_response_iss_parameter_supported,
        client,
        ..connection
    })
}

#[cfg(test)]
mod tests {
    use super::{DiscoveryProblem, complete, request};
    use crate::credential::sample::{secret, url};
    use crate::credential::secret::{Connection, Secret};
    use crate::outbound::{OutboundAnswer, OutboundFailure, Reach};
    use serde_json::{Value, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const ISSUER: &str = "https://login.example.com/t1";

    fn incomplete() -> Connection {
        match secret(json!({"connection": {"issuer": ISSUER, "client": {"client_id": "c"}}})) {
            Secret::Connection(connection) => connection,
            other => panic!("{other:?}"),
        }
    }

    fn completed(change: &Value) -> Result<Connection, DiscoveryProblem> {
        let mut body = json!({
            "issuer": ISSUER,
            "authorization_endpoint": "https://login.example.com/t1/authorize",
            "token_endpoint": "https://login.example.com/t1/token",
            "code_challenge_methods_supported": ["plain", "S256"],
            "authorization_response_iss_parameter_supported": true,
        });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        let answer = OutboundAnswer { status: 200, headers, body: body.to_string().into_bytes() };
        complete(incomplete(), Ok(answer), Reach::Public)
    }

    #[test]
    fn metadata_stand_between_host_and_path_and_complete_a_connection() {
        let asked = request(&url(ISSUER));
        assert_eq!(asked.url.url().path(), "/.well-known/oauth-authorization-server/t1");
        assert_eq!(request(&url("https://a.example.com/")).url.url().path(), "/.well-known/oauth-authorization-server");
        let found = completed(&json!({})).unwrap();
        assert_eq!(found.authorization_endpoint, "https://login.example.com/t1/authorize");
        assert!(found.names_issuer && Secret::Connection(found).check(Reach::Public).is_ok());
        assert!(Secret::Connection(incomplete()).check(Reach::Public).is_err());
    }

    #[test]
    fn metadata_of_another_issuer_or_without_s256_are_refused() {
        for (change, problem) in [
            (json!({"issuer": "https://login.example.com/t1/"}), DiscoveryProblem::OtherIssuer),
            (json!({"issuer": "https://evil.example.com"}), DiscoveryProblem::OtherIssuer),
            (json!({"code_challenge_methods_supported": ["plain"]}), DiscoveryProblem::Unsuitable),
            (json!({"token_endpoint": "https://10.0.0.1/token"}), DiscoveryProblem::Address),
            (json!({"authorization_endpoint": "javascript:alert(1)"}), DiscoveryProblem::Address),
            (json!({"token_endpoint": 7}), DiscoveryProblem::Unreadable),
        ] {
            assert_eq!(completed(&change), Err(problem), "{change}");
        }
        let silent = complete(incomplete(), Err(OutboundFailure::Timeout), Reach::Public);
        assert_eq!(silent, Err(DiscoveryProblem::Unavailable));
    }
}
