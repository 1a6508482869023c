//! Clients that go away in the midst of what they asked for: the gateway goes on serving everybody else.
//!
//! That none of it broke the gateway's code is seen by [`gateway_contract::guard`], which ends the whole run when it did.

use crate::{gateway, logged_in};
use gateway_contract::caller::Caller;
use gateway_contract::seed::Tools;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// How many users go away, each with several clients at once.
const USERS: usize = 8;
/// How long the gateway is watched afterwards: longer than two rounds of comments on the streams it has left.
const AFTERWARDS: Duration = Duration::from_secs(12);

/// What a client was doing when it went away.
#[derive(Clone, Copy, Debug)]
enum Doing {
    /// Reading the progress of a call.
    Following,
    /// Waiting for an answer that has not begun.
    Waiting,
    /// Waiting for an answer that has begun and says nothing.
    Staring,
    /// Listening to changes.
    Listening,
}

const ALL: [Doing; 4] = [Doing::Following, Doing::Waiting, Doing::Staring, Doing::Listening];

fn call(tool: &str, mark: &str) -> Value {
    json!({"name": tool, "arguments": {"mark": mark}, "_meta": {"progressToken": mark}})
}

/// Does this with a client, and goes away after `patience` at the latest.
async fn leaves(caller: &Caller, doing: Doing, mark: &str, patience: Duration) {
    let doing = async {
        let mut stream = match doing {
            Doing::Following => caller.send("tools/call", call("wait", mark)).await,
            Doing::Waiting => caller.send("tools/call", json!({"name": "think", "arguments": {"mark": mark}})).await,
            Doing::Staring => caller.send("tools/call", call("hang", mark)).await,
            Doing::Listening if caller.session().is_some() => caller.listen().await,
            Doing::Listening => {
                caller.send("subscriptions/listen", json!({"notifications": {"toolsListChanged": true}})).await
            }
        };
        while stream.next().await.is_some() {}
    };
    let _ = tokio::time::timeout(patience, doing).await;
}

/// A client of either era, and one that answers questions, at the user's own places.
async fn clients(access: &str) -> Vec<Caller> {
    let asks = || json!({"elicitation": {}});
    let mut callers = Vec::new();
    for place in ["old", "new"] {
        callers.push(Caller::modern(gateway(), access, place));
        callers.push(Caller::legacy(gateway(), access, place, asks()).await);
    }
    callers.push(Caller::modern(gateway(), access, "old").that_can(asks()));
    callers
}

/// The clients of one user go away, all at once and each in its own way; then the user is served as before.
async fn goes_away(number: usize) {
    let (user, tokens) = logged_in(Tools::Recorded).await;
    let mut departures = JoinSet::new();
    for (index, caller) in clients(&tokens.access).await.into_iter().enumerate() {
        let doing = ALL[(index + number) % ALL.len()];
        // Some go before anything can have come, some after the first comment on a silent stream.
        let patience = Duration::from_millis([20, 300, 1_500, 5_200, 6_500][(index + 2 * number) % 5]);
        let mark = format!("{number}-{index}");
        departures.spawn(async move { leaves(&caller, doing, &mark, patience).await });
    }
    departures.join_all().await;
    let start = Instant::now();
    while start.elapsed() < AFTERWARDS {
        for place in ["old", "new"] {
            let caller = Caller::modern(gateway(), &tokens.access, place);
            let noted = caller.call("note", json!({"text": user.id})).await;
            assert_eq!(noted["content"][0]["text"], user.id.as_str(), "{noted}");
        }
        tokio::time::sleep(Duration::from_millis(900)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_go_away_in_the_midst_of_streams_and_calls_disturb_nobody() {
    let (_, bystander) = logged_in(Tools::Own).await;
    let mut users = JoinSet::new();
    for number in 0..USERS {
        users.spawn(goes_away(number));
    }
    let departed = async { users.join_all().await.len() };
    let served = async {
        loop {
            gateway().execute(&bystander.access, "server_time", &json!({})).await.json(200);
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let departed = tokio::select! {
        departed = departed => departed,
        () = served => 0,
    };
    assert_eq!(departed, USERS);
}
