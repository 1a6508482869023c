//! Access tokens of OAuth towards upstreams: which to use, when to fetch another, and what an answer means.
//!
//! | state | step |
//! |---|---|
//! | a token that is good for a while | use it |
//! | one that ends soon, or none, and a way to another | fetch it; the old one is used while it lasts, if the server is away |
//! | none, and no way to one but a person | that person must connect |

use crate::credential::applied::Bound;
use crate::credential::secret::{Authentication, Client, LONGEST_SECRET, maybe_text, text};
use crate::id::{UpstreamId, UserId};
use crate::json::{self, Caps};
use crate::outbound::{HeaderValue, Method, OutboundAnswer, OutboundFailure, OutboundRequest, OutboundUrl};
use crate::secret::SecretText;
use crate::time::{Lifetime, Timestamp};
use base64ct::{Base64, Encoding};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::form_urlencoded::{Serializer, byte_serialize};

/// How long a token endpoint may take.
const DEADLINE: Lifetime = Lifetime::from_seconds(10);
/// Longest answer of a token endpoint, in bytes.
const MAX_ANSWER: usize = 64 * 1024;
/// A token is renewed so long before it ends, or after half of its life where that is shorter.
const MARGIN: Lifetime = Lifetime::from_seconds(60);
/// How long a token is used whose server does not say (RFC 6749 section 5.1), where another can be had.
const ASSUMED_SECONDS: u64 = 3600;
/// Longest life that is believed: ten years.
const LONGEST_SECONDS: u64 = 315_360_000;

/// How a token is come by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// RFC 6749 section 4.4: whenever it is wanted.
    ClientCredentials,
    /// RFC 6749 section 4.1: a person connects, and refresh tokens do the rest.
    Connection,
}

/// An access token that an upstream is shown: whose, from where, and for which origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The upstream.
    pub upstream: UpstreamId,
    /// The credential that says how.
    pub credential: String,
    /// Whose token it is; none for everybody's.
    pub holder: Option<UserId>,
    /// The origin it may be shown to.
    pub origin: String,
    /// How it is come by.
    pub flow: Flow,
    /// The client that asks.
    pub client: Client,
    /// Where it asks.
    pub endpoint: OutboundUrl,
    /// Where a person connects, for a connection.
    pub page: String,
}

/// What was granted. It is stored sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// The access token.
    #[serde(with = "text")]
    pub access: SecretText,
    /// What another is fetched with.
    #[serde(default, with = "maybe_text", skip_serializing_if = "Option::is_none")]
    pub refresh: Option<SecretText>,
    /// When it came.
    pub got_at: Timestamp,
    /// When it ends; none for never.
    pub expires_at: Option<Timestamp>,
}

/// What to do for a token.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Use this one.
    Use(SecretText),
    /// Fetch one; `meanwhile` is still good.
    Fetch {
        /// The request to the token endpoint.
        request: OutboundRequest,
        /// The token there is, while it is good.
        meanwhile: Option<SecretText>,
    },
    /// A person must connect.
    ConnectAgain,
}

/// What came of asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Came {
    /// These, to be stored.
    Tokens(Tokens),
    /// What was shown is worth nothing any more: a person must connect.
    ConnectAgain,
    /// The client itself was refused.
    Refused,
    /// The server is away, or says something that is no answer.
    Away,
}

impl Grant {
    /// What to do, with what is stored.
    pub fn step(&self, tokens: Option<&Tokens>, now: Timestamp) -> Step {
        let good = tokens.filter(|tokens| tokens.expires_at.is_none_or(|end| now < end));
        if let Some(tokens) = good.filter(|tokens| !tokens.is_due(now)) {
            return Step::Use(tokens.access.clone());
        }
        let meanwhile = good.map(|tokens| tokens.access.clone());
        let refresh = tokens.and_then(|tokens| tokens.refresh.as_ref());
        let form = match (self.flow, refresh) {
            (Flow::ClientCredentials, _) => vec![("grant_type", "client_credentials")],
            (Flow::Connection, Some(refresh)) => {
                vec![("grant_type", "refresh_token"), ("refresh_token", refresh.expose())]
            }
            (Flow::Connection, None) => return meanwhile.map_or(Step::ConnectAgain, Step::Use),
        };
        Step::Fetch { request: self.request(&form), meanwhile }
    }

    /// The request that redeems a code of a person's way back (RFC 6749 section 4.1.3, RFC 7636 section 4.5).
    pub fn redeem(&self, code: &SecretText, verifier: &str, redirect_uri: &str) -> OutboundRequest {
        self.request(&[
            ("grant_type", "authorization_code"),
            ("code", code.expose()),
            ("redirect_uri", redirect_uri),
            ("code_verifier", verifier),
        ])
    }

    /// What an answer means. `before` is what was stored when it was asked for.
    pub fn on_answer(
        &self,
        answer: Result<OutboundAnswer, OutboundFailure>,
        before: Option<&Tokens>,
        now: Timestamp,
    ) -> Came {
        let Ok(answer) = answer else { return Came::Away };
        let Some(document) = object(&answer) else {
            return if (400..500).contains(&answer.status) && answer.status != 429 {
                self.refused("")
            } else {
                Came::Away
            };
        };
        match answer.status {
            200 => self.read(document, before, now).map_or(Came::Away, Came::Tokens),
            429 => Came::Away,
            400..=499 => self.refused(document.get("error").and_then(Value::as_str).unwrap_or_default()),
            _ => Came::Away,
        }
    }

    fn refused(&self, error: &str) -> Came {
        match (self.flow, error) {
            (Flow::Connection, "invalid_grant") => Came::ConnectAgain,
            _ => Came::Refused,
        }
    }

    /// RFC 6749 section 5.1, and nothing but bearer tokens (RFC 6750).
    fn read(&self, mut document: Map<String, Value>, before: Option<&Tokens>, now: Timestamp) -> Option<Tokens> {
        let mut token = |name: &str| match document.remove(name) {
            None | Some(Value::Null) => Some(None),
            Some(Value::String(text)) if (1..=LONGEST_SECRET).contains(&text.len()) => {
                Some(Some(SecretText::new(text)))
            }
            Some(_) => None,
        };
        let (access, refresh) = (token("access_token")??, token("refresh_token")?);
        // What a header cannot carry is no token.
        Bound::of_token(&access, "").ok()?;
        document.get("token_type")?.as_str().filter(|kind| kind.eq_ignore_ascii_case("bearer"))?;
        let refresh = refresh.or_else(|| before.and_then(|tokens| tokens.refresh.clone()));
        let refresh = refresh.filter(|_| self.flow == Flow::Connection);
        let renewable = refresh.is_some() || self.flow == Flow::ClientCredentials;
        let seconds = match document.get("expires_in") {
            None | Some(Value::Null) => renewable.then_some(ASSUMED_SECONDS),
            Some(seconds) => Some(seconds.as_u64()?.min(LONGEST_SECONDS)),
        };
        let expires_at = seconds.map(|seconds| now.plus(Lifetime::from_seconds(seconds)));
        Some(Tokens { access, refresh, got_at: now, expires_at })
    }

    fn request(&self, pairs: &[(&str, &str)]) -> OutboundRequest {
        let client = &self.client;
        let mut form = Serializer::new(String::new());
        form.extend_pairs(pairs);
        let resource = client.resource.as_deref();
        let more = [("scope", client.scope.as_deref()), ("audience", client.audience.as_deref())];
        // A code and a refresh token have their scope already (RFC 6749 section 6).
        let more = more.into_iter().filter(|_| self.flow == Flow::ClientCredentials).chain([("resource", resource)]);
        form.extend_pairs(more.filter_map(|(name, value)| Some((name, value?))));
        let mut headers = vec![
            ("accept".into(), HeaderValue::fixed("application/json")),
            ("content-type".into(), HeaderValue::fixed("application/x-www-form-urlencoded")),
        ];
        match (&client.client_secret, client.authentication) {
            (Some(secret), Authentication::ClientSecretBasic) => {
                headers.extend(basic(&client.client_id, secret).map(|value| ("authorization".into(), value)));
            }
            (Some(secret), Authentication::ClientSecretPost) => {
                form.append_pair("client_id", &client.client_id).append_pair("client_secret", secret.expose());
            }
            (None, _) => {
                form.append_pair("client_id", &client.client_id);
            }
        }
        OutboundRequest {
            method: Method::Post,
            url: self.endpoint.clone(),
            headers,
            body: Some(form.finish().into_bytes()),
            wanted: &[],
            deadline: DEADLINE,
            max_answer_bytes: MAX_ANSWER,
        }
    }
}

impl Tokens {
    /// Whether another should be fetched, though this one may still be good.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| {
            let half = Lifetime::from_millis(end.since(self.got_at).millis() / 2);
            now >= end.minus(MARGIN.min(half))
        })
    }

    /// The same, when the upstream itself does not take the access token any more: another is fetched at the next call.
    #[must_use]
    pub fn ended(self, now: Timestamp) -> Self {
        Self { expires_at: Some(now), ..self }
    }
}

/// Id and secret are form-encoded before they are joined (RFC 6749 section 2.3.1).
fn basic(id: &str, secret: &SecretText) -> Option<HeaderValue> {
    let encode = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let joined = Base64::encode_string(format!("{}:{}", encode(id), encode(secret.expose())).as_bytes());
    HeaderValue::parse(format!("Basic {joined}")).ok()
}

fn object(answer: &OutboundAnswer) -> Option<Map<String, Value>> {
    answer.media_type().filter(|kind| kind == "application/json")?;
    match json::parse_object(&answer.body, Caps { max_bytes: MAX_ANSWER, max_depth: 8 }).ok()? {
        Value::Object(members) => Some(members),
        _ => None,
    }
}

#[cfg(test)]
#[path = "grant_tests.rs"]
mod tests;
