//! What a gateway tells is what its page of metrics says, in both directions.

use gateway_contract::workspace;
use std::collections::{BTreeMap, BTreeSet};

/// What is known of a family: its kind, and the names of its labels.
type Families<'a> = BTreeMap<&'a str, (&'a str, BTreeSet<&'a str>)>;

/// Holds the text to `docs/METRICS.md`: the same families, of the same kinds, with the same labels.
pub fn hold(text: &str) {
    let page = std::fs::read_to_string(workspace().join("docs/METRICS.md")).expect("docs/METRICS.md");
    let (told, documented) = (told(text), documented(&page));
    let names = |families: &Families<'_>| families.keys().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    let (all_told, all_documented) = (names(&told), names(&documented));
    let undocumented: Vec<_> = all_told.difference(&all_documented).collect();
    let untold: Vec<_> = all_documented.difference(&all_told).collect();
    assert!(
        undocumented.is_empty() && untold.is_empty(),
        "not in docs/METRICS.md: {undocumented:?}; not told: {untold:?}"
    );
    for (name, said) in &documented {
        assert_eq!(told[name], *said, "{name}");
    }
}

/// The families of the text format, by their `# TYPE` lines, with the labels of all their samples.
fn told(text: &str) -> Families<'_> {
    let mut families = Families::new();
    let mut current = "";
    for line in text.lines() {
        if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' ')) {
            let before = families.insert(name, (kind, BTreeSet::new()));
            assert!(before.is_none(), "{name} is told twice");
            current = name;
        } else if !line.starts_with('#') && !line.is_empty() {
            assert!(line.starts_with(current), "{line} is of no family");
            let labels = &mut families.get_mut(current).expect("a family").1;
            labels.extend(names(line).into_iter().filter(|label| *label != "le"));
        }
    }
    families
}

/// The names of a sample's labels. Values may hold anything, escaped.
fn names(line: &str) -> Vec<&str> {
    let (mut names, mut rest) = (Vec::new(), line.split_once('{').map_or("", |(_, rest)| rest));
    while let Some((name, value)) = rest.split_once("=\"") {
        names.push(name.trim_start_matches(','));
        let mut escaped = false;
        let end = value.find(|letter| {
            let ends = letter == '"' && !escaped;
            escaped = letter == '\\' && !escaped;
            ends
        });
        rest = &value[end.expect("a value that ends") + 1..];
    }
    names
}

/// The rows of the page: `| name | kind | labels | meaning |`.
fn documented(page: &str) -> Families<'_> {
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    let rows = rows.filter(|row| row.starts_with("mcp_") || row.starts_with("http_"));
    let row = |line| {
        let mut cells = str::split(line, " | ");
        let name = cells.next().expect("a name").trim_end_matches('`');
        let (kind, labels) = (cells.next().expect("a kind"), cells.next().expect("labels"));
        (name, (kind, labels.split('`').skip(1).step_by(2).collect()))
    };
    rows.map(row).collect()
}

#[test]
fn labels_are_read_whatever_their_values_are() {
    assert_eq!(names(r#"a_total{x="1,y=\"2\"",z="\\"} 3"#), ["x", "z"]);
    assert!(names("a_total 3").is_empty());
}
