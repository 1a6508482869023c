//! A user's way to a provider's authorization page and back: authorization code with S256, `state`, `resource` and the issuer's
//! name (RFC 6749 section 4.1, RFC 7636, RFC 8707, RFC 9207).
//!
//! The `state` is a ticket: sealed, good for ten minutes, and bound to the browser that was sent away. It says whose connection
//! to which upstream is made, so a way back that was begun by somebody else makes none. Who comes back spends it in the gate.

use crate::credential::secret::Connection;
use crate::id::{TenantId, UpstreamId, UserId};
use crate::oauth::error::OAuthError;
use crate::oauth::parameters::Parameters;
use crate::oauth::pkce::Challenge;
use crate::outbound::OutboundUrl;
use crate::secret::SecretText;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The path a provider sends a browser back to.
pub const CALLBACK: &str = "/connect/callback";
/// Longest code, in bytes.
const MAX_CODE: usize = 4096;

/// A browser that was sent away: what its `state` carries.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// Used once: the ticket's own id, random.
    pub id: String,
    /// What answers the challenge: 43 to 128 random characters.
    pub verifier: String,
    /// The tenant of who connects.
    pub tenant: TenantId,
    /// Who connects.
    pub user: UserId,
    /// The upstream.
    pub upstream: UpstreamId,
    /// The credential through which it is connected.
    pub credential: String,
    /// Its version: one that was replaced meanwhile is another provider's, perhaps.
    pub version: u32,
}

/// Why a browser comes back without a good answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AnswerProblem {
    /// The query lacks what every answer has.
    #[error("the answer is malformed")]
    Malformed,
    /// It comes from another issuer, or does not say from which where it must.
    #[error("the answer is of another issuer")]
    OtherIssuer,
    /// The provider refused, or the person did.
    #[error("the provider refused")]
    Refused,
}

impl Sent {
    /// Where the browser is sent. `page` is the provider's authorization endpoint, `callback` this gateway's.
    pub fn address(
        &self,
        (connection, page): (&Connection, &OutboundUrl),
        callback: &str,
        state: &str,
    ) -> Result<String, OAuthError> {
        let challenge = Challenge::of_verifier(Some(&self.verifier))?;
        let mut url = page.url().clone();
        let mut query = url.query_pairs_mut();
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", &connection.client.client_id)
            .append_pair("redirect_uri", callback)
            .append_pair("state", state)
            .append_pair("code_challenge", challenge.as_str())
            .append_pair("code_challenge_method", "S256");
        let client = &connection.client;
        for (name, value) in [("resource", &client.resource), ("scope", &client.scope), ("audience", &client.audience)]
        {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        drop(query);
        Ok(url.into())
    }

    /// What is spent when the browser comes back.
    pub fn spent_id(&self) -> String {
        format!("connect.{}", self.id)
    }
}

impl fmt::Debug for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sent").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The code of an answer, from this provider and no other: `iss` is its issuer to the letter wherever it stands, and stands
/// there where the provider said it would (RFC 9207 section 2.4).
pub fn code(answer: &Parameters, connection: &Connection) -> Result<SecretText, AnswerProblem> {
    match (answer.find("iss"), &connection.issuer) {
        (Some(named), Some(issuer)) if named != issuer => return Err(AnswerProblem::OtherIssuer),
        (None, _) if connection.names_issuer => return Err(AnswerProblem::OtherIssuer),
        _ => {}
    }
    if answer.find("error").is_some() {
        return Err(AnswerProblem::Refused);
    }
    let code = answer.find("code").filter(|code| code.len() <= MAX_CODE);
    code.map(SecretText::new).ok_or(AnswerProblem::Malformed)
}

#[cfg(test)]
mod tests {
    use super::{AnswerProblem, Sent, code};
    use crate::credential::sample::{secret, url};
    use crate::credential::secret::{Connection, Secret};
    use crate::id::{TenantId, UpstreamId, UserId};
    use crate::oauth::parameters::Parameters;
    use serde_json::json;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const ISSUER: &str = "https://login.example.com";

    fn connection(names_issuer: bool) -> Connection {
        let client = json!({"token_endpoint": "https://login.example.com/token", "client_id": "c", "scope": "a b"});
        let page = "https://login.example.com/authorize?tenant=1";
        let given = json!({"connection": {
            "issuer": ISSUER, "authorization_endpoint": page, "names_issuer": names_issuer, "client": client
        }});
        match secret(given).towards("https://api.example.com/mcp") {
            Secret::Connection(connection) => connection,
            other => panic!("{other:?}"),
        }
    }

    fn answered(query: &str, names_issuer: bool) -> Result<String, AnswerProblem> {
        let answer = Parameters::parse(query.as_bytes()).unwrap();
        code(&answer, &connection(names_issuer)).map(|code| code.expose().to_owned())
    }

    #[test]
    fn a_browser_is_sent_with_a_challenge_a_state_and_the_resource() {
        let sent = Sent {
            id: "i".into(),
            // RFC 7636, appendix B.
            verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".into(),
            tenant: TenantId::parse("acme").unwrap(),
            user: UserId::parse("ada").unwrap(),
            upstream: UpstreamId::parse("u").unwrap(),
            credential: "c-1".into(),
            version: 1,
        };
        let connection = connection(false);
        let callback = "https://gw.example.com/connect/callback";
        let page = url(&connection.authorization_endpoint);
        let address = sent.address((&connection, &page), callback, "v2.k.s").unwrap();
        assert_eq!(
            address,
            "https://login.example.com/authorize?tenant=1&response_type=code&client_id=c\
             &redirect_uri=https%3A%2F%2Fgw.example.com%2Fconnect%2Fcallback&state=v2.k.s\
             &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256\
             &resource=https%3A%2F%2Fapi.example.com%2Fmcp&scope=a+b"
        );
        assert!(!format!("{sent:?}").contains("dBjft"));
    }

    #[test]
    fn an_answer_of_another_issuer_brings_no_code() {
        assert_eq!(answered("code=x&state=s", false).unwrap(), "x");
        assert_eq!(answered("code=x&state=s&iss=https%3A%2F%2Flogin.example.com", true).unwrap(), "x");
        assert_eq!(answered("code=x&state=s", true), Err(AnswerProblem::OtherIssuer));
        for other in ["https://login.example.com/", "https://evil.example.com"] {
            let query = format!("code=x&state=s&iss={other}");
            assert_eq!(answered(&query, false), Err(AnswerProblem::OtherIssuer), "{other}");
        }
        assert_eq!(answered("error=access_denied&state=s", false), Err(AnswerProblem::Refused));
        assert_eq!(answered("state=s", false), Err(AnswerProblem::Malformed));
        assert_eq!(answered(&format!("code={}", "x".repeat(4097)), false), Err(AnswerProblem::Malformed));
    }
}
