//! What is shown at the end: one row for each scenario, one column for each run, and what failed.

use super::expected::Expected;
use super::suite::{Findings, Scenario};
use super::{EXPECTED, Totals};

/// Shows everything and sums it up.
pub fn show(findings: &[Findings], expected: &Expected, partial: bool) -> Totals {
    println!("\n{}", rows(findings).join("\n"));
    let (mut totals, mut lines) = (Totals::default(), Vec::new());
    for found in findings {
        for scenario in &found.scenarios {
            totals.passed += scenario.passed;
            for check in &scenario.failures {
                let known = expected.names(&found.head, scenario, check);
                totals.failed += u64::from(!known);
                totals.skipped += u64::from(known);
                let word = if known { "known " } else { "FAILED" };
                lines.push(format!(
                    "  {word} {}/{}:{}\n         {}",
                    found.head, scenario.name, check.id, check.message
                ));
            }
        }
    }
    for stale in expected.stale(findings, partial) {
        totals.failed += 1;
        lines.push(format!("  STALE  {stale}\n         it passes: take its line out of the expected failures"));
    }
    if !lines.is_empty() {
        println!("\n{}", lines.join("\n"));
    }
    if totals.skipped > 0 {
        println!("\n{} failures are known: their reasons stand in {EXPECTED}", totals.skipped);
    }
    println!("\n{} passed, {} failed", totals.passed, totals.failed);
    totals
}

/// The table: checks that passed, and those that failed behind a slash.
fn rows(findings: &[Findings]) -> Vec<String> {
    let mut names: Vec<&str> = Vec::new();
    for scenario in findings.iter().flat_map(|found| &found.scenarios) {
        if !names.contains(&scenario.name.as_str()) {
            names.push(&scenario.name);
        }
    }
    let width = names.iter().map(|name| name.len()).max().unwrap_or_default();
    let heads: Vec<String> = findings.iter().map(|found| found.head.clone()).collect();
    let line = |name: &str, cells: Vec<String>| format!("  {name:width$}  {}", cells.join("  "));
    let mut rows = vec![line("passed/failed", heads.clone())];
    for name in names {
        let cells = findings.iter().zip(&heads).map(|(found, head)| {
            let scenario = found.scenarios.iter().find(|scenario| scenario.name == name);
            format!("{:>width$}", scenario.map_or_else(|| "-".to_owned(), cell), width = head.len())
        });
        rows.push(line(name, cells.collect()));
    }
    rows
}

fn cell(scenario: &Scenario) -> String {
    format!("{}/{}", scenario.passed, scenario.failures.len())
}

#[cfg(test)]
mod tests {
    use super::super::suite::{Check, Findings, Scenario};
    use super::{Expected, rows, show};

    fn findings() -> [Findings; 2] {
        let held = |name: &str| Scenario { name: name.into(), passed: 3, failures: Vec::new() };
        let check = |id: &str| Check { id: id.into(), message: "why".into() };
        let failed = Scenario { name: "tools-list".into(), passed: 1, failures: vec![check("a"), check("b")] };
        [
            Findings { head: "2026-07-28/modern".into(), scenarios: vec![held("caching"), failed] },
            Findings { head: "2025-11-25/modern".into(), scenarios: vec![held("ping"), held("tools-list")] },
        ]
    }

    #[test]
    fn a_scenario_has_one_row_and_a_dash_where_it_was_not_run() {
        let expected = [
            "  passed/failed  2026-07-28/modern  2025-11-25/modern",
            "  caching                     3/0                  -",
            "  tools-list                  1/2                3/0",
            "  ping                          -                3/0",
        ];
        // The names are shorter than the heading of their column.
        assert_eq!(rows(&findings()).iter().map(|row| squeezed(row)).collect::<Vec<_>>(), expected.map(squeezed));
    }

    fn squeezed(row: &str) -> String {
        row.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_known_failure_is_not_counted_and_a_stale_line_is() {
        let totals = |text: &str| {
            let totals = show(&findings(), &Expected::parse(text).unwrap(), false);
            (totals.passed, totals.failed, totals.skipped)
        };
        assert_eq!(totals(""), (10, 2, 0));
        assert_eq!(totals("2026-07-28/modern/tools-list:a: why"), (10, 1, 1));
        assert_eq!(totals("2026-07-28/modern/tools-list: why\n2025-11-25/modern/ping: why"), (10, 1, 2));
    }
}
