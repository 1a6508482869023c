//! Putting an HTTP API behind the gateway with its OpenAPI document.

use super::super::database::{maybe, moment};
use super::super::openapi_source::{self, Document};
use super::super::{clock, tenant};
use super::making::{self, Making, answered, make};
use super::{Desk, Outcome, upstreams};
use crate::admin::import::{Imported, NewImport, Source};
use crate::admin::order::Order;
use crate::admin::upstream::{UpstreamKind, UpstreamView, api_of};
use crate::api::problem::Problem;
use crate::catalogue::naming::Prefix;
use crate::http_api::openapi::{Converted, Settings};
use crate::id::UpstreamId;
use crate::outbound::OutboundUrl;
use crate::store::upstreams::{MAKE_UPSTREAM, SET_SOURCE};
use serde_json::Value;

/// 1. the document, fetched or brought; 2. what it becomes, with the documents of its own origin that it refers to; 3. an
///    upstream with that as its description.
pub async fn import(desk: &Desk<'_>, order: &Order) -> Result<Outcome, Problem> {
    let wanted: NewImport = order.read()?;
    let prefix = Prefix::parse(&wanted.name).map_err(|invalid| refused(format!("name: {invalid}")))?;
    if let Some(known) = answered(desk, order).await? {
        return Ok(known);
    }
    let converted = converted(desk, &wanted, &prefix).await?;
    let source = Source::of(&wanted);
    let Value::Object(document) = super::rendered(converted.api.document())? else {
        return Err(Problem::Internal("an API is no object".into()));
    };
    let api = api_of(UpstreamKind::Http, Some(&document))?;
    let (id, now) = (making::id(), clock::now());
    let upstream = UpstreamView {
        id: UpstreamId::parse(&id).map_err(|error| Problem::Internal(error.to_string()))?,
        name: wanted.name,
        kind: UpstreamKind::Http,
        source: source.clone(),
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
    let mut making = Making::of((MAKE_UPSTREAM, values));
    if let Some(source) = &source {
        let source = super::rendered(source)?.to_string();
        making.after.push((SET_SOURCE, vec![desk.tenant()?.as_str().into(), id.as_str().into(), source.into()]));
    }
    let made = make(desk, order, making, &Imported::of(upstream, &converted), taken).await?;
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
    let document = match (&wanted.document, url, &base) {
        (None, Some(url), _) => Document::Fetched(url),
        (Some(document), Some(source), _) => Document::Brought(source, brought(document)),
        (Some(document), None, Some(base)) => Document::Brought(base.clone(), brought(document)),
        (None, None, _) => return Err(refused("url or document must say what the API is".into())),
        (Some(_), None, None) => return Err(refused("url or base must say where the document or its API is".into())),
    };
    let settings = Settings::new(base, reach, Some(prefix));
    openapi_source::converted(document, wanted.choose.clone(), settings).await.map_err(|why| refused(why.to_string()))
}

fn brought(document: &Value) -> Vec<u8> {
    match document {
        Value::String(text) => text.clone().into_bytes(),
        other => other.to_string().into_bytes(),
    }
}

const fn refused(words: String) -> Problem {
    Problem::InvalidBody(words)
}
