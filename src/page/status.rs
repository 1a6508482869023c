//! The page of what the gateway promises and how it does, which anybody may see: it names no tenant, no tool and no server, and tells
//! shares and times, not how many calls there were.

use super::html;
use crate::entropy::provenance::{ProviderState, ProviderStatus, Report};
use crate::metric::hours::{Hours, Outcomes};
use crate::time::{Lifetime, Timestamp};
use askama::Template;
use std::borrow::Cow;

/// The page of the gateway's status.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "status.html")]
pub struct StatusPage<'a> {
    /// When all of it was so.
    pub as_of: Timestamp,
    /// The gateway's version.
    pub version: &'a str,
    /// The parts of the platform without which nothing works.
    pub parts: &'a [PartLine<'a>],
    /// What is known of randomness.
    pub randomness: &'a Report,
    /// What happened in the last 24 hours, where that could be read.
    pub measured: Option<&'a Hours>,
    /// What the gateway holds to.
    pub bounds: Bounds,
}

/// A part of the platform that was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartLine<'a> {
    /// Its name.
    pub name: &'a str,
    /// Whether it answered well and in time.
    pub works: bool,
    /// How long that took.
    pub took: Lifetime,
}

/// How soon what the gateway promises is so, by its settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Until a revoked token is refused everywhere.
    pub revocation: Lifetime,
    /// Until a decision of an administrator holds everywhere.
    pub decision: Lifetime,
    /// Life of an access token.
    pub access_token: Lifetime,
    /// Longest call of a tool elsewhere.
    pub call: Lifetime,
    /// How often definitions are looked at though nobody calls.
    pub scan: Lifetime,
}

impl StatusPage<'_> {
    /// The page's HTML.
    pub fn render(&self) -> String {
        html(self)
    }

    fn works(&self) -> bool {
        self.parts.iter().all(|part| part.works)
    }

    /// The providers that are configured.
    fn providers(&self) -> Vec<&ProviderStatus> {
        let configured = |provider: &&ProviderStatus| provider.state != ProviderState::Unconfigured;
        self.randomness.providers.iter().filter(configured).collect()
    }
}

/// How a provider does, in words.
const fn state(provider: &ProviderStatus) -> &'static str {
    match provider.state {
        ProviderState::Healthy => "its last answer was accepted",
        ProviderState::Failing => "does not answer as it should",
        ProviderState::RateLimited => "asked to be left alone for a while",
        ProviderState::Unconfigured => "not configured",
        ProviderState::Unknown => "was not asked yet",
    }
}

/// The share that was answered: `99.98 %`, rounded down.
fn share(outcomes: &Outcomes) -> Cow<'static, str> {
    match outcomes.share() {
        None => "nobody asked".into(),
        Some(10_000) => "100 %".into(),
        Some(share) => format!("{}.{:02} %", share / 100, share % 100).into(),
    }
}

/// What so many percent of everything took at most.
fn up_to(hours: &Hours, percent: u64) -> String {
    hours.times().percentile(percent).map_or_else(|| "nobody asked".into(), words)
}

/// The hour as it is shown: `10:00`.
fn clock(hour: u64) -> String {
    format!("{:02}:00", hour % 24)
}

/// A span of time in the largest unit of which it is a whole number.
fn words(span: Lifetime) -> String {
    let of = |count: u64, unit: &str| format!("{count} {unit}{}", if count == 1 { "" } else { "s" });
    match span.millis() {
        millis if millis % 1000 != 0 || millis == 0 => format!("{millis} ms"),
        millis if millis % 60_000 != 0 => of(millis / 1000, "second"),
        millis if millis % 3_600_000 != 0 => of(millis / 60_000, "minute"),
        millis => of(millis / 3_600_000, "hour"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Bounds, PartLine, StatusPage, share, words};
    use crate::entropy::provenance::{ProviderState, Report};
    use crate::entropy::provider::ProviderId;
    use crate::metric::hours::{Hours, Outcomes};
    use crate::time::{Lifetime, Timestamp};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const BOUNDS: Bounds = Bounds {
        revocation: Lifetime::from_seconds(1),
        decision: Lifetime::from_seconds(5),
        access_token: Lifetime::from_seconds(600),
        call: Lifetime::from_millis(1500),
        scan: Lifetime::from_seconds(3600),
    };

    fn page(works: bool, randomness: &Report, measured: Option<&Hours>) -> String {
        let parts = [PartLine { name: "d1", works, took: Lifetime::from_millis(7) }];
        let as_of = Timestamp::from_seconds(1_795_000_000);
        StatusPage { as_of, version: "1.2.3", parts: &parts, randomness, measured, bounds: BOUNDS }.render()
    }

    #[test]
    fn the_headline_is_that_of_the_worst_part() {
        let randomness = Report::unasked(&[]);
        assert!(page(true, &randomness, None).contains("<h1>Everything answers</h1>"));
        let broken = page(false, &randomness, None);
        assert!(broken.contains("<h1>Something does not answer</h1>") && !broken.contains("Everything answers"));
    }

    #[test]
    fn what_was_measured_is_told_and_what_could_not_be_read_is_not_called_good() {
        let randomness = Report::unasked(&[]);
        let mut hours = Hours::default();
        hours.add(34, true, Outcomes { answered: 9_999, failed: 1 });
        hours.took(0, 10);
        let told = page(true, &randomness, Some(&hours));
        assert!(told.contains("99.99 %") && told.contains("10:00") && told.contains("nobody asked"), "{told}");
        assert!(!page(true, &randomness, Some(&Hours::default())).contains("<table"), "a table of nothing");
        let silent = page(true, &randomness, None);
        assert!(silent.contains("could not be read") && !silent.contains('%'), "{silent}");
    }

    #[test]
    fn only_configured_providers_are_named_and_a_failing_one_is_told() {
        let mut randomness = Report::unasked(&[ProviderId::parse("anu").unwrap()]);
        randomness.providers.iter_mut().filter(|one| one.state != ProviderState::Unconfigured).for_each(|one| {
            one.state = ProviderState::Failing;
            one.last_failure = Some("a word of its own".into());
        });
        let told = page(true, &randomness, None);
        assert!(told.contains("does not answer as it should") && !told.contains("a word of its own"), "{told}");
        assert!(!told.contains("not configured") && told.contains(&randomness.provenance.statement), "{told}");
    }

    #[test]
    fn the_bounds_are_those_of_the_settings() {
        let told = page(true, &Report::unasked(&[]), None);
        for bound in ["1 second", "5 seconds", "10 minutes", "1500 ms", "1 hour"] {
            assert!(told.contains(bound), "{bound}");
        }
    }

    #[test]
    fn shares_and_spans_are_written_as_they_are() {
        assert_eq!(share(&Outcomes { answered: 1, failed: 0 }), "100 %");
        assert_eq!(share(&Outcomes { answered: 1, failed: 2 }), "33.33 %");
        assert_eq!(share(&Outcomes { answered: 1, failed: 99 }), "1.00 %");
        assert_eq!(words(Lifetime::from_millis(0)), "0 ms");
        assert_eq!(words(Lifetime::from_seconds(61)), "61 seconds");
        assert_eq!(words(Lifetime::from_seconds(7200)), "2 hours");
    }
}
