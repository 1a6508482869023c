//! The local secrets: `.dev.vars`, made once with random keys and never put under version control.

use crate::failure::Failure;
use crate::project::{Project, read_if_there, write};
use crate::step;
use base64ct::{Base64UrlUnpadded, Encoding};
use std::path::Path;

/// The secrets a local gateway has: two it does not start without, and the one its metrics are read with. Each is 32 random
/// bytes in base64url.
const KEYS: [&str; 3] = ["SIGNING_KEY", "ENCRYPTION_KEY", METRICS_TOKEN];
/// What a scraper shows.
pub const METRICS_TOKEN: &str = "METRICS_TOKEN";

/// Adds to `.dev.vars` every key that is missing there.
pub fn write_missing(project: &Project) -> Result<(), Failure> {
    let path = project.path(".dev.vars");
    let before = read_if_there(&path)?.unwrap_or_default();
    let missing: Vec<&str> = KEYS.into_iter().filter(|key| !is_set(&before, key)).collect();
    if missing.is_empty() {
        step::holds("local secrets");
        return Ok(());
    }
    step::starts("local secrets", &format!(".dev.vars gets a random {}", missing.join(", ")));
    let mut text = before;
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    for key in missing {
        text.extend([key, "=", &random_key()?, "\n"]);
    }
    write_secret(&path, text)
}

/// Writes a file that nobody else of the machine may read.
pub fn write_secret(path: &Path, text: String) -> Result<(), Failure> {
    write(path, text)?;
    owner_only(path)
}

fn is_set(text: &str, key: &str) -> bool {
    value(text, key).is_some()
}

/// 32 random bytes in base64url: the form of every key.
pub fn random_key() -> Result<String, Failure> {
    Ok(Base64UrlUnpadded::encode_string(&random_bytes::<32>()?))
}

/// Random bytes of the operating system.
pub fn random_bytes<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0_u8; N];
    getrandom::fill(&mut bytes).map_err(|error| Failure::Unmet(format!("no random bytes: {error}")))?;
    Ok(bytes)
}

/// The value of a variable in the text of `.dev.vars`.
pub fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let pairs = text.lines().filter_map(|line| line.trim().split_once('='));
    pairs
        .map(|(name, value)| (name.trim(), value.trim()))
        .find(|(name, value)| *name == key && !value.is_empty())
        .map(|(_, value)| value)
}

#[cfg(unix)]
fn owner_only(path: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(Failure::at(path))
}

#[cfg(not(unix))]
fn owner_only(_: &Path) -> Result<(), Failure> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{is_set, random_key};

    #[test]
    fn a_key_that_is_commented_out_or_empty_is_missing() {
        assert!(!is_set("# SIGNING_KEY=abc\nSIGNING_KEY=\nSIGNING_KEY_NEXT=abc", "SIGNING_KEY"));
        assert!(is_set("A=1\n SIGNING_KEY = abc=\n", "SIGNING_KEY"));
    }

    #[test]
    fn two_keys_differ_and_have_32_bytes() {
        let (one, other) = (random_key().unwrap(), random_key().unwrap());
        assert_eq!(one.len(), 43);
        assert_ne!(one, other);
    }
}
