//! The authorization request (RFC 6749 section 4.1.1, RFC 7636, RFC 8707, RFC 9207).
//!
//! Two steps: until the client and its redirect URI are known to be good, a refusal is a page; after that it is a redirect.

use crate::oauth::client::Client;
use crate::oauth::error::{Code, OAuthError};
use crate::oauth::parameters::Parameters;
use crate::oauth::pkce::Challenge;
use crate::oauth::resource;
use crate::scope::Scope;
use serde::{Deserialize, Serialize};
use url::Url;

/// Longest query, in bytes: a page's form carries it on.
const MAX_QUERY: usize = 8 * 1024;
/// Longest `state`, in bytes.
const MAX_STATE: usize = 2048;

/// A request that names a client and a place to answer to.
#[derive(Debug)]
pub struct Asked {
    parameters: Parameters,
    /// The client it names.
    pub client_id: String,
}

/// Where an answer goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnTo {
    /// The redirect URI, as the client asked for it.
    pub redirect_uri: String,
    /// What the client wants back, byte for byte.
    pub state: Option<String>,
}

/// A request that is good, for a person to decide on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The client.
    pub client_id: String,
    /// The client's name, as the person sees it.
    pub client_name: String,
    /// Where the answer goes.
    pub return_to: ReturnTo,
    /// What the verifier must answer.
    pub challenge: Challenge,
    /// What is asked for.
    pub scope: Scope,
    /// What it is for.
    pub resource: String,
    /// Whether the client may refresh.
    pub refreshable: bool,
}

/// A request that is not good, of a client whose redirect URI is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Where the answer goes.
    pub return_to: ReturnTo,
    /// The refusal.
    pub error: OAuthError,
}

impl Asked {
    /// Reads the query as far as the client's id.
    pub fn parse(query: &str) -> Result<Self, OAuthError> {
        if query.len() > MAX_QUERY {
            return Err(Code::InvalidRequest.because("the query is longer than 8 KiB"));
        }
        let parameters = Parameters::parse(query.as_bytes())?;
        let id = parameters.find("client_id").ok_or(Code::InvalidRequest.because("client_id is missing"))?;
        Ok(Self { client_id: id.to_owned(), parameters })
    }

    /// Where the answer goes: one of the client's own redirect URIs. One that is not said is the client's only one.
    pub fn return_to(&self, client: &Client) -> Result<ReturnTo, OAuthError> {
        let redirect_uri = match (self.parameters.find("redirect_uri"), client.redirect_uris.as_slice()) {
            (Some(requested), _) if client.redirect(requested).is_some() => requested.to_owned(),
            (Some(_), _) => return Err(Code::InvalidRequest.because("redirect_uri is not one of this client's")),
            (None, [only]) => only.as_str().to_owned(),
            (None, _) => return Err(Code::InvalidRequest.because("redirect_uri is missing")),
        };
        let state = self.parameters.find("state");
        if state.is_some_and(|state| state.len() > MAX_STATE) {
            return Err(Code::InvalidRequest.because("state is longer than 2048 bytes"));
        }
        Ok(ReturnTo { redirect_uri, state: state.map(str::to_owned) })
    }

    /// Everything else. `base` is the gateway's own resource, which a request that names none is for.
    pub fn check(&self, client: &Client, return_to: ReturnTo, base: &str) -> Result<Request, Refused> {
        let refused = |error| Refused { return_to: return_to.clone(), error };
        self.plain_code(client).map_err(refused)?;
        let find = |name| self.parameters.find(name);
        let challenge = Challenge::parse(find("code_challenge"), find("code_challenge_method")).map_err(refused)?;
        let scope = requested_scope(find("scope")).map_err(refused)?;
        let resource = requested_resource(find("resource"), base).map_err(refused)?;
        Ok(Request {
            client_id: client.id.clone(),
            client_name: client.name.clone(),
            challenge,
            scope,
            resource: resource.unwrap_or_else(|| base.to_owned()),
            refreshable: client.grants.refresh,
            return_to,
        })
    }

    fn plain_code(&self, client: &Client) -> Result<(), OAuthError> {
        let find = |name| self.parameters.find(name);
        match find("response_type") {
            Some("code") => {}
            Some(_) => return Err(Code::UnsupportedResponseType.because("response_type must be code")),
            None => return Err(Code::InvalidRequest.because("response_type is missing")),
        }
        if find("response_mode").is_some_and(|mode| mode != "query") {
            return Err(Code::InvalidRequest.because("response_mode must be query"));
        }
        if find("request").is_some() {
            return Err(Code::RequestNotSupported.because("request objects are not supported"));
        }
        if find("request_uri").is_some() {
            return Err(Code::RequestUriNotSupported.because("request objects are not supported"));
        }
        if !client.grants.code {
            return Err(Code::UnauthorizedClient.because("this client acts for itself alone"));
        }
        if find("prompt").is_some_and(|prompt| prompt.split(' ').any(|word| word == "none")) {
            return Err(Code::InteractionRequired.because("a person must agree each time"));
        }
        Ok(())
    }
}

impl ReturnTo {
    /// The redirect that brings the code.
    pub fn with_code(&self, code: &str, issuer: &str) -> String {
        self.with(&[("code", code)], issuer)
    }

    /// The redirect that brings a refusal.
    pub fn with_error(&self, error: OAuthError, issuer: &str) -> String {
        self.with(&[("error", error.code.as_str()), ("error_description", error.words)], issuer)
    }

    /// Adds to the redirect URI's own query, and says who answers (RFC 9207).
    fn with(&self, answer: &[(&str, &str)], issuer: &str) -> String {
        let Ok(mut url) = Url::parse(&self.redirect_uri) else { return issuer.to_owned() };
        {
            let mut query = url.query_pairs_mut();
            for (name, value) in answer {
                query.append_pair(name, value);
            }
            if let Some(state) = &self.state {
                query.append_pair("state", state);
            }
            query.append_pair("iss", issuer);
        }
        url.into()
    }
}

/// The scope of a request: what it asks for of what this gateway has, and all of it when it asks for nothing. Scopes of
/// other servers that clients ask for by habit (`openid`, `offline_access`) are left out (RFC 6749 section 3.3).
pub fn requested_scope(asked: Option<&str>) -> Result<Scope, OAuthError> {
    let Some(asked) = asked else { return Ok(Scope::full()) };
    let asked = Scope::parse(asked).map_err(|_| Code::InvalidScope.because("scope is malformed"))?;
    let known = asked.common(&Scope::all());
    if known.is_empty() {
        return Err(Code::InvalidScope.because("this gateway has no such scope"));
    }
    Ok(known)
}

/// The resource a request names, if it names one (RFC 8707).
pub fn requested_resource(named: Option<&str>, base: &str) -> Result<Option<String>, OAuthError> {
    let Some(named) = named else { return Ok(None) };
    resource::find(base, named).map(Some).ok_or(Code::InvalidTarget.because("this gateway has no such resource"))
}

#[cfg(test)]
#[path = "authorize_tests.rs"]
mod tests;
