//! What is asked of the token endpoint (RFC 6749 sections 4.1.3, 4.4.2 and 6, RFC 7523 section 2.1,
//! RFC 8693 section 2.1), and what a client is told.

use crate::oauth::authorize::{requested_resource, requested_scope};
use crate::oauth::client::{Authentication, Client, GrantType, JWT_BEARER, Known, TOKEN_EXCHANGE};
use crate::oauth::error::{Code, OAuthError};
use crate::oauth::parameters::Parameters;
use crate::oauth::pkce::Challenge;
use crate::scope::Scope;
use crate::secret::SecretText;

/// The type of an access token (RFC 8693 section 3).
pub const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// A request for tokens.
#[derive(Debug)]
pub enum TokenRequest {
    /// A code for tokens.
    Code {
        /// The code.
        code: SecretText,
        /// The redirect URI of the authorization request; OAuth 2.1 clients do not send it.
        redirect_uri: Option<String>,
        /// What the verifier answers.
        challenge: Challenge,
        /// The resource the tokens are for.
        resource: Option<String>,
    },
    /// A refresh token for new tokens.
    Refresh {
        /// The token.
        token: SecretText,
        /// A narrower scope for the new access token.
        scope: Option<Scope>,
        /// The resource the tokens are for.
        resource: Option<String>,
    },
    /// Tokens for the client itself.
    ClientCredentials {
        /// What they may be used for.
        scope: Scope,
        /// The resource they are for.
        resource: Option<String>,
    },
    /// An identity assertion of the OpenID provider for a token of the person it names.
    Assertion {
        /// The assertion, not verified yet.
        assertion: SecretText,
        /// What the token may be used for.
        scope: Scope,
        /// The resource it is for.
        resource: Option<String>,
    },
    /// An access token of this gateway for one that a server behind it takes.
    Exchange {
        /// The token.
        subject: SecretText,
        /// The address of the server, as the tenant has it.
        resource: String,
        /// A narrower scope for the new token.
        scope: Option<Scope>,
    },
}

impl TokenRequest {
    /// Reads the form. `base` is the gateway's own resource.
    pub fn parse(form: &Parameters, base: &str) -> Result<Self, OAuthError> {
        let grant = form.find("grant_type").ok_or(Code::InvalidRequest.because("grant_type is missing"))?;
        let resource = || requested_resource(form.find("resource"), base);
        let secret = |name, missing| form.find(name).map(SecretText::new).ok_or(Code::InvalidRequest.because(missing));
        match grant {
            "authorization_code" => Ok(Self::Code {
                code: secret("code", "code is missing")?,
                redirect_uri: form.find("redirect_uri").map(str::to_owned),
                challenge: Challenge::of_verifier(form.find("code_verifier"))?,
                resource: resource()?,
            }),
            "refresh_token" => Ok(Self::Refresh {
                token: secret("refresh_token", "refresh_token is missing")?,
                scope: form.find("scope").map(|asked| requested_scope(Some(asked))).transpose()?,
                resource: resource()?,
            }),
            "client_credentials" => {
                Ok(Self::ClientCredentials { scope: requested_scope(form.find("scope"))?, resource: resource()? })
            }
            JWT_BEARER => Ok(Self::Assertion {
                assertion: secret("assertion", "assertion is missing")?,
                scope: requested_scope(form.find("scope"))?,
                resource: resource()?,
            }),
            TOKEN_EXCHANGE => exchange(form),
            _ => Err(Code::UnsupportedGrantType.because("this gateway has no such grant")),
        }
    }

    /// The grant it uses.
    pub const fn grant(&self) -> GrantType {
        match self {
            Self::Code { .. } => GrantType::AuthorizationCode,
            Self::Refresh { .. } => GrantType::RefreshToken,
            Self::ClientCredentials { .. } => GrantType::ClientCredentials,
            Self::Assertion { .. } => GrantType::Assertion,
            Self::Exchange { .. } => GrantType::Exchange,
        }
    }

    /// Refuses a grant that the client may not use. Who acts for somebody who is not asked must prove who it is: an
    /// assertion was given to one client, and tokens are exchanged by clients of the tenant's operator alone.
    pub fn permitted(&self, client: &Client) -> Result<(), OAuthError> {
        let grants = client.grants;
        let may = match self.grant() {
            GrantType::AuthorizationCode => grants.code,
            GrantType::RefreshToken => grants.refresh,
            GrantType::ClientCredentials => grants.client_credentials,
            GrantType::Assertion => grants.assertion && client.authentication != Authentication::Nothing,
            GrantType::Exchange => {
                let of_operator = matches!(client.known, Known::Operator { .. });
                grants.exchange && of_operator && client.authentication != Authentication::Nothing
            }
        };
        if may { Ok(()) } else { Err(Code::UnauthorizedClient.because("this client may not use this grant")) }
    }
}

/// RFC 8693 section 2.1. One kind of token goes in and comes out, and nobody acts through a second one.
fn exchange(form: &Parameters) -> Result<TokenRequest, OAuthError> {
    let refused = |words| Err(Code::InvalidRequest.because(words));
    if form.find("subject_token_type").is_none_or(|kind| kind != ACCESS_TOKEN) {
        return refused("subject_token_type must be that of an access token");
    }
    if form.find("requested_token_type").is_some_and(|kind| kind != ACCESS_TOKEN) {
        return refused("requested_token_type must be that of an access token");
    }
    if form.find("actor_token").is_some() || form.find("actor_token_type").is_some() {
        return refused("actor tokens are not supported");
    }
    if form.find("audience").is_some() {
        return Err(Code::InvalidTarget.because("the server is named by resource, not by audience"));
    }
    let (Some(subject), Some(resource)) = (form.find("subject_token"), form.find("resource")) else {
        return refused("subject_token and resource are needed");
    };
    Ok(TokenRequest::Exchange {
        subject: SecretText::new(subject),
        resource: resource.to_owned(),
        scope: form.find("scope").map(|asked| requested_scope(Some(asked))).transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use super::{ACCESS_TOKEN, TokenRequest};
    use crate::id::TenantId;
    use crate::oauth::client::{Authentication, Client, Grants, JWT_BEARER, Known, SecretMethod, TOKEN_EXCHANGE};
    use crate::oauth::error::Code;
    use crate::oauth::parameters::Parameters;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    fn parse(form: &str) -> Result<TokenRequest, Code> {
        let form = Parameters::parse(form.as_bytes()).unwrap();
        TokenRequest::parse(&form, "https://gw.example/mcp").map_err(|error| error.code)
    }

    #[test]
    fn each_grant_is_read() {
        let code =
            format!("grant_type=authorization_code&code=x&code_verifier={VERIFIER}&resource=https://gw.example/mcp");
        assert!(matches!(parse(&code), Ok(TokenRequest::Code { redirect_uri: None, resource: Some(_), .. })));
        assert!(matches!(
            parse("grant_type=refresh_token&refresh_token=x"),
            Ok(TokenRequest::Refresh { scope: None, .. })
        ));
        assert!(matches!(parse("grant_type=client_credentials"), Ok(TokenRequest::ClientCredentials { .. })));
        let assertion = format!("grant_type={JWT_BEARER}&assertion=hidden&scope=tools:read");
        assert!(matches!(parse(&assertion), Ok(TokenRequest::Assertion { resource: None, .. })));
        for form in ["grant_type=refresh_token&refresh_token=hidden", &assertion] {
            assert!(!format!("{:?}", parse(form)).contains("hidden"));
        }
    }

    #[test]
    fn an_exchange_is_of_access_tokens_and_names_a_server() {
        let form = |rest: &str| format!("grant_type={TOKEN_EXCHANGE}&subject_token=hidden&{rest}");
        let good = format!("subject_token_type={ACCESS_TOKEN}&resource=https://tools.example.com/mcp");
        let read = parse(&form(&format!("{good}&requested_token_type={ACCESS_TOKEN}&scope=tools:read")));
        assert!(
            matches!(&read, Ok(TokenRequest::Exchange { scope: Some(_), .. }))
                && !format!("{read:?}").contains("hidden")
        );
        for (rest, code) in [
            ("resource=https://tools.example.com/mcp".to_owned(), Code::InvalidRequest),
            (good.replace("access_token", "id_token"), Code::InvalidRequest),
            (format!("{good}&requested_token_type=urn:ietf:params:oauth:token-type:jwt"), Code::InvalidRequest),
            (format!("{good}&actor_token=x"), Code::InvalidRequest),
            (format!("{good}&audience=tools"), Code::InvalidTarget),
            (format!("{good}&scope=admin"), Code::InvalidScope),
            (format!("subject_token_type={ACCESS_TOKEN}"), Code::InvalidRequest),
        ] {
            assert_eq!(parse(&form(&rest)).unwrap_err(), code, "{rest}");
        }
    }

    #[test]
    fn what_is_missing_or_unknown_is_refused() {
        for (form, code) in [
            ("", Code::InvalidRequest),
            ("grant_type=authorization_code&code=x", Code::InvalidRequest),
            ("grant_type=refresh_token", Code::InvalidRequest),
            ("grant_type=password&username=a&password=b", Code::UnsupportedGrantType),
            (&*format!("grant_type={JWT_BEARER}"), Code::InvalidRequest),
            (&*format!("grant_type={JWT_BEARER}&assertion=x&resource=https://x.example"), Code::InvalidTarget),
            ("grant_type=client_credentials&scope=admin", Code::InvalidScope),
            ("grant_type=client_credentials&resource=https://x.example", Code::InvalidTarget),
        ] {
            assert_eq!(parse(form).unwrap_err(), code, "{form}");
        }
        assert_eq!(
            parse(&format!("grant_type=authorization_code&code_verifier={VERIFIER}")).unwrap_err(),
            Code::InvalidRequest
        );
    }
    #[test]
    fn a_grant_is_for_clients_that_have_it_and_an_assertion_for_those_that_prove_who_they_are() {
        let client = |grants: &[&str], secret: bool| Client {
            id: "c".into(),
            name: "App".into(),
            known: Known::Itself,
            redirect_uris: Vec::new(),
            authentication: if secret {
                Authentication::Secret { method: SecretMethod::Post, hash: "h".into() }
            } else {
                Authentication::Nothing
            },
            grants: Grants::from_names(grants.iter().copied()),
        };
        let permitted = |form: &str, client: &Client| parse(form).unwrap().permitted(client).is_ok();
        let (own, assertion) = ("grant_type=client_credentials", format!("grant_type={JWT_BEARER}&assertion=x"));
        assert!(permitted(&assertion, &client(&[JWT_BEARER], true)));
        assert!(!permitted(&assertion, &client(&[JWT_BEARER], false)));
        assert!(!permitted(&assertion, &client(&["authorization_code", "client_credentials"], true)));
        let exchange = format!(
            "grant_type={TOKEN_EXCHANGE}&subject_token=x&subject_token_type={ACCESS_TOKEN}&resource=https://a.example.com/"
        );
        let operators = |secret| Client {
            known: Known::Operator { tenant: TenantId::parse("acme").unwrap(), account: None },
            ..client(&[TOKEN_EXCHANGE], secret)
        };
        assert!(permitted(&exchange, &operators(true)) && !permitted(&exchange, &operators(false)));
        assert!(!permitted(&exchange, &client(&[TOKEN_EXCHANGE], true)), "of no operator");
        assert!(
            permitted(own, &client(&["client_credentials"], true)) && !permitted(own, &client(&[JWT_BEARER], true))
        );
    }
}
