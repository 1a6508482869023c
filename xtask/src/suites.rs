//! `cargo xtask test`: every test of the project, and one closing summary.

use crate::arguments::Arguments;
use crate::failure::Failure;
use crate::process::{self, program, run_and_read};
use crate::project::Project;
use crate::{dev, step, tools};
use serde_json::Value;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The share of the core's lines that the tests must run.
const LEAST_COVERAGE: f64 = 95.0;
/// How a line begins that a test writes past its runner when it lacks a program it cannot do without. The runner counts it as
/// passed.
const SET_ASIDE: &str = "SKIPPED: ";
/// The variable that tells tests where to keep what their gateways print.
const RUN: &str = "CONTRACT_RUN";
const COVERAGE_REPORT: &str = "target/coverage.json";
/// How many failed tests of a running gateway are run once more. More than these are no matter of a busy machine.
const MOST_UNSTEADY: usize = 3;

/// How many tests passed, failed and were skipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// How many held.
    pub passed: u64,
    /// How many did not.
    pub failed: u64,
    /// How many were not run, or are known to fail.
    pub skipped: u64,
}

impl Totals {
    fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }

    /// The same totals with that many of the passed tests counted as skipped.
    const fn with_set_aside(self, tests: u64) -> Self {
        Self { passed: self.passed.saturating_sub(tests), skipped: self.skipped + tests, ..self }
    }

    /// Reads a runner's `test result: ok. 5 passed; 0 failed; 1 ignored; …`.
    fn parse(line: &str) -> Option<Self> {
        let counts = line.trim_start().strip_prefix("test result: ")?.split_once(". ")?.1;
        let count = |word: &str| {
            counts
                .split("; ")
                .filter_map(|part| part.trim().split_once(' '))
                .find_map(|(number, name)| (name.trim() == word).then(|| number.parse().ok()).flatten())
        };
        Some(Self { passed: count("passed")?, failed: count("failed")?, skipped: count("ignored")? })
    }
}

impl std::fmt::Display for Totals {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(f, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

/// `cargo xtask test [--no-coverage]`
pub fn run(project: &Project, mut arguments: Arguments) -> Result<(), Failure> {
    let without_coverage = arguments.flag("--no-coverage");
    arguments.finish()?;
    // The gateways of the tests come from this very program: cargo need not look at it again for each. Where it is, is asked before
    // anything builds it anew: its file has no name then.
    let own = std::env::current_exe().ok();
    let measured = prepare(project, !without_coverage)?;
    let run = fresh_run(project)?;
    let mut results = vec![
        native(project, measured)?,
        on_wasm(project)?,
        contract(project, &run, own.as_deref())?,
        aftermath(project, &run)?,
    ];
    if measured {
        results.push(coverage(project)?);
    }
    println!("\nSummary");
    let mut all = Totals::default();
    for Suite { name, totals, unsteady } in &results {
        println!("  {name}: {totals}");
        for test in unsteady {
            println!("    {test} failed, and passed when it was run again: its failure is above");
        }
        all.add(*totals);
    }
    println!("{all}");
    if all.failed == 0 { Ok(()) } else { Err(Failure::Shown) }
}

/// The preparation of `cargo xtask dev`, and the coverage tool. True when coverage can be measured here.
fn prepare(project: &Project, coverage: bool) -> Result<bool, Failure> {
    dev::prepare(project, &project.state())?;
    let _one_at_a_time = project.lock()?;
    Ok(coverage && tools::install_coverage(project))
}

/// What came of a suite.
#[derive(Debug)]
struct Suite {
    name: &'static str,
    totals: Totals,
    /// Tests that failed and passed when they were run again.
    unsteady: Vec<String>,
}

/// Unit, property, statement and structure tests of the gateway, and those of this program.
fn native(project: &Project, measured: bool) -> Result<Suite, Failure> {
    let mut command = if measured { llvm_cov(project) } else { program(project, "cargo") };
    if measured {
        // The report is written though a test fails: its failure is in the totals.
        command.args(["test", "--json", "--summary-only", "--output-path", COVERAGE_REPORT, "--ignore-run-fail"]);
    } else {
        command.args(["test", "--no-fail-fast"]);
    }
    command.args(["-p", "mcp-secure-gateway", "-p", "xtask"]);
    suite("native", &mut command)
}

/// The same unit tests, compiled for the Worker's target and run by Node.js.
fn on_wasm(project: &Project) -> Result<Suite, Failure> {
    let mut command = program(project, "cargo");
    command.args([
        "test",
        "-p",
        "mcp-secure-gateway",
        "--lib",
        "--no-default-features",
        "--target",
        tools::WASM_TARGET,
    ]);
    suite("wasm32", &mut command)
}

/// Black-box tests of a running gateway, which they start themselves, and those of the server they put behind it.
///
/// They hold a gateway to times it states, on a machine that may be busy with something else: a few that fail are run once more,
/// and named in the summary. A fault that is there every time fails twice. `own` is where this program is.
fn contract(project: &Project, run: &Path, own: Option<&Path>) -> Result<Suite, Failure> {
    // The tests start it.
    process::run(program(project, "cargo").args(["build", "-p", "gateway-fixture"]))?;
    let command = |only: &[String]| {
        let mut command = program(project, "cargo");
        command.args(["test", "-p", "gateway-contract", "-p", "gateway-fixture", "--no-fail-fast"]).env(RUN, run);
        command.envs(own.iter().map(|own| ("XTASK", own)));
        if !only.is_empty() {
            command.args(["--", "--exact"]).args(only);
        }
        command
    };
    let first = ran("contract", &mut command(&[]))?;
    if !first.may_be_unsteady() {
        return Ok(Suite { name: "contract", totals: first.totals, unsteady: Vec::new() });
    }
    let again = ran("contract, once more,", &mut command(&first.failed))?;
    let (totals, unsteady) = first.settled(&again);
    Ok(Suite { name: "contract", totals, unsteady })
}

/// What the gateways of the run printed: no secret of it, and nothing that breaks the log's schema.
fn aftermath(project: &Project, run: &Path) -> Result<Suite, Failure> {
    let mut command = program(project, "cargo");
    command.args(["test", "-p", "gateway-contract", "--test", "aftermath"]).env(RUN, run);
    suite("aftermath", &mut command)
}

/// An empty folder for what the run leaves behind.
fn fresh_run(project: &Project) -> Result<PathBuf, Failure> {
    let folder = project.path("target/contract-run");
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(Failure::at(&folder)(error)),
        _ => fs::create_dir_all(&folder).map_err(Failure::at(&folder))?,
    }
    Ok(folder)
}

fn suite(name: &'static str, command: &mut Command) -> Result<Suite, Failure> {
    Ok(Suite { name, totals: ran(name, command)?.totals, unsteady: Vec::new() })
}

/// What runners said of their tests.
#[derive(Debug, Default)]
struct Ran {
    totals: Totals,
    /// The failed tests by name.
    failed: Vec<String>,
}

impl Ran {
    /// Whether every failure has a name, and there are few of them.
    fn may_be_unsteady(&self) -> bool {
        let failures = self.failed.len();
        (1..=MOST_UNSTEADY).contains(&failures) && self.totals.failed == failures as u64
    }

    /// The totals after the failed tests were run again, and those of them that passed then.
    fn settled(mut self, again: &Self) -> (Totals, Vec<String>) {
        if again.totals.passed + again.totals.failed != self.failed.len() as u64 {
            // Another number of tests ran than failed: nothing is known of them.
            return (self.totals, Vec::new());
        }
        self.totals.passed += again.totals.passed;
        self.totals.failed = again.totals.failed;
        self.failed.retain(|name| !again.failed.contains(name));
        (self.totals, self.failed)
    }
}

fn ran(name: &str, command: &mut Command) -> Result<Ran, Failure> {
    println!("\n== {name} tests");
    let (mut ran, mut set_aside) = (Ran::default(), 0);
    let succeeded = run_and_read(command, |line| {
        set_aside += u64::from(line.starts_with(SET_ASIDE));
        if let Some(counted) = Totals::parse(line) {
            ran.totals.add(counted);
        }
        ran.failed.extend(failed(line).map(str::to_owned));
    })?;
    ran.totals = ran.totals.with_set_aside(set_aside);
    if !succeeded && ran.totals.failed == 0 {
        // It did not compile, or a test process ended before it could report.
        ran.totals.failed = 1;
    }
    Ok(ran)
}

/// The name in a runner's `test name ... FAILED`.
fn failed(line: &str) -> Option<&str> {
    line.strip_prefix("test ")?.strip_suffix(" ... FAILED")
}

fn llvm_cov(project: &Project) -> Command {
    let mut command = program(project, project.tool("cargo-llvm-cov"));
    command.arg("llvm-cov");
    command
}

/// One check more: the share of the core's lines that ran.
fn coverage(project: &Project) -> Result<Suite, Failure> {
    let path = project.path(COVERAGE_REPORT);
    let Ok(text) = std::fs::read_to_string(&path) else {
        step::note("no coverage report: the native tests did not end");
        return Ok(checked(false));
    };
    let Some((covered, lines)) = core_lines(&text, &project.path("src").to_string_lossy()) else {
        return Err(Failure::Unmet(format!("{} has an unknown form", path.display())));
    };
    #[expect(clippy::cast_precision_loss, reason = "line counts are far below 2^52")]
    let share = if lines == 0 { 100.0 } else { covered as f64 * 100.0 / lines as f64 };
    println!("\nCoverage of the core (src without src/edge): {share:.2} % of {lines} lines, {LEAST_COVERAGE} % wanted");
    Ok(checked(share >= LEAST_COVERAGE))
}

fn checked(holds: bool) -> Suite {
    let totals = Totals { passed: u64::from(holds), failed: u64::from(!holds), skipped: 0 };
    Suite { name: "coverage", totals, unsteady: Vec::new() }
}

/// Covered lines and all lines of the report's files below `source`, without the edge.
fn core_lines(report: &str, source: &str) -> Option<(u64, u64)> {
    let report: Value = serde_json::from_str(report).ok()?;
    let files = report.pointer("/data/0/files")?.as_array()?;
    let mut sum = (0, 0);
    for file in files {
        let inside = file.get("filename")?.as_str()?.strip_prefix(source);
        if inside.is_some_and(|inside| inside.starts_with('/') && !inside.starts_with("/edge/")) {
            sum.0 += file.pointer("/summary/lines/covered")?.as_u64()?;
            sum.1 += file.pointer("/summary/lines/count")?.as_u64()?;
        }
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::{MOST_UNSTEADY, Ran, Totals, core_lines, failed};

    fn ran(passed: u64, failed: &[&str]) -> Ran {
        let totals = Totals { passed, failed: failed.len() as u64, skipped: 0 };
        Ran { totals, failed: failed.iter().map(|&name| name.to_owned()).collect() }
    }

    #[test]
    fn a_failed_test_is_named_and_no_other() {
        assert_eq!(failed("test drift::a ... FAILED"), Some("drift::a"));
        assert_eq!(failed("test drift::a ... ok"), None);
        assert_eq!(failed("error: test failed, to rerun pass `-p x` ... FAILED"), None);
    }

    #[test]
    fn what_passes_when_it_is_run_again_is_passed_and_named_and_what_fails_twice_has_failed() {
        let (totals, unsteady) = ran(5, &["a", "b"]).settled(&ran(1, &["b"]));
        assert_eq!((totals, unsteady), (Totals { passed: 6, failed: 1, skipped: 0 }, vec!["a".to_owned()]));
        let (totals, unsteady) = ran(5, &["a"]).settled(&ran(0, &["a"]));
        assert_eq!((totals, unsteady), (Totals { passed: 5, failed: 1, skipped: 0 }, Vec::new()));
    }

    #[test]
    fn a_second_run_that_tells_nothing_of_the_failed_tests_takes_no_failure_away() {
        let (totals, unsteady) = ran(5, &["a"]).settled(&ran(0, &[]));
        assert_eq!((totals, unsteady), (Totals { passed: 5, failed: 1, skipped: 0 }, Vec::new()));
    }

    #[test]
    fn many_failures_and_those_without_a_name_are_not_run_again() {
        assert!(ran(5, &["a"]).may_be_unsteady() && !ran(5, &[]).may_be_unsteady());
        assert!(!ran(5, &["a"; MOST_UNSTEADY + 1]).may_be_unsteady());
        let broken = Ran { totals: Totals { passed: 5, failed: 1, skipped: 0 }, failed: Vec::new() };
        assert!(!broken.may_be_unsteady(), "it did not compile, say");
    }

    #[test]
    fn a_runners_totals_are_read_and_other_lines_are_not() {
        let line = "test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 9 filtered out; finished in 0.01s";
        assert_eq!(Totals::parse(line), Some(Totals { passed: 12, failed: 3, skipped: 1 }));
        let wasm = "test result: ok. 7 passed; 0 failed; 0 ignored; 0 filtered out; finished in 0.00s";
        assert_eq!(Totals::parse(wasm), Some(Totals { passed: 7, failed: 0, skipped: 0 }));
        assert_eq!(Totals::parse("test time::tests::x ... ok"), None);
    }

    #[test]
    fn a_test_that_was_set_aside_is_skipped_and_not_passed() {
        let totals = Totals { passed: 5, failed: 1, skipped: 1 }.with_set_aside(2);
        assert_eq!(totals, Totals { passed: 3, failed: 1, skipped: 3 });
    }

    #[test]
    fn the_summary_names_skipped_tests_only_when_there_are_any() {
        assert_eq!(Totals { passed: 2, failed: 0, skipped: 0 }.to_string(), "2 passed, 0 failed");
        assert_eq!(Totals { passed: 2, failed: 1, skipped: 4 }.to_string(), "2 passed, 1 failed, 4 skipped");
    }

    #[test]
    fn coverage_counts_the_core_and_neither_the_edge_nor_other_crates() {
        let file = |name: &str, covered: u64, count: u64| serde_json::json!({"filename": name, "summary": {"lines": {"covered": covered, "count": count}}});
        let files = [
            file("/p/src/a.rs", 9, 10),
            file("/p/src/edge/b.rs", 0, 50),
            file("/p/xtask/src/c.rs", 0, 7),
            file("/p/src2/d.rs", 0, 1),
        ];
        let report = serde_json::json!({"data": [{"files": files}]}).to_string();
        assert_eq!(core_lines(&report, "/p/src"), Some((9, 10)));
    }
}
