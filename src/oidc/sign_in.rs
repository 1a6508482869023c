//! The way to the provider and back: the authorization request (OpenID Connect Core 1.0 section 3.1.2.1, RFC 7636) and its
//! answer (RFC 6749 section 4.1.2, RFC 9207).
//!
//! The `state` of a request is its ticket ([`Form::External`]): sealed, good for ten minutes, and bound to the browser that
//! was sent away, so that nobody signs another's browser in. Whoever comes back with it spends it in the gate.
//!
//! [`Form::External`]: crate::oauth::ticket::Form::External

use crate::oauth::error::OAuthError;
use crate::oauth::parameters::Parameters;
use crate::oauth::pkce::Challenge;
use crate::oauth::ticket::Login;
use crate::oidc::discovery::Discovery;
use crate::oidc::provider::Provider;
use crate::secret::SecretText;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Longest code, in bytes.
const MAX_CODE: usize = 4096;

/// A browser that was sent to the provider: what its `state` carries.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// Used once: the ticket's own id, random.
    pub id: String,
    /// What the ID token must repeat: random, 128 bits or more.
    pub nonce: String,
    /// What answers the challenge: 43 to 128 random characters.
    pub verifier: String,
    /// What goes on after the sign-in.
    pub login: Login,
}

/// Why the browser comes back without a good answer: for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AnswerProblem {
    /// The query is not well-formed, or lacks what every answer has.
    #[error("the provider's answer is malformed")]
    Malformed,
    /// It comes from another provider, or does not say from which, where this one always does.
    #[error("the answer is of another issuer")]
    OtherIssuer,
    /// The provider refused, or the person did.
    #[error("the provider refused the sign-in")]
    Refused,
}

/// What the provider answers through the browser.
#[derive(Debug)]
pub struct Answer {
    parameters: Parameters,
}

impl Sent {
    /// Where the browser is sent, with the sealed ticket as `state`.
    pub fn address(
        &self,
        (provider, discovery): (&Provider, &Discovery),
        gateway: &str,
        state: &str,
    ) -> Result<String, OAuthError> {
        let challenge = Challenge::of_verifier(Some(&self.verifier))?;
        let mut url = discovery.authorization.url().clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &provider.client_id)
            .append_pair("redirect_uri", &Provider::callback(gateway))
            .append_pair("scope", &provider.scopes.to_string())
            .append_pair("state", state)
            .append_pair("nonce", &self.nonce)
            .append_pair("code_challenge", challenge.as_str())
            .append_pair("code_challenge_method", "S256");
        Ok(url.into())
    }

    /// What is spent when the browser comes back.
    pub fn spent_id(&self) -> String {
        format!("sign-in.{}", self.id)
    }
}

impl fmt::Debug for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sent").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Answer {
    /// Reads the query of the callback; a parameter that stands twice is refused.
    pub fn parse(query: &str) -> Result<Self, AnswerProblem> {
        let parameters = Parameters::parse(query.as_bytes()).map_err(|_| AnswerProblem::Malformed)?;
        Ok(Self { parameters })
    }

    /// The ticket that came back: who it belongs to is not known before it is opened.
    pub fn state(&self) -> Result<&str, AnswerProblem> {
        self.parameters.find("state").ok_or(AnswerProblem::Malformed)
    }

    /// The code, from this provider and no other: `iss` is its issuer to the letter wherever it stands, and stands there
    /// if the provider said it would (RFC 9207 section 2.4).
    pub fn code(&self, provider: &Provider, discovery: &Discovery) -> Result<SecretText, AnswerProblem> {
        match self.parameters.find("iss") {
            Some(iss) if iss != provider.issuer => return Err(AnswerProblem::OtherIssuer),
            None if discovery.names_itself => return Err(AnswerProblem::OtherIssuer),
            _ => {}
        }
        if self.parameters.find("error").is_some() {
            return Err(AnswerProblem::Refused);
        }
        let code = self.parameters.find("code").filter(|code| code.len() <= MAX_CODE);
        code.map(SecretText::new).ok_or(AnswerProblem::Malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, AnswerProblem, Sent};
    use crate::oauth::ticket::Login;
    use crate::oidc::discovery::{Authentication, Discovery};
    use crate::oidc::sample::{GATEWAY, ISSUER, provider};
    use crate::outbound::{OutboundUrl, Reach};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn discovery(names_itself: bool) -> Discovery {
        let at = |path: &str| OutboundUrl::parse(&format!("{ISSUER}{path}"), Reach::Public).unwrap();
        Discovery {
            authorization: at("/authorize?tenant=1"),
            token: at("/token"),
            keys: at("/jwks"),
            authentication: Authentication::Basic,
            names_itself,
        }
    }

    fn sent() -> Sent {
        // The verifier of RFC 7636, appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned();
        Sent { id: "i".into(), nonce: "n".into(), verifier, login: Login::default() }
    }

    #[test]
    fn a_browser_is_sent_with_everything_that_is_checked_when_it_comes_back() {
        assert_eq!(
            sent().address((&provider(), &discovery(false)), GATEWAY, "v1.sealed").unwrap(),
            "https://login.example.com/authorize?tenant=1&response_type=code&client_id=gateway\
             &redirect_uri=https%3A%2F%2Fgw.example.com%2Foauth%2Fcallback&scope=email+openid+profile&state=v1.sealed\
             &nonce=n&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
        );
        assert_eq!(sent().spent_id(), "sign-in.i");
        assert!(!format!("{:?}", sent()).contains("dBjftJeZ"));
        let short = Sent { verifier: "short".into(), ..sent() };
        assert!(short.address((&provider(), &discovery(false)), GATEWAY, "s").is_err());
    }

    fn code(query: &str, names_itself: bool) -> Result<String, AnswerProblem> {
        let answer = Answer::parse(query)?;
        answer.state()?;
        answer.code(&provider(), &discovery(names_itself)).map(|code| code.expose().to_owned())
    }

    #[test]
    fn a_code_comes_back_with_its_state() {
        assert_eq!(code("code=c&state=s", false), Ok("c".into()));
        assert_eq!(code("code=c&state=s&iss=https%3A%2F%2Flogin.example.com&session_state=x", true), Ok("c".into()));
    }

    #[test]
    fn an_answer_of_another_issuer_or_of_none_is_refused() {
        for iss in ["https%3A%2F%2Flogin.example.com%2F", "https%3A%2F%2Fevil.example.com", "x"] {
            for names_itself in [true, false] {
                let query = format!("code=c&state=s&iss={iss}");
                assert_eq!(code(&query, names_itself), Err(AnswerProblem::OtherIssuer), "{iss}");
            }
        }
        assert_eq!(code("code=c&state=s", true), Err(AnswerProblem::OtherIssuer));
        assert_eq!(code("code=c&state=s&iss=", true), Err(AnswerProblem::OtherIssuer));
        assert_eq!(code("error=access_denied&state=s", true), Err(AnswerProblem::OtherIssuer));
    }

    #[test]
    fn a_refusal_and_what_is_no_answer_are_refused() {
        assert_eq!(code("error=access_denied&error_description=no&state=s", false), Err(AnswerProblem::Refused));
        assert_eq!(code("error=x&code=c&state=s", false), Err(AnswerProblem::Refused));
        let long = format!("state=s&code={}", "x".repeat(4097));
        for query in ["", "code=c", "code=c&state=", "state=s", "state=s&code=", "code=c&code=c&state=s", &long] {
            assert_eq!(code(query, false), Err(AnswerProblem::Malformed), "{query}");
        }
    }
}
