//! The bodies of the REST routes.

use crate::account::role::Role;
use crate::api::problem::Problem;
use crate::entropy::stamp::Stamp;
use crate::json::{self, REQUEST_CAPS};
use crate::secret::SecretText;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

const JSON: &str = "application/json";

/// Body of `POST /auth/login`.
#[derive(Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    /// Login name.
    pub username: String,
    /// Password, at most 512 bytes.
    #[serde(deserialize_with = "secret")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "String", length(max = 512), extend("format" = "password")))]
    pub password: SecretText,
    /// The code of the second factor, where the account has one: six digits.
    #[serde(default, deserialize_with = "maybe_secret")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<String>"))]
    pub code: Option<SecretText>,
    /// What the access token is to be used for; `tools:call tools:read` when nothing is said.
    pub scope: Option<String>,
}

/// Body of `POST /auth/refresh`.
#[derive(Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RefreshRequest {
    /// The refresh token, used once.
    #[serde(deserialize_with = "secret")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "String"))]
    pub refresh_token: SecretText,
}

/// Answer of `POST /auth/login`, `POST /auth/refresh` and `POST /oauth/token` (RFC 6749 section 5.1).
#[derive(Debug, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct TokenResponse {
    /// JWT for the `Authorization: Bearer` header.
    pub access_token: String,
    /// Opaque token for the next pair; absent where an OAuth client may not refresh.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// `bearer`
    #[cfg_attr(not(target_arch = "wasm32"), schemars(extend("const" = "bearer")))]
    pub token_type: &'static str,
    /// Life of the access token in seconds.
    pub expires_in: u64,
    /// What the access token may be used for.
    pub scope: String,
    /// What kind of token it is, in the answer to a token exchange (RFC 8693 section 2.2.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_token_type: Option<&'static str>,
}

/// Answer of `GET /auth/me`.
#[derive(Debug, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct MeResponse {
    /// The user's id.
    pub sub: String,
    /// The login name.
    pub username: String,
    /// The user's tenant.
    pub tenant: String,
    /// What the user may do for its tenant.
    pub role: Role,
    /// What the access token or API key may be used for.
    pub scope: String,
    /// The session; none of an API key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The API key's id, where one was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// When the access token or API key expires, seconds since 1970; none of a key that does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<u64>,
    /// What may be said about the randomness of the access token: the `ent` claim it carries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entropy: Option<Stamp>,
}

/// Answer of `GET /mcp/tools`.
#[derive(Debug, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct ToolList {
    /// The tools, sorted by name.
    pub tools: Vec<ToolSummary>,
    /// Upstreams whose tools are missing or older than they should be, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub degraded: Vec<String>,
}

/// One tool in the plain REST list.
#[derive(Debug, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct ToolSummary {
    /// The name to call it by.
    pub name: String,
    /// What it does.
    pub description: String,
    /// JSON Schema of its arguments.
    pub parameters: Map<String, Value>,
}

/// Body of `POST /mcp/execute`.
#[derive(Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ExecuteRequest {
    /// The tool's name.
    pub tool: String,
    /// Its arguments; none is the same as `{}`.
    #[serde(default)]
    pub arguments: Map<String, Value>,
}

/// Answer of `POST /mcp/execute`.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct ExecuteResponse {
    /// Whether the tool did what it was asked; when not, `result` says why.
    pub success: bool,
    /// Structured content where the tool has it, else its content blocks.
    pub result: Value,
}

/// Parses a body strictly: `application/json`, one document, no duplicate, no unknown member.
pub fn parse<T: DeserializeOwned>(content_type: Option<&str>, bytes: &[u8]) -> Result<T, Problem> {
    demand_type(content_type, JSON)?;
    let value = json::parse_object(bytes, REQUEST_CAPS).map_err(Problem::Json)?;
    serde_json::from_value(value).map_err(|error| Problem::InvalidBody(without_values(&error.to_string())))
}

/// Refuses a body unless its content type is this media type, with `charset=utf-8` or without parameters: neither JSON
/// (RFC 8259 section 11) nor a form has others.
pub fn demand_type(content_type: Option<&str>, takes: &'static str) -> Result<(), Problem> {
    let mut parts = content_type.unwrap_or_default().split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let utf8 =
        |parameter: &str| matches!(parameter.to_ascii_lowercase().as_str(), "charset=utf-8" | "charset=\"utf-8\"");
    if essence.eq_ignore_ascii_case(takes) && parts.all(utf8) {
        Ok(())
    } else {
        Err(Problem::UnsupportedMediaType { takes })
    }
}

/// serde's messages quote a value of the wrong type, which may be a password; the words before it are enough.
fn without_values(message: &str) -> String {
    if message.starts_with("invalid type") || message.starts_with("invalid value") {
        let expected = message.rsplit_once("expected ").map_or("another type", |(_, expected)| expected);
        format!("a member has the wrong type: expected {expected}")
    } else {
        message.chars().take(200).collect()
    }
}

fn maybe_secret<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<SecretText>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(SecretText::new))
}

fn secret<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<SecretText, D::Error> {
    String::deserialize(deserializer).map(SecretText::new)
}

#[cfg(test)]
mod tests {
    use super::{ExecuteRequest, LoginRequest, demand_type, parse};
    use crate::api::problem::Problem;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const JSON: Option<&str> = Some(super::JSON);

    fn login(body: &str) -> Result<LoginRequest, Problem> {
        parse(JSON, body.as_bytes())
    }

    #[test]
    fn a_login_is_read() {
        let request = login(r#"{"username":"ada","password":"hunter2hunter2"}"#).unwrap();
        assert_eq!((request.username.as_str(), request.password.expose()), ("ada", "hunter2hunter2"));
        assert!(!format!("{request:?}").contains("hunter2"));
    }

    #[test]
    fn a_wrong_body_is_refused_and_its_values_are_not_repeated() {
        for body in [
            "{}",
            r#"{"username":"ada"}"#,
            r#"{"username":"ada","password":123456}"#,
            r#"{"username":"ada","password":"SECRET","role":"admin"}"#,
            r#"{"username":["SECRET"],"password":"x"}"#,
            r#"{"username":{"SECRET":1},"password":"x"}"#,
        ] {
            let Err(Problem::InvalidBody(text)) = login(body) else { panic!("{body}") };
            assert!(!text.contains("SECRET") && !text.contains("123456"), "{text}");
        }
        for body in
            ["[]", "null", r#""SECRET""#, r#"["ada","SECRET"]"#, r#"{"username":"a","username":"b","password":"x"}"#]
        {
            assert!(matches!(login(body), Err(Problem::Json(_))), "{body}");
        }
    }

    #[test]
    fn arguments_may_be_absent_but_not_null() {
        assert!(parse::<ExecuteRequest>(JSON, br#"{"tool":"t"}"#).unwrap().arguments.is_empty());
        assert!(parse::<ExecuteRequest>(JSON, br#"{"tool":"t","arguments":null}"#).is_err());
    }

    #[test]
    fn only_json_is_json() {
        let is_json = |content_type| demand_type(content_type, super::JSON).is_ok();
        for good in ["application/json", "Application/JSON; charset=UTF-8", "application/json;charset=\"utf-8\""] {
            assert!(is_json(Some(good)), "{good}");
        }
        for bad in
            ["text/json", "application/json2", "application/json; charset=latin1", "", "application/json, text/html"]
        {
            assert!(!is_json(Some(bad)), "{bad}");
        }
        assert!(!is_json(None));
    }
}
