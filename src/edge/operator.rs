//! What an operator's own tools read: `GET /entropy/status` and `GET /metrics`, with a credential of their own.

use super::context::Context;
use super::{guard_counts, random};
use crate::api::problem::Problem;
use crate::api::reply::Reply;
use crate::entropy::status::Status;
use crate::observe::entropy_metrics;
use crate::observe::exposition::{Exposition, Kind, MEDIA_TYPE};
use crate::secret::SecretText;

/// `GET /entropy/status`.
pub async fn entropy_status(context: &Context, authorization: Option<&str>) -> Result<Reply, Problem> {
    admit(context, authorization)?;
    Ok(Reply::private_json(200, &hub(context).await?))
}

/// `GET /metrics`.
pub async fn metrics(context: &Context, authorization: Option<&str>) -> Result<Reply, Problem> {
    admit(context, authorization)?;
    let mut metrics = Exposition::default();
    metrics
        .family("mcp_gateway_info", Kind::Gauge, "1, with the gateway's version.")
        .sample(&[("version", crate::VERSION)], 1)
        .end();
    entropy_metrics::add(&mut metrics, &hub(context).await?);
    guard_counts::add(context, &mut metrics).await?;
    let headers = vec![("content-type", MEDIA_TYPE.to_owned()), ("cache-control", "no-store".to_owned())];
    Ok(Reply { status: 200, headers, body: metrics.render().into_bytes() })
}

async fn hub(context: &Context) -> Result<Status, Problem> {
    let silent = || Problem::Unavailable { part: "the entropy hub", reason: "no answer in time".into() };
    random::status(&context.env).await.ok_or_else(silent)
}

/// `METRICS_TOKEN` as a bearer token, compared in constant time. Where it is not set, nobody is let in.
fn admit(context: &Context, authorization: Option<&str>) -> Result<(), Problem> {
    let sent = authorization.and_then(|value| value.split_once(' '));
    let sent =
        sent.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| SecretText::new(token));
    let known = context.settings.metrics_token.as_ref();
    if known.is_some() && known == sent.as_ref() { Ok(()) } else { Err(Problem::NotTheOperator) }
}
