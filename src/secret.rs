//! Secret values: never printed, compared in constant time, wiped when dropped.

use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Secret bytes. `Debug` prints only `[redacted]`; equality takes the same time wherever the first difference is.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SecretBytes(Vec<u8>);

/// Secret text. `Debug` prints only `[redacted]`; there is no `Display`.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SecretText(String);

impl SecretBytes {
    /// Takes ownership of secret bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes themselves; the caller must not log or copy them into an error.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl SecretText {
    /// Takes ownership of a secret text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself; the caller must not log it or copy it into an error.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl PartialEq for SecretBytes {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for SecretBytes {}

impl PartialEq for SecretText {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for SecretText {}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::{SecretBytes, SecretText};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_secret_never_prints_itself() {
        assert_eq!(format!("{:?}", SecretText::new("hunter2")), "[redacted]");
        assert_eq!(format!("{:?}", SecretBytes::new(b"hunter2".to_vec())), "[redacted]");
    }

    #[test]
    fn equality_compares_the_whole_value() {
        assert_eq!(SecretText::new("a"), SecretText::new("a"));
        assert_ne!(SecretText::new("a"), SecretText::new("ab"));
        assert_ne!(SecretBytes::new(vec![1, 2]), SecretBytes::new(vec![1, 3]));
    }
}
