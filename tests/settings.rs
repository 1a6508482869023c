//! `.dev.vars.example` and the source agree on the names of variables and secrets, in both directions.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step of the test fails the test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Names of this shape in the source that are not settings of the Worker.
const NO_SETTINGS: [&str; 2] = ["CARGO_PKG_VERSION", "DATA_"];
/// Settings whose names are a single word.
const SINGLE_WORDS: [&str; 2] = ["PROFILE", "ISSUER"];

#[test]
fn every_setting_the_source_reads_is_explained_and_no_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut read = BTreeSet::new();
    collect(&root.join("src"), &mut read);
    let bindings = bindings(&fs::read_to_string(root.join("wrangler.toml")).unwrap());
    read.retain(|name| !bindings.contains(name) && !NO_SETTINGS.contains(&name.as_str()));
    let explained: BTreeSet<String> = explained(root).into_iter().map(|(name, _)| name).collect();
    let unexplained: Vec<_> = read.difference(&explained).collect();
    let unread: Vec<_> = explained.difference(&read).collect();
    assert!(unexplained.is_empty(), "missing in .dev.vars.example: {unexplained:?}");
    assert!(unread.is_empty(), "in .dev.vars.example, but nothing in src reads them: {unread:?}");
}

#[test]
fn every_setting_has_a_line_on_what_it_is_for() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (name, line_above) in explained(root) {
        assert!(line_above.starts_with("# ") && line_above.ends_with('.'), "{name} is not explained");
    }
}

#[test]
fn no_setting_is_listed_twice() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let names: Vec<String> = explained(root).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
}

/// The names in `.dev.vars.example`, commented out or not, each with the line above it.
fn explained(root: &Path) -> Vec<(String, String)> {
    let text = fs::read_to_string(root.join(".dev.vars.example")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let entry = |line: &str| {
        let (name, _) = line.strip_prefix("# ").unwrap_or(line).split_once('=')?;
        is_name(name).then(|| name.to_owned())
    };
    (1..lines.len()).filter_map(|at| Some((entry(lines[at])?, lines[at - 1].to_owned()))).collect()
}

/// Names of bindings in wrangler.toml: the source names them too, and they are no settings.
fn bindings(wrangler: &str) -> BTreeSet<String> {
    wrangler
        .lines()
        .filter_map(|line| line.split_once(" = "))
        .filter(|(key, _)| matches!(*key, "binding" | "name"))
        .map(|(_, value)| value.trim_matches('"').to_owned())
        .collect()
}

/// Every string literal of a setting's shape in product code below `folder`.
fn collect(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let test_file = path.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with("tests"));
        if path.is_dir() {
            collect(&path, names);
        } else if !test_file && path.extension().is_some_and(|extension| extension == "rs") {
            names.extend(literals(&fs::read_to_string(&path).unwrap()));
        }
    }
}

/// The literals of a setting's shape in product code: comments and everything from the tests on is left out.
fn literals(source: &str) -> Vec<String> {
    source
        .lines()
        .take_while(|line| !line.trim_start().starts_with("#[cfg(test)]"))
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| line.split('"').skip(1).step_by(2))
        .filter(|literal| is_name(literal))
        .map(str::to_owned)
        .collect()
}

fn is_name(text: &str) -> bool {
    let shape = text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    let start = text.bytes().next().is_some_and(|byte| byte.is_ascii_uppercase());
    shape && start && (text.contains('_') || SINGLE_WORDS.contains(&text))
}
