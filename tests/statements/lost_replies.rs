//! Orders whose answers are lost on the way: the database may have done what nobody hears of, and the order comes again.
//!
//! Each run is random and says its seed when it fails. What the edge does with an answer that did not come is told here as
//! it is there: it asks whether the order is remembered (`edge/admin/making.rs`), makes no call (`edge/approval.rs`), and
//! opens no account twice (`edge/join.rs`).

use super::of_people::with_admin;
use super::{HASH, NOW, count, read, rows, run};
use mcp_secure_gateway::store::approvals;
use mcp_secure_gateway::store::codes::{self, InvitedRow};
use mcp_secure_gateway::store::requests::{self, AnsweredRow};
use mcp_secure_gateway::store::rules;
use rusqlite::{Connection, params};
use std::cell::Cell;

const RUNS: u64 = 300;
/// How often an order is given at most: with two of three answers lost, one in a million runs would need more.
const TRIES: usize = 40;

/// What becomes of a question to the database.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    /// It never arrived.
    Unasked,
    /// It was done, and the answer was lost.
    Unheard,
    /// It was done and answered.
    Answered,
}

/// Random choices that a seed repeats (Steele, Lea and Flood's SplitMix64).
struct Choices(Cell<u64>);

impl Choices {
    fn below(&self, bound: u64) -> u64 {
        self.0.set(self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
        let mut mixed = self.0.get();
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn fate(&self) -> Fate {
        match self.below(3) {
            0 => Fate::Unasked,
            1 => Fate::Unheard,
            _ => Fate::Answered,
        }
    }

    /// Does something, unless it is never asked for; nobody hears of it unless it is answered.
    fn ask<T>(&self, done: impl FnOnce() -> T) -> Option<T> {
        match self.fate() {
            Fate::Unasked => None,
            Fate::Unheard => {
                done();
                None
            }
            Fate::Answered => Some(done()),
        }
    }
}

/// Makes a policy under an idempotency key, in one transaction; whether this made it.
fn make(database: &Connection, id: &str, name: &str) -> Result<usize, String> {
    run(database, "BEGIN", []).unwrap();
    let steps = || {
        run(database, requests::FORGET_OLD, params!["acme", "a-1", "order-1", 0])?;
        let made = run(database, rules::INSERT_POLICY, params!["acme", id, name, "{}", "a-1", NOW])?;
        run(database, requests::REMEMBER, params!["acme", "a-1", "order-1", "digest", id, NOW])?;
        Ok(made)
    };
    let made: Result<usize, String> = steps();
    run(database, if made.is_ok() { "COMMIT" } else { "ROLLBACK" }, []).unwrap();
    made
}

fn answered(database: &Connection) -> Option<String> {
    read::<AnsweredRow>(database, requests::ANSWERED, params!["acme", "a-1", "order-1", 0]).pop().map(|row| row.reply)
}

#[test]
fn an_order_whose_answer_is_lost_makes_one_thing_and_says_which_when_it_comes_again() {
    for seed in 0..RUNS {
        let (database, choices) = (with_admin(), Choices(Cell::new(seed)));
        let mut told = None;
        for attempt in 0..TRIES {
            let id = format!("policy-{attempt}");
            let before = choices.ask(|| answered(&database));
            told = match before {
                Some(Some(known)) => Some(known),
                // Two of the order may be under way at once: the second does not know of the first.
                Some(None) => match choices.ask(|| make(&database, &id, "Agents pay little")) {
                    Some(Ok(1)) => Some(id),
                    _ => choices.ask(|| answered(&database)).flatten(),
                },
                None => None,
            };
            if told.is_some() {
                break;
            }
        }
        let made = rows(&database, "SELECT id FROM policies", []);
        assert_eq!(made.len(), 1, "seed {seed}: {made:?}");
        assert_eq!(told.as_deref(), made[0]["id"].as_str(), "seed {seed}");
    }
}

#[test]
fn of_two_orders_of_one_key_that_are_under_way_at_once_the_second_undoes_itself() {
    let database = with_admin();
    assert_eq!(make(&database, "policy-1", "one name"), Ok(1));
    assert!(make(&database, "policy-2", "another name").is_err());
    assert_eq!((count(&database, "policies"), answered(&database).as_deref()), (1, Some("policy-1")));
}

#[test]
fn an_approval_whose_use_is_not_heard_of_lets_no_call_through_twice() {
    for seed in 0..RUNS {
        let (database, choices) = (with_admin(), Choices(Cell::new(seed)));
        let (mut approvals_given, mut calls_made) = (0, 0);
        for at in 0..TRIES {
            let now = NOW + i64::try_from(at).unwrap();
            let ask =
                params!["id", "acme", "u-1", "client/app", "pay__send", "{}", "digest", "rule", 1, now, now + 900_000];
            choices.ask(|| run(&database, approvals::ASK, ask).unwrap());
            if choices.below(3) == 0 {
                let decide = params!["acme", "id", "approved", "a-1", now, now + 900_000];
                approvals_given += run(&database, approvals::DECIDE, decide).unwrap();
            }
            let spend = || run(&database, approvals::USE, params!["id", "acme", "u-1", "client/app", now]).unwrap();
            calls_made += choices.ask(spend).unwrap_or_default();
        }
        assert!(calls_made <= approvals_given, "seed {seed}: {calls_made} calls, {approvals_given} approvals");
    }
}

#[test]
fn an_invitation_whose_use_is_not_heard_of_makes_one_person() {
    for seed in 0..RUNS {
        let (database, choices) = (with_admin(), Choices(Cell::new(seed)));
        let invite = params!["code", "acme", "developer", "a-1", NOW, NOW + 900_000, 9];
        assert_eq!(run(&database, codes::INSERT_INVITATION, invite), Ok(1));
        let before = count(&database, "users");
        let mut joined = 0;
        for attempt in 0..TRIES {
            let (id, name) = (format!("new-{attempt}"), format!("grace-{}", choices.below(2)));
            let done = choices.ask(|| {
                let used: Vec<InvitedRow> = read(&database, codes::USE_INVITATION, params!["code", NOW + 1, id, name]);
                run(&database, codes::INSERT_INVITED, params!["code", id, name, HASH, NOW + 1]).unwrap();
                used.len()
            });
            joined += done.unwrap_or_default();
        }
        assert!(joined <= 1, "seed {seed}");
        assert_eq!(count(&database, "users"), before + 1, "seed {seed}");
    }
}
