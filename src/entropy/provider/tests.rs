//! What every provider has in common, and what the tests of the providers share.

use super::{KNOWN, Nonce, Provider, ProviderFailure, ProviderId, Providers, Settings};
use crate::config::Profile;
use crate::outbound::{OutboundAnswer, Reach};
use crate::time::Lifetime;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const SETTINGS: &[(&str, &str)] = &[
    ("ENTROPY_PROVIDERS", "idq, anu,quantinuum,anu_legacy,qrng_open_api,qrypt,outshift,lfd,qrandom_io,qbck,qci"),
    ("QRNG_OPEN_API_BASE_URL", "https://qrng.example.com"),
    ("QRNG_OPEN_API_KEY", "open-key"),
    ("QRYPT_API_KEY", "qrypt-key"),
    ("OUTSHIFT_API_KEY", "outshift-key"),
    ("QBCK_API_KEY", "qbck-key"),
    ("QCI_REFRESH_TOKEN", "qci-token"),
    ("ANU_API_KEY", "anu-key"),
    ("QUANTINUUM_API_KEY", "quantinuum-key"),
    ("QUANTINUUM_CLIENT_ID", "client"),
    ("QUANTINUUM_SHARED_SECRET", "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F"),
    ("IDQ_BASE_URL", "https://quantis.example.com/"),
    ("IDQ_API_KEY", "idq-key"),
];

fn lookup(changes: &[(&str, &str)], name: &str) -> Option<String> {
    let found = changes.iter().chain(SETTINGS).find(|(set, _)| *set == name)?;
    Some(found.1.to_owned())
}

/// The provider of that name with complete settings.
pub(crate) fn provider(id: &str) -> Box<dyn Provider> {
    provider_with(id, &[])
}

/// The provider of that name with complete settings and these changes.
pub(crate) fn provider_with(id: &str, changes: &[(&str, &str)]) -> Box<dyn Provider> {
    let known = KNOWN.iter().find(|known| known.id.as_str() == id).unwrap();
    let look = |name: &str| lookup(changes, name);
    let mut settings = Settings::new(&look, Reach::Public);
    let provider = (known.read)(&mut settings).unwrap();
    settings.finish(provider).unwrap()
}

/// Providers read with complete settings and these changes.
pub(crate) fn providers(changes: &[(&str, &str)]) -> Result<Providers, Vec<String>> {
    Providers::read(&|name| lookup(changes, name), Profile::Local)
        .map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

/// An answer with that status, content type (none when empty) and body.
pub(crate) fn answer(status: u16, media_type: &str, body: &[u8]) -> OutboundAnswer {
    let mut headers = vec![("date".to_owned(), "Sun, 22 Nov 2026 15:00:00 GMT".to_owned())];
    if !media_type.is_empty() {
        headers.push(("content-type".to_owned(), media_type.to_owned()));
    }
    OutboundAnswer { status, headers, body: body.to_vec() }
}

/// A JSON answer.
pub(crate) fn json_answer(status: u16, body: &str) -> OutboundAnswer {
    answer(status, "application/json", body.as_bytes())
}

/// Asserts that `valid` is accepted, and that every truncation of it and every other status is refused.
pub(crate) fn survives_damage(provider: &dyn Provider, nonce: &Nonce, valid: &OutboundAnswer) {
    assert!(provider.parse(nonce, valid).is_ok());
    // The longest body is cut in the middle only here and there: all cuts together are quadratic in the length.
    let length = valid.body.len();
    let cuts = (0..length).filter(|cut| length < 6000 || *cut < 64 || length - *cut < 64 || cut % 97 == 0);
    for cut in cuts {
        let body = valid.body[..cut].to_vec();
        let damaged = OutboundAnswer { body, ..valid.clone() };
        assert!(provider.parse(nonce, &damaged).is_err(), "cut at {cut} of {length}");
    }
    for status in [201, 204, 206, 301, 401, 403, 404, 429, 500, 503] {
        let refused = OutboundAnswer { status, ..valid.clone() };
        assert!(provider.parse(nonce, &refused).is_err(), "{status}");
    }
}

#[test]
fn nobody_is_asked_by_default() {
    let providers = Providers::read(&|_| None, Profile::Production).unwrap();
    assert!(providers.is_empty());
    assert_eq!(providers.refill(), Lifetime::from_seconds(60));
}

#[test]
fn the_order_of_the_settings_is_kept() {
    let ids: Vec<_> = providers(&[]).unwrap().iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids[..5], ["idq", "anu", "quantinuum", "anu_legacy", "qrng_open_api"]);
    assert_eq!(ids.len(), KNOWN.len());
}

#[test]
fn everything_that_is_missing_is_named_at_once() {
    let gone = [
        ("ANU_API_KEY", ""),
        ("QUANTINUUM_API_KEY", ""),
        ("QUANTINUUM_CLIENT_ID", ""),
        ("QUANTINUUM_SHARED_SECRET", ""),
        ("IDQ_BASE_URL", ""),
        ("QRYPT_API_KEY", ""),
        ("OUTSHIFT_API_KEY", ""),
        ("QBCK_API_KEY", ""),
        ("QCI_REFRESH_TOKEN", ""),
    ];
    let mut problems = providers(&gone).unwrap_err();
    problems.sort();
    let mut expected: Vec<_> = gone.iter().map(|(name, _)| format!("{name} is missing")).collect();
    expected.sort();
    assert_eq!(problems, expected);
}

#[test]
fn a_wrong_setting_is_named_and_its_value_is_not_shown() {
    for (name, value) in [
        ("ENTROPY_PROVIDERS", "anu,dice-7f3a"),
        ("ENTROPY_PROVIDERS", "anu,anu"),
        ("ENTROPY_REFILL_SECONDS", "0"),
        ("ENTROPY_BREAKER_SECONDS", "901"),
        ("ENTROPY_QUARANTINE_SECONDS", "0"),
        ("ENTROPY_MODE", "7f3a"),
        ("ANU_API_KEY", "7f3a\r\nx: y"),
        ("QUANTINUUM_SHARED_SECRET", "7f3a"),
        ("QUANTINUUM_SHARED_SECRET", "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1Exx"),
        ("IDQ_BASE_URL", "http://10.7.3.10/"),
        ("IDQ_BASE_URL", "https://quantis.example.com/?key=7f3a"),
        ("IDQ_ENDPOINT", "7f3a"),
    ] {
        let problems = providers(&[(name, value)]).unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].starts_with(name) && !problems[0].contains("7f3a"), "{problems:?}");
    }
}

#[test]
fn a_stand_in_on_loopback_is_reached_in_the_local_profile_only() {
    let look = |name: &str| lookup(&[("IDQ_BASE_URL", "http://127.0.0.1:9911/idq")], name);
    let local = Providers::read(&look, Profile::Local).unwrap();
    let request = local.find(ProviderId::parse("idq").unwrap()).unwrap().request(&[0; 16]);
    assert_eq!(request.url.url().as_str(), "http://127.0.0.1:9911/idq/api/2.0/streambytes?size=1024");
    assert!(Providers::read(&look, Profile::Production).is_err());
}

#[test]
fn a_provider_id_survives_its_text_form() {
    for id in ProviderId::all() {
        let text = serde_json::to_string(&id).unwrap();
        assert_eq!(serde_json::from_str::<ProviderId>(&text).unwrap(), id);
    }
    assert!(serde_json::from_str::<ProviderId>("\"dice\"").is_err());
}

#[test]
fn every_fetch_has_a_deadline_and_a_cap() {
    for (id, provider) in providers(&[]).unwrap().iter() {
        let request = provider.request(&[7; 16]);
        assert_eq!((request.deadline.millis(), request.max_answer_bytes), (2500, 65536), "{id}");
    }
}

#[test]
fn a_429_is_a_rate_limit_everywhere() {
    for (id, provider) in providers(&[]).unwrap().iter() {
        // The answers of these tests are of three o'clock.
        for (wait, seconds) in [("9", Some(9)), ("Sun, 22 Nov 2026 15:02:00 GMT", Some(120)), ("soon", None)] {
            let mut limited = answer(429, "", b"");
            limited.headers.push(("retry-after".into(), wait.into()));
            let expected = ProviderFailure::RateLimited { retry_after: seconds.map(Lifetime::from_seconds) };
            assert_eq!(provider.parse(&[0; 16], &limited).unwrap_err(), expected, "{id}: {wait}");
        }
    }
}

/// Has every provider there is take an answer, first as what it asks beforehand and then as bytes.
#[cfg(not(target_arch = "wasm32"))]
fn take(answer: &OutboundAnswer) -> Vec<Result<crate::secret::SecretBytes, ProviderFailure>> {
    let mut all = providers(&[]).unwrap();
    assert_eq!(all.iter().count(), KNOWN.len());
    let take = |id| {
        let provider = all.find_mut(id).unwrap();
        let _ = provider.prepare(answer, crate::time::Timestamp::from_seconds(1_795_000_000));
        provider.parse(&[0; 16], answer)
    };
    ProviderId::all().map(take).collect()
}

#[cfg(not(target_arch = "wasm32"))]
proptest::proptest! {
    #[test]
    fn no_answer_makes_a_parser_panic(
        body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..2048),
        status in proptest::sample::select(vec![200_u16, 403, 429, 500]),
        media_type in proptest::sample::select(vec!["application/json", "application/octet-stream", "text/html", ""]),
    ) {
        take(&answer(status, media_type, &body));
    }

    #[test]
    fn no_json_makes_a_parser_panic(
        body in "(\\{|\\[)?(\"(success|data|type|length|counter|seed|encrypted_data|random|random_numbers|decimal|qrn|numbers|result|entropy|max_block_size|max_block_count|healthtest|test_result|access_token|expires_in|error)\":|true|false|-?[0-9]{1,20}|\"[0-9a-f]{0,20}\"|,|\\[|\\]|\\{|\\}){0,24}",
    ) {
        for read in take(&json_answer(200, &body)) {
            proptest::prop_assert!(read.is_err());
        }
    }
}
