//! An OAuth authorization server in front of somebody else's API: metadata, authorization endpoint and token endpoint (RFC 6749,
//! RFC 7636, RFC 8414, RFC 8707, RFC 9207). Whoever comes to its authorization endpoint has an account there and agrees.

use super::{Reply, Request, Server};
use crate::client::note_secret;
use crate::oauth::challenge;
use base64ct::{Base64, Encoding};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The gateway's id there.
pub const CLIENT: &str = "gateway";
/// The gateway's secret there.
pub const SECRET: &str = "upstream-client-canary-91d7";

/// The server.
#[derive(Clone, Debug)]
pub struct Authority {
    /// Every request it got.
    pub server: Server,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    count: u32,
    life: Option<u64>,
    /// By code: the challenge, the redirect URI and the resource.
    codes: HashMap<String, [String; 3]>,
    /// Refresh tokens that are good.
    refresh: Vec<String>,
    refuses: bool,
    complaints: Vec<String>,
}

impl Authority {
    /// Starts it. Its access tokens live for so many seconds.
    pub fn start(life: u64) -> Self {
        note_secret(SECRET);
        let state = Arc::new(Mutex::new(State { life: Some(life), ..State::default() }));
        let known = state.clone();
        let server = Server::start(move |request| match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/.well-known/oauth-authorization-server") => describe(request),
            ("GET", "/authorize") => answered(&known, request, State::authorize),
            ("POST", "/token") => answered(&known, request, State::token),
            _ => Reply::empty(404),
        });
        Self { server, state }
    }

    /// Its issuer.
    pub fn issuer(&self) -> String {
        self.server.url("")
    }

    /// From now on every refresh token is worth nothing.
    pub fn forget_everybody(&self) {
        lock(&self.state).refresh.clear();
    }

    /// From now on the gateway's client is refused.
    pub fn refuse(&self) {
        lock(&self.state).refuses = true;
    }

    /// How often a token was asked for with this grant type.
    pub fn grants(&self, kind: &str) -> usize {
        self.server
            .asked()
            .iter()
            .filter(|request| form(request).get("grant_type").is_some_and(|is| is == kind))
            .count()
    }

    /// Everything that was wrong with what it was asked.
    pub fn complaints(&self) -> Vec<String> {
        lock(&self.state).complaints.clone()
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn answered(
    state: &Mutex<State>,
    request: &Request,
    answer: fn(&mut State, &Request) -> Result<Reply, String>,
) -> Reply {
    let mut state = lock(state);
    answer(&mut state, request).unwrap_or_else(|why| {
        state.complaints.push(why);
        Reply::json(400, &json!({"error": "invalid_request"}))
    })
}

fn issuer(request: &Request) -> String {
    format!("http://{}", request.header("host").unwrap_or_default())
}

fn describe(request: &Request) -> Reply {
    let issuer = issuer(request);
    Reply::json(
        200,
        &json!({
            "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"), "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"], "authorization_response_iss_parameter_supported": true
        }),
    )
}

fn form(request: &Request) -> HashMap<String, String> {
    let text = String::from_utf8_lossy(&request.body).into_owned();
    let url: Option<reqwest::Url> = format!("http://x/?{text}").parse().ok();
    url.map(|url| url.query_pairs().into_owned().collect()).unwrap_or_default()
}

impl State {
    fn authorize(&mut self, request: &Request) -> Result<Reply, String> {
        let find = |name: &str| request.query(name).map(str::to_owned).ok_or(format!("{name} is missing"));
        for (name, value) in [("response_type", "code"), ("client_id", CLIENT), ("code_challenge_method", "S256")] {
            if find(name)? != value {
                return Err(format!("{name} is not {value}"));
            }
        }
        self.count += 1;
        let code = format!("code-{}", self.count);
        let (state, redirect_uri) = (find("state")?, find("redirect_uri")?);
        self.codes.insert(code.clone(), [find("code_challenge")?, redirect_uri.clone(), find("resource")?]);
        let issuer = issuer(request);
        let query = crate::oauth::query(&[("code", code.as_str()), ("state", &state), ("iss", &issuer)], &[]);
        Ok(Reply::empty(302).with("Location", &format!("{redirect_uri}?{query}")))
    }

    fn token(&mut self, request: &Request) -> Result<Reply, String> {
        let basic = Base64::encode_string(format!("{CLIENT}:{SECRET}").as_bytes());
        if self.refuses || request.header("authorization") != Some(&format!("Basic {basic}")) {
            return Ok(Reply::json(401, &json!({"error": "invalid_client"})));
        }
        let form = form(request);
        let find = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        let refreshed = match find("grant_type") {
            "client_credentials" => None,
            "authorization_code" => {
                let [wanted, redirect_uri, resource] = self.codes.remove(find("code")).ok_or("an unknown code")?;
                let good = challenge(find("code_verifier")) == wanted
                    && find("redirect_uri") == redirect_uri
                    && find("resource") == resource;
                if !good {
                    return Err(format!("a code without what belongs to it: {:?}", form.keys()));
                }
                Some(())
            }
            "refresh_token" => {
                let known = self.refresh.iter().position(|token| token == find("refresh_token"));
                let Some(known) = known else { return Ok(Reply::json(400, &json!({"error": "invalid_grant"}))) };
                self.refresh.remove(known);
                Some(())
            }
            other => return Err(format!("the grant type {other}")),
        };
        Ok(self.granted(refreshed.is_some()))
    }

    fn granted(&mut self, refreshable: bool) -> Reply {
        self.count += 1;
        let access = format!("access-canary-{:04}-{}", self.count, std::process::id());
        note_secret(&access);
        let mut answer: Value = json!({"access_token": access, "token_type": "Bearer", "expires_in": self.life});
        if refreshable {
            let refresh = format!("refresh-canary-{:04}-{}", self.count, std::process::id());
            note_secret(&refresh);
            self.refresh.push(refresh.clone());
            answer["refresh_token"] = refresh.into();
        }
        Reply::json(200, &answer).with("Cache-Control", "no-store")
    }
}
