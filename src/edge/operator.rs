//! What an operator's own tools read: `GET /entropy/status` and `GET /metrics`, with a credential of their own.

use super::context::Context;
use super::{database, metrics, random};
use crate::api::problem::Problem;
use crate::api::reply::Reply;
use crate::entropy::status::Status;
use crate::metric::entropy;
use crate::metric::exposition::{Exposition, MEDIA_TYPE};
use crate::metric::state::{self, State};
use crate::secret::SecretText;
use crate::store::metrics::{PINS_THAT_WAIT, PinsRow};
use futures::future::try_join3;

/// `GET /entropy/status`.
pub async fn entropy_status(context: &Context, authorization: Option<&str>) -> Result<Reply, Problem> {
    admit(context, authorization)?;
    Ok(Reply::private_json(200, &hub(context).await?))
}

/// `GET /metrics`.
pub async fn metrics(context: &Context, authorization: Option<&str>) -> Result<Reply, Problem> {
    admit(context, authorization)?;
    let env = &context.env;
    let (hub, counted, pins) =
        try_join3(hub(context), metrics::read(env), database::all(env, PINS_THAT_WAIT, &[])).await?;
    let (tally, resting) = counted;
    let pins: Vec<(String, u64)> = pins.into_iter().map(|row: PinsRow| (row.standing, row.pins)).collect();
    let mut text = Exposition::default();
    state::add(&mut text, &State { version: crate::VERSION, pins: &pins, resting: &resting, series: tally.len() });
    tally.tell(&mut text);
    entropy::add(&mut text, &hub);
    let headers = vec![("content-type", MEDIA_TYPE.to_owned()), ("cache-control", "no-store".to_owned())];
    Ok(Reply { status: 200, headers, body: text.render().into_bytes() })
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
