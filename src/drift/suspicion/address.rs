//! Addresses on the network, and texts in an encoding.

use super::Suspicion;
use super::phrase::Words;
use super::texts::each_text;
use crate::drift::change::Change;
use crate::drift::definition::Definition;
use crate::drift::reason::Reason;
use serde_json::Value;
use std::collections::BTreeSet;

/// Hosts that anybody may have for an hour: ends of names.
const COLLECTORS: [&str; 20] = [
    "webhook.site",
    "requestbin.com",
    "requestbin.net",
    "pipedream.net",
    "ngrok.io",
    "ngrok.app",
    "ngrok-free.app",
    "ngrok.dev",
    "trycloudflare.com",
    "serveo.net",
    "loca.lt",
    "localhost.run",
    "interact.sh",
    "oast.fun",
    "oast.pro",
    "oast.live",
    "burpcollaborator.net",
    "oastify.com",
    "pastebin.com",
    "transfer.sh",
];

/// Where data is to go that a person wrote to somebody else.
const DIVERTED: [&str; 4] = [
    "change|replace|modify|rewrite|override|set .. recipient|recipients|payee|destination|phone|account|address|beneficiary|iban|number .. to|with|by",
    "always|also|must|silently bcc|cc|forward|copy|send",
    "bcc|forward .. to",
    "add|put|set .. .. as|in|to bcc|cc",
];

/// Data that a conversation holds.
const SENT: &str = "send|post|upload|forward|transmit|exfiltrate|report|leak|submit|deliver .. conversation|chat|history|messages|credentials|passwords|secrets|keys|tokens|contents|environment|results|data|prompt|everything|copy|configuration .. to";

/// Everything of a kind that goes somewhere.
const ALL_SENT: &str =
    "forward|redirect|copy|bcc all|every .. emails|mails|messages|files|payments|results|traffic|invoices .. to";

/// Shortest encoded text that is a sign, in characters.
const MIN_BLOB: usize = 100;

/// Notes addresses that no service has, and data that is to be sent to an address.
pub(super) fn look(text: &str, words: &Words, note: &mut dyn FnMut(Suspicion, String)) {
    let urls: Vec<&str> = urls(text).collect();
    for url in &urls {
        let lower = url.to_ascii_lowercase();
        let scripted = ["javascript:", "data:text/html", "vbscript:"].iter().any(|scheme| lower.starts_with(scheme));
        let host = host(&lower).unwrap_or_default();
        let collects = COLLECTORS.iter().any(|end| host == *end || host.ends_with(&format!(".{end}")));
        if scripted || collects {
            note(Suspicion::Exfiltration, lower.chars().take(200).collect());
        }
    }
    let reachable = urls.iter().any(|url| host(url).is_some()) || literal(text).is_some();
    let sent = if reachable { words.find_all(SENT) } else { Vec::new() };
    for found in sent.into_iter().chain(words.find_all(ALL_SENT)) {
        note(Suspicion::Exfiltration, found);
    }
    for found in words.find_all("exfiltrate|exfiltrates|exfiltrating") {
        note(Suspicion::Exfiltration, found);
    }
    if let Some(target) = literal(text) {
        for pattern in DIVERTED {
            for found in words.find_all(pattern) {
                note(Suspicion::Exfiltration, format!("{found} {target}"));
            }
        }
    }
}

/// The URLs of a text.
fn urls(text: &str) -> impl Iterator<Item = &str> {
    let ends = |c: char| c.is_whitespace() || "<>\"'`()[]{}|,".contains(c);
    text.split(ends).filter_map(|word| {
        let at = ["https://", "http://", "ftp://", "ws://", "wss://", "javascript:", "vbscript:", "data:text/html"]
            .iter()
            .filter_map(|scheme| word.to_ascii_lowercase().find(scheme))
            .min()?;
        Some(word.get(at..)?.trim_end_matches(['.', ':', ';', '!', '?']))
    })
}

fn host(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    Some(host.split(':').next().unwrap_or(host))
}

/// An e-mail address, a telephone number or the address of an account that stands in a text to the letter. Those that are made
/// for examples (RFC 2606) do not count.
fn literal(text: &str) -> Option<String> {
    let ends = |c: char| c.is_whitespace() || "<>\"'`()[]{}|,;".contains(c);
    text.split(ends).map(|word| word.trim_end_matches(['.', ':', '!', '?'])).find_map(|word| {
        let mail = word.split_once('@').filter(|(name, domain)| {
            let domain = domain.to_ascii_lowercase();
            let example = ["example.com", "example.org", "example.net", ".example", ".test", ".invalid"];
            !name.is_empty() && domain.contains('.') && !example.iter().any(|end| domain.ends_with(end))
        });
        let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).count();
        let phone = word
            .strip_prefix('+')
            .filter(|rest| digits(rest) >= 8 && rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-'));
        let account =
            word.strip_prefix("0x").filter(|rest| rest.len() == 40 && rest.bytes().all(|b| b.is_ascii_hexdigit()));
        (mail.is_some() || phone.is_some() || account.is_some()).then(|| word.to_owned())
    })
}

/// The first long part of a text that looks like base64 and is no address.
pub(super) fn blob(text: &str) -> Option<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "+/=_-".contains(c);
    let long = text.split(|c| !is_part(c)).filter(|run| run.len() >= MIN_BLOB);
    let mut mixed = long.filter(|run| {
        let has = |test: fn(&u8) -> bool| run.bytes().any(|byte| test(&byte));
        // A path has many slashes, a name in words many lines.
        let between = run.bytes().filter(|byte| b"/-_".contains(byte)).count();
        has(u8::is_ascii_uppercase)
            && has(u8::is_ascii_lowercase)
            && has(u8::is_ascii_digit)
            && between * 12 < run.len()
    });
    mixed.next().map(|run| run.chars().take(200).collect())
}

/// The hosts that the texts of a definition name, each with where it stands first.
fn hosts(definition: &Definition) -> BTreeSet<(String, String)> {
    let mut found: BTreeSet<(String, String)> = BTreeSet::new();
    each_text(definition, &mut |text| {
        if text.is_name {
            return;
        }
        for host in urls(text.content).filter_map(host) {
            let host = host.to_ascii_lowercase();
            if !found.iter().any(|(known, _)| *known == host) {
                found.insert((host, text.at.clone()));
            }
        }
    });
    found
}

/// Hosts that a definition names and the one before did not.
pub(super) fn added(before: &Definition, now: &Definition) -> Vec<Change> {
    let known = hosts(before);
    let new = hosts(now).into_iter().filter(|(host, _)| !known.iter().any(|(other, _)| other == host));
    new.map(|(host, at)| Change::new(&at, None, Some(&Value::String(host)), Reason::AddressAdded)).collect()
}
