//! When somebody who keeps failing is asked again: pauses that grow, and a circuit breaker over them.
//!
//! A closed breaker lets everything through and counts. It opens after so many failures in a row, or when too many of a
//! window's calls failed. While it is open nothing is let through. When its pause is over, one probe is: it closes the
//! breaker, or opens it for longer. Time and jitter are arguments; nothing here waits.

use crate::time::{Lifetime, Timestamp};

/// When a breaker opens, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Failures in a row that open it.
    pub in_a_row: u32,
    /// How long outcomes are counted together.
    pub window: Lifetime,
    /// Fewer outcomes in a window than this say nothing about their share.
    pub least: u32,
    /// Failures of a window's outcomes that open it, in percent.
    pub percent: u32,
    /// How long it stays open the first time; every further time in a row twice as long.
    pub pause: Lifetime,
    /// The longest it stays open.
    pub longest: Lifetime,
    /// A probe that says nothing for so long is lost, and there may be another.
    pub patience: Lifetime,
}

/// Whether something may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may; tell the breaker how it ended.
    Go(Ticket),
    /// It may be tried with something harmless; tell the breaker how that ended.
    Probe(Ticket),
    /// It may not.
    Refused {
        /// When to come back: at least a millisecond.
        retry_after: Lifetime,
    },
}

/// What was let through. Its outcome counts only as long as the breaker has not changed its mind since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    generation: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed,
    Open { until: Timestamp },
    Probing { since: Timestamp },
}

/// A breaker.
#[derive(Clone, Debug)]
pub struct Breaker {
    state: State,
    /// One more with every change of state.
    generation: u64,
    /// How often it opened without closing in between.
    opened: u32,
    in_a_row: u32,
    window: Timestamp,
    outcomes: u32,
    failures: u32,
}

impl Breaker {
    /// A closed one.
    pub const fn new(now: Timestamp) -> Self {
        Self { state: State::Closed, generation: 0, opened: 0, in_a_row: 0, window: now, outcomes: 0, failures: 0 }
    }

    /// Whether it lets everything through.
    pub const fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    /// Until when it lets nothing through, not even a probe; none where it is closed, or a probe is under way.
    pub const fn open_until(&self) -> Option<Timestamp> {
        if let State::Open { until } = self.state { Some(until) } else { None }
    }

    /// Whether something may be asked now. A probe is the only one until its outcome is told, or it is lost.
    pub fn admit(&mut self, rule: &Rule, now: Timestamp) -> Verdict {
        let left = match self.state {
            State::Closed => return Verdict::Go(self.ticket()),
            State::Open { until } => until.since(now),
            State::Probing { since } => since.plus(rule.patience).since(now),
        };
        if left.millis() > 0 {
            let soon = matches!(self.state, State::Probing { .. });
            // A probe answers long before it is lost.
            return Verdict::Refused { retry_after: if soon { left.min(PROBE_TAKES) } else { left } };
        }
        self.turn(State::Probing { since: now });
        Verdict::Probe(self.ticket())
    }

    /// What was let through went well.
    pub fn succeeded(&mut self, ticket: Ticket, rule: &Rule, now: Timestamp) {
        if ticket != self.ticket() {
            return;
        }
        self.in_a_row = 0;
        if self.is_closed() {
            self.count(rule, false, now);
        } else {
            self.opened = 0;
            self.turn(State::Closed);
            (self.window, self.outcomes, self.failures) = (now, 0, 0);
        }
    }

    /// What was let through failed. `wanted` is the pause that whoever was asked wants itself; `jitter` shifts the pause by up
    /// to a fifth: 0 shortest, 255 longest. The pause, where this opened it.
    pub fn failed(
        &mut self,
        ticket: Ticket,
        rule: &Rule,
        wanted: Option<Lifetime>,
        jitter: u8,
        now: Timestamp,
    ) -> Option<Lifetime> {
        if ticket != self.ticket() {
            return None;
        }
        self.in_a_row = self.in_a_row.saturating_add(1);
        if self.is_closed() {
            self.count(rule, true, now);
            let share = self.failures.saturating_mul(100) >= self.outcomes.saturating_mul(rule.percent);
            if self.in_a_row < rule.in_a_row && !(self.outcomes >= rule.least && share) {
                return None;
            }
        }
        let pause = grown(rule.pause, rule.longest, self.opened, jitter);
        let pause = wanted.map_or(pause, |wanted| pause.max(wanted.min(rule.longest)));
        self.opened = self.opened.saturating_add(1);
        self.turn(State::Open { until: now.plus(pause) });
        Some(pause)
    }

    /// A probe was given up before it told anything: the next one need not wait for it.
    pub fn abandoned(&mut self, ticket: Ticket, now: Timestamp) {
        if ticket == self.ticket() && matches!(self.state, State::Probing { .. }) {
            self.turn(State::Open { until: now });
        }
    }

    const fn ticket(&self) -> Ticket {
        Ticket { generation: self.generation }
    }

    const fn turn(&mut self, state: State) {
        self.state = state;
        self.generation += 1;
    }

    fn count(&mut self, rule: &Rule, failed: bool, now: Timestamp) {
        if now.since(self.window) >= rule.window {
            (self.window, self.outcomes, self.failures) = (now, 0, 0);
        }
        self.outcomes = self.outcomes.saturating_add(1);
        self.failures = self.failures.saturating_add(u32::from(failed));
    }
}

/// When to come back while a probe is on its way.
const PROBE_TAKES: Lifetime = Lifetime::from_seconds(1);

/// A pause that doubles with every time before this one, up to the longest, and shifted by up to a fifth.
pub fn grown(first: Lifetime, longest: Lifetime, times_before: u32, jitter: u8) -> Lifetime {
    let doubled = first.millis().saturating_mul(1 << times_before.min(16));
    shifted(Lifetime::from_millis(doubled).min(longest), jitter)
}

/// 80 to 120 percent of a pause, so that many who wait do not come back in step: `jitter` 0 is shortest, 255 longest.
pub fn shifted(pause: Lifetime, jitter: u8) -> Lifetime {
    let fifth = pause.millis() / 5;
    Lifetime::from_millis(pause.millis() - fifth + 2 * fifth * u64::from(jitter) / 255)
}

#[cfg(test)]
mod tests;
