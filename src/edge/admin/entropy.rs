//! What was said of randomness over time.

use super::super::{clock, random};
use super::{Desk, Outcome};
use crate::admin::entropy::EntropyHistory;
use crate::api::problem::Problem;

/// Which label outputs carried since when.
pub async fn history(desk: &Desk<'_>) -> Result<Outcome, Problem> {
    let history = random::history(&desk.context.env).await;
    let history = history
        .ok_or_else(|| Problem::Unavailable { part: "the entropy hub", reason: "no history of labels came".into() })?;
    Outcome::given(&EntropyHistory::new(history, clock::now()), None)
}
