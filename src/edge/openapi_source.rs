//! OpenAPI documents of HTTP APIs: fetched, and what they become, when an API is imported and whenever it is looked at again.

use super::upstreams::Party;
use super::{clock, database, outbound};
use crate::admin::import::Source;
use crate::admin::upstream::{UpstreamKind, api_of};
use crate::api::problem::Problem;
use crate::catalogue::naming::Prefix;
use crate::credential::held::Withheld;
use crate::http_api::openapi::{Choice, Conversion, Converted, InvalidOpenApi, Settings, Step};
use crate::outbound::{Method, OutboundFailure, OutboundRequest, OutboundUrl};
use crate::store::upstreams::{RENEW_API, SOURCE, SourceRow};
use crate::time::{Lifetime, Timestamp};
use crate::upstream::{Description, Speaks, Upstream, UpstreamFailure, UpstreamProblem};
use serde_json::Value;

/// How long all documents of an API may take together.
const DEADLINE: Lifetime = Lifetime::from_seconds(20);
/// Longest document, in bytes.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// The document of an API.
pub enum Document {
    /// One that is fetched from there.
    Fetched(OutboundUrl),
    /// One that somebody brought, with where it is from.
    Brought(OutboundUrl, Vec<u8>),
}

/// Why a document became nothing.
#[derive(Debug, thiserror::Error)]
pub enum Unconverted {
    /// It could not be fetched.
    #[error("url: the document could not be fetched: {0}")]
    Unfetched(OutboundFailure),
    /// Something else came than a document.
    #[error("url: the document was answered with HTTP status {0}")]
    Status(u16),
    /// It is none that can be used.
    #[error(transparent)]
    Invalid(#[from] InvalidOpenApi),
}

/// What a document becomes, with the documents of its own origin that it refers to.
pub async fn converted(document: Document, choice: Choice, settings: Settings) -> Result<Converted, Unconverted> {
    let end = clock::now().plus(DEADLINE);
    let (source, bytes) = match document {
        Document::Fetched(url) => {
            let bytes = fetched(&url, end).await?;
            (url, bytes)
        }
        Document::Brought(source, bytes) => (source, bytes),
    };
    let mut conversion = Conversion::begin(source, &bytes, choice, settings)?;
    loop {
        match conversion.step() {
            Step::Want(url) => conversion.supply(&url, fetched(&url, end).await.ok().as_deref()),
            Step::Done(converted) => return Ok(*converted),
        }
    }
}

async fn fetched(url: &OutboundUrl, end: Timestamp) -> Result<Vec<u8>, Unconverted> {
    let request = OutboundRequest {
        method: Method::Get,
        url: url.clone(),
        headers: Vec::new(),
        body: None,
        wanted: &[],
        deadline: end.since(clock::now()),
        max_answer_bytes: MAX_BYTES,
    };
    let answer = outbound::send(&request).await.map_err(Unconverted::Unfetched)?;
    if answer.status == 200 { Ok(answer.body) } else { Err(Unconverted::Status(answer.status)) }
}

/// Fetches the document of an API again, where it is from an address, and stores what it becomes: it is shown and called only as far
/// as that is approved. The upstream with its new description; nothing where that is the one it has, or somebody changed it meanwhile.
pub async fn renewed(party: &Party, upstream: &Upstream) -> Result<Option<Upstream>, UpstreamFailure> {
    let Speaks::Http(known @ Description { sourced: true, .. }) = upstream.speaks else { return Ok(None) };
    let away = |_: Problem| upstream.failure(Withheld::GatewayAway.into());
    let values = [party.tenant.as_str().into(), upstream.id.as_str().into(), known.version.into()];
    let row: Option<SourceRow> = database::first(&party.env, SOURCE, &values).await.map_err(away)?;
    let Some(SourceRow { api, source }) = row else { return Ok(None) };
    let described = described(party, upstream, &source).await.map_err(|problem| upstream.failure(problem))?;
    if api.as_deref() == Some(described.as_str()) {
        return Ok(None);
    }
    let [tenant, id, version] = values;
    let values = [tenant, id, version, described.as_str().into(), database::moment(clock::now())];
    let stored = database::run(&party.env, RENEW_API, &values).await.map_err(away)?;
    let next = Description { version: known.version.saturating_add(1), ..known };
    Ok((stored > 0).then(|| upstream.clone().described_by(next)))
}

/// What an API's document says now, as it is stored.
async fn described(party: &Party, upstream: &Upstream, source: &str) -> Result<String, UpstreamProblem> {
    let source: Source = serde_json::from_str(source).map_err(|_| UpstreamProblem::Misconfigured)?;
    let reach = party.settings.profile.reach();
    let judged = |text: &str| OutboundUrl::parse(text, reach).map_err(|_| UpstreamProblem::Misconfigured);
    let (url, base) = (judged(&source.url)?, source.base.as_deref().map(judged).transpose()?);
    let prefix = Prefix::parse(&upstream.name).map_err(|_| UpstreamProblem::Misconfigured)?;
    let settings = Settings::new(base, reach, Some(&prefix));
    let converted = converted(Document::Fetched(url), source.choose, settings).await.map_err(|why| match why {
        Unconverted::Unfetched(failure) => failure.into(),
        Unconverted::Status(status) => UpstreamProblem::Document(format!("was answered with HTTP status {status}")),
        Unconverted::Invalid(invalid) => UpstreamProblem::Document(format!("cannot be used: {invalid}")),
    })?;
    let Ok(Value::Object(document)) = serde_json::to_value(converted.api.document()) else {
        return Err(UpstreamProblem::Misconfigured);
    };
    let described = api_of(UpstreamKind::Http, Some(&document));
    described.ok().flatten().ok_or_else(|| UpstreamProblem::Document("becomes more than 512 KiB".into()))
}
