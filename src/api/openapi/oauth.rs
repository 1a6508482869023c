//! What the routes of the authorization server take, give and refuse.

use super::examples;
use super::served::{Given, HTML, Offer, Shapes};
use crate::api::body::{TokenResponse, demand_type};
use crate::api::introspection::FORM;
use crate::api::problem::{Limit, Problem};
use crate::api::route::Endpoint;
use crate::json::{JsonError, REQUEST_CAPS};
use crate::oauth::error::Code;
use crate::oauth::registration::{Description, Registered};
use crate::time::Lifetime;
use schemars::JsonSchema;
use serde::Deserialize;

/// The form of `POST /oauth/token`. Which parameters belong together, `grant_type` says.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct TokenForm {
    /// `authorization_code`, `refresh_token`, `client_credentials`, `urn:ietf:params:oauth:grant-type:token-exchange`, or,
    /// where the operator trusts an OpenID provider, `urn:ietf:params:oauth:grant-type:jwt-bearer`.
    pub grant_type: String,
    /// The code.
    pub code: Option<String>,
    /// What the code's challenge was made of (RFC 7636).
    pub code_verifier: Option<String>,
    /// Where the code was sent; compared when it is there.
    pub redirect_uri: Option<String>,
    /// The refresh token.
    pub refresh_token: Option<String>,
    /// An identity assertion of that provider (ID-JAG), used once.
    pub assertion: Option<String>,
    /// The access token that is exchanged (RFC 8693).
    pub subject_token: Option<String>,
    /// `urn:ietf:params:oauth:token-type:access_token`
    pub subject_token_type: Option<String>,
    /// The same.
    pub requested_token_type: Option<String>,
    /// What is wanted; for a refresh token the same or less.
    pub scope: Option<String>,
    /// What it is wanted for (RFC 8707): the endpoint of the protocol, or that of a virtual server; for an exchange, the
    /// address of a server behind this gateway.
    pub resource: Option<String>,
    /// The client, and its proof.
    #[serde(flatten)]
    pub client: ClientForm,
}

/// How a client presents itself: by its id alone, by a secret here or in the `Authorization` header, or by an assertion.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ClientForm {
    /// The client's id. Not needed where the header or the assertion says it.
    pub client_id: Option<String>,
    /// Its secret, where it registered `client_secret_post`.
    pub client_secret: Option<String>,
    /// `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`
    pub client_assertion_type: Option<String>,
    /// A JWT it signed (RFC 7523), used once.
    pub client_assertion: Option<String>,
}

/// The form of `POST /oauth/revoke`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct RevokeForm {
    /// An access token or a refresh token.
    pub token: String,
    /// What kind of token the client takes it for. Nothing depends on it.
    pub token_type_hint: Option<String>,
    /// The client, and its proof.
    #[serde(flatten)]
    pub client: ClientForm,
}

/// The form of the sign-in page.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct SignInForm {
    /// What the page carried.
    pub ticket: String,
    /// Login name.
    pub username: String,
    /// Password.
    pub password: String,
}

/// The form of the consent page.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ConsentForm {
    /// What the page carried; used once.
    pub ticket: String,
    /// `allow` or `deny`.
    pub decision: String,
}

/// A form that carries nothing but what its page did: the way to another account, or to the OpenID provider.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct TicketForm {
    /// What the page carried.
    pub ticket: String,
}

/// A form of the account page.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct AccountForm {
    /// What the page carried.
    pub csrf: String,
    /// What is to end, as the page named it; not needed to sign out.
    pub session: Option<String>,
}

const AUTHORIZE: &str = "For a person's browser. An unknown client, or a redirect URI that is not one of its own, is a page; every other refusal is sent back to the client, after the person has signed in. `code_challenge` is required of every client, with the method `S256`. `resource` may be the endpoint of the protocol or that of a virtual server; without it a token is for everything.";
const PAGE: &str = "For the page before it: `ticket` belongs to the browser that was shown the page, for ten minutes.";
const PROVIDER: &str = "Found where the operator trusts an OpenID provider. `ticket` belongs to the browser that was shown the page, for ten minutes. A provider that does not answer leads back to the sign-in page, with the status 503.";
const COME_BACK: &str = "Found where the operator trusts an OpenID provider. `state` belongs to the browser that was sent there and works once, within ten minutes. Whoever the provider does not vouch for gets the sign-in page again, with the status 403.";
const TOKEN: &str = "A form, each parameter once. A code works once and for a minute; when it comes back, what it opened ends. A refresh token works once; when an old one comes back, the session ends.";
const REVOKE: &str = "Ends the session that the token belongs to, with every token of it. A token that is not the client's, or none at all, is answered in the same way.";
const REGISTER: &str = "For clients that have no other way: a client whose id is the address of its description need not register. A registration that nobody uses ends after a day; one that is used, 90 days after its last use.";

/// A page for a person.
pub fn page(description: &'static str, shapes: &mut Shapes) -> Given {
    Given { status: 200, description, headers: &[], body: Some((HTML, shapes.written::<String>(), Vec::new())) }
}

/// A redirect of a browser.
pub const fn onwards(description: &'static str) -> Given {
    Given { status: 303, description, headers: &["location"], body: None }
}

/// What an endpoint of the authorization server takes and gives.
pub fn offer(endpoint: Endpoint, shapes: &mut Shapes) -> Offer {
    let form = |text: &str| vec![("example", examples::form(text))];
    match endpoint {
        Endpoint::Authorize => {
            let shown = page("The sign-in page, or the consent page", shapes);
            let mut offer =
                Offer::new("authorize", "oauth", vec![shown, onwards("Back to the client")]).about(AUTHORIZE);
            offer.parameters = &[
                "response_type",
                "client_id",
                "redirect_uri",
                "code_challenge",
                "code_challenge_method",
                "scope",
                "resource",
                "state",
            ];
            offer
        }
        Endpoint::SignIn => {
            let asked = page("The page that asks for a code of the second factor", shapes);
            Offer::new("signIn", "pages", vec![asked, onwards("Signed in")]).about(PAGE).taking_a(
                FORM,
                shapes.read::<SignInForm>(),
                form("ticket=v1.abc&username=demo&password=demo123"),
            )
        }
        Endpoint::LeaveToProvider => leave_to_provider(shapes),
        Endpoint::ComeBack => come_back(),
        Endpoint::Consent => Offer::new("decide", "pages", vec![onwards("Back to the client, with a code or without")])
            .about(PAGE)
            .taking_a(FORM, shapes.read::<ConsentForm>(), form("ticket=v1.abc&decision=allow")),
        Endpoint::SwitchAccount => {
            Offer::new("switchAccount", "pages", vec![onwards("Signed out, and back to the request")])
                .about(PAGE)
                .taking_a(FORM, shapes.read::<TicketForm>(), form("ticket=v1.abc"))
        }
        Endpoint::Token => {
            let tokens = Given::json("Tokens", shapes.written::<TokenResponse>(), examples::tokens());
            let examples = examples::TOKEN_FORMS.map(|(name, text)| (name, examples::form(text))).to_vec();
            Offer::new("getTokens", "oauth", vec![tokens]).about(TOKEN).taking_a(
                FORM,
                shapes.read::<TokenForm>(),
                examples,
            )
        }
        Endpoint::RevokeToken => Offer::new("revokeToken", "oauth", vec![Given::empty(200, "It is not good any more")])
            .about(REVOKE)
            .taking_a(FORM, shapes.read::<RevokeForm>(), form(examples::REVOKE)),
        Endpoint::Register => {
            let made = Given::json("The registration", shapes.written::<Registered>(), examples::registered());
            Offer::new("registerClient", "oauth", vec![Given { status: 201, ..made }])
                .about(REGISTER)
                .taking(shapes.read::<Description>(), vec![("example", examples::text(examples::REGISTER))])
        }
        _ => account(endpoint, shapes),
    }
}

fn leave_to_provider(shapes: &mut Shapes) -> Offer {
    Offer::new("leaveToProvider", "pages", vec![onwards("To the provider")]).about(PROVIDER).taking_a(
        FORM,
        shapes.read::<TicketForm>(),
        vec![("example", examples::form("ticket=v1.abc"))],
    )
}

fn come_back() -> Offer {
    let mut offer = Offer::new("comeBack", "pages", vec![onwards("Signed in")]).about(COME_BACK);
    offer.parameters = &["state", "code", "iss", "error"];
    offer
}

/// The pages of an account.
fn account(endpoint: Endpoint, shapes: &mut Shapes) -> Offer {
    let form = |text: &str| vec![("example", examples::form(text))];
    match endpoint {
        Endpoint::EndSession => Offer::new("endSession", "pages", vec![onwards("Back to the account")])
            .about(PAGE)
            .taking_a(FORM, shapes.read::<AccountForm>(), form("csrf=v1.abc&session=session%2Fabc")),
        Endpoint::SignOut => Offer::new("signOut", "pages", vec![onwards("Signed out")]).about(PAGE).taking_a(
            FORM,
            shapes.read::<AccountForm>(),
            form("csrf=v1.abc"),
        ),
        Endpoint::SignedOut => {
            let shown = page("A page that says so", shapes);
            Offer::new("signedOut", "pages", vec![shown])
        }
        _ => {
            let shown = page("What has access to the account, or the sign-in page", shapes);
            Offer::new("showAccount", "pages", vec![shown])
        }
    }
}

/// The refusals of an endpoint of the authorization server that are its own.
pub fn problems(endpoint: Endpoint) -> Vec<Problem> {
    match endpoint {
        Endpoint::Authorize => [vec![refused(Code::InvalidClient), limited(Limit::Registrations)], away()].concat(),
        Endpoint::SignIn => {
            let retry_after = Lifetime::from_seconds(4);
            let limited = Problem::RateLimited { limit: Limit::Account, retry_after };
            [vec![Problem::StaleForm, limited], form(), away()].concat()
        }
        Endpoint::LeaveToProvider => [vec![Problem::NotFound, Problem::StaleForm], form(), away()].concat(),
        Endpoint::ComeBack => {
            let limited = limited(Limit::Source);
            [vec![Problem::NotFound, Problem::StaleForm, limited], away()].concat()
        }
        Endpoint::Consent | Endpoint::SwitchAccount | Endpoint::EndSession | Endpoint::SignOut => {
            [vec![Problem::StaleForm], form(), away()].concat()
        }
        Endpoint::Token => {
            let codes = [
                Code::InvalidClient,
                Code::InvalidGrant,
                Code::UnauthorizedClient,
                Code::UnsupportedGrantType,
                Code::InvalidScope,
                Code::InvalidTarget,
            ];
            [codes.map(refused).to_vec(), vec![limited(Limit::Registrations)], form(), away()].concat()
        }
        Endpoint::RevokeToken => {
            [vec![refused(Code::InvalidClient), limited(Limit::Registrations)], form(), away()].concat()
        }
        Endpoint::Register => {
            let codes = [Code::InvalidRedirectUri, Code::InvalidClientMetadata].map(refused).to_vec();
            let json = Problem::Json(JsonError::Malformed { line: 1, column: 2 });
            [codes, vec![json, limited(Limit::Registrations)], body("application/json"), away()].concat()
        }
        Endpoint::SignedOut => Vec::new(),
        _ => away(),
    }
}

fn refused(code: Code) -> Problem {
    code.because("what is wrong").into()
}

const fn limited(limit: Limit) -> Problem {
    Problem::RateLimited { limit, retry_after: Lifetime::from_seconds(30) }
}

/// What is said to a form with a parameter twice, to too much and to another media type.
pub fn form() -> Vec<Problem> {
    [vec![Code::InvalidRequest.because("a parameter stands twice").into()], body(FORM)].concat()
}

fn body(takes: &'static str) -> Vec<Problem> {
    let too_large = Problem::Json(JsonError::TooLarge { max_bytes: REQUEST_CAPS.max_bytes });
    demand_type(Some("text/plain"), takes).err().into_iter().chain([too_large]).collect()
}

/// What is said when a part of the gateway does not answer.
pub fn away() -> Vec<Problem> {
    vec![Problem::Unavailable { part: "the gate", reason: String::new() }]
}
