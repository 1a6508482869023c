//! An OpenID provider: description, keys, authorization endpoint and token endpoint, as OpenID Connect Core 1.0, Discovery
//! 1.0, RFC 7636 and RFC 9207 have them. Whoever comes to its authorization endpoint is signed in already, as the test that
//! sent them said, and its keys are real: a Node.js process makes and uses them.

use super::{Reply, Request, Server};
use crate::client::note_secret;
use crate::gateway::{program, workspace};
use crate::guard::Guarded;
use crate::oauth::challenge;
use crate::token::encode;
use base64ct::{Base64, Encoding};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{ChildStdin, ChildStdout};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// The gateway's id there.
pub const CLIENT: &str = "gateway";
/// The gateway's secret there: every letter that a form writes in its own way.
pub const SECRET: &str = "oidc+canary/4711&=%";

/// How one person's sign-in goes.
#[derive(Clone, Debug)]
pub struct Visit {
    /// Claims in place of the usual ones; `null` takes one away.
    pub claims: Value,
    /// Members of the token's header in place of the usual ones.
    pub header: Value,
    /// The key that signs, by its name in `signer.mjs`.
    pub key: &'static str,
    /// Parameters of the answer in place of the usual ones; an empty one is left out.
    pub answer: Vec<(&'static str, String)>,
}

impl Visit {
    /// Somebody with this subject and these claims besides.
    pub fn of(subject: &str, claims: Value) -> Self {
        let mut claims = claims;
        if claims.get("sub").is_none() {
            claims["sub"] = subject.into();
        }
        Self { claims, header: json!({}), key: "rs", answer: Vec::new() }
    }
}

/// The provider.
#[derive(Clone, Debug)]
pub struct Provider {
    /// The server, with every request it got.
    pub server: Server,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    keys: Value,
    signer: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
    visits: Mutex<HashMap<String, Visit>>,
    codes: Mutex<HashMap<String, Code>>,
    complaints: Mutex<Vec<String>>,
    count: AtomicU32,
    _process: Guarded,
}

#[derive(Clone, Debug)]
struct Code {
    visit: Visit,
    nonce: String,
    challenge: String,
    redirect_uri: String,
}

impl Provider {
    /// Starts it.
    pub fn start() -> Self {
        let mut command = program("node");
        command.arg(workspace().join("tests/contract/src/fake/signer.mjs"));
        let (process, input, output) = Guarded::start_conversation(command);
        let mut output = BufReader::new(output);
        let mut keys = String::new();
        output.read_line(&mut keys).expect("the keys");
        note_secret(SECRET);
        let state = Arc::new(State {
            keys: serde_json::from_str(&keys).expect("keys"),
            signer: Mutex::new((input, output)),
            visits: Mutex::default(),
            codes: Mutex::default(),
            complaints: Mutex::default(),
            count: AtomicU32::default(),
            _process: process,
        });
        let known = state.clone();
        let server = Server::start(move |request| match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/.well-known/openid-configuration") => describe(request),
            ("GET", "/jwks") => known.published(),
            ("GET", "/authorize") => known.authorize(request).unwrap_or_else(|why| known.complain(why)),
            ("POST", "/token") => known.token(request).unwrap_or_else(|why| known.complain(why)),
            _ => Reply::empty(404),
        });
        Self { server, state }
    }

    /// Its issuer.
    pub fn issuer(&self) -> String {
        self.server.url("")
    }

    /// Says how the sign-in goes of the browser that will come with this `state`.
    pub fn expect(&self, state: &str, visit: Visit) {
        lock(&self.state.visits).insert(state.to_owned(), visit);
    }

    /// A token signed with a key of `signer.mjs`.
    pub fn sign(&self, key: &str, header: &Value, claims: &Value) -> String {
        self.state.sign(key, header, claims)
    }

    /// Everything that was wrong with what it was asked.
    pub fn complaints(&self) -> Vec<String> {
        lock(&self.state.complaints).clone()
    }
}

/// Seconds since 1970.
pub fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a clock").as_secs()
}

/// The members of `own` with those of `changes` in their place; `null` takes one away.
pub fn changed(mut own: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().into_iter().flatten() {
        own[name] = value.clone();
    }
    own.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
    own
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn issuer(request: &Request) -> String {
    format!("http://{}", request.header("host").unwrap_or_default())
}

fn describe(request: &Request) -> Reply {
    let issuer = issuer(request);
    let at = |path: &str| format!("{issuer}{path}");
    Reply::json(
        200,
        &json!({
            "issuer": issuer, "authorization_endpoint": at("/authorize"), "token_endpoint": at("/token"),
            "userinfo_endpoint": at("/userinfo"), "jwks_uri": at("/jwks"), "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256", "EdDSA"],
            "scopes_supported": ["openid", "profile", "email"], "claims_supported": ["sub", "preferred_username"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "authorization_response_iss_parameter_supported": true
        }),
    )
}

impl State {
    fn complain(&self, why: String) -> Reply {
        lock(&self.complaints).push(why);
        Reply::json(400, &json!({"error": "invalid_request"}))
    }

    /// The public keys, among them one that signs nothing.
    fn published(&self) -> Reply {
        let key = |name: &str| changed(self.keys[name].clone(), &json!({"kid": name, "use": "sig"}));
        let mut keys: Vec<Value> = ["rs", "es", "ed"].map(key).into();
        keys.push(changed(key("rs"), &json!({"kid": "other", "use": "enc", "alg": "RSA-OAEP"})));
        Reply::json(200, &json!({"keys": keys}))
    }

    fn authorize(&self, request: &Request) -> Result<Reply, String> {
        let find = |name: &str| request.query(name).map(str::to_owned).ok_or(format!("{name} is missing"));
        let fixed = [("response_type", "code"), ("client_id", CLIENT), ("code_challenge_method", "S256")];
        for (name, value) in fixed {
            if find(name)? != value {
                return Err(format!("{name} is not {value}"));
            }
        }
        if !find("scope")?.split(' ').any(|scope| scope == "openid") {
            return Err("no openid".into());
        }
        let (state, redirect_uri) = (find("state")?, find("redirect_uri")?);
        let visit = lock(&self.visits).remove(&state).ok_or("nobody is expected with this state")?;
        let code = format!("code-{}", self.count.fetch_add(1, Ordering::SeqCst));
        let kept = Code {
            visit: visit.clone(),
            nonce: find("nonce")?,
            challenge: find("code_challenge")?,
            redirect_uri: redirect_uri.clone(),
        };
        lock(&self.codes).insert(code.clone(), kept);
        let issuer = issuer(request);
        let own = [("code", code.as_str()), ("state", &state), ("iss", &issuer)];
        let changes: Vec<(&str, &str)> = visit.answer.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let location = format!("{redirect_uri}?{}", crate::oauth::query(&own, &changes));
        Ok(Reply::empty(302).with("Location", &location))
    }

    fn token(&self, request: &Request) -> Result<Reply, String> {
        let encoded = |text: &str| crate::oauth::query(&[("", text)], &[]).trim_start_matches('=').to_owned();
        let basic = Base64::encode_string(format!("{}:{}", encoded(CLIENT), encoded(SECRET)).as_bytes());
        if request.header("authorization") != Some(&format!("Basic {basic}")) {
            return Err("the client did not authenticate".into());
        }
        let form: HashMap<String, String> = {
            let text = String::from_utf8_lossy(&request.body).into_owned();
            let url: reqwest::Url = format!("http://x/?{text}").parse().map_err(|error| format!("{error}"))?;
            url.query_pairs().into_owned().collect()
        };
        let find = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        let code = lock(&self.codes).remove(find("code")).ok_or("an unknown code, or one for the second time")?;
        let good = find("grant_type") == "authorization_code"
            && find("redirect_uri") == code.redirect_uri
            && challenge(find("code_verifier")) == code.challenge;
        if !good {
            return Err(format!("a code without what belongs to it: {:?}", form.keys()));
        }
        let header = changed(json!({"alg": "RS256", "typ": "JWT", "kid": code.visit.key}), &code.visit.header);
        let own = json!({
            "iss": issuer(request), "aud": CLIENT, "iat": now(), "exp": now() + 300, "nonce": code.nonce,
            "auth_time": now() - 5, "amr": ["pwd"]
        });
        let id_token = self.sign(code.visit.key, &header, &changed(own, &code.visit.claims));
        note_secret(&id_token);
        let answer = json!({"access_token": "opaque", "token_type": "Bearer", "expires_in": 300, "id_token": id_token});
        Ok(Reply::json(200, &answer).with("Cache-Control", "no-store"))
    }

    fn sign(&self, key: &str, header: &Value, claims: &Value) -> String {
        let text = |value: &Value| encode(value.to_string().as_bytes());
        let input = format!("{}.{}", text(header), text(claims));
        let mut signer = lock(&self.signer);
        let order = Value::Object(Map::from_iter([("key".into(), key.into()), ("input".into(), input.clone().into())]));
        signer.0.write_all(format!("{order}\n").as_bytes()).expect("the signer listens");
        let mut signature = String::new();
        signer.1.read_line(&mut signature).expect("a signature");
        format!("{input}.{}", signature.trim_end())
    }
}
