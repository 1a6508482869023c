//! The failures that are known, with their reasons.

use super::suite::{Check, Findings, Scenario};
use crate::failure::Failure;

/// The lines of the file.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// `HEAD/SCENARIO` or `HEAD/SCENARIO:CHECK`: the head is that of the column.
    keys: Vec<String>,
}

impl Expected {
    /// Reads `KEY: REASON` lines. A line without a reason, or one that stands there twice, is an error.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let mut keys: Vec<String> = Vec::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let split = line.split_once(": ").filter(|(_, reason)| !reason.trim().is_empty());
            let Some((key, _)) = split else {
                return Err(Failure::Unmet(format!("an expected failure has no reason: {line}")));
            };
            if keys.iter().any(|known| known == key) {
                return Err(Failure::Unmet(format!("an expected failure stands there twice: {key}")));
            }
            keys.push(key.to_owned());
        }
        Ok(Self { keys })
    }

    /// Whether this failure is known.
    pub fn names(&self, head: &str, scenario: &Scenario, check: &Check) -> bool {
        let whole = format!("{head}/{}", scenario.name);
        let one = format!("{whole}:{}", check.id);
        self.keys.iter().any(|key| *key == whole || *key == one)
    }

    /// The lines about something that was run and did not fail.
    pub fn stale(&self, findings: &[Findings], partial: bool) -> Vec<&str> {
        self.keys.iter().map(String::as_str).filter(|key| is_stale(key, findings, partial)).collect()
    }
}

/// Lines about columns that were not run say nothing of this run; nor do other scenarios when only one was.
fn is_stale(key: &str, findings: &[Findings], partial: bool) -> bool {
    let below = |found: &Findings| key.strip_prefix(found.head.as_str()).and_then(|rest| rest.strip_prefix('/'));
    let of_head = findings.iter().find_map(|found| below(found).map(|rest| (found, rest)));
    let Some((found, rest)) = of_head else { return false };
    let (name, check) = rest.split_once(':').map_or((rest, None), |(name, check)| (name, Some(check)));
    let Some(scenario) = found.scenarios.iter().find(|scenario| scenario.name == name) else { return !partial };
    !scenario.failures.iter().any(|failure| check.is_none_or(|check| failure.id == check))
}

#[cfg(test)]
mod tests {
    use super::{Check, Expected, Findings, Scenario};

    const HEAD: &str = "2026-07-28/legacy";

    fn findings() -> [Findings; 1] {
        let failures = vec![Check { id: "one".into(), message: String::new() }];
        let failed = Scenario { name: "failed".into(), passed: 2, failures };
        let held = Scenario { name: "held".into(), passed: 2, failures: Vec::new() };
        [Findings { head: HEAD.into(), scenarios: vec![failed, held] }]
    }

    fn stale(text: &str) -> Vec<String> {
        let expected = Expected::parse(text).unwrap();
        expected.stale(&findings(), false).into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn a_line_without_a_reason_is_an_error() {
        assert!(Expected::parse("2026-07-28/legacy/caching").is_err());
        assert!(Expected::parse("2026-07-28/legacy/caching: ").is_err());
        assert!(Expected::parse("a/b/c: why\na/b/c: again").is_err());
        assert_eq!(Expected::parse("# a/b/c\n\n").unwrap(), Expected::default());
    }

    #[test]
    fn a_failure_is_known_by_its_scenario_or_by_itself() {
        let [found] = findings();
        let scenario = &found.scenarios[0];
        for (text, known) in [
            ("2026-07-28/legacy/failed: why", true),
            ("2026-07-28/legacy/failed:one: why", true),
            ("2026-07-28/legacy/failed:two: why", false),
            ("2025-11-25/legacy/failed: why", false),
        ] {
            assert_eq!(Expected::parse(text).unwrap().names(HEAD, scenario, &scenario.failures[0]), known, "{text}");
        }
    }

    #[test]
    fn a_line_about_what_did_not_fail_is_stale_and_one_about_what_was_not_run_is_not() {
        assert_eq!(stale("2026-07-28/legacy/held: why"), ["2026-07-28/legacy/held"]);
        assert_eq!(stale("2026-07-28/legacy/failed:two: why"), ["2026-07-28/legacy/failed:two"]);
        assert_eq!(stale("2026-07-28/legacy/unknown: why"), ["2026-07-28/legacy/unknown"]);
        assert!(stale("leg/2026-07-28/legacy/held: why").is_empty());
        assert!(stale("2026-07-28/legacy/failed: why\n2025-11-25/modern/held: why").is_empty());
    }
}
