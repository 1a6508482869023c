//! Looking for faults in an exported audit trail, without asking the gateway.

use crate::arguments::Arguments;
use crate::failure::Failure;
use crate::project::Project;
use mcp_secure_gateway::audit::export::{self, Report};
use mcp_secure_gateway::audit::head::PublicKeys;
use std::fs;
use std::path::Path;

/// `audit verify FILE [--head FILE]… [--keys FILE]`
pub fn run(_: &Project, mut arguments: Arguments) -> Result<(), Failure> {
    let heads = arguments.values("--head")?;
    let keys = arguments.value("--keys")?;
    let word = arguments.next("verify")?;
    if word != "verify" {
        return Err(Failure::Usage(format!("audit {word} is not understood; it is audit verify")));
    }
    let file = arguments.next("the exported file")?;
    arguments.finish()?;
    let heads = heads.iter().map(|path| text(path)).collect::<Result<Vec<_>, _>>()?;
    let kept: Vec<&str> = heads.iter().flat_map(|text| text.lines()).filter(|line| !line.trim().is_empty()).collect();
    let keys = keys.map(|path| read_keys(&path)).transpose()?;
    let report = export::verify(&text(&file)?, &kept, keys.as_ref());
    println!("{}", told(&report, keys.is_some()));
    if report.findings.is_empty() { Ok(()) } else { Err(Failure::Unmet("the trail is not as it was written".into())) }
}

fn text(path: &str) -> Result<String, Failure> {
    let path = Path::new(path);
    fs::read_to_string(path).map_err(Failure::at(path))
}

fn read_keys(path: &str) -> Result<PublicKeys, Failure> {
    let keys = PublicKeys::parse(text(path)?.as_bytes());
    keys.ok_or_else(|| Failure::Unmet(format!("{path} is no key set, or has no Ed25519 key")))
}

/// What was found, for a person to read.
fn told(report: &Report, with_keys: bool) -> String {
    let mut lines = Vec::new();
    if let Some(trail) = &report.trail {
        lines.push(format!("trail    {trail}"));
    }
    lines.push(format!("records  {}", report.records));
    if let Some(last) = &report.last {
        lines.push(format!("last     {} {}", last.seq, last.hash));
    }
    let signatures = if with_keys { "signatures verified" } else { "signatures not verified: no --keys" };
    lines.push(format!("heads    {} ({signatures})", report.heads));
    lines.extend(report.findings.iter().map(|finding| format!("FAULT    {finding}")));
    if report.findings.is_empty() {
        lines.push("Nothing was changed, left out, moved or added.".to_owned());
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::{Report, told};
    use mcp_secure_gateway::audit::export::Finding;

    #[test]
    fn a_report_says_what_was_verified_and_every_fault() {
        let sound = Report { trail: None, records: 3, last: None, heads: 1, findings: Vec::new() };
        assert!(told(&sound, true).ends_with("Nothing was changed, left out, moved or added."));
        assert!(told(&sound, false).contains("not verified"));
        let faulty = Report { findings: vec![Finding::NoClosing, Finding::NoOpening], ..sound };
        assert_eq!(told(&faulty, true).matches("FAULT").count(), 2);
    }
}
