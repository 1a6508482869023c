//! Putting an HTTP API behind the gateway with its OpenAPI document.

use super::super::database::{maybe, moment};
use super::super::{clock, outbound, tenant};
use super::making::{self, Making, answered, make};
use super::{Desk, Outcome, upstreams};
use crate::admin::import::{Imported, NewImport};
use crate::admin::order::Order;
use crate::admin::upstream::{UpstreamKind, UpstreamView, api_of};
use crate::api::problem::Problem;
use crate::catalogue::naming::Prefix;
use crate::http_api::openapi::{Conversion, Converted, Settings, Step};
use crate::id::UpstreamId;
use crate::outbound::{Method, OutboundRequest, OutboundUrl};
use crate::store::upstreams::MAKE_UPSTREAM;
use crate::time::{Lifetime, Timestamp};
use serde_json::Value;

/// How long all documents of an API may take together.
const DEADLINE: Lifetime = Lifetime::from_seconds(20);
/// Longest document, in bytes.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// 1. the document, fetched or brought; 2. what it becomes, with the documents of its own origin that it refers to; 3. an
///    upstream with that as its description.
pub async fn import(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    let wanted: NewImport = order.read()?;
    let prefix = Prefix::parse(&wanted.name).map_err(|invalid| refused(format!("name: {invalid}")))?;
    if let Some(known) = answered(desk, order).await? {
        return Ok(known);
    }
    let converted = converted(desk, &wanted, &prefix).await?;
    let Value::Object(document) = super::rendered(converted.api.document())? else {
        return Err(Problem::Internal("an API is no object".into()));
    };
    let api = api_of(UpstreamKind::Http, Some(&document))?;
    let (id, now) = (making::id(), clock::now());
    let upstream = UpstreamView {
        id: UpstreamId::parse(&id).map_err(|error| Problem::Internal(error.to_string()))?,
        name: wanted.name,
        kind: UpstreamKind::Http,
        url: converted.api.base().url().to_string(),
        api: None,
        files: None,
        database: None,
        disabled_at: None,
        created_at: now.seconds(),
        updated_at: now.seconds(),
        version: 1,
    };
    let values = vec![
        desk.tenant()?.as_str().into(),
        id.as_str().into(),
        upstream.name.as_str().into(),
        UpstreamKind::Http.as_str().into(),
        upstream.url.as_str().into(),
        api.as_deref().into(),
        maybe(None),
        moment(now),
    ];
    let taken = upstreams::taken();
    let made =
        make(desk, order, Making::of((MAKE_UPSTREAM, values)), &Imported::of(upstream, &converted), taken).await?;
    tenant::forget(desk.tenant()?);
    desk.done(desk.tenant()?, Some(&id));
    Ok(made)
}

async fn converted(desk: &Desk<'_>, wanted: &NewImport, prefix: &Prefix) -> Result<Converted, Problem> {
    let reach = desk.context.settings.profile.reach();
    let judged = |member: &str, text: &String| {
        OutboundUrl::parse(text, reach).map_err(|refusal| refused(format!("{member}: {refusal}")))
    };
    let base = wanted.base.as_ref().map(|text| judged("base", text)).transpose()?;
    let url = wanted.url.as_ref().map(|text| judged("url", text)).transpose()?;
    let end = clock::now().plus(DEADLINE);
    let (source, bytes) = match (&wanted.document, url, &base) {
        (None, Some(url), _) => {
            let bytes = fetched(&url, end).await.map_err(|reason| refused(format!("url: the document {reason}")))?;
            (url, bytes)
        }
        (Some(document), Some(source), _) => (source, brought(document)),
        (Some(document), None, Some(base)) => (base.clone(), brought(document)),
        (None, None, _) => return Err(refused("url or document must say what the API is".into())),
        (Some(_), None, None) => return Err(refused("url or base must say where the document or its API is".into())),
    };
    let settings = Settings::new(base, reach, Some(prefix));
    let conversion = Conversion::begin(source, &bytes, wanted.choose.clone(), settings);
    let mut conversion = conversion.map_err(|invalid| refused(invalid.to_string()))?;
    loop {
        match conversion.step() {
            Step::Want(url) => conversion.supply(&url, fetched(&url, end).await.ok().as_deref()),
            Step::Done(converted) => return Ok(*converted),
        }
    }
}

fn brought(document: &Value) -> Vec<u8> {
    match document {
        Value::String(text) => text.clone().into_bytes(),
        other => other.to_string().into_bytes(),
    }
}

/// A document, or why there is none, as the end of a sentence about it.
async fn fetched(url: &OutboundUrl, end: Timestamp) -> Result<Vec<u8>, String> {
    let request = OutboundRequest {
        method: Method::Get,
        url: url.clone(),
        headers: Vec::new(),
        body: None,
        wanted: &[],
        deadline: end.since(clock::now()),
        max_answer_bytes: MAX_BYTES,
    };
    let answer = outbound::send(&request).await.map_err(|failure| format!("could not be fetched: {failure}"))?;
    if answer.status == 200 { Ok(answer.body) } else { Err(format!("was answered with HTTP status {}", answer.status)) }
}

const fn refused(words: String) -> Problem {
    Problem::InvalidBody(words)
}
