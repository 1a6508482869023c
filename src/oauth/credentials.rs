//! How a client presents itself at the token endpoint (RFC 6749 section 2.3, RFC 7521 section 4.2).

use crate::oauth::assertion::Unverified;
use crate::oauth::client::SecretMethod;
use crate::oauth::error::{Code, OAuthError};
use crate::oauth::parameters::Parameters;
use crate::secret::SecretText;
use base64ct::{Base64, Encoding};
use url::form_urlencoded;

/// The type of a signed client assertion (RFC 7523 section 2.2).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const MALFORMED: OAuthError = Code::InvalidClient.because("the Authorization header is not well-formed Basic");

/// A client as it names itself, with what it presents as proof.
#[derive(Debug)]
pub struct Claimed {
    /// The id.
    pub client_id: String,
    /// The proof.
    pub presented: Presented,
}

/// What a client presents as proof.
#[derive(Debug)]
pub enum Presented {
    /// Nothing.
    Nothing,
    /// A secret.
    Secret {
        /// Where it was sent.
        method: SecretMethod,
        /// The secret.
        secret: SecretText,
    },
    /// A signed assertion, not verified yet.
    Assertion(Box<Unverified>),
}

impl Claimed {
    /// Reads who the client says it is, out of the `Authorization` header or the form. Two proofs at once are refused, and
    /// so are two different names.
    pub fn read(authorization: Option<&str>, form: &Parameters) -> Result<Self, OAuthError> {
        let named = form.find("client_id");
        let mut found = Vec::new();
        if let Some(authorization) = authorization {
            found.push(basic(authorization)?);
        }
        if let Some(secret) = form.find("client_secret") {
            let id = named.ok_or(Code::InvalidRequest.because("client_id is missing"))?;
            let presented = Presented::Secret { method: SecretMethod::Post, secret: SecretText::new(secret) };
            found.push((id.to_owned(), presented));
        }
        if let Some(assertion) = assertion(form)? {
            found.push((assertion.client_id().to_owned(), Presented::Assertion(Box::new(assertion))));
        }
        let (client_id, presented) = match (found.pop(), found.pop()) {
            (Some(_), Some(_)) => return Err(Code::InvalidRequest.because("more than one way of authentication")),
            (Some(found), None) => found,
            (None, _) => {
                let id = named.ok_or(Code::InvalidClient.because("the client does not say who it is"))?;
                (id.to_owned(), Presented::Nothing)
            }
        };
        if named.is_some_and(|named| named != client_id) {
            return Err(Code::InvalidRequest.because("client_id is another than the authenticated one"));
        }
        Ok(Self { client_id, presented })
    }
}

/// RFC 6749 section 2.3.1: id and secret are form-encoded before they are joined.
fn basic(authorization: &str) -> Result<(String, Presented), OAuthError> {
    let (scheme, encoded) = authorization.split_once(' ').ok_or(MALFORMED)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(MALFORMED);
    }
    let joined = Base64::decode_vec(encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok()).ok_or(MALFORMED)?;
    let (id, secret) = joined.split_once(':').ok_or(MALFORMED)?;
    let (id, secret) = (decoded(id)?, decoded(secret)?);
    if id.is_empty() || secret.is_empty() {
        return Err(MALFORMED);
    }
    Ok((id, Presented::Secret { method: SecretMethod::Basic, secret: SecretText::new(secret) }))
}

fn decoded(text: &str) -> Result<String, OAuthError> {
    if text.contains(['&', '=']) {
        return Err(MALFORMED);
    }
    Ok(form_urlencoded::parse(text.as_bytes()).next().map_or_else(String::new, |(text, _)| text.into_owned()))
}

fn assertion(form: &Parameters) -> Result<Option<Unverified>, OAuthError> {
    match (form.find("client_assertion_type"), form.find("client_assertion")) {
        (None, None) => Ok(None),
        (Some(JWT_BEARER), Some(assertion)) => Unverified::parse(assertion).map(Some),
        (Some(_), Some(_)) => Err(Code::InvalidRequest.because("unknown client_assertion_type")),
        _ => Err(Code::InvalidRequest.because("client_assertion and client_assertion_type go together")),
    }
}

#[cfg(test)]
mod tests {
    use super::{Claimed, Presented};
    use crate::oauth::client::SecretMethod;
    use crate::oauth::error::{Code, OAuthError};
    use crate::oauth::parameters::Parameters;
    use base64ct::{Base64, Encoding};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn read(authorization: Option<&str>, form: &str) -> Result<Claimed, OAuthError> {
        Claimed::read(authorization, &Parameters::parse(form.as_bytes()).unwrap())
    }

    fn basic(text: &str) -> String {
        format!("Basic {}", Base64::encode_string(text.as_bytes()))
    }

    #[test]
    fn a_client_names_itself_in_the_header_or_in_the_form() {
        let header = read(Some(&basic("my%3Aapp:s%2Bcret")), "").unwrap();
        assert_eq!(header.client_id, "my:app");
        let Presented::Secret { method: SecretMethod::Basic, secret } = header.presented else { panic!() };
        assert_eq!(secret.expose(), "s+cret");
        assert!(matches!(read(None, "client_id=a").unwrap().presented, Presented::Nothing));
        let form = read(None, "client_id=a&client_secret=b").unwrap();
        assert!(matches!(form.presented, Presented::Secret { method: SecretMethod::Post, .. }));
    }

    #[test]
    fn two_ways_at_once_and_two_names_are_refused() {
        let refused = |authorization: Option<&str>, form: &str| read(authorization, form).unwrap_err().code;
        assert_eq!(refused(Some(&basic("a:b")), "client_id=a&client_secret=b"), Code::InvalidRequest);
        assert_eq!(refused(Some(&basic("a:b")), "client_id=c"), Code::InvalidRequest);
        assert_eq!(refused(None, "client_secret=b"), Code::InvalidRequest);
        assert_eq!(refused(None, "client_assertion=x"), Code::InvalidRequest);
        assert_eq!(refused(None, ""), Code::InvalidClient);
    }

    #[test]
    fn a_malformed_header_is_a_client_that_failed() {
        for header in ["Basic", "Basic !", "Bearer abc", &basic("nocolon"), &basic(":b"), &basic("a:"), &basic("a&b:c")]
        {
            assert_eq!(read(Some(header), "client_id=a").unwrap_err().code, Code::InvalidClient, "{header}");
        }
    }
}
