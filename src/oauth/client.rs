//! Clients: who may ask for tokens, where their answers go, and how they prove who they are.

use crate::id::{TenantId, UserId};
use crate::oauth::credentials::Presented;
use crate::oauth::error::{Code, OAuthError};
use crate::oauth::key::Jwks;
use crate::oauth::redirect::RedirectUri;
use crate::outbound::{OutboundUrl, Reach};
use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The client of whoever logs in through the API with a username and a password. Nobody can register it.
pub const PASSWORD_CLIENT: &str = "password-login";
/// Longest client id: a URL may be one.
const MAX_ID: usize = 512;
/// Longest name that is shown, in characters.
pub const MAX_NAME: usize = 80;

/// A client that may ask for tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Its id.
    pub id: String,
    /// Its name, as it is shown to people. Nobody but an operator vouches for it.
    pub name: String,
    /// Where the gateway knows it from.
    pub known: Known,
    /// Where answers to it may go.
    pub redirect_uris: Vec<RedirectUri>,
    /// How it proves who it is.
    pub authentication: Authentication,
    /// What it may ask for.
    pub grants: Grants,
}

/// Where a client is known from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// An operator registered it for one tenant; with a user it acts for when nobody is there, if it has one.
    Operator {
        /// The tenant whose users it serves.
        tenant: TenantId,
        /// The account that its own tokens stand for.
        account: Option<UserId>,
    },
    /// A document at its id, which is a URL on this host, describes it.
    Document {
        /// The host.
        host: String,
    },
    /// It registered itself.
    Itself,
    /// It is a part of the gateway.
    Gateway,
}

/// How a client proves who it is at the token endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authentication {
    /// It does not: a program on a person's own machine can keep no secret.
    Nothing,
    /// A secret, sent in the way it registered for.
    Secret {
        /// `client_secret_basic` or `client_secret_post`.
        method: SecretMethod,
        /// SHA-256 of the secret, base64url.
        hash: String,
    },
    /// A signed assertion (RFC 7523 section 2.2).
    Key(Jwks),
}

/// How a secret is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretMethod {
    /// In the `Authorization` header.
    Basic,
    /// In the form.
    Post,
}

/// The name of the grant that takes a signed assertion (RFC 7523 section 2.1).
pub const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// The name of the grant that takes one token for another (RFC 8693 section 2.1).
pub const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// The grants a client may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one registered name that is there or not")]
pub struct Grants {
    /// `authorization_code`
    pub code: bool,
    /// `refresh_token`
    pub refresh: bool,
    /// `client_credentials`
    pub client_credentials: bool,
    /// [`JWT_BEARER`], with an identity assertion of the OpenID provider
    pub assertion: bool,
    /// [`TOKEN_EXCHANGE`]
    pub exchange: bool,
}

/// A grant by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// `authorization_code`
    AuthorizationCode,
    /// `refresh_token`
    RefreshToken,
    /// `client_credentials`
    ClientCredentials,
    /// [`JWT_BEARER`]
    Assertion,
    /// [`TOKEN_EXCHANGE`]
    Exchange,
}

/// What kind of client an id names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// One that is stored here.
    Stored,
    /// One that is described by a document at this address.
    Document(OutboundUrl),
}

impl Named {
    /// Reads a client id. One that looks like a URL must be one that may be fetched, with a path, without a query, and in
    /// the very spelling a parser gives it back (draft-ietf-oauth-client-id-metadata-document section 3).
    pub fn parse(id: &str, reach: Reach) -> Result<Self, OAuthError> {
        let refused = Code::InvalidClient.because("the client is not known here");
        if id.is_empty() || id.len() > MAX_ID || !id.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(refused);
        }
        if !id.contains(':') {
            return Ok(Self::Stored);
        }
        let address = OutboundUrl::parse(id, reach).map_err(|_| refused)?;
        let url = address.url();
        let plain = url.as_str() == id && url.path().len() > 1 && url.query().is_none();
        if plain { Ok(Self::Document(address)) } else { Err(refused) }
    }
}

impl Client {
    /// The registered redirect URI that a requested one is.
    pub fn redirect(&self, requested: &str) -> Option<&RedirectUri> {
        self.redirect_uris.iter().find(|registered| registered.covers(requested))
    }

    /// Whether every answer to it goes to a program on the person's own machine.
    pub fn is_local_only(&self) -> bool {
        self.redirect_uris.iter().all(RedirectUri::is_local)
    }

    /// Whether it may serve users of this tenant.
    pub fn serves(&self, tenant: &TenantId) -> bool {
        match &self.known {
            Known::Operator { tenant: own, .. } => own == tenant,
            Known::Document { .. } | Known::Itself | Known::Gateway => true,
        }
    }

    /// Compares what was presented with what is registered, as far as that needs no signature: the method must be the
    /// registered one, and a secret is compared in constant time.
    pub fn authenticate(&self, presented: &Presented) -> Result<(), OAuthError> {
        let good = match (&self.authentication, presented) {
            (Authentication::Nothing, Presented::Nothing) | (Authentication::Key(_), Presented::Assertion(_)) => true,
            (Authentication::Secret { method, hash }, Presented::Secret { method: used, secret }) => {
                let presented = hash_secret(secret.expose());
                method == used && bool::from(presented.as_bytes().ct_eq(hash.as_bytes()))
            }
            _ => false,
        };
        if good { Ok(()) } else { Err(Code::InvalidClient.because("the client could not be authenticated")) }
    }
}

impl Authentication {
    /// The method's registered name (RFC 7591 section 2).
    pub const fn method(&self) -> &'static str {
        match self {
            Self::Nothing => "none",
            Self::Secret { method: SecretMethod::Basic, .. } => "client_secret_basic",
            Self::Secret { method: SecretMethod::Post, .. } => "client_secret_post",
            Self::Key(_) => "private_key_jwt",
        }
    }
}

impl Grants {
    /// Reads registered names; those of grants this gateway does not have are left out.
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut grants = Self::default();
        for name in names {
            match name {
                "authorization_code" => grants.code = true,
                "refresh_token" => grants.refresh = true,
                "client_credentials" => grants.client_credentials = true,
                JWT_BEARER => grants.assertion = true,
                TOKEN_EXCHANGE => grants.exchange = true,
                _ => {}
            }
        }
        grants
    }

    /// The registered names.
    pub fn names(self) -> Vec<&'static str> {
        [
            (self.code, "authorization_code"),
            (self.refresh, "refresh_token"),
            (self.client_credentials, "client_credentials"),
            (self.assertion, JWT_BEARER),
            (self.exchange, TOKEN_EXCHANGE),
        ]
        .into_iter()
        .filter_map(|(has, name)| has.then_some(name))
        .collect()
    }
}

/// What is stored of a client's secret. It has 256 random bits, so a fast hash is enough.
pub fn hash_secret(secret: &str) -> String {
    Base64UrlUnpadded::encode_string(&Sha256::digest(secret))
}

/// A name fit to be shown: without control characters and marks that turn the direction of text, of bounded length, and
/// never empty.
pub fn shown_name(name: Option<&str>, id: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
    };
    let clean = |text: &str| text.chars().filter(|c| !hidden(*c)).take(MAX_NAME).collect::<String>().trim().to_owned();
    name.map(clean).filter(|name| !name.is_empty()).unwrap_or_else(|| clean(id))
}

#[cfg(test)]
mod tests {
    use super::{Authentication, Client, Grants, Known, Named, SecretMethod, hash_secret, shown_name};
    use crate::id::TenantId;
    use crate::oauth::credentials::Presented;
    use crate::oauth::redirect::RedirectUri;
    use crate::outbound::Reach;
    use crate::secret::SecretText;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn client(authentication: Authentication) -> Client {
        Client {
            id: "c".into(),
            name: "App".into(),
            known: Known::Itself,
            redirect_uris: vec![RedirectUri::parse("http://localhost/cb", &[]).unwrap()],
            authentication,
            grants: Grants::from_names(["authorization_code", "refresh_token", "implicit"]),
        }
    }

    fn secret(method: SecretMethod, text: &str) -> Presented {
        Presented::Secret { method, secret: SecretText::new(text) }
    }

    #[test]
    fn the_registered_method_alone_authenticates() {
        let public = client(Authentication::Nothing);
        let confidential = client(Authentication::Secret { method: SecretMethod::Basic, hash: hash_secret("s3cret") });
        assert!(public.authenticate(&Presented::Nothing).is_ok());
        assert!(public.authenticate(&secret(SecretMethod::Post, "s3cret")).is_err());
        assert!(confidential.authenticate(&secret(SecretMethod::Basic, "s3cret")).is_ok());
        for wrong in [secret(SecretMethod::Post, "s3cret"), secret(SecretMethod::Basic, "other"), Presented::Nothing] {
            assert!(confidential.authenticate(&wrong).is_err());
        }
    }

    #[test]
    fn an_id_that_is_a_url_must_be_one_that_may_be_fetched_as_it_stands() {
        let named = |id: &str| Named::parse(id, Reach::Public);
        assert_eq!(named("dyn_abc"), Ok(Named::Stored));
        assert!(matches!(named("https://app.example.com/client.json"), Ok(Named::Document(_))));
        for bad in [
            "",
            "a b",
            "https://app.example.com",
            "https://app.example.com/",
            "https://app.example.com/a?b",
            "https://app.example.com/a#b",
            "https://app.example.com/a/../b",
            "https://APP.example.com/a",
            "https://u@app.example.com/a",
            "https://app.example.com:8443/a",
            "http://app.example.com/a",
            "https://127.0.0.1/a",
            "https://localhost/a",
            "https://[::ffff:10.0.0.1]/a",
            "urn:x:y",
            "javascript:alert(1)",
            &"x".repeat(513),
        ] {
            assert!(named(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_client_of_a_tenant_serves_nobody_else() {
        let (own, other) = (TenantId::parse("acme").unwrap(), TenantId::parse("evil").unwrap());
        let of_tenant =
            Client { known: Known::Operator { tenant: own.clone(), account: None }, ..client(Authentication::Nothing) };
        assert!(of_tenant.serves(&own) && !of_tenant.serves(&other));
        assert!(client(Authentication::Nothing).serves(&other));
    }

    #[test]
    fn a_shown_name_hides_nothing_and_is_never_empty() {
        assert_eq!(shown_name(Some("Good\u{202e}evil\u{200b}\n App"), "id"), "Goodevil App");
        assert_eq!(shown_name(Some("\u{200f} \t"), "id"), "id");
        assert_eq!(shown_name(Some(&"x".repeat(500)), "id").len(), super::MAX_NAME);
        assert_eq!(shown_name(None, "id"), "id");
    }

    #[test]
    fn grants_keep_their_names() {
        assert_eq!(Grants::from_names(["refresh_token", "password"]).names(), ["refresh_token"]);
    }
}
