//! Files and variables that hold secrets, and what a conversation holds.

use super::Suspicion;
use super::phrase::Words;

/// Places, as they are written in lower case. What comes before and behind must be no letter or digit, unless the place says so
/// itself.
const PLACES: [&str; 32] = [
    "~/.ssh",
    ".ssh/",
    "id_rsa",
    "id_ed25519",
    "id_ecdsa",
    "authorized_keys",
    "~/.aws",
    ".aws/credentials",
    ".aws/config",
    "/etc/passwd",
    "/etc/shadow",
    "/etc/sudoers",
    "/proc/self/environ",
    ".env",
    ".env.local",
    ".env.production",
    "mcp.json",
    ".cursor/",
    "claude_desktop_config",
    ".claude.json",
    ".npmrc",
    ".pypirc",
    ".netrc",
    ".git-credentials",
    ".kube/config",
    ".docker/config.json",
    ".bash_history",
    ".zsh_history",
    "~/.gnupg",
    "wallet.dat",
    "login.keychain",
    "appdata/roaming",
];

/// Requests for what the tool has no need of.
const ASKED: [&str; 8] = [
    "include|pass|send|provide|append|attach|copy|put|paste|add|supply .. full|entire|whole|complete .. conversation|chat|transcript|context|dialogue|history|prompt",
    "include|pass|send|provide|append|attach|copy|put|paste|supply .. conversation|chat history|transcript|log",
    "contents|content of .. users|your|local .. files|file|keys|environment|credentials|memory",
    "include|pass|send|append|attach|put|copy|paste|supply .. your|all|local|current|users environment variables",
    "include|pass|send|append|attach|put|copy|paste .. your|users|all|any .. api? keys|passwords|tokens|credentials|secrets",
    "include|pass|send|append|attach|copy|forward .. results|output|outputs|responses|data of|from .. other|previous|all .. tools|tool|calls",
    "contents|content|text of|from .. system prompt",
    "always include|pass|put|add|send .. password|passwords|token|tokens|credentials|keys",
];

/// Notes places where secrets are, and requests for what a conversation holds.
pub(super) fn look(text: &str, words: &Words, note: &mut dyn FnMut(Suspicion, String)) {
    let lower = text.to_lowercase().replace('\\', "/");
    for place in PLACES {
        for found in places(&lower, place) {
            note(Suspicion::Secret, found);
        }
    }
    for pattern in ASKED {
        for found in words.find_all(pattern) {
            note(Suspicion::Exfiltration, found);
        }
    }
}

/// Where a place stands by itself, with what follows in its sentence.
fn places(text: &str, place: &str) -> Vec<String> {
    let is_letter = |c: char| c.is_alphanumeric() || c == '_';
    let stands_alone = |at: usize| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at + place.len()..).and_then(|after| after.chars().next());
        let begins =
            !place.starts_with(|c: char| c.is_alphanumeric() || c == '.') || before.is_none_or(|c| !is_letter(c));
        begins && (place.ends_with('/') || after.is_none_or(|c| !is_letter(c)))
    };
    let found = text.match_indices(place).filter(|(at, _)| stands_alone(*at));
    found.map(|(at, _)| sentence(text.get(at..).unwrap_or_default())).collect()
}

/// The beginning of a text to the end of its sentence, 80 characters at most.
pub(in crate::drift) fn sentence(text: &str) -> String {
    let end = [". ", ".\n", "\n"].iter().filter_map(|end| text.find(end)).min().unwrap_or(text.len());
    text.get(..end).unwrap_or(text).trim_end_matches('.').chars().take(80).collect()
}

/// Parts of names that no parameter has for its own sake.
const NAMED: [&str; 9] = [
    "idrsa",
    "ided25519",
    "etcpasswd",
    "mcpjson",
    "sshkeys",
    "envfile",
    "systemprompt",
    "chathistory",
    "conversationhistory",
];

/// The part of a name that says that a secret goes there, if there is one. A model fills in a parameter by its name alone.
pub(super) fn in_name(name: &str) -> Option<&'static str> {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    NAMED.into_iter().find(|part| plain.contains(part))
}

/// Whether a text asks for what a conversation holds, or names a place where secrets are.
pub(super) fn asks_for_more(text: &str) -> bool {
    let mut found = false;
    look(text, &Words::of(text), &mut |_, _| found = true);
    found
}
