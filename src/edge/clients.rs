//! OAuth clients: those in the database, and those that a document at their id describes.

use super::context::Context;
use super::{clock, database, gate, outbound, signature};
use crate::api::problem::{Limit, Problem};
use crate::gate::message::{GateReply, GateRequest};
use crate::id::encode_random;
use crate::json::{self, Caps};
use crate::oauth::assertion::Unverified;
use crate::oauth::client::{Authentication, Client, Named};
use crate::oauth::console::{CONSOLE_CLIENT, console};
use crate::oauth::credentials::{Claimed, Presented};
use crate::oauth::error::{Code, OAuthError};
use crate::oauth::key::Jwks;
use crate::oauth::parameters::Parameters;
use crate::oauth::registration::Description;
use crate::outbound::{HeaderValue, Method, OutboundAnswer, OutboundRequest, OutboundUrl};
use crate::store::clients::{CLIENT_BY_ID, ClientRow};
use crate::store::keys;
use crate::time::{Lifetime, Timestamp};
use lru::LruCache;
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::num::NonZeroUsize;

const UNKNOWN: OAuthError = Code::InvalidClient.because("the client is not known here");
const UNREADABLE: OAuthError = Code::InvalidClient.because("the document at the client's id cannot be used");
const UNPROVEN: OAuthError = Code::InvalidClient.because("the client assertion is not good");
/// Longest document, in bytes (draft-ietf-oauth-client-id-metadata-document section 6.6 advises this).
const DOCUMENT: Caps = Caps { max_bytes: 5 * 1024, max_depth: 8 };
const DEADLINE: Lifetime = Lifetime::from_seconds(5);
/// How long a document is believed that does not say so itself, and how long at the most.
const BELIEVED: Lifetime = Lifetime::from_seconds(300);
const MAX_BELIEVED: Lifetime = Lifetime::from_seconds(3600);
const MAX_DOCUMENTS: NonZeroUsize = NonZeroUsize::new(256).unwrap();

thread_local! {
    /// Documents by the client's id, each with its end. A failure is not kept.
    static DOCUMENTS: RefCell<LruCache<String, (Timestamp, Client)>> = RefCell::new(LruCache::new(MAX_DOCUMENTS));
}

/// The client of that id. `source` is the address that asks: it answers for what must be fetched.
pub async fn find(context: &Context, source: &str, id: &str) -> Result<Client, Problem> {
    if id == CONSOLE_CLIENT {
        return Ok(console(&context.settings.issuer));
    }
    match Named::parse(id, context.settings.profile.reach())? {
        Named::Stored => stored(context, id).await,
        Named::Document(address) => described(context, source, id, address).await,
    }
}

/// The client that presents itself in a form or in the `Authorization` header, if it is the one it says it is.
pub async fn authenticate(
    context: &Context,
    source: &str,
    authorization: Option<&str>,
    form: &Parameters,
) -> Result<Client, Problem> {
    let claimed = Claimed::read(authorization, form)?;
    let client = find(context, source, &claimed.client_id).await?;
    client.authenticate(&claimed.presented)?;
    if let (Authentication::Key(keys), Presented::Assertion(assertion)) = (&client.authentication, &claimed.presented) {
        accept(context, &client.id, keys, assertion).await?;
    }
    Ok(client)
}

/// An assertion of a client: its claims, its signature, and that it is the first of its id.
async fn accept(context: &Context, client: &str, keys: &Jwks, assertion: &Unverified) -> Result<(), Problem> {
    let issuer = &context.settings.issuer;
    let spent = assertion.check(&[issuer, &format!("{issuer}/oauth/token")], clock::now())?;
    let key = keys.find(assertion.kid.as_deref(), assertion.algorithm).ok_or(UNPROVEN)?;
    if !signature::verify(key, assertion.algorithm, assertion.signed.as_bytes(), &assertion.signature).await {
        return Err(UNPROVEN.into());
    }
    let id = encode_random(&Sha256::digest(&spent.jti));
    let question = GateRequest::Spend { id, until: spent.until };
    match gate::ask(&context.env, &keys::client_gate(client), &question).await? {
        GateReply::Done => Ok(()),
        GateReply::AlreadySpent => Err(Problem::OAuth { error: UNPROVEN, reason: "it was used before".into() }),
        other => Err(gate::unexpected(&other)),
    }
}

async fn stored(context: &Context, id: &str) -> Result<Client, Problem> {
    let values = [id.into(), database::moment(clock::now())];
    let row: Option<ClientRow> = database::first(&context.env, CLIENT_BY_ID, &values).await?;
    let client = row.and_then(|row| row.into_client(&context.settings.redirect_schemes));
    client.ok_or_else(|| UNKNOWN.into())
}

async fn described(context: &Context, source: &str, id: &str, address: OutboundUrl) -> Result<Client, Problem> {
    let now = clock::now();
    let kept = DOCUMENTS.with_borrow_mut(|kept| kept.get(id).cloned());
    if let Some((until, client)) = kept
        && now < until
    {
        return Ok(client);
    }
    limit_new(context, source).await?;
    let unusable = |reason: String| Problem::OAuth { error: UNREADABLE, reason };
    let host = address.url().host_str().unwrap_or_default().to_owned();
    let answer = outbound::send(&request(address)).await.map_err(|failure| unusable(failure.to_string()))?;
    if answer.status != 200 || answer.media_type().is_none_or(|kind| !is_json(&kind)) {
        return Err(unusable(format!("status {} or no JSON", answer.status)));
    }
    let object = json::parse_object(&answer.body, DOCUMENT).map_err(|error| unusable(error.to_string()))?;
    let client = Description::document(object, id, &host, &context.settings.redirect_schemes)
        .map_err(|error| unusable(error.words.to_owned()))?;
    let until = now.plus(believed(&answer));
    DOCUMENTS.with_borrow_mut(|kept| kept.put(id.to_owned(), (until, client.clone())));
    Ok(client)
}

/// Counts a client that one address makes this gateway keep or fetch.
pub async fn limit_new(context: &Context, source: &str) -> Result<(), Problem> {
    let (gate, policy) = (keys::registration_gate(source), context.settings.registrations);
    gate::charge(&context.env, &gate, policy, Limit::Registrations).await
}

fn request(url: OutboundUrl) -> OutboundRequest {
    OutboundRequest {
        method: Method::Get,
        url,
        headers: vec![("accept".into(), HeaderValue::fixed("application/json"))],
        body: None,
        wanted: &["cache-control"],
        deadline: DEADLINE,
        max_answer_bytes: DOCUMENT.max_bytes,
    }
}

fn is_json(media_type: &str) -> bool {
    media_type == "application/json" || (media_type.starts_with("application/") && media_type.ends_with("+json"))
}

/// How long a document is believed: as long as it says, within bounds.
fn believed(answer: &OutboundAnswer) -> Lifetime {
    let directives = answer.header("cache-control").unwrap_or_default().to_ascii_lowercase();
    let mut directives = directives.split(',').map(str::trim);
    if directives.clone().any(|directive| matches!(directive, "no-store" | "no-cache")) {
        return Lifetime::from_seconds(0);
    }
    let max_age = directives.find_map(|directive| directive.strip_prefix("max-age=")?.parse().ok());
    max_age.map_or(BELIEVED, Lifetime::from_seconds).min(MAX_BELIEVED)
}
