//! A report as lines that a person reads.
//!
//! Every value comes from a [`Change`], in which what nobody sees is written by its number, so the lines can be shown anywhere.

use super::change::{Change, Comparison};
use super::offer::Report;

/// The lines of one comparison: what it is of and its verdict, then each change with its reason, what stood there before `-`
/// and what stands there now behind `+`.
pub fn lines(mark: char, comparison: &Comparison) -> Vec<String> {
    let mut lines = vec![format!("{mark} {} {}: {}", comparison.kind, comparison.name, comparison.verdict)];
    for change in &comparison.changes {
        lines.extend(change_lines(change));
    }
    if comparison.more > 0 {
        lines.push(format!("    … and {} more changes", comparison.more));
    }
    lines
}

fn change_lines(change: &Change) -> Vec<String> {
    let place = if change.at.is_empty() { "as a whole" } else { &change.at };
    let mut lines = vec![format!("    {place}: {}: {}", change.verdict, change.reason)];
    lines.extend(change.before.as_ref().map(|before| format!("        - {before}")));
    lines.extend(change.after.as_ref().map(|after| format!("        + {after}")));
    lines
}

/// The lines of a whole report: `~` for what changed, `>` for what has another name, `+` for what is new and `-` for what is
/// gone; the last line says what it comes to.
pub fn report_lines(report: &Report) -> Vec<String> {
    let mut all = Vec::new();
    for (mark, comparisons) in [('~', &report.changed), ('+', &report.added), ('-', &report.removed)] {
        all.extend(comparisons.iter().flat_map(|comparison| lines(mark, comparison)));
    }
    for renamed in &report.renamed {
        let mut own = lines('>', &renamed.comparison);
        own.insert(1, format!("    it was called {}", renamed.from));
        all.extend(own);
    }
    let counts = [
        ("unchanged", report.unchanged),
        ("changed", report.changed.len()),
        ("added", report.added.len()),
        ("removed", report.removed.len()),
        ("renamed", report.renamed.len()),
    ];
    let counts: Vec<String> = counts.iter().map(|(word, count)| format!("{count} {word}")).collect();
    all.push(format!("{}: {}", report.verdict, counts.join(", ")));
    all
}

#[cfg(test)]
#[path = "diff_tests.rs"]
mod tests;
