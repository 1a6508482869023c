//! `.dev.vars.example` and the source agree on the names of variables and secrets, in both directions, and on their defaults; the
//! operator's table says the same.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed step of the test fails the test"
)]

use mcp_secure_gateway::settings::Settings;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
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

/// What stands beside the variables of this table is found in the example of every variable.
const TABLE: &str = "docs/CONFIGURATION.md";

#[test]
fn every_default_is_what_the_source_takes_where_nothing_is_set() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let example = fs::read_to_string(root.join(".dev.vars.example")).unwrap();
    let defaults: BTreeMap<&str, &str> = example
        .lines()
        .filter_map(|line| line.strip_prefix("# ")?.split_once('='))
        .filter(|(name, default)| is_name(name) && !default.is_empty())
        .collect();
    assert!(defaults.len() > 30, "the defaults are not read: {defaults:?}");
    for (name, default) in defaults {
        let silent = told(name, None);
        assert_eq!(silent, told(name, Some(default)), "{name}");
        // Another value is seen: else nothing was compared.
        let another = match default.parse::<u64>() {
            Ok(number) => (number - 1).to_string(),
            Err(_) if default.starts_with("https://") => "https://another.example.com".to_owned(),
            Err(_) => continue,
        };
        assert_ne!(silent, told(name, Some(&another)), "{name}");
    }
}

/// All settings of a gateway where one has this value, or none.
fn told(name: &str, value: Option<&str>) -> String {
    let given = given(name);
    let lookup = |asked: &str| {
        if asked == name && value.is_some() { value.map(str::to_owned) } else { given.get(asked).cloned() }
    };
    format!("{:?}", Settings::read(&lookup).unwrap_or_else(|problems| panic!("{name}: {problems:?}")))
}

/// What a gateway needs to start, and for a setting of a part that must be turned on, the others of that part.
fn given(name: &str) -> BTreeMap<&'static str, String> {
    let mut given: BTreeMap<&str, String> = [
        ("PROFILE", "local".to_owned()),
        ("ISSUER", "http://127.0.0.1:8787".to_owned()),
        ("SIGNING_KEY", "nYnKoISuEyQcFfi6iFZo8HRHAY8TnQOXKO8bFd4n2CA".to_owned()),
        ("ENCRYPTION_KEY", "hPkH7MVT2aQxLrNGu0wQ9cK3bqZfE1oYtXsJm8DpI6U".to_owned()),
    ]
    .into();
    if name.starts_with("OIDC_") {
        let provider = [
            ("OIDC_ISSUER", "https://id.example.com"),
            ("OIDC_CLIENT_ID", "gateway"),
            ("OIDC_TENANT", "acme"),
            ("OIDC_NAME", "Us"),
        ];
        given.extend(provider.map(|(name, value)| (name, value.to_owned())));
    }
    if name.starts_with("OTEL_") {
        given.insert("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318".to_owned());
    }
    for (begin, provider, needed) in PROVIDERS {
        if name.starts_with(begin) {
            given.insert("ENTROPY_PROVIDERS", (*provider).to_owned());
            given.extend(needed.iter().map(|(name, value)| (*name, (*value).to_owned())));
        }
    }
    given
}

/// A variable and its value.
type Set = (&'static str, &'static str);

/// How the settings of a quantum provider begin, its name, and what else it needs. The longer beginning comes last.
const PROVIDERS: &[(&str, &str, &[Set])] = &[
    ("ANU_", "anu", &[("ANU_API_KEY", "k")]),
    ("ANU_LEGACY_", "anu_legacy", &[]),
    (
        "QUANTINUUM_",
        "quantinuum",
        &[
            ("QUANTINUUM_API_KEY", "k"),
            ("QUANTINUUM_CLIENT_ID", "c"),
            ("QUANTINUUM_SHARED_SECRET", "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"),
        ],
    ),
    ("IDQ_", "idq", &[("IDQ_BASE_URL", "https://idq.example.com")]),
    ("QRNG_OPEN_API_", "qrng_open_api", &[("QRNG_OPEN_API_BASE_URL", "https://qrng.example.com")]),
    ("QRYPT_", "qrypt", &[("QRYPT_API_KEY", "k")]),
    ("OUTSHIFT_", "outshift", &[("OUTSHIFT_API_KEY", "k")]),
    ("LFD_", "lfd", &[]),
    ("QRANDOM_IO_", "qrandom_io", &[]),
    ("QBCK_", "qbck", &[("QBCK_API_KEY", "k")]),
    ("QCI_", "qci", &[("QCI_REFRESH_TOKEN", "k")]),
];

#[test]
fn the_operators_table_is_the_example_of_every_variable() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = table(&fs::read_to_string(root.join(".dev.vars.example")).unwrap());
    let path = root.join(TABLE);
    let before = fs::read_to_string(&path).unwrap();
    let (head, _) = before.split_once("\n## ").unwrap();
    let wanted = format!("{head}\n{table}");
    if std::env::var_os("UPDATE_DOCUMENTS").is_some() {
        return fs::write(&path, &wanted).unwrap();
    }
    assert!(
        before == wanted,
        "UPDATE_DOCUMENTS=1 cargo test -p mcp-secure-gateway --test settings writes {TABLE} anew"
    );
}

/// The example as Markdown: a heading for each part, a line for each variable.
fn table(example: &str) -> String {
    let mut told = String::new();
    let mut meaning = "";
    for line in example.lines() {
        if let Some(title) = line.strip_prefix("# --- ") {
            let title = title.trim_end_matches(['-', ' ']);
            let _ = write!(told, "\n## {title}\n\n| variable | default | meaning |\n|---|---|---|\n");
        } else if let Some((name, default)) =
            line.strip_prefix("# ").unwrap_or(line).split_once('=').filter(|(name, _)| is_name(name))
        {
            let default = match (line.starts_with('#'), default) {
                (false, _) => "none: required".to_owned(),
                (true, "") => String::new(),
                (true, default) => format!("`{default}`"),
            };
            let _ = writeln!(told, "| `{name}` | {default} | {meaning} |");
        } else if let Some(comment) = line.strip_prefix("# ") {
            meaning = comment;
        }
    }
    told.trim_start().to_owned()
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
