//! A whole trail as lines of JSON (NDJSON), and what an auditor finds in them without asking the gateway.
//!
//! The first line names the trail and the place its first record follows, each line after it is a record as it is kept, and
//! the last one is the signed head.

use super::Trail;
use super::chain::{Fault, Link, Verifier};
use super::head::{Head, HeadRefusal, PublicKeys};
use super::message::Exported;
use crate::json::{self, Caps, canonical};
use serde::{Deserialize, Serialize};

/// The media type of an export.
pub const MEDIA_TYPE: &str = "application/x-ndjson";
/// Limits on the first and the last line.
const CAPS: Caps = Caps { max_bytes: 4 * 1024, max_depth: 4 };

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// Whose trail.
    pub trail: Trail,
    /// What the first record follows.
    pub anchor: Link,
}

/// The last line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Closing {
    /// The signed head.
    pub head: String,
}

/// The lines of one page of an export: `opening` with the first page, and `head` with the last.
pub fn lines(page: &Exported, opening: Option<&Trail>, head: Option<String>) -> String {
    let mut text = String::new();
    let mut push = |line: &str| {
        text.push_str(line);
        text.push('\n');
    };
    if let Some(trail) = opening {
        let opening = Opening { trail: trail.clone(), anchor: page.anchor.clone() };
        push(&canonical::of(&opening).unwrap_or_default());
    }
    page.records.iter().for_each(|record| push(record));
    if let Some(head) = head {
        push(&canonical::of(&Closing { head }).unwrap_or_default());
    }
    text
}

/// What an auditor found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Whose trail it says it is.
    pub trail: Option<Trail>,
    /// How many lines of records there are.
    pub records: u64,
    /// Where the chain ends.
    pub last: Option<Link>,
    /// How many signed heads were looked at.
    pub heads: usize,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

/// Something that is wrong with an export.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// The first line is not that of an export.
    #[error("the first line does not say which trail this is")]
    NoOpening,
    /// The last line is not a signed head, or something stands behind it.
    #[error("the file does not end with a signed head: it was cut, or something was added")]
    NoClosing,
    /// A signed head that is worth nothing.
    #[error("a signed head is refused: {0}")]
    Head(HeadRefusal),
    /// A signed head of another trail.
    #[error("a signed head is that of {trail}")]
    AnotherTrail {
        /// Which.
        trail: Trail,
    },
    /// A fault of the chain.
    #[error("{0}")]
    Chain(Fault),
}

/// Verifies an export, line by line. `kept` are signed heads that were kept elsewhere. With `keys` every head's signature is
/// verified; without, heads are believed.
pub fn verify(text: &str, kept: &[&str], keys: Option<&PublicKeys>) -> Report {
    let mut report = Report { trail: None, records: 0, last: None, heads: 0, findings: Vec::new() };
    let mut lines: Vec<&str> = text.lines().collect();
    let Some(opening) = lines.first().and_then(|line| read::<Opening>(line)) else {
        report.findings.push(Finding::NoOpening);
        return report;
    };
    lines.remove(0);
    report.trail = Some(opening.trail.clone());
    let closing = lines.last().and_then(|line| read::<Closing>(line));
    let signed: Vec<&str> = closing.iter().map(|closing| closing.head.as_str()).chain(kept.iter().copied()).collect();
    if closing.is_some() {
        lines.pop();
    } else {
        report.findings.push(Finding::NoClosing);
    }
    report.heads = signed.len();
    let heads = heads(&signed, &opening.trail, keys, &mut report.findings);
    chain(&lines, &opening, heads, &mut report);
    report
}

fn chain(lines: &[&str], opening: &Opening, heads: Vec<Link>, report: &mut Report) {
    if opening.anchor.seq == 0 && opening.anchor != Link::start(&opening.trail) {
        report.findings.push(Finding::Chain(Fault::Unlinked { seq: 1 }));
    }
    let mut verifier = Verifier::new(opening.anchor.clone()).expecting(heads);
    for line in lines {
        report.records += 1;
        report.findings.extend(verifier.feed(line).err().map(Finding::Chain));
    }
    report.last = Some(verifier.last().clone());
    report.findings.extend(verifier.finish().err().map(Finding::Chain));
}

/// The places that good heads of this trail name.
fn heads(signed: &[&str], trail: &Trail, keys: Option<&PublicKeys>, findings: &mut Vec<Finding>) -> Vec<Link> {
    let mut good = Vec::new();
    for text in signed {
        let text = text.trim();
        let head = match keys {
            Some(keys) => Head::verify(text, |id| keys.find(id)),
            None => Head::read_unverified(text),
        };
        match head {
            Ok(head) if head.trail == *trail => good.push(head.link()),
            Ok(head) => findings.push(Finding::AnotherTrail { trail: head.trail }),
            Err(refusal) => findings.push(Finding::Head(refusal)),
        }
    }
    good
}

fn read<T: serde::de::DeserializeOwned>(line: &str) -> Option<T> {
    let value = json::parse_object(line.as_bytes(), CAPS).ok()?;
    serde_json::from_value(value).ok()
}

#[cfg(test)]
mod tests {
    use super::{Exported, Finding, lines, verify};
    use crate::audit::Trail;
    use crate::audit::append::{Tail, append};
    use crate::audit::chain::{Fault, Link};
    use crate::audit::head::{Head, HeadRefusal, PublicKeys};
    use crate::audit::record::tests::draft;
    use crate::time::Timestamp;
    use crate::token::sample;
    use std::collections::BTreeSet;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn exported(dropped: usize) -> (String, String) {
        let trail = Trail::Operator;
        let start = Tail { link: Link::start(&trail), recorded: Timestamp::from_millis(0) };
        let records = append(start, BTreeSet::new(), (1..=5).map(draft).collect(), Timestamp::from_millis(9));
        let last = records[4].0.link();
        let anchor = if dropped == 0 { Link::start(&trail) } else { records[dropped - 1].0.link() };
        let texts = records[dropped..].iter().map(|(_, text)| text.clone()).collect();
        let head = Head::new(trail.clone(), &last, Timestamp::from_millis(10)).sign(&sample::keys());
        let page = Exported { anchor, records: texts, next: None, last };
        (lines(&page, Some(&trail), Some(head.clone())), head)
    }

    fn keys() -> PublicKeys {
        PublicKeys::parse(&serde_json::to_vec(&sample::keys().published()).unwrap()).unwrap()
    }

    #[test]
    fn an_honest_export_verifies_also_after_retention() {
        for dropped in [0, 3, 5] {
            let (text, head) = exported(dropped);
            let report = verify(&text, &[&head], Some(&keys()));
            assert_eq!((report.findings, report.heads), (vec![], 2), "{dropped}");
            assert_eq!((report.records, report.last.unwrap().seq), (5 - dropped as u64, 5));
        }
    }

    #[test]
    fn every_line_that_is_gone_is_missed() {
        let (text, _) = exported(0);
        for gone in 0..7 {
            let left: Vec<&str> =
                text.lines().enumerate().filter(|(at, _)| *at != gone).map(|(_, line)| line).collect();
            assert!(!verify(&left.join("\n"), &[], None).findings.is_empty(), "line {gone}");
        }
    }

    #[test]
    fn a_chain_with_another_anchor_or_a_head_that_is_not_good_is_found() {
        let (text, head) = exported(0);
        let start = Link::start(&Trail::Operator).hash;
        let moved = text.replacen(start.as_str(), crate::audit::record::Digest::of(b"x").as_str(), 1);
        let found = verify(&moved, &[], None).findings;
        assert!(found.contains(&Finding::Chain(Fault::Unlinked { seq: 1 })), "{found:?}");
        let (last, other) = (head.chars().last().unwrap(), if head.ends_with('A') { 'g' } else { 'A' });
        let forged = text.replace(&format!("{last}\"}}\n"), &format!("{other}\"}}\n"));
        assert_ne!(forged, text);
        let found = verify(&forged, &[], Some(&keys())).findings;
        assert!(matches!(found[0], Finding::Head(HeadRefusal::Signature | HeadRefusal::Malformed)), "{found:?}");
    }
}
