//! Two versions of what a server offers, compared: for a build that must not break who uses it.

use crate::arguments::Arguments;
use crate::failure::Failure;
use crate::project::Project;
use mcp_secure_gateway::drift::diff::report_lines;
use mcp_secure_gateway::drift::neighbours::Neighbours;
use mcp_secure_gateway::drift::offer::{Offer, Report, compare_offers};
use mcp_secure_gateway::http_api::contract;
use std::fs;
use std::path::Path;

/// `contract OLD NEW [--format text|json]`
pub fn run(_: &Project, mut arguments: Arguments) -> Result<(), Failure> {
    let format = arguments.value("--format")?.unwrap_or_else(|| "text".to_owned());
    let old = arguments.next("the old document")?;
    let new = arguments.next("the new document")?;
    arguments.finish()?;
    let (old, new) = (read(&old)?, read(&new)?);
    let report = compare_offers(&old, &new, &Neighbours::default());
    println!("{}", told(&report, &format)?);
    if report.verdict.needs_a_person() { Err(Failure::Shown) } else { Ok(()) }
}

fn read(path: &str) -> Result<Offer, Failure> {
    let unreadable = |reason: String| Failure::Unreadable(format!("{path}: {reason}"));
    let bytes = fs::read(Path::new(path)).map_err(|error| unreadable(error.to_string()))?;
    contract::read(&bytes).map_err(|reason| unreadable(reason.to_string()))
}

fn told(report: &Report, format: &str) -> Result<String, Failure> {
    match format {
        "text" => Ok(report_lines(report).join("\n")),
        "json" => serde_json::to_string_pretty(report).map_err(|error| Failure::Unmet(error.to_string())),
        other => Err(Failure::Usage(format!("--format is text or json, not {other}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::{read, run, told};
    use crate::arguments::Arguments;
    use crate::failure::Failure;
    use crate::project::Project;
    use mcp_secure_gateway::drift::neighbours::Neighbours;
    use mcp_secure_gateway::drift::offer::compare_offers;
    use std::fs;
    use std::path::PathBuf;

    /// A file of a folder of its own for each test.
    fn file(folder: &str, name: &str, text: &str) -> String {
        let folder: PathBuf = std::env::temp_dir().join(format!("xtask-contract-{folder}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        path.to_string_lossy().into_owned()
    }

    fn outcome(words: &[&str]) -> Result<(), Failure> {
        run(&Project::locate().unwrap(), Arguments::new(words.iter().map(|word| (*word).to_owned())))
    }

    const OLD: &str = "openapi: 3.1.0\npaths:\n  /pets:\n    get:\n      parameters:\n        - {name: limit, in: query, schema: {type: integer}}\n      responses: {'200': {description: Pets}}\n";

    #[test]
    fn a_harmless_change_is_well_and_a_breaking_one_is_shown() {
        let old = file("change", "old.yaml", OLD);
        let wider = file("change", "wider.yaml", &OLD.replace("type: integer", "type: number"));
        let narrower = file("change", "narrower.yaml", &OLD.replace("type: integer", "type: integer, maximum: 9"));
        assert!(outcome(&[&old, &old]).is_ok() && outcome(&[&old, &wider]).is_ok());
        assert!(matches!(outcome(&[&old, &narrower]), Err(Failure::Shown)));
        assert!(matches!(outcome(&[&old, &narrower, "--format", "json"]), Err(Failure::Shown)));
    }

    #[test]
    fn what_cannot_be_read_is_told_apart_from_what_breaks() {
        let old = file("unread", "old.yaml", OLD);
        let other = file("unread", "other.json", "{\"swagger\": \"2.0\"}");
        let broken = file("unread", "broken.json", "{\"tools\": [1]}");
        for words in [[old.as_str(), "/no/such/file"], [&old, &other], [&broken, &old]] {
            assert!(matches!(outcome(&words), Err(Failure::Unreadable(_))), "{words:?}");
        }
        assert!(matches!(outcome(&[&old]), Err(Failure::Usage(_))));
        assert!(matches!(outcome(&[&old, &old, "--format", "xml"]), Err(Failure::Usage(_))));
    }

    #[test]
    fn a_report_is_told_as_lines_and_as_json() {
        let tools = |description: &str| {
            format!(
                "{{\"tools\": [{{\"name\": \"a\", \"description\": \"{description}\", \"inputSchema\": {{\"type\": \"object\"}}}}]}}"
            )
        };
        let [old, new] =
            [("old.json", "One"), ("new.json", "Two")].map(|(name, text)| file("told", name, &tools(text)));
        let report = compare_offers(&read(&old).unwrap(), &read(&new).unwrap(), &Neighbours::default());
        let text = told(&report, "text").unwrap();
        assert!(
            text.contains("~ tool a: cosmetic")
                && text.ends_with("cosmetic: 0 unchanged, 1 changed, 0 added, 0 removed, 0 renamed"),
            "{text}"
        );
        let json: serde_json::Value = serde_json::from_str(&told(&report, "json").unwrap()).unwrap();
        assert_eq!(json["changed"][0]["changes"][0]["reason"], "wording");
    }
}
