//! What a whole run leaves behind, for whoever judges it at its end: every line that its gateways printed, and every secret
//! that was given to one or came from one. `cargo xtask test` names the folder; without one nothing is kept.

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

/// The variable that names the folder of the run.
pub const FOLDER: &str = "CONTRACT_RUN";
/// Shorter texts, such as `demo`, are no secrets that could be looked for.
pub const SHORTEST: usize = 12;

/// Members of JSON whose texts are secret, in what is asked and in what is answered.
const SECRET_MEMBERS: [&str; 9] = [
    "access_token",
    "refresh_token",
    "client_secret",
    "password",
    "new_password",
    "secret",
    "token",
    "device_code",
    "authorization",
];
/// What variables are called whose values are secret.
const SECRET_VARIABLES: [&str; 4] = ["_KEY", "_TOKEN", "_SECRET", "_HEADERS"];

static KEPT: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// The folder of the run, if there is one.
pub fn folder() -> Option<PathBuf> {
    std::env::var_os(FOLDER).map(PathBuf::from)
}

fn file(folder: &Path, kind: &str) -> File {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let folder = folder.join(kind);
    fs::create_dir_all(&folder).expect("the folder of the run");
    let name = format!("{}-{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
    OpenOptions::new().create(true).append(true).open(folder.join(name)).expect("a file of the run")
}

/// A file for what a gateway prints.
pub fn log() -> Option<File> {
    folder().map(|folder| file(&folder, "logs"))
}

/// Whether a text could be a secret. One of a single character, as tests send it for its length, stands in others by chance.
fn is_secret(text: &str) -> bool {
    text.len() >= SHORTEST && text.chars().collect::<std::collections::BTreeSet<_>>().len() > 3
}

/// Keeps a secret for the end of the run.
pub fn keep(secret: &str) {
    static FILE: Mutex<Option<File>> = Mutex::new(None);
    let Some(folder) = folder().filter(|_| is_secret(secret)) else { return };
    if KEPT.lock().unwrap_or_else(PoisonError::into_inner).insert(secret.to_owned()) {
        let mut kept = FILE.lock().unwrap_or_else(PoisonError::into_inner);
        let line = format!("{}\n", Value::from(secret));
        kept.get_or_insert_with(|| file(&folder, "secrets"))
            .write_all(line.as_bytes())
            .expect("the secrets of the run");
    }
}

/// Keeps what a gateway is started with, where its name says that it is secret.
pub fn keep_variable(name: &str, value: &str) {
    if SECRET_VARIABLES.iter().any(|end| name.ends_with(end)) {
        keep(value);
    }
}

/// Keeps every secret in what was asked or answered: by the members of JSON, and by the form of this gateway's own tokens
/// wherever they stand.
pub fn keep_all_in(text: &str) {
    if folder().is_none() {
        return;
    }
    if let Ok(value) = serde_json::from_str(text) {
        members(&value, false);
    }
    tokens(text).for_each(keep);
}

/// What is in a member `secret` is a credential, of which a member `value` is the secret part.
fn members(value: &Value, of_secret: bool) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| members(item, of_secret)),
        Value::Object(named) => {
            for (name, value) in named {
                let is_secret = SECRET_MEMBERS.contains(&name.as_str()) || (of_secret && name == "value");
                match value {
                    Value::String(text) if is_secret => keep(text),
                    other => members(other, of_secret || name == "secret"),
                }
            }
        }
        _ => {}
    }
}

/// What looks like a token of the gateway's: opaque ones by their prefix, signed ones by their three parts.
pub fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && !"._-~".contains(letter));
    words.filter(|word| {
        let opaque = word.len() > 40 && ["mgr_", "mgc_", "mgb_", "mgk_"].iter().any(|kind| word.starts_with(kind));
        opaque || (word.len() > 60 && word.starts_with("ey") && word.matches('.').count() == 2)
    })
}

#[cfg(test)]
mod tests {
    use super::tokens;

    #[test]
    fn tokens_are_seen_wherever_they_stand() {
        let (opaque, signed) = (
            format!("mgr_{}", "x".repeat(60)),
            format!("ey{}.ey{}.{}", "a".repeat(30), "b".repeat(30), "c".repeat(60)),
        );
        let text = format!("{{\"a\":\"{opaque}\"}} Bearer {signed}; mgr_short ey.a.b <input value=\"{opaque}\">");
        assert_eq!(tokens(&text).collect::<Vec<_>>(), [opaque.as_str(), signed.as_str(), opaque.as_str()]);
    }
}
