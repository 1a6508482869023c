//! What an administrator decides of the files of an upstream.

use super::path::FilePath;
use super::{MOST_BYTES, USUAL_BYTES};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Most extensions that are listed.
const MOST_EXTENSIONS: usize = 100;

/// How the files of an upstream are used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct FileOptions {
    /// Whether files are only read: then there are no tools that write or delete.
    #[serde(default)]
    pub read_only: bool,
    /// Largest file that is written, and most bytes that are read at a time: 1 to 5242880, 1048576 when nothing is said. What one
    /// call writes also fits into a request, which has 1 MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<u64>,
    /// The only extensions that files may have, in small letters and without the point; every one when nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extensions: Option<Vec<String>>,
}

/// What is wrong with the options.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFileOptions {
    /// A size out of bounds.
    #[error("max_bytes is from 1 to {MOST_BYTES}")]
    Size,
    /// Extensions that are none, or too many.
    #[error("extensions are 1 to {MOST_EXTENSIONS} texts of 1 to 16 small letters and digits")]
    Extensions,
}

impl FileOptions {
    /// Reads them as they are stored.
    pub fn stored(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().and_then(|value: Value| serde_json::from_value(value).ok())
    }

    /// Checks them.
    pub fn check(&self) -> Result<(), InvalidFileOptions> {
        if self.max_bytes.is_some_and(|most| !(1..=MOST_BYTES).contains(&most)) {
            return Err(InvalidFileOptions::Size);
        }
        let plain = |text: &String| {
            (1..=16).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        let listed = self.extensions.as_deref();
        if listed.is_some_and(|all| all.is_empty() || all.len() > MOST_EXTENSIONS || !all.iter().all(plain)) {
            return Err(InvalidFileOptions::Extensions);
        }
        Ok(())
    }

    /// Largest file, and most bytes that are read at a time.
    pub fn most_bytes(&self) -> u64 {
        self.max_bytes.unwrap_or(USUAL_BYTES).min(MOST_BYTES)
    }

    /// Whether a file may have this name.
    pub fn takes(&self, path: &FilePath) -> bool {
        let has = |extensions: &Vec<String>| path.extension().is_some_and(|extension| extensions.contains(&extension));
        self.extensions.as_ref().is_none_or(has)
    }
}

#[cfg(test)]
mod tests {
    use super::FileOptions;
    use crate::file::path::FilePath;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn read(text: &str) -> Result<FileOptions, String> {
        let options: FileOptions = serde_json::from_str(text).map_err(|error| error.to_string())?;
        options.check().map(|()| options).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_decided_is_within_bounds_and_nothing_unknown_is_taken() {
        assert_eq!(read("{}").unwrap().most_bytes(), 1024 * 1024);
        assert_eq!(read(r#"{"max_bytes": 5242880}"#).unwrap().most_bytes(), 5 * 1024 * 1024);
        for bad in [
            r#"{"max_bytes": 0}"#,
            r#"{"max_bytes": 5242881}"#,
            r#"{"extensions": []}"#,
            r#"{"extensions": ["MD"]}"#,
            r#"{"extensions": [".md"]}"#,
            r#"{"bucket": "other"}"#,
            r#"{"prefix": "t/other/"}"#,
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_is_judged_by_its_last_extension() {
        let options = read(r#"{"extensions": ["md", "txt"]}"#).unwrap();
        for (path, takes) in [
            ("a.md", true),
            ("a/B.MD", true),
            ("a.md.exe", false),
            ("a", false),
            ("md", false),
            (".md", false),
            ("x.md/a", false),
        ] {
            assert_eq!(options.takes(&FilePath::parse(path).unwrap()), takes, "{path}");
            assert!(FileOptions::default().takes(&FilePath::parse(path).unwrap()));
        }
    }
}
