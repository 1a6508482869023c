//! How clients describe themselves: in a registration request (RFC 7591), or in a document at their id
//! (draft-ietf-oauth-client-id-metadata-document).

use crate::oauth::client::{
    Authentication, Client, Grants, Known, PASSWORD_CLIENT, SecretMethod, hash_secret, shown_name,
};
use crate::oauth::console::CONSOLE_CLIENT;
use crate::oauth::error::{Code, OAuthError};
use crate::oauth::key::Jwks;
use crate::oauth::redirect::RedirectUri;
use crate::secret::SecretText;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Most redirect URIs of one client.
const MAX_REDIRECTS: usize = 10;
/// Starts every client's secret, so that secret scanners find a leaked one.
pub const SECRET_PREFIX: &str = "mgk_";
/// Starts the id of every client that registered itself.
pub const ID_PREFIX: &str = "dyn_";

/// Whether an operator may register a client of that id: 1 to 64 characters of `A-Z a-z 0-9 - _`, and neither one that
/// clients which register themselves are given nor the gateway's own.
pub fn is_operators_id(id: &str) -> bool {
    let letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    let own = id.starts_with(ID_PREFIX) || [PASSWORD_CLIENT, CONSOLE_CLIENT].contains(&id);
    (1..=64).contains(&id.len()) && id.bytes().all(letter) && !own
}

/// What a client says of itself. Members that are not named here are ignored (RFC 7591 section 2).
#[derive(Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Description {
    /// Where answers may go: `https`, `http` on a loopback host, or a scheme the operator allows. 1 to 10.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// What people are shown; cut to 80 characters.
    pub client_name: Option<String>,
    /// `none`, `client_secret_basic` (the default), `client_secret_post` or `private_key_jwt`.
    pub token_endpoint_auth_method: Option<String>,
    /// Any of `authorization_code` (the default) and `refresh_token`; others are left out.
    pub grant_types: Option<Vec<String>>,
    /// `code` alone.
    pub response_types: Option<Vec<String>>,
    /// Its keys, for `private_key_jwt`.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<serde_json::Value>"))]
    pub jwks: Option<Jwks>,
}

/// Answer to a registration (RFC 7591 section 3.2.1).
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Registered {
    /// The id.
    pub client_id: String,
    /// When, seconds since 1970.
    pub client_id_issued_at: u64,
    /// The secret, shown this once; for clients that have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    /// `0`: the secret has no end of its own, it lives as long as the registration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret_expires_at: Option<u64>,
    /// What people are shown.
    pub client_name: String,
    /// Where answers may go.
    pub redirect_uris: Vec<String>,
    /// The grants it may use.
    pub grant_types: Vec<&'static str>,
    /// `code`
    pub response_types: [&'static str; 1],
    /// How it proves who it is.
    pub token_endpoint_auth_method: &'static str,
}

/// Fresh random text for a client that registers itself.
#[derive(Debug)]
pub struct Drawn {
    /// 16 random bytes in base64url, for its id.
    pub id: String,
    /// 32 random bytes in base64url, for its secret.
    pub secret: SecretText,
}

/// How a client that describes itself wants to prove who it is, before a secret is made.
enum Method {
    Nothing,
    Secret(SecretMethod),
    Key(Jwks),
}

impl Description {
    /// Reads a parsed JSON object.
    pub fn read(object: Value) -> Result<Self, OAuthError> {
        serde_json::from_value(object).map_err(|_| Code::InvalidClientMetadata.because("a member has the wrong type"))
    }

    /// The client of a registration request, with its secret if it has one.
    pub fn register(self, drawn: &Drawn, schemes: &[String]) -> Result<(Client, Option<SecretText>), OAuthError> {
        let id = format!("{ID_PREFIX}{}", drawn.id);
        let secret = SecretText::new(format!("{SECRET_PREFIX}{}", drawn.secret.expose()));
        let (authentication, told) = match self.method("client_secret_basic")? {
            Method::Nothing => (Authentication::Nothing, None),
            Method::Key(keys) => (Authentication::Key(keys), None),
            Method::Secret(method) => {
                (Authentication::Secret { method, hash: hash_secret(secret.expose()) }, Some(secret))
            }
        };
        let client = self.client(id, Known::Itself, authentication, schemes)?;
        Ok((client, told))
    }

    /// The client of a document at `id`, which is a URL on `host`: its `client_id` must be that very text, and it can have
    /// no secret that others share (sections 4.1 and 6.2 of the draft).
    pub fn document(object: Value, id: &str, host: &str, schemes: &[String]) -> Result<Client, OAuthError> {
        let refused = |words| Err(Code::InvalidClientMetadata.because(words));
        if object.get("client_id").and_then(Value::as_str) != Some(id) {
            return refused("client_id in the document is not the document's address");
        }
        if object.as_object().is_some_and(|members| members.keys().any(|name| name.starts_with("client_secret"))) {
            return refused("a client's document holds no secret");
        }
        let described = Self::read(object)?;
        if described.client_name.is_none() {
            return refused("client_name is missing");
        }
        let authentication = match described.method("none")? {
            Method::Nothing => Authentication::Nothing,
            Method::Key(keys) => Authentication::Key(keys),
            Method::Secret(_) => return refused("a client with a document uses none or private_key_jwt"),
        };
        described.client(id.to_owned(), Known::Document { host: host.to_owned() }, authentication, schemes)
    }

    fn method(&self, default: &str) -> Result<Method, OAuthError> {
        match self.token_endpoint_auth_method.as_deref().unwrap_or(default) {
            "none" => Ok(Method::Nothing),
            "client_secret_basic" => Ok(Method::Secret(SecretMethod::Basic)),
            "client_secret_post" => Ok(Method::Secret(SecretMethod::Post)),
            "private_key_jwt" => match self.jwks.clone().and_then(Jwks::checked) {
                Some(keys) => Ok(Method::Key(keys)),
                None => Err(Code::InvalidClientMetadata.because("private_key_jwt needs jwks: 1 to 10 public keys")),
            },
            _ => Err(Code::InvalidClientMetadata.because("unknown token_endpoint_auth_method")),
        }
    }

    fn client(
        self,
        id: String,
        known: Known,
        authentication: Authentication,
        schemes: &[String],
    ) -> Result<Client, OAuthError> {
        if !(1..=MAX_REDIRECTS).contains(&self.redirect_uris.len()) {
            return Err(Code::InvalidRedirectUri.because("1 to 10 redirect_uris are needed"));
        }
        let parse = |uri: &String| RedirectUri::parse(uri, schemes);
        let redirect_uris = self.redirect_uris.iter().map(parse).collect::<Result<_, _>>().map_err(|_| {
            Code::InvalidRedirectUri.because(
                "a redirect URI is https, http on a loopback host, or of a scheme the operator allows, without user name and fragment",
            )
        })?;
        if self.response_types.as_deref().is_some_and(|types| types != ["code"]) {
            return Err(Code::InvalidClientMetadata.because("response_types is code alone"));
        }
        let asked = self.grant_types.unwrap_or_else(|| vec!["authorization_code".to_owned()]);
        let mut grants = Grants::from_names(asked.iter().map(String::as_str));
        // Whoever nobody vouches for acts for people who agreed, never for itself.
        grants.client_credentials = false;
        grants.exchange = false;
        // Whom an assertion names has agreed elsewhere, so the client must be the one it was given to: its key is its
        // document's.
        grants.assertion &= matches!((&known, &authentication), (Known::Document { .. }, Authentication::Key(_)));
        if !grants.code {
            return Err(Code::InvalidClientMetadata.because("grant_types must have authorization_code"));
        }
        let name = shown_name(self.client_name.as_deref(), &id);
        Ok(Client { id, name, known, redirect_uris, authentication, grants })
    }
}

impl Registered {
    /// What a client is told that registered itself.
    pub fn tell(client: &Client, secret: Option<&SecretText>, now: Timestamp) -> Self {
        Self {
            client_id: client.id.clone(),
            client_id_issued_at: now.seconds(),
            client_secret: secret.map(|secret| secret.expose().to_owned()),
            client_secret_expires_at: secret.map(|_| 0),
            client_name: client.name.clone(),
            redirect_uris: client.redirect_uris.iter().map(|uri| uri.as_str().to_owned()).collect(),
            grant_types: client.grants.names(),
            response_types: ["code"],
            token_endpoint_auth_method: client.authentication.method(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Description, Drawn, PASSWORD_CLIENT, Registered, is_operators_id};
    use crate::oauth::client::{Authentication, Client, JWT_BEARER, Known, TOKEN_EXCHANGE};
    use crate::oauth::error::{Code, OAuthError};
    use crate::secret::SecretText;
    use crate::time::Timestamp;
    use serde_json::{Value, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn register(body: Value) -> Result<(Client, Option<SecretText>), OAuthError> {
        let drawn = Drawn { id: "abc".into(), secret: SecretText::new("xyz") };
        Description::read(body)?.register(&drawn, &[])
    }

    fn document(body: Value) -> Result<Client, OAuthError> {
        Description::document(body, "https://app.example/client.json", "app.example", &[])
    }

    #[test]
    fn a_client_registers_itself_and_is_told_its_secret_once() {
        let (client, secret) =
            register(json!({"redirect_uris": ["http://localhost/cb"], "client_name": "App", "logo_uri": 1})).unwrap();
        let told = Registered::tell(&client, secret.as_ref(), Timestamp::from_seconds(1));
        assert_eq!(
            serde_json::to_value(told).unwrap(),
            json!({
                "client_id": "dyn_abc", "client_id_issued_at": 1, "client_secret": "mgk_xyz",
                "client_secret_expires_at": 0, "client_name": "App", "redirect_uris": ["http://localhost/cb"],
                "grant_types": ["authorization_code"], "response_types": ["code"],
                "token_endpoint_auth_method": "client_secret_basic"
            })
        );
    }

    #[test]
    fn an_operators_client_has_an_id_of_its_own_kind() {
        assert!(is_operators_id("build-robot_1"));
        for id in ["", PASSWORD_CLIENT, "dyn_x", "a b", "https://app.example/", &"x".repeat(65)] {
            assert!(!is_operators_id(id), "{id}");
        }
    }

    #[test]
    fn a_public_client_has_no_secret_and_nobody_acts_for_itself() {
        let (client, secret) = register(json!({
            "redirect_uris": ["https://app.example/cb"], "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code", "refresh_token", "client_credentials", "implicit", JWT_BEARER, TOKEN_EXCHANGE]
        }))
        .unwrap();
        assert!(secret.is_none() && client.authentication == Authentication::Nothing);
        assert_eq!(client.grants.names(), ["authorization_code", "refresh_token"]);
        assert_eq!(client.name, "dyn_abc");
    }

    #[test]
    fn only_a_client_with_a_document_and_a_key_may_bring_assertions() {
        let keys = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "AA"}]});
        let described = |method: &str| {
            json!({
                "client_id": "https://app.example/client.json", "client_name": "App", "redirect_uris": ["http://localhost/cb"],
                "token_endpoint_auth_method": method, "jwks": keys, "grant_types": ["authorization_code", JWT_BEARER]
            })
        };
        assert!(document(described("private_key_jwt")).unwrap().grants.assertion);
        assert!(!document(described("none")).unwrap().grants.assertion);
        assert!(!register(described("private_key_jwt")).unwrap().0.grants.assertion);
        assert!(!register(described("client_secret_basic")).unwrap().0.grants.assertion);
    }

    #[test]
    fn what_may_not_be_registered_is_refused_with_its_code() {
        let code = |body: Value| register(body).unwrap_err().code;
        let uris = |uris: Value| json!({"redirect_uris": uris});
        assert_eq!(code(json!({})), Code::InvalidRedirectUri);
        assert_eq!(code(uris(json!(["http://evil.example/"]))), Code::InvalidRedirectUri);
        assert_eq!(code(uris(json!(["https://a.example/", "javascript:x"]))), Code::InvalidRedirectUri);
        assert_eq!(code(uris(json!(vec!["https://a.example/"; 11]))), Code::InvalidRedirectUri);
        assert_eq!(code(uris(json!("https://a.example/"))), Code::InvalidClientMetadata);
        for (name, value) in [
            ("token_endpoint_auth_method", json!("private_key_jwt")),
            ("token_endpoint_auth_method", json!("tls_client_auth")),
            ("response_types", json!(["token"])),
            ("grant_types", json!(["client_credentials"])),
            ("client_name", json!(7)),
        ] {
            assert_eq!(
                code(json!({"redirect_uris": ["https://a.example/"], name: value})),
                Code::InvalidClientMetadata,
                "{name}"
            );
        }
    }

    #[test]
    fn a_document_describes_the_client_whose_id_is_its_address() {
        let good = json!({
            "client_id": "https://app.example/client.json", "client_name": "App", "redirect_uris": ["http://localhost/cb"]
        });
        let client = document(good.clone()).unwrap();
        assert_eq!(client.known, Known::Document { host: "app.example".into() });
        assert_eq!(client.authentication, Authentication::Nothing);
        for (name, value) in [
            ("client_id", json!("https://app.example/client.json/")),
            ("client_id", Value::Null),
            ("client_name", Value::Null),
            ("client_secret", json!("x")),
            ("client_secret_expires_at", json!(0)),
            ("token_endpoint_auth_method", json!("client_secret_basic")),
            ("redirect_uris", json!([])),
        ] {
            let mut bad = good.clone();
            bad[name] = value;
            assert!(document(bad).is_err(), "{name}");
        }
    }
}
