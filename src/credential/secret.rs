//! What an administrator or a user gives the gateway to be shown to an upstream. It is stored sealed and never given back.

use crate::outbound::{HeaderValue, OutboundUrl, Reach, RefusedUrl};
use crate::secret::SecretText;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

/// Longest token, value, password or client secret, in bytes.
pub const LONGEST_SECRET: usize = 8 * 1024;
/// Longest name of a header or parameter, user name, client id, scope or URL, in bytes.
pub const LONGEST_TEXT: usize = 2048;

/// Header fields that belong to the connection, to the message, or to the gateway's own part of it: a credential that sets
/// one could change what is asked, or whom it seems to come from.
const FORBIDDEN: [&str; 20] = [
    "accept",
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "last-event-id",
    "origin",
    "referer",
    "te",
    "trailer",
    "transfer-encoding",
    "true-client-ip",
    "upgrade",
    "via",
];
const FORBIDDEN_BEGINNINGS: [&str; 6] = ["cf-", "mcp-", "proxy-", "sec-", "x-forwarded-", "x-real-"];

/// A credential of one of the kinds there are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum Secret {
    /// A bearer token (RFC 6750).
    Bearer(Bearer),
    /// A header field of that name.
    Header(Pair),
    /// A query parameter of that name.
    Query(Pair),
    /// User and password (RFC 7617).
    Basic(Basic),
    /// An OAuth client of the gateway's own, for access tokens without a person (RFC 6749 section 4.4).
    ClientCredentials(Client),
    /// An OAuth client through which each user connects an account of its own.
    Connection(Connection),
}

/// A bearer token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Bearer {
    /// The token, without `Bearer`.
    #[serde(with = "text")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "String"))]
    pub token: SecretText,
}

/// A name and a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Pair {
    /// The name of the header field or query parameter.
    pub name: String,
    /// Its value.
    #[serde(with = "text")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "String"))]
    pub value: SecretText,
}

/// A user and its password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Basic {
    /// The user; without a colon.
    pub user: String,
    /// The password.
    #[serde(with = "text")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "String"))]
    pub password: SecretText,
}

/// How a client says who it is at the token endpoint (RFC 6749 section 2.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum Authentication {
    /// In the `Authorization` header.
    #[default]
    ClientSecretBasic,
    /// In the form.
    ClientSecretPost,
}

/// An OAuth client that the gateway is at another authorization server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Client {
    /// Where tokens are fetched. For a connection it may be left out where `issuer` says who to ask.
    #[serde(default)]
    pub token_endpoint: String,
    /// The client's id there.
    pub client_id: String,
    /// Its secret; a connection's client may have none.
    #[serde(default, with = "maybe_text", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<String>"))]
    pub client_secret: Option<SecretText>,
    /// How it says who it is; by `client_secret_basic` when nothing is said.
    #[serde(default)]
    pub authentication: Authentication,
    /// The scope asked for, as the server writes it.
    pub scope: Option<String>,
    /// The resource asked for (RFC 8707); the upstream's own URL for a connection when nothing is said.
    pub resource: Option<String>,
    /// The audience asked for, at servers that want one instead of a resource.
    pub audience: Option<String>,
}

/// An OAuth client for connections of users: authorization code with S256, state and resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Connection {
    /// The authorization server's identifier. Where an endpoint is left out, its metadata is read once (RFC 8414).
    pub issuer: Option<String>,
    /// Where a user is sent.
    #[serde(default)]
    pub authorization_endpoint: String,
    /// Whether every answer through the browser must name the issuer (RFC 9207).
    #[serde(default)]
    pub names_issuer: bool,
    /// The client.
    pub client: Client,
}

/// What is wrong with a secret. No variant carries any of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSecret {
    /// A value that is empty, too long, or that a header cannot carry.
    #[error("a secret has 1 to 8192 bytes, and for a header visible ASCII only")]
    Value,
    /// A name that is none, or too long.
    #[error("a name has 1 to 64 characters of a header or parameter name, and a text 2048 bytes at most")]
    Name,
    /// A header field that is not a credential's to set.
    #[error("that header field belongs to the connection or to the gateway")]
    Forbidden,
    /// A user name that cannot be told from its password.
    #[error("a user name has no colon and no control characters")]
    User,
    /// An endpoint that may not be asked.
    #[error("an endpoint is refused: {0}")]
    Endpoint(#[from] RefusedUrl),
    /// A client without a secret has nothing to show.
    #[error("client credentials have a client_secret")]
    NoClientSecret,
    /// A resource that is not an absolute URI.
    #[error("a resource is an absolute URI without a fragment")]
    Resource,
    /// Neither endpoints nor an issuer.
    #[error("a connection has an issuer, or authorization_endpoint and client.token_endpoint")]
    NoEndpoint,
    /// A connection is a tenant's: each user connects through it.
    #[error("a connection is made for everybody, and each user connects an account of its own")]
    OfOneUser,
}

impl Secret {
    /// The name of its kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Bearer(_) => "bearer",
            Self::Header(_) => "header",
            Self::Query(_) => "query",
            Self::Basic(_) => "basic",
            Self::ClientCredentials(_) => "client_credentials",
            Self::Connection(_) => "connection",
        }
    }

    /// Whether it can be used, as far as that can be said without asking anybody.
    pub fn check(&self, reach: Reach) -> Result<(), InvalidSecret> {
        match self {
            Self::Bearer(bearer) => header_value(&bearer.token),
            Self::Header(pair) => header_name(&pair.name).and_then(|()| header_value(&pair.value)),
            Self::Query(pair) => parameter_name(&pair.name).and_then(|()| value(&pair.value)),
            Self::Basic(basic) => {
                let plain = basic.user.chars().all(|c| c != ':' && !c.is_control());
                let fits = plain && basic.user.len() <= LONGEST_TEXT && no_controls(&basic.password);
                value(&basic.password)?;
                if fits { Ok(()) } else { Err(InvalidSecret::User) }
            }
            Self::ClientCredentials(client) => {
                client.client_secret.as_ref().ok_or(InvalidSecret::NoClientSecret)?;
                client.check(reach)
            }
            Self::Connection(connection) => connection.check(reach),
        }
    }

    /// The same for an upstream at that URL: a connection asks for a token of that resource where none is named (RFC 8707
    /// section 2).
    #[must_use]
    pub fn towards(self, url: &str) -> Self {
        match self {
            Self::Connection(mut connection) => {
                connection.client.resource.get_or_insert_with(|| url.to_owned());
                Self::Connection(connection)
            }
            other => other,
        }
    }

    /// What may be shown of it: names, addresses and ids, and nothing that proves anything.
    pub fn shown(&self) -> Map<String, Value> {
        let mut shown = Map::new();
        let mut show = |name: &str, value: Option<&str>| {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                shown.insert(name.to_owned(), value.into());
            }
        };
        let client = match self {
            Self::Bearer(_) => None,
            Self::Header(pair) | Self::Query(pair) => {
                show("name", Some(&pair.name));
                None
            }
            Self::Basic(basic) => {
                show("user", Some(&basic.user));
                None
            }
            Self::ClientCredentials(client) => Some(client),
            Self::Connection(connection) => {
                show("issuer", connection.issuer.as_deref());
                show("authorization_endpoint", Some(&connection.authorization_endpoint));
                Some(&connection.client)
            }
        };
        if let Some(client) = client {
            show("token_endpoint", Some(&client.token_endpoint));
            show("client_id", Some(&client.client_id));
            show("scope", client.scope.as_deref());
            show("resource", client.resource.as_deref());
            show("audience", client.audience.as_deref());
        }
        shown
    }
}

impl Client {
    fn check(&self, reach: Reach) -> Result<(), InvalidSecret> {
        OutboundUrl::parse(&self.token_endpoint, reach)?;
        self.client_secret.as_ref().map_or(Ok(()), value)?;
        let id = !self.client_id.is_empty() && self.client_id.len() <= LONGEST_TEXT;
        let texts = [&self.scope, &self.audience, &self.resource];
        if !id || texts.into_iter().flatten().any(|text| text.len() > LONGEST_TEXT) {
            return Err(InvalidSecret::Name);
        }
        if self.resource.as_deref().is_some_and(|resource| !is_resource(resource)) {
            return Err(InvalidSecret::Resource);
        }
        Ok(())
    }
}

impl Connection {
    /// Whether its issuer must be asked for endpoints before it can be used.
    pub fn is_incomplete(&self) -> bool {
        self.authorization_endpoint.is_empty() || self.client.token_endpoint.is_empty()
    }

    fn check(&self, reach: Reach) -> Result<(), InvalidSecret> {
        if self.is_incomplete() {
            return Err(InvalidSecret::NoEndpoint);
        }
        if let Some(issuer) = &self.issuer {
            OutboundUrl::parse(issuer, reach)?;
        }
        OutboundUrl::parse(&self.authorization_endpoint, reach)?;
        self.client.check(reach)
    }
}

/// An absolute URI without a fragment (RFC 8707 section 2).
fn is_resource(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| url.fragment().is_none())
}

fn value(secret: &SecretText) -> Result<(), InvalidSecret> {
    if (1..=LONGEST_SECRET).contains(&secret.expose().len()) { Ok(()) } else { Err(InvalidSecret::Value) }
}

fn header_value(secret: &SecretText) -> Result<(), InvalidSecret> {
    value(secret)?;
    HeaderValue::parse(secret.expose()).map(drop).map_err(|_| InvalidSecret::Value)
}

fn no_controls(secret: &SecretText) -> bool {
    !secret.expose().chars().any(char::is_control)
}

/// A token of RFC 9110 section 5.6.2.
fn header_name(name: &str) -> Result<(), InvalidSecret> {
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if !(1..=64).contains(&name.len()) || !name.bytes().all(token) {
        return Err(InvalidSecret::Name);
    }
    let lower = name.to_ascii_lowercase();
    let forbidden =
        FORBIDDEN.contains(&lower.as_str()) || FORBIDDEN_BEGINNINGS.iter().any(|begin| lower.starts_with(begin));
    if forbidden { Err(InvalidSecret::Forbidden) } else { Ok(()) }
}

fn parameter_name(name: &str) -> Result<(), InvalidSecret> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~[]".contains(&b);
    if (1..=64).contains(&name.len()) && name.bytes().all(plain) { Ok(()) } else { Err(InvalidSecret::Name) }
}

/// A secret text as JSON: only what is sealed next may be written so.
pub(crate) mod text {
    use crate::secret::SecretText;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(secret: &SecretText, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(secret.expose())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretText, D::Error> {
        String::deserialize(deserializer).map(SecretText::new)
    }
}

/// The same for one that may be absent.
pub(crate) mod maybe_text {
    use crate::secret::SecretText;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[allow(clippy::ref_option, reason = "serde hands the field over so")]
    pub fn serialize<S: Serializer>(secret: &Option<SecretText>, serializer: S) -> Result<S::Ok, S::Error> {
        secret.as_ref().map(SecretText::expose).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretText>, D::Error> {
        Option::<String>::deserialize(deserializer).map(|text| text.map(SecretText::new))
    }
}

#[cfg(test)]
#[path = "secret_tests.rs"]
mod tests;
