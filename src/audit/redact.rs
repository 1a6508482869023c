//! The arguments of a call as a record may hold them: without what looks like a secret, and short.
//!
//! What looks like a secret is guessed, from names and from how a value begins, and guessed generously. A tenant whose tools
//! take secrets under other names must not ask for bodies: the digest is there without them.

use crate::json::canonical;
use serde_json::{Map, Value};

/// Longest body, in bytes of its canonical form: 8 KiB.
pub const MAX_BYTES: usize = 8 * 1024;
/// Longest text in a body, in characters; the rest is cut.
const MAX_TEXT: usize = 256;
const REDACTED: &str = "[redacted]";
const CUT: &str = "[cut]";
/// The member that says that something was left out.
const MARK: &str = "…";

/// A member with one of these in its name, in any case and without `-`, `_` and spaces, holds a secret.
const SECRET_NAMES: [&str; 19] = [
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "pwd",
    "secret",
    "token",
    "authorization",
    "credential",
    "cookie",
    "session",
    "signature",
    "apikey",
    "privatekey",
    "accesskey",
    "bearer",
    "otp",
    "cvv",
    "cardnumber",
];
/// A text that begins so is a secret.
const SECRET_BEGINNINGS: [&str; 10] =
    ["Bearer ", "Basic ", "eyJ", "-----BEGIN", "sk-", "ghp_", "github_pat_", "xox", "AKIA", "mgr_"];

/// The body of these arguments.
pub fn redacted(arguments: &Map<String, Value>) -> Map<String, Value> {
    // The mark, with its quotation marks, colon and comma.
    let reserved = MARK.len() + CUT.len() + 6;
    let mut budget = Budget { left: MAX_BYTES - reserved, cut: false };
    let mut body = budget.object(arguments).unwrap_or_default();
    if budget.cut {
        body.insert(MARK.to_owned(), CUT.into());
    }
    body
}

/// How many bytes may still be written, and whether something was left out for lack of them.
struct Budget {
    left: usize,
    cut: bool,
}

impl Budget {
    fn take(&mut self, bytes: usize) -> Option<()> {
        let left = self.left.checked_sub(bytes);
        self.cut |= left.is_none();
        self.left = left?;
        Some(())
    }

    fn object(&mut self, members: &Map<String, Value>) -> Option<Map<String, Value>> {
        self.take(2)?;
        let mut kept = Map::new();
        for (name, value) in members {
            let member = self
                .leaf(&Value::String(name.clone()), 2)
                .and_then(|_| if is_secret_name(name) { self.leaf(&REDACTED.into(), 0) } else { self.value(value) });
            let Some(value) = member else { break };
            kept.insert(name.clone(), value);
        }
        Some(kept)
    }

    fn array(&mut self, items: &[Value]) -> Option<Vec<Value>> {
        self.take(2)?;
        let mut kept = Vec::new();
        for item in items {
            let Some(item) = self.take(1).and_then(|()| self.value(item)) else { break };
            kept.push(item);
        }
        Some(kept)
    }

    fn value(&mut self, value: &Value) -> Option<Value> {
        match value {
            Value::Object(members) => self.object(members).map(Value::Object),
            Value::Array(items) => self.array(items).map(Value::Array),
            Value::String(text) if is_secret(text) => self.leaf(&REDACTED.into(), 0),
            Value::String(text) => self.leaf(&shortened(text).into(), 0),
            plain => self.leaf(plain, 0),
        }
    }

    /// A plain value, with `more` bytes around it.
    fn leaf(&mut self, value: &Value, more: usize) -> Option<Value> {
        self.take(canonical::text(value).len() + more)?;
        Some(value.clone())
    }
}

fn is_secret_name(name: &str) -> bool {
    let plain: String = name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    plain.ends_with("key") || plain == "pin" || SECRET_NAMES.iter().any(|secret| plain.contains(secret))
}

fn is_secret(text: &str) -> bool {
    let text = text.trim_start();
    SECRET_BEGINNINGS.iter().any(|beginning| text.starts_with(beginning))
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_TEXT) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_BYTES, redacted};
    use crate::json::canonical;
    use serde_json::{Map, Value, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn body(value: &Value) -> Value {
        Value::Object(redacted(value.as_object().unwrap()))
    }

    #[test]
    fn what_looks_like_a_secret_is_not_kept() {
        let arguments = json!({
            "user": "ada", "Password": "hunter2", "api-key": 7, "X_Api_Key": {"a": "hunter2"}, "auth_token": ["hunter2"],
            "nested": [{"Set-Cookie": "hunter2", "city": "Oslo"}], "header": "Bearer hunter2", "pem": "-----BEGIN hunter2",
        });
        let kept = body(&arguments);
        assert!(!kept.to_string().contains("hunter2") && !kept.to_string().contains('7'), "{kept}");
        assert_eq!((&kept["user"], &kept["nested"][0]["city"]), (&json!("ada"), &json!("Oslo")));
    }

    #[test]
    fn long_texts_are_cut_and_a_body_that_is_too_long_says_so() {
        assert_eq!(body(&json!({"a": "é".repeat(300)}))["a"].as_str().unwrap().chars().count(), 257);
        let many: Map<String, Value> = (0..2000).map(|number| (format!("member{number}"), json!("x"))).collect();
        let kept = body(&Value::Object(many));
        assert_eq!(kept["…"], "[cut]");
        assert!(kept.as_object().unwrap().len() > 100);
        assert_eq!(body(&json!({"a": [1, null, true, {}]})), json!({"a": [1, null, true, {}]}));
    }

    #[cfg(not(target_arch = "wasm32"))]
    proptest::proptest! {
        #[test]
        fn a_body_is_never_longer_than_its_limit(
            names in proptest::collection::vec(".{0,40}", 0..60), text in ".{0,400}", count in 0_usize..200,
        ) {
            let item = json!({"a": [text.clone(), 1.5, {"b": text}]});
            let arguments = names.into_iter().map(|name| (name, Value::Array(vec![item.clone(); count]))).collect();
            proptest::prop_assert!(canonical::object(&redacted(&arguments)).len() <= MAX_BYTES);
        }
    }
}
