//! What a failure of an upstream means for the next request: whether it counts against the upstream, and whether the same
//! request is sent once more.

use super::{ProtocolBreach, UpstreamProblem};
use crate::breaker::{Rule, shifted};
use crate::outbound::OutboundAnswer;
use crate::time::Lifetime;

/// How long outcomes are counted together.
const WINDOW: Lifetime = Lifetime::from_seconds(30);
/// Fewer outcomes than this say nothing about their share.
const LEAST_OUTCOMES: u32 = 20;
/// Failures in percent that are too many, though others come through between them.
const TOO_MANY: u32 = 75;
/// The longest that an upstream is left alone.
const LONGEST_PAUSE: Lifetime = Lifetime::from_seconds(300);
/// Longer than anything harmless may take: until then there is no second probe.
const PROBE_PATIENCE: Lifetime = Lifetime::from_seconds(30);
/// The longest `Retry-After` that is believed.
const LONGEST_WAIT: Lifetime = Lifetime::from_seconds(300);
/// The pause before a request is sent once more, and the longest that an upstream may make it.
const AGAIN: Lifetime = Lifetime::from_millis(200);
const LONGEST_AGAIN: Lifetime = Lifetime::from_seconds(2);
/// A second attempt with less time than this is none.
const LEAST_LEFT: Lifetime = Lifetime::from_millis(500);

/// When an upstream is left alone that fails so often in a row, and for how long at first.
pub const fn rule(in_a_row: u32, pause: Lifetime) -> Rule {
    Rule {
        in_a_row,
        window: WINDOW,
        least: LEAST_OUTCOMES,
        percent: TOO_MANY,
        pause,
        longest: LONGEST_PAUSE,
        patience: PROBE_PATIENCE,
    }
}

/// How much is under way at one upstream, and how many wait for that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Room {
    running: u32,
    waiting: u32,
}

impl Room {
    /// Takes a place, of so many at most. Who gets one calls [`Room::leave`] when it is over.
    pub const fn take(&mut self, most: u32) -> bool {
        let free = self.running < most;
        if free {
            self.running += 1;
        }
        free
    }

    /// Gives a place back.
    pub const fn leave(&mut self) {
        self.running = self.running.saturating_sub(1);
    }

    /// Waits for a place, with so many at most. Who may calls [`Room::wait_no_more`] when it waits no more.
    pub const fn wait(&mut self, most: u32) -> bool {
        let free = self.waiting < most;
        if free {
            self.waiting += 1;
        }
        free
    }

    /// Waits no more.
    pub const fn wait_no_more(&mut self) {
        self.waiting = self.waiting.saturating_sub(1);
    }
}

/// How well an upstream is, as far as one request tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// It answers, whatever it says.
    Well,
    /// It does not answer, or not in the protocol.
    Ill,
    /// Nothing can be told: it was not asked, or what went wrong may be the request's.
    Unknown,
}

impl UpstreamProblem {
    /// Its name in metrics.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Unreachable => "unreachable",
            Self::Redirected => "redirected",
            Self::TooLarge => "too_large",
            Self::Withheld(_) => "credential_withheld",
            Self::Status(_) => "status",
            Self::Protocol(_) => "protocol",
            Self::Rpc { .. } => "error",
            Self::Misconfigured => "misconfigured",
            Self::Unbound => "unbound",
            Self::Busy { .. } => "busy",
            Self::Resting { .. } => "left_alone",
            Self::Quarantined => "quarantined",
            Self::Crowded => "crowded",
            Self::Document(_) => "document",
        }
    }

    /// What this tells about the upstream's health. A refusal (4xx), an error in the protocol's own form and a result that only
    /// one tool gets wrong are answers.
    pub const fn health(&self) -> Health {
        match self {
            Self::Timeout | Self::Unreachable | Self::Redirected => Health::Ill,
            Self::Status(status) | Self::Busy { status, .. } if *status >= 500 => Health::Ill,
            Self::Status(_) | Self::Busy { .. } | Self::Rpc { .. } => Health::Well,
            Self::Protocol(breach) => match breach {
                ProtocolBreach::MediaType
                | ProtocolBreach::Malformed
                | ProtocolBreach::NotAResponse
                | ProtocolBreach::WrongId
                | ProtocolBreach::Result
                | ProtocolBreach::Revision
                | ProtocolBreach::SessionId
                | ProtocolBreach::EndlessStream
                | ProtocolBreach::EndlessList => Health::Ill,
                ProtocolBreach::ServerRequest | ProtocolBreach::Incomplete | ProtocolBreach::OutputSchema => {
                    Health::Well
                }
            },
            Self::TooLarge
            | Self::Document(_)
            | Self::Misconfigured
            | Self::Unbound
            | Self::Withheld(_)
            | Self::Quarantined
            | Self::Resting { .. }
            | Self::Crowded => Health::Unknown,
        }
    }

    /// Whether the upstream may have got the request.
    pub const fn was_sent(&self) -> bool {
        !matches!(
            self,
            Self::Resting { .. }
                | Self::Crowded
                | Self::Misconfigured
                | Self::Unbound
                | Self::Withheld(_)
                | Self::Quarantined
        )
    }

    /// When to come back, where that is known.
    pub const fn retry_after(&self) -> Option<Lifetime> {
        match self {
            Self::Busy { retry_after, .. } | Self::Resting { retry_after } => Some(*retry_after),
            Self::Crowded => Some(Lifetime::from_seconds(1)),
            _ => None,
        }
    }

    /// How long to wait before the same request is sent once more, which must change nothing; `None` when it is not. Only what
    /// passes by itself is worth another attempt: a connection that broke, a gateway in between, an upstream that is busy for
    /// a moment. `left` is the time the request has left; `jitter` as in [`shifted`].
    pub fn pause_before_again(&self, left: Lifetime, jitter: u8) -> Option<Lifetime> {
        let pause = match self {
            Self::Unreachable | Self::Status(502..=504) => shifted(AGAIN, jitter),
            Self::Busy { retry_after, .. } if *retry_after <= LONGEST_AGAIN => *retry_after,
            _ => return None,
        };
        (pause.millis() + LEAST_LEFT.millis() <= left.millis()).then_some(pause)
    }

    /// The problem of an answer with a status that is not the protocol's.
    ///
    /// `Retry-After` counts of 429 and 503, in seconds, from 1 to 300. Anything else is as if it had not been said: so are dates,
    /// which only servers with clocks that are right can mean.
    pub fn of_status(answer: &OutboundAnswer) -> Self {
        let said = answer.header("retry-after").filter(|_| matches!(answer.status, 429 | 503));
        let seconds =
            said.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit())).and_then(|text| text.parse().ok());
        let wait = seconds.map(Lifetime::from_seconds).filter(|wait| wait.millis() > 0 && *wait <= LONGEST_WAIT);
        match wait {
            Some(retry_after) => Self::Busy { status: answer.status, retry_after },
            None => Self::Status(answer.status),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Health, LONGEST_WAIT, Lifetime, OutboundAnswer, ProtocolBreach, Room, UpstreamProblem};
    use crate::upstream::UntrustedText;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn status(status: u16, retry_after: &str) -> UpstreamProblem {
        let headers = vec![("retry-after".to_owned(), retry_after.to_owned())];
        UpstreamProblem::of_status(&OutboundAnswer { status, headers, body: Vec::new() })
    }

    #[test]
    fn silence_server_errors_and_breaches_are_failures_and_refusals_are_answers() {
        let rpc = UpstreamProblem::Rpc { code: -32603, message: UntrustedText::new("no") };
        let retry_after = Lifetime::from_seconds(1);
        for (problem, health) in [
            (UpstreamProblem::Timeout, Health::Ill),
            (UpstreamProblem::Unreachable, Health::Ill),
            (UpstreamProblem::Status(500), Health::Ill),
            (UpstreamProblem::Busy { status: 503, retry_after }, Health::Ill),
            (ProtocolBreach::Malformed.into(), Health::Ill),
            (ProtocolBreach::WrongId.into(), Health::Ill),
            (UpstreamProblem::Status(401), Health::Well),
            (UpstreamProblem::Status(404), Health::Well),
            (UpstreamProblem::Busy { status: 429, retry_after }, Health::Well),
            (rpc, Health::Well),
            (ProtocolBreach::OutputSchema.into(), Health::Well),
            (UpstreamProblem::TooLarge, Health::Unknown),
            (UpstreamProblem::Crowded, Health::Unknown),
            (UpstreamProblem::Resting { retry_after }, Health::Unknown),
        ] {
            assert_eq!(problem.health(), health, "{problem:?}");
        }
    }

    #[test]
    fn what_was_refused_here_was_not_sent_and_says_when_to_come_back() {
        let resting = UpstreamProblem::Resting { retry_after: Lifetime::from_millis(4_100) };
        assert!(!resting.was_sent() && !UpstreamProblem::Crowded.was_sent() && UpstreamProblem::Timeout.was_sent());
        assert!(resting.to_string().ends_with("retry after 5 s"), "{resting}");
        assert!(UpstreamProblem::Crowded.retry_after().is_some() && UpstreamProblem::Timeout.retry_after().is_none());
    }

    #[test]
    fn no_more_than_so_many_are_under_way_and_every_place_is_used_again() {
        let mut room = Room::default();
        assert_eq!([room.take(2), room.take(2), room.take(2)], [true, true, false]);
        assert_eq!([room.wait(2), room.wait(2), room.wait(2)], [true, true, false]);
        room.leave();
        assert_eq!([room.take(2), room.take(2)], [true, false]);
        room.wait_no_more();
        assert!(room.wait(2));
        for _ in 0..5 {
            room.leave();
            room.wait_no_more();
        }
        assert_eq!(room, Room::default(), "none is given back twice");
    }

    #[test]
    fn a_wait_that_is_absurd_is_not_heard() {
        let busy = |seconds| UpstreamProblem::Busy { status: 503, retry_after: Lifetime::from_seconds(seconds) };
        assert_eq!([status(503, "1"), status(503, "300")], [busy(1), busy(300)]);
        let absurd =
            ["0", "301", "99999999999999999999999", "-1", "+5", "1.5", "", "soon", "Thu, 01 Jan 2099 00:00:00 GMT"];
        for wait in absurd {
            assert_eq!(status(503, wait), UpstreamProblem::Status(503), "{wait}");
        }
        assert_eq!(status(500, "7"), UpstreamProblem::Status(500));
        assert_eq!(LONGEST_WAIT.millis(), 300_000);
    }

    #[test]
    fn only_what_passes_by_itself_is_worth_a_second_attempt_in_time() {
        let left = Lifetime::from_seconds(10);
        let again = |problem: &UpstreamProblem| problem.pause_before_again(left, 0).map(Lifetime::millis);
        assert_eq!(again(&UpstreamProblem::Unreachable), Some(160));
        assert_eq!([502, 503, 504].map(|code| again(&UpstreamProblem::Status(code))), [Some(160); 3]);
        assert_eq!([again(&status(503, "2")), again(&status(503, "3"))], [Some(2000), None]);
        for no in [UpstreamProblem::Timeout, UpstreamProblem::Status(500), ProtocolBreach::Malformed.into()] {
            assert_eq!(again(&no), None, "{no:?}");
        }
        assert_eq!(UpstreamProblem::Unreachable.pause_before_again(Lifetime::from_millis(600), 0), None);
    }
}
