//! The check of the fuzz target `providers`, on answers made here: good ones of every provider, and those damaged in every
//! place. The fuzz target goes on from there with answers nobody thought of.
#![cfg(not(target_arch = "wasm32"))]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that stops is a test that failed"
)]

use mcp_secure_gateway::entropy::provider::ProviderId;
use proptest::collection::vec;
use proptest::prelude::any;

#[path = "../fuzz/checks/providers.rs"]
mod providers;

const JSON: u8 = 0;
const OCTETS: u8 = 1 << 3;

/// A good answer in the provider's form, its bytes all alike; `None` where only the provider can make one.
fn good(provider: &str) -> Option<(u8, Vec<u8>)> {
    let list = |element: &str, count: usize| vec![element; count].join(",");
    let base64 = |bytes: usize| "A".repeat(bytes.div_ceil(3) * 4 - 2) + "==";
    let body = match provider {
        "anu" => format!(
            r#"{{"success":true,"type":"hex16","length":"1024","data":[{}]}}"#,
            list("\"2f2497d207a39d67\"", 1024)
        ),
        "anu_legacy" => format!(r#"{{"type":"uint8","length":1024,"data":[{}],"success":true}}"#, list("74", 1024)),
        "idq" => return Some((OCTETS, vec![7; 1024])),
        "qrng_open_api" => format!(
            "{}\0{}",
            r#"{"entropy":{"max_block_size":256,"max_block_count":16},"healthtest":{},"test_result":"0.94"}"#,
            format_args!(r#"{{"entropy":[{}]}}"#, list(&format!("\"{}\"", base64(256)), 4))
        ),
        "qrypt" => format!(r#"{{"random":["{}"],"size":1}}"#, base64(1024)),
        "outshift" => format!(r#"{{"encoding":"raw","random_numbers":[{}]}}"#, list(r#"{"decimal":"241"}"#, 512)),
        "lfd" => format!(r#"{{"qrn":"{}","length":1024}}"#, "0f".repeat(1024)),
        "qrandom_io" => format!(r#"{{"resultType":"ints","numbers":[{}]}}"#, list("9", 1000)),
        "qbck" => format!(r#"{{"data":{{"result":[{}]}}}}"#, list(&format!("\"{}\"", "0f".repeat(32)), 32)),
        "qci" => format!("{}\0[{}]", r#"{"access_token":"t","expires_in":1795003600}"#, list("12", 1024)),
        "quantinuum" => return None,
        other => panic!("{other} has no good answer here"),
    };
    Some((JSON, body.into_bytes()))
}

/// The input of the check: who, how and what.
fn input(which: usize, shape: u8, body: &[u8]) -> Vec<u8> {
    [&[u8::try_from(which).unwrap(), shape], body].concat()
}

fn good_answers() -> Vec<(usize, &'static str, u8, Vec<u8>)> {
    let all = ProviderId::all().enumerate();
    all.filter_map(|(which, id)| good(id.as_str()).map(|(shape, body)| (which, id.as_str(), shape, body))).collect()
}

#[test]
fn a_good_answer_of_every_provider_is_read_and_no_other_status_or_header_with_it() {
    assert_eq!(good_answers().len(), ProviderId::all().count() - 1);
    for (which, name, shape, body) in good_answers() {
        let bytes = providers::check(&input(which, shape, &body)).expect(name);
        assert!((512..=8192).contains(&bytes), "{name}: {bytes}");
        for other in 0..=127 {
            let read = providers::check(&input(which, other, &body));
            let fresh = other & 7 < 4 && other >> 5 < 2;
            assert!(read.is_none() || fresh, "{name}: {other:#b}");
        }
    }
}

#[test]
fn an_answer_damaged_anywhere_breaks_nothing() {
    for (which, _, shape, body) in good_answers() {
        // Everywhere near both ends, and here and there between.
        let places = (0..body.len()).filter(|at| *at < 100 || body.len() - at < 50 || at % 997 == 0);
        for at in places {
            providers::check(&input(which, shape, &body[..at]));
            for byte in [0, b'"', b'-', 0xff] {
                let mut damaged = body.clone();
                damaged[at] = byte;
                providers::check(&input(which, shape, &damaged));
                damaged.insert(at, byte);
                providers::check(&input(which, shape, &damaged));
            }
        }
    }
}

proptest::proptest! {
    #[test]
    fn any_answer_breaks_nothing(input in vec(any::<u8>(), 0..1500)) {
        providers::check(&input);
    }
}
