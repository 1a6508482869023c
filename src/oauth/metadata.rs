//! What this gateway says of itself to whoever wants a token: the protected resource (RFC 9728) and the authorization
//! server (RFC 8414). Every address in it is made of the configured issuer, never of what a request says.

use crate::oauth::client::{JWT_BEARER, TOKEN_EXCHANGE};
use crate::scope::{ADMIN_READ, ADMIN_WRITE, TOOLS_CALL, TOOLS_READ};
use crate::token::audience::{Audience, is_server_name};
use serde::Serialize;

/// Where a protected resource is described (RFC 9728 section 3); the path of the resource goes behind it.
pub const PROTECTED_RESOURCE: &str = "/.well-known/oauth-protected-resource";
/// The path of the endpoint of everything.
const MCP: &str = "/mcp";
/// What a client of a resource asks for that knows nothing else: the scopes of administrators are asked for by name.
const SCOPES: [&str; 2] = [TOOLS_CALL, TOOLS_READ];
const ALL_SCOPES: [&str; 4] = [ADMIN_READ, ADMIN_WRITE, TOOLS_CALL, TOOLS_READ];
/// How a client presents itself to the token endpoint (RFC 7591 section 2, RFC 7523 section 2.2).
const CLIENT_METHODS: [&str; 4] = ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"];
/// The profile of identity assertions.
const ID_JAG: &str = "urn:ietf:params:oauth:grant-profile:id-jag";
/// How a client may sign an assertion.
const CLIENT_ALGORITHMS: [&str; 2] = ["ES256", "EdDSA"];

/// Metadata of a protected resource (RFC 9728 section 2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct ProtectedResource {
    /// The resource: what a client names as `resource` and a token carries as `aud`.
    pub resource: String,
    /// Who issues tokens for it: this gateway.
    pub authorization_servers: [String; 1],
    /// Where a token is looked for: the `Authorization` header alone.
    pub bearer_methods_supported: [&'static str; 1],
    /// What a token can be allowed.
    pub scopes_supported: [&'static str; 2],
    /// Its name, for people.
    pub resource_name: &'static str,
    /// Where it is explained, for developers.
    pub resource_documentation: String,
}

impl ProtectedResource {
    /// The description that stands at this path; none where no resource of this gateway can be meant. Every name that a
    /// virtual server can have is answered alike, so nobody learns which exist. Without a path of a resource it is that of
    /// everything.
    pub fn at(issuer: &str, path: &str) -> Option<Self> {
        let resource = match path.strip_prefix(PROTECTED_RESOURCE)? {
            "" => MCP,
            rest => rest,
        };
        Audience::parse(MCP, resource)?;
        Some(Self {
            resource: format!("{issuer}{resource}"),
            authorization_servers: [issuer.to_owned()],
            bearer_methods_supported: ["header"],
            scopes_supported: SCOPES,
            resource_name: "MCP Secure Gateway",
            resource_documentation: documentation(issuer),
        })
    }
}

/// Where the resource is described that a request was refused at (RFC 9728 section 5.1): the endpoint of a virtual server,
/// or, for every other route, that of everything.
pub fn description_of(issuer: &str, server: Option<&str>) -> String {
    match server.filter(|name| is_server_name(name)) {
        Some(name) => format!("{issuer}{PROTECTED_RESOURCE}{MCP}/{name}"),
        None => format!("{issuer}{PROTECTED_RESOURCE}{MCP}"),
    }
}

/// Metadata of the authorization server (RFC 8414 section 2, with RFC 9207, RFC 9728 section 4 and
/// draft-ietf-oauth-client-id-metadata-document).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct AuthorizationServer {
    /// The issuer, as it stands in `iss` of tokens and of authorization responses.
    pub issuer: String,
    /// Where a person is sent.
    pub authorization_endpoint: String,
    /// Where tokens are given.
    pub token_endpoint: String,
    /// Where clients register themselves (RFC 7591).
    pub registration_endpoint: String,
    /// Where tokens are given back (RFC 7009).
    pub revocation_endpoint: String,
    /// Where tokens are asked about (RFC 7662).
    pub introspection_endpoint: String,
    /// The public keys of access tokens.
    pub jwks_uri: String,
    /// What can be asked for.
    pub scopes_supported: [&'static str; 4],
    /// Codes alone: nothing is issued through a browser's address line.
    pub response_types_supported: [&'static str; 1],
    /// How an authorization response comes back.
    pub response_modes_supported: [&'static str; 1],
    /// What tokens are given for.
    pub grant_types_supported: Vec<&'static str>,
    /// Which profiles of assertions are taken (draft-ietf-oauth-identity-assertion-authz-grant section 6), where this
    /// gateway trusts an OpenID provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_grant_profiles_supported: Option<[&'static str; 1]>,
    /// Proof keys (RFC 7636), which every client must use.
    pub code_challenge_methods_supported: [&'static str; 1],
    /// How a client presents itself to the token endpoint.
    pub token_endpoint_auth_methods_supported: [&'static str; 4],
    /// How it signs an assertion there.
    pub token_endpoint_auth_signing_alg_values_supported: [&'static str; 2],
    /// How a client presents itself to the revocation endpoint.
    pub revocation_endpoint_auth_methods_supported: [&'static str; 4],
    /// How it signs an assertion there.
    pub revocation_endpoint_auth_signing_alg_values_supported: [&'static str; 2],
    /// Whoever asks about a token shows an access token: a name of the registry of token types, as RFC 8414 allows here.
    pub introspection_endpoint_auth_methods_supported: [&'static str; 1],
    /// A client's id may be the address of its description.
    pub client_id_metadata_document_supported: bool,
    /// Authorization responses carry `iss` (RFC 9207).
    pub authorization_response_iss_parameter_supported: bool,
    /// The resource that tokens are for; virtual servers, which are below it, are not listed.
    pub protected_resources: [String; 1],
    /// Where it is explained, for developers.
    pub service_documentation: String,
}

impl AuthorizationServer {
    /// The description of this issuer; `assertions` where it trusts an OpenID provider, whose identity assertions it takes.
    pub fn of(issuer: &str, assertions: bool) -> Self {
        let at = |path: &str| format!("{issuer}{path}");
        let mut grants = vec!["authorization_code", "refresh_token", "client_credentials", TOKEN_EXCHANGE];
        grants.extend(assertions.then_some(JWT_BEARER));
        Self {
            issuer: issuer.to_owned(),
            authorization_endpoint: at("/oauth/authorize"),
            token_endpoint: at("/oauth/token"),
            registration_endpoint: at("/oauth/register"),
            revocation_endpoint: at("/oauth/revoke"),
            introspection_endpoint: at("/auth/introspect"),
            jwks_uri: at("/.well-known/jwks.json"),
            scopes_supported: ALL_SCOPES,
            response_types_supported: ["code"],
            response_modes_supported: ["query"],
            grant_types_supported: grants,
            authorization_grant_profiles_supported: assertions.then_some([ID_JAG]),
            code_challenge_methods_supported: ["S256"],
            token_endpoint_auth_methods_supported: CLIENT_METHODS,
            token_endpoint_auth_signing_alg_values_supported: CLIENT_ALGORITHMS,
            revocation_endpoint_auth_methods_supported: CLIENT_METHODS,
            revocation_endpoint_auth_signing_alg_values_supported: CLIENT_ALGORITHMS,
            introspection_endpoint_auth_methods_supported: ["Bearer"],
            client_id_metadata_document_supported: true,
            authorization_response_iss_parameter_supported: true,
            protected_resources: [at(MCP)],
            service_documentation: documentation(issuer),
        }
    }
}

/// The same under the path of `OpenID` Connect Discovery 1.0, for clients that look there. This gateway issues no ID tokens,
/// and says so: the list of their algorithms, without which such clients do not read the document, is empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct OpenIdConfiguration {
    /// What there is.
    #[serde(flatten)]
    pub authorization_server: AuthorizationServer,
    /// A person is the same `sub` to every client.
    pub subject_types_supported: [&'static str; 1],
    /// None: there are no ID tokens.
    pub id_token_signing_alg_values_supported: [&'static str; 0],
}

impl OpenIdConfiguration {
    /// The description of this issuer, as [`AuthorizationServer::of`] has it.
    pub fn of(issuer: &str, assertions: bool) -> Self {
        Self {
            authorization_server: AuthorizationServer::of(issuer, assertions),
            subject_types_supported: ["public"],
            id_token_signing_alg_values_supported: [],
        }
    }
}

fn documentation(issuer: &str) -> String {
    format!("{issuer}/docs")
}

#[cfg(test)]
mod tests {
    use super::{AuthorizationServer, OpenIdConfiguration, ProtectedResource, description_of};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const ISSUER: &str = "https://gw.example";

    #[test]
    fn a_resource_is_described_at_its_own_path_and_everything_at_the_root_too() {
        let resource = |path: &str| ProtectedResource::at(ISSUER, path).map(|found| found.resource);
        let everything = Some("https://gw.example/mcp".to_owned());
        assert_eq!(resource("/.well-known/oauth-protected-resource"), everything);
        assert_eq!(resource("/.well-known/oauth-protected-resource/mcp"), everything);
        assert_eq!(
            resource("/.well-known/oauth-protected-resource/mcp/files"),
            Some("https://gw.example/mcp/files".to_owned())
        );
        for path in ["", "/mcp", "/x", "/.well-known/oauth-protected-resource/"] {
            assert_eq!(resource(path), None, "{path}");
        }
        for rest in ["/mcp/", "/mcp/a/b", "/mcp//a", "/mcp/%61", "/MCP", "/mcpx", "mcp", "/mcp/a\"b"] {
            assert_eq!(resource(&format!("/.well-known/oauth-protected-resource{rest}")), None, "{rest}");
        }
    }

    #[test]
    fn a_resource_is_described_where_a_challenge_says() {
        for server in [None, Some("files"), Some("tools")] {
            let address = description_of(ISSUER, server);
            let described = ProtectedResource::at(ISSUER, address.strip_prefix(ISSUER).unwrap()).unwrap();
            let expected = server.map_or("https://gw.example/mcp".to_owned(), |name| format!("{ISSUER}/mcp/{name}"));
            assert_eq!(described.resource, expected);
        }
        for no_name in ["", "a/b", "a\"b", "a, error=\"x", "%61", "é"] {
            assert_eq!(description_of(ISSUER, Some(no_name)), description_of(ISSUER, None), "{no_name}");
        }
    }

    #[test]
    fn the_description_of_a_resource_is_whole() {
        let described = ProtectedResource::at(ISSUER, "/.well-known/oauth-protected-resource/mcp").unwrap();
        assert_eq!(
            serde_json::to_string(&described).unwrap(),
            r#"{"resource":"https://gw.example/mcp","authorization_servers":["https://gw.example"],"bearer_methods_supported":["header"],"scopes_supported":["tools:call","tools:read"],"resource_name":"MCP Secure Gateway","resource_documentation":"https://gw.example/docs"}"#
        );
    }

    #[test]
    fn the_description_of_the_authorization_server_is_whole() {
        assert_eq!(
            serde_json::to_string(&AuthorizationServer::of(ISSUER, false)).unwrap(),
            concat!(
                r#"{"issuer":"https://gw.example","authorization_endpoint":"https://gw.example/oauth/authorize","#,
                r#""token_endpoint":"https://gw.example/oauth/token","registration_endpoint":"https://gw.example/oauth/register","#,
                r#""revocation_endpoint":"https://gw.example/oauth/revoke","introspection_endpoint":"https://gw.example/auth/introspect","#,
                r#""jwks_uri":"https://gw.example/.well-known/jwks.json","scopes_supported":["admin:read","admin:write","tools:call","tools:read"],"#,
                r#""response_types_supported":["code"],"response_modes_supported":["query"],"#,
                r#""grant_types_supported":["authorization_code","refresh_token","client_credentials","urn:ietf:params:oauth:grant-type:token-exchange"],"#,
                r#""code_challenge_methods_supported":["S256"],"#,
                r#""token_endpoint_auth_methods_supported":["none","client_secret_basic","client_secret_post","private_key_jwt"],"#,
                r#""token_endpoint_auth_signing_alg_values_supported":["ES256","EdDSA"],"#,
                r#""revocation_endpoint_auth_methods_supported":["none","client_secret_basic","client_secret_post","private_key_jwt"],"#,
                r#""revocation_endpoint_auth_signing_alg_values_supported":["ES256","EdDSA"],"#,
                r#""introspection_endpoint_auth_methods_supported":["Bearer"],"client_id_metadata_document_supported":true,"#,
                r#""authorization_response_iss_parameter_supported":true,"protected_resources":["https://gw.example/mcp"],"#,
                r#""service_documentation":"https://gw.example/docs"}"#
            )
        );
    }

    #[test]
    fn assertions_are_offered_where_a_provider_is_trusted_and_nowhere_else() {
        let document = |assertions| serde_json::to_value(AuthorizationServer::of(ISSUER, assertions)).unwrap();
        assert_eq!(
            document(true)["authorization_grant_profiles_supported"],
            serde_json::json!(["urn:ietf:params:oauth:grant-profile:id-jag"])
        );
        let grants = |assertions| document(assertions)["grant_types_supported"].to_string();
        assert!(grants(true).contains("jwt-bearer") && !grants(false).contains("jwt-bearer"));
        assert!(document(false).get("authorization_grant_profiles_supported").is_none());
    }

    #[test]
    fn no_id_token_is_promised_under_the_path_of_openid() {
        let document = serde_json::to_value(OpenIdConfiguration::of(ISSUER, false)).unwrap();
        let plain = serde_json::to_value(AuthorizationServer::of(ISSUER, false)).unwrap();
        for (name, value) in plain.as_object().unwrap() {
            assert_eq!(document[name], *value, "{name}");
        }
        assert_eq!(document["id_token_signing_alg_values_supported"], serde_json::json!([]));
        assert_eq!(document["subject_types_supported"], serde_json::json!(["public"]));
        assert_eq!(document.as_object().unwrap().len(), plain.as_object().unwrap().len() + 2);
    }
}
