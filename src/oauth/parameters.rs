//! Parameters of a query or a form: each at most once, an empty one the same as none (RFC 6749 section 3.1).

use crate::oauth::error::{Code, OAuthError};
use url::form_urlencoded;

/// Longest query or form, in bytes. A form may carry a ticket that holds a query.
pub const MAX_LENGTH: usize = 32 * 1024;
/// Most parameters, known or not.
const MAX_PARAMETERS: usize = 64;

/// Parameters that were sent. `Debug` shows names only: a value may be a secret.
pub struct Parameters(Vec<(String, String)>);

impl std::fmt::Debug for Parameters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl Parameters {
    /// Reads `application/x-www-form-urlencoded`. A name that stands twice is refused, also one that nobody knows.
    pub fn parse(encoded: &[u8]) -> Result<Self, OAuthError> {
        if encoded.len() > MAX_LENGTH {
            return Err(Code::InvalidRequest.because("the parameters are longer than 32 KiB"));
        }
        let mut read: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(encoded) {
            if read.len() == MAX_PARAMETERS {
                return Err(Code::InvalidRequest.because("more than 64 parameters"));
            }
            if read.iter().any(|(known, _)| *known == name) {
                return Err(Code::InvalidRequest.because("a parameter stands twice"));
            }
            read.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self(read))
    }

    /// Every parameter that is not empty, with its value.
    pub fn into_pairs(self) -> Vec<(String, String)> {
        self.0.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }

    /// The value of a parameter, unless it is missing or empty.
    pub fn find(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::Parameters;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_parameter_is_decoded_and_an_empty_one_is_none() {
        let read = Parameters::parse(b"a=1+2%263&b=&c").unwrap();
        assert_eq!((read.find("a"), read.find("b"), read.find("c"), read.find("d")), (Some("1 2&3"), None, None, None));
        assert!(!format!("{read:?}").contains('3'));
    }

    #[test]
    fn what_stands_twice_is_refused_known_or_not() {
        for twice in ["a=1&a=1", "a=1&b=2&%61=3", "x=&x="] {
            assert!(Parameters::parse(twice.as_bytes()).is_err(), "{twice}");
        }
    }

    #[test]
    fn too_much_is_refused() {
        let many: Vec<String> = (0..65).map(|number| format!("p{number}=1")).collect();
        assert!(Parameters::parse(many.join("&").as_bytes()).is_err());
        assert!(Parameters::parse(format!("a={}", "x".repeat(32 * 1024)).as_bytes()).is_err());
    }
}
