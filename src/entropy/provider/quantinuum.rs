//! Quantinuum's Quantum Origin Cloud, API version 1.
//!
//! `POST {base}/randomness`. The bytes travel encrypted inside TLS: the key is HKDF-Expand (RFC 5869 section 2.3) of the
//! secret shared at onboarding, the nonce we sent is authenticated with them, so nobody who ends the TLS sees the bytes and
//! no earlier answer can be played again. Quantinuum's later product is software without an HTTP API.

use super::answer;
use super::settings::Settings;
use super::{FETCH_BYTES, Known, Nonce, Provider, ProviderFailure, ProviderId};
use crate::config::ConfigProblem;
use crate::outbound::{HeaderValue, OutboundAnswer, OutboundRequest, OutboundUrl};
use crate::secret::SecretBytes;
use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit};
use base64ct::{Base64, Encoding};
use hkdf::Hkdf;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

pub(super) const KNOWN: Known = Known { id: ProviderId("quantinuum"), read };

const BASE: &str = "https://qo-uk.cambridgequantum.com/api/v1";
const SCHEME: &str = "HKDF-AES-GCM";
const SECRET_BYTES: usize = 32;
const TAG_BYTES: usize = 16;

#[derive(Debug)]
struct Quantinuum {
    url: OutboundUrl,
    key: HeaderValue,
    client: HeaderValue,
    shared_secret: SecretBytes,
}

/// `QUANTINUUM_API_KEY`, `QUANTINUUM_CLIENT_ID` and `QUANTINUUM_SHARED_SECRET` (64 hexadecimal digits), required;
/// `QUANTINUUM_BASE_URL`.
fn read(settings: &mut Settings<'_>) -> Option<Box<dyn Provider>> {
    let key = settings.header("QUANTINUUM_API_KEY");
    let client = settings.header("QUANTINUUM_CLIENT_ID");
    let shared_secret = shared_secret(settings);
    let url = settings.address("QUANTINUUM_BASE_URL", Some(BASE), &["randomness"], &[]);
    Some(Box::new(Quantinuum { url: url?, key: key?, client: client?, shared_secret: shared_secret? }))
}

fn shared_secret(settings: &mut Settings<'_>) -> Option<SecretBytes> {
    const NAME: &str = "QUANTINUUM_SHARED_SECRET";
    let text = Zeroizing::new([settings.text(NAME)?]);
    let bytes = answer::bytes_of_hex(text.as_slice(), 1, SECRET_BYTES).map(SecretBytes::new);
    bytes.map_err(|_| settings.note(ConfigProblem::new(NAME, "must be 64 hexadecimal digits"))).ok()
}

#[derive(Serialize)]
struct Ask {
    size: usize,
    nonce: String,
    encryption_scheme: &'static str,
}

#[derive(Deserialize)]
struct Answer {
    counter: u64,
    encrypted_data: String,
    seed: String,
}

impl Provider for Quantinuum {
    fn request(&self, nonce: &Nonce) -> OutboundRequest {
        let ask = Ask { size: FETCH_BYTES, nonce: Base64::encode_string(nonce), encryption_scheme: SCHEME };
        let mut request = answer::post(&self.url, &ask);
        request.headers.extend([("qo-api-key".into(), self.key.clone()), ("uuid".into(), self.client.clone())]);
        request
    }

    fn parse(&self, nonce: &Nonce, answer: &OutboundAnswer) -> Result<SecretBytes, ProviderFailure> {
        answer::fresh_success(answer)?;
        open(self.shared_secret.expose(), nonce, answer, FETCH_BYTES)
    }
}

/// Decrypts the block of `size` bytes in an answer to the request that carried `nonce`.
fn open(
    shared_secret: &[u8],
    nonce: &Nonce,
    answer: &OutboundAnswer,
    size: usize,
) -> Result<SecretBytes, ProviderFailure> {
    let body: Answer = answer::json(answer)?;
    let sealed = Base64::decode_vec(&body.encrypted_data).map_err(|_| ProviderFailure::Malformed)?;
    answer::count(sealed.len(), size + TAG_BYTES)?;
    let seed = Base64::decode_vec(&body.seed).map_err(|_| ProviderFailure::Malformed)?;
    let seed: [u8; 36] = seed.try_into().map_err(|_| ProviderFailure::Malformed)?;
    let (info, iv_front) = seed.split_at(32);
    let mut iv = [0; 12];
    for (byte, value) in iv.iter_mut().zip(iv_front.iter().chain(&body.counter.to_be_bytes())) {
        *byte = *value;
    }
    let cipher = Aes256Gcm::new(&block_key(shared_secret, info)?.into());
    let opened = cipher.decrypt(&iv.into(), Payload { msg: &sealed, aad: nonce });
    opened.map(SecretBytes::new).map_err(|_| ProviderFailure::NotAuthentic)
}

fn block_key(shared_secret: &[u8], info: &[u8]) -> Result<[u8; 32], ProviderFailure> {
    let mut key = [0; 32];
    // Neither step can fail with a secret of 32 bytes and a key of 32.
    let expander = Hkdf::<Sha256>::from_prk(shared_secret).map_err(|_| ProviderFailure::NotAuthentic)?;
    expander.expand(info, &mut key).map_err(|_| ProviderFailure::NotAuthentic)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{json_answer, provider, survives_damage};
    use super::answer::bytes_of_hex;
    use super::{Base64, Encoding, ProviderFailure, block_key, open};
    use crate::outbound::Method;
    use aes_gcm::aead::{Aead, Payload};
    use aes_gcm::{Aes256Gcm, KeyInit};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const NONCE: [u8; 16] =
        [0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff];
    const SEED: &str = "QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl9gYWJj";
    const SEALED: &str = "9e1uH5xO9hZt1WRvIJCUAPqcvB2moXLfTDhu5DXTZ0PVPLMnN3gwVJlBCSUhj2I9o34x9axnI5kij6akwRITmg==";

    fn secret() -> Vec<u8> {
        (0..32).collect()
    }

    fn vector() -> String {
        format!(r#"{{"counter":0,"encrypted_data":"{SEALED}","seed":"{SEED}"}}"#)
    }

    /// A valid answer of the full size, sealed as the service seals it.
    fn valid() -> String {
        let seed = Base64::decode_vec(SEED).unwrap();
        let cipher = Aes256Gcm::new(&block_key(&secret(), &seed[..32]).unwrap().into());
        let mut iv = [0; 12];
        iv[..4].copy_from_slice(&seed[32..]);
        let plain: Vec<u8> = (0..=250).cycle().take(1024).collect();
        let sealed = cipher.encrypt(&iv.into(), Payload { msg: &plain, aad: &NONCE }).unwrap();
        let sealed = Base64::encode_string(&sealed);
        format!(r#"{{"counter":0,"encrypted_data":"{sealed}","seed":"{SEED}","mac":"x"}}"#)
    }

    #[test]
    fn the_request_is_the_documented_one() {
        let request = provider("quantinuum").request(&NONCE);
        assert_eq!(request.method, Method::Post);
        assert_eq!(request.url.url().as_str(), "https://qo-uk.cambridgequantum.com/api/v1/randomness");
        let body = String::from_utf8(request.body.clone().unwrap()).unwrap();
        assert_eq!(body, r#"{"size":1024,"nonce":"ABEiM0RVZneImaq7zN3u/w==","encryption_scheme":"HKDF-AES-GCM"}"#);
        let header = |name| request.headers.iter().find(|(field, _)| *field == name).unwrap().1.expose().to_owned();
        assert_eq!((header("qo-api-key"), header("uuid")), ("quantinuum-key".into(), "client".into()));
        let printed = format!("{:?}{request:?}", provider("quantinuum"));
        assert!(!printed.contains("quantinuum-key") && !printed.contains("000102"), "{printed}");
    }

    #[test]
    fn the_key_of_the_vector_is_derived() {
        let seed = Base64::decode_vec(SEED).unwrap();
        let expected = ["bbbb40f2c542c2c58846dc609224829eae0a8b9a5d31f500caff2964dc6bf9de".to_owned()];
        let expected = bytes_of_hex(&expected, 1, 32).unwrap();
        assert_eq!(block_key(&secret(), &seed[..32]).unwrap()[..], expected);
    }

    #[test]
    fn the_vector_opens() {
        let opened = open(&secret(), &NONCE, &json_answer(200, &vector()), 48).unwrap();
        let plain: Vec<u8> = (0..48_u8).map(|i| i.wrapping_mul(7).wrapping_add(3)).collect();
        assert_eq!(opened.expose(), plain);
    }

    #[test]
    fn a_block_of_the_asked_size_is_read_and_no_truncation_of_it() {
        let bytes = provider("quantinuum").parse(&NONCE, &json_answer(200, &valid())).unwrap();
        assert_eq!((bytes.expose().len(), bytes.expose()[252]), (1024, 1));
        survives_damage(provider("quantinuum").as_ref(), &NONCE, &json_answer(200, &valid()));
    }

    #[test]
    fn an_answer_to_another_nonce_or_under_another_secret_is_not_authentic() {
        let failure = |secret: &[u8], nonce, body: &str| open(secret, nonce, &json_answer(200, body), 48).unwrap_err();
        assert_eq!(failure(&secret(), &[7; 16], &vector()), ProviderFailure::NotAuthentic);
        assert_eq!(failure(&[9; 32], &NONCE, &vector()), ProviderFailure::NotAuthentic);
        let counted = vector().replace("\"counter\":0", "\"counter\":1");
        assert_eq!(failure(&secret(), &NONCE, &counted), ProviderFailure::NotAuthentic);
        let flipped = vector().replace("9e1uH5", "9e1uH6");
        assert_eq!(failure(&secret(), &NONCE, &flipped), ProviderFailure::NotAuthentic);
    }

    #[test]
    fn any_other_shape_is_refused() {
        let failure = |body: &str| provider("quantinuum").parse(&NONCE, &json_answer(200, body)).unwrap_err();
        assert_eq!(failure(&vector()), ProviderFailure::WrongLength { expected: 1040, found: 64 });
        assert_eq!(failure(&vector().replace(SEALED, "")), ProviderFailure::Empty);
        assert_eq!(failure(&valid().replace(SEED, "QEFC")), ProviderFailure::Malformed);
        assert_eq!(failure(&valid().replace("\"counter\":0", "\"counter\":-1")), ProviderFailure::Malformed);
        assert_eq!(failure(&valid().replace(",\"seed\"", ",\"seeds\"")), ProviderFailure::Malformed);
    }
}
