//! ID Quantique's Quantis Appliance 2.0: a machine of the operator's own, reached through a proxy with a public certificate.
//!
//! `GET /api/2.0/streambytes?size=1024` answers raw bytes, on some machines a JSON array of numbers; the content type and the
//! exact length tell them apart, for raw bytes can read as JSON by chance. `GET /api/2.0/hexbytes` answers an array of texts.

use super::answer;
use super::settings::Settings;
use super::{FETCH_BYTES, Known, Nonce, Provider, ProviderFailure, ProviderId};
use crate::config::{ConfigProblem, optional};
use crate::outbound::{HeaderValue, OutboundAnswer, OutboundRequest, OutboundUrl};
use crate::secret::SecretBytes;
use zeroize::Zeroize;

pub(super) const KNOWN: Known = Known { id: ProviderId("idq"), read };

const HEX_BLOCKS: usize = 128;
const HEX_BLOCK_BYTES: usize = 8;

#[derive(Debug)]
struct Idq {
    url: OutboundUrl,
    bearer: Option<HeaderValue>,
    form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    StreamBytes,
    HexBytes,
}

/// `IDQ_BASE_URL`, required; `IDQ_API_KEY`, the bearer token of the proxy in front; `IDQ_ENDPOINT`, `streambytes` (the
/// default) or `hexbytes`.
fn read(settings: &mut Settings<'_>) -> Option<Box<dyn Provider>> {
    const BASE: &str = "IDQ_BASE_URL";
    let bearer = settings.optional_bearer("IDQ_API_KEY");
    let form = form(settings);
    let url = match form {
        Some(Form::HexBytes) => {
            let query = [("quantity", "128"), ("dataLength", "8")];
            settings.address(BASE, None, &["api", "2.0", "hexbytes"], &query)
        }
        _ => settings.address(BASE, None, &["api", "2.0", "streambytes"], &[("size", "1024")]),
    };
    Some(Box::new(Idq { url: url?, bearer, form: form? }))
}

fn form(settings: &mut Settings<'_>) -> Option<Form> {
    const NAME: &str = "IDQ_ENDPOINT";
    match optional(settings.lookup(), NAME).as_deref() {
        None | Some("streambytes") => Some(Form::StreamBytes),
        Some("hexbytes") => Some(Form::HexBytes),
        Some(_) => {
            settings.note(ConfigProblem::new(NAME, "must be streambytes or hexbytes"));
            None
        }
    }
}

impl Provider for Idq {
    fn request(&self, _: &Nonce) -> OutboundRequest {
        let accept = match self.form {
            Form::StreamBytes => "application/octet-stream, application/json",
            Form::HexBytes => "application/json",
        };
        let mut request = answer::ask(&self.url, accept);
        request.headers.extend(self.bearer.clone().map(|bearer| ("authorization".into(), bearer)));
        request
    }

    fn parse(&self, _: &Nonce, answer: &OutboundAnswer) -> Result<SecretBytes, ProviderFailure> {
        answer::fresh_success(answer)?;
        match self.form {
            Form::StreamBytes => stream_bytes(answer, FETCH_BYTES),
            Form::HexBytes => hex_bytes(answer, HEX_BLOCKS, HEX_BLOCK_BYTES),
        }
    }
}

fn stream_bytes(answer: &OutboundAnswer, size: usize) -> Result<SecretBytes, ProviderFailure> {
    match answer.media_type().as_deref() {
        Some("application/json") => numbers(&answer.body, size),
        Some("application/octet-stream") => raw(&answer.body, size),
        Some("text/html") => Err(ProviderFailure::Malformed),
        // Not told: `size` numbers need more than `size` bytes, so the exact length decides.
        _ if is_page(&answer.body) => Err(ProviderFailure::Malformed),
        _ if answer.body.len() == size => raw(&answer.body, size),
        _ if answer.body.first() == Some(&b'[') => numbers(&answer.body, size),
        _ => raw(&answer.body, size),
    }
}

fn raw(body: &[u8], size: usize) -> Result<SecretBytes, ProviderFailure> {
    answer::count(body.len(), size).map(|()| SecretBytes::new(body.to_vec()))
}

fn numbers(body: &[u8], size: usize) -> Result<SecretBytes, ProviderFailure> {
    let mut numbers: Vec<i64> = answer::json_body(body)?;
    let bytes = answer::bytes_of_numbers(&numbers, size).map(SecretBytes::new);
    numbers.zeroize();
    bytes
}

fn hex_bytes(answer: &OutboundAnswer, blocks: usize, block_bytes: usize) -> Result<SecretBytes, ProviderFailure> {
    let mut texts: Vec<String> = answer::json_body(&answer.body)?;
    let bytes = answer::bytes_of_hex(&texts, blocks, block_bytes).map(SecretBytes::new);
    texts.zeroize();
    bytes
}

/// An error page sent with status 200.
fn is_page(body: &[u8]) -> bool {
    [&b"<!doctype html"[..], b"<html"]
        .iter()
        .any(|front| body.get(..front.len()).is_some_and(|start| start.eq_ignore_ascii_case(front)))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{answer, json_answer, provider, provider_with, survives_damage};
    use super::{ProviderFailure, hex_bytes, stream_bytes};
    use crate::secret::SecretBytes;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const NONCE: [u8; 16] = [0; 16];
    const OCTETS: &str = "application/octet-stream";

    fn stream(media_type: &str, body: &[u8]) -> Result<SecretBytes, ProviderFailure> {
        provider("idq").parse(&NONCE, &answer(200, media_type, body))
    }

    fn array(number: &str) -> String {
        format!("[{}]", vec![number; 1024].join(","))
    }

    #[test]
    fn the_requests_are_the_documented_ones() {
        let request = provider("idq").request(&NONCE);
        assert_eq!(request.url.url().as_str(), "https://quantis.example.com/api/2.0/streambytes?size=1024");
        let bearer = request.headers.iter().find(|(name, _)| *name == "authorization").unwrap();
        assert_eq!(bearer.1.expose(), "Bearer idq-key");
        let hex = provider_with("idq", &[("IDQ_ENDPOINT", "hexbytes"), ("IDQ_API_KEY", "")]).request(&NONCE);
        let expected = "https://quantis.example.com/api/2.0/hexbytes?quantity=128&dataLength=8";
        assert_eq!(hex.url.url().as_str(), expected);
        assert!(hex.headers.iter().all(|(name, _)| *name != "authorization"));
    }

    #[test]
    fn raw_bytes_of_the_exact_length_are_read_and_no_truncation_of_them() {
        let body: Vec<u8> = (0..=255).cycle().take(1024).collect();
        for media_type in [OCTETS, "text/plain", ""] {
            assert_eq!(stream(media_type, &body).unwrap().expose(), body, "{media_type}");
            survives_damage(provider("idq").as_ref(), &NONCE, &answer(200, media_type, &body));
        }
    }

    #[test]
    fn an_array_of_numbers_is_read_and_no_truncation_of_it() {
        let body = array("49");
        for media_type in ["application/json", "application/json; charset=utf-8", "text/plain"] {
            assert_eq!(stream(media_type, body.as_bytes()).unwrap().expose(), [49; 1024], "{media_type}");
        }
        survives_damage(provider("idq").as_ref(), &NONCE, &json_answer(200, &body));
    }

    #[test]
    fn raw_bytes_that_read_as_an_array_stay_raw() {
        let body = b"[49,50]";
        assert_eq!(stream_bytes(&answer(200, OCTETS, body), 7).unwrap().expose(), body);
        assert_eq!(stream_bytes(&answer(200, "", body), 7).unwrap().expose(), body);
        assert_eq!(stream_bytes(&answer(200, "application/json", body), 2).unwrap().expose(), [49, 50]);
    }

    #[test]
    fn the_documented_hexbytes_example_is_read() {
        let bytes = hex_bytes(&json_answer(200, r#"["a1","0f"]"#), 2, 1).unwrap();
        assert_eq!(bytes.expose(), [0xa1, 0x0f]);
        let full = format!("[{}]", vec!["\"a1b2c3d4e5f60718\""; 128].join(","));
        survives_damage(
            provider_with("idq", &[("IDQ_ENDPOINT", "hexbytes")]).as_ref(),
            &NONCE,
            &json_answer(200, &full),
        );
    }

    #[test]
    fn any_other_shape_is_refused() {
        let wrong = |found| ProviderFailure::WrongLength { expected: 1024, found };
        assert_eq!(stream(OCTETS, &[1; 1023]).unwrap_err(), wrong(1023));
        assert_eq!(stream(OCTETS, &[1; 1025]).unwrap_err(), wrong(1025));
        assert_eq!(stream(OCTETS, b"").unwrap_err(), ProviderFailure::Empty);
        assert_eq!(stream("application/json", b"[]").unwrap_err(), ProviderFailure::Empty);
        assert_eq!(stream("application/json", array("256").as_bytes()).unwrap_err(), ProviderFailure::OutOfRange);
        assert_eq!(stream("application/json", &[b'['; 1024]).unwrap_err(), ProviderFailure::Malformed);
        let mut page = b"<!DOCTYPE html><html>".to_vec();
        page.resize(1024, b' ');
        for media_type in ["text/html; charset=utf-8", "text/plain", ""] {
            assert_eq!(stream(media_type, &page).unwrap_err(), ProviderFailure::Malformed, "{media_type}");
        }
    }
}
