use super::document::{Action, Guardrails, Rail};
use super::sweep::{About, Refusal};
use super::{Detector, scan};
use serde_json::{Map, Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn rail(document: &Value) -> Rail {
    Guardrails::parse(json!({ "arguments": document }).to_string().as_bytes()).unwrap().arguments.unwrap()
}

fn redacting(detectors: &[Detector]) -> Rail {
    Rail { detectors: detectors.iter().map(|detector| (*detector, Action::Redact)).collect(), ..Rail::default() }
}

fn everything() -> Rail {
    redacting(&Detector::ALL)
}

fn swept(rail: &Rail, text: &str) -> String {
    let mut text = text.to_owned();
    rail.sweep_text(&mut text);
    text
}

fn found(detector: Detector, text: &str) -> Vec<&str> {
    scan::all(text, std::iter::once(detector)).into_iter().map(|(span, _)| &text[span]).collect()
}

/// A JSON Web Token in shape.
const TOKEN: &str = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJlLXNpZ25hdHVyZQ";

fn pem(label: &str) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----", "MIIEvQIBADANBgkqhkiG9w0BAQEF".repeat(3))
}

/// What each detector finds in a text, whole.
#[test]
fn every_detector_finds_what_it_is_for() {
    use Detector as D;
    for (detector, before, value, after) in [
        (D::Email, "write to ", "ada.lovelace+x@mail.example.co.uk", "."),
        (D::Email, "<", "a@b.io", ">"),
        (D::Email, "姓名", "ada@example.com", "地址"),
        (D::Email, "?to=", "o'neil@example.xn--p1ai", "&x=1"),
        (D::Email, "", "a_b%c@sub-domain.example.com", "-"),
        (D::Phone, "call ", "+4512345678", ","),
        (D::Phone, "(", "+1 (202) 555-0143", ")"),
        (D::Phone, "tel:", "+44 20 7946 0958", ""),
        (D::Phone, "", "+1 202 555 0143", " 20240131 7"),
        (D::CreditCard, "card ", "4111111111111111", "."),
        (D::CreditCard, "卡号", "4111-1111-1111-1111", "有效"),
        (D::CreditCard, "", "4111 1111 1111 1111", " 12/27"),
        (D::CreditCard, "amex ", "3782 822463 10005", ""),
        (D::CreditCard, "amex ", "378282246310005", ""),
        (D::CreditCard, "", "5555555555554444", "\n"),
        (D::CreditCard, "diners ", "3056 930902 5904", ""),
        (D::CreditCard, "", "6011111111111117", ""),
        (D::CreditCard, "", "2223003122003222", ""),
        (D::Iban, "IBAN ", "DE89370400440532013000", "."),
        (D::Iban, "", "GB82 WEST 1234 5698 7654 32", " please"),
        (D::Iban, "to ", "no9386011117947", ""),
        (D::Iban, "", "MT84MALT011000012345MTLCAST001S", ","),
        (D::UsSsn, "ssn ", "123-45-6789", "."),
        (D::Ipv4, "from ", "192.168.0.1", ":8080"),
        (D::Ipv4, "http://", "10.0.0.255", "/x"),
        (D::Ipv4, "at ", "8.8.8.8", "."),
        (D::Ipv6, "[", "2001:db8::8a2e:370:7334", "]:443"),
        (D::Ipv6, "at ", "2001:0db8:0000:0000:0000:ff00:0042:8329", "."),
        (D::Ipv6, "", "::ffff:1:192.0.2.1", ""),
        (D::ApiKey, "key=", "sk-proj-abcDEF0123456789abcdef", "\""),
        (D::ApiKey, "", "ghp_0123456789abcdefghijABCDEFGHIJ012345", "\n"),
        (D::ApiKey, "", "github_pat_11ABCDEFG0123456789_abcdefghij", ""),
        (D::ApiKey, "", "glpat-abcDEF0123456789abcd", " "),
        (D::ApiKey, "", "xoxb-123456789012-abcdefABCDEF", ""),
        (D::ApiKey, "id ", "AKIAIOSFODNN7EXAMPLE", ","),
        (D::ApiKey, "", "AIzaSyA1234567890abcdefghijklmnopqrstuv", "&"),
        (D::ApiKey, "", "sk_live_4eC39HqLyjWDarjtT1zdp7dc", ""),
        (D::ApiKey, "", "mgk_acme.u-1.k-1.0123456789abcdefghijklmnopqrstuvwxyz.tag", "."),
        (D::ApiKey, "", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", ""),
        (D::Jwt, "token ", TOKEN, "."),
        (D::Jwt, "", "eyJhbGciOiJSU0EifQ.a2V5a2V5.aXZpdml2aXZpdg.Y2lwaGVy.dGFn", ""),
        (D::PrivateKey, "a ", &pem("PRIVATE KEY"), " b"),
        (D::PrivateKey, "", &pem("RSA PRIVATE KEY"), "\n"),
        (D::PrivateKey, "", &pem("PGP PRIVATE KEY BLOCK"), ""),
        (D::PrivateKey, "cut ", &format!("-----BEGIN EC PRIVATE KEY-----\\n{}", "Ab1/".repeat(12)), ""),
        (D::BearerToken, "Authorization: ", "Bearer mF_9.B5f-4.1JqM.abc", "\""),
        (D::BearerToken, "", "bearer: 0123456789abcdef", " x"),
    ] {
        let text = format!("{before}{value}{after}");
        assert_eq!(found(detector, &text), [value], "{detector:?} in {text}");
        assert_eq!(swept(&redacting(&[detector]), &text), format!("{before}{}{after}", detector.marker()));
    }
}

#[test]
fn what_only_looks_alike_is_not_found() {
    use Detector as D;
    for (detector, text) in [
        (
            D::Email,
            "@ada ada@ @example.com ada@localhost a@b ada@example.c ada@1.2.3 a.@example.com pkg@1.2.3 @scope/a.b",
        ),
        (D::Email, "a@-b.com a@b..com a @example.com"),
        (D::Phone, "+0451234567 +1234567 4512345678 C++11 1+12345678901 +1234567890123456 UTC+01:00 ++4512345678"),
        (D::Phone, "+12345678x a+12345678"),
        (D::CreditCard, "4111111111111112 411111111111111 41111111111111111111 1234567812345670 1700000000000000"),
        (
            D::CreditCard,
            "4111.1111.1111.1111 4111-1111 1111-1111 x4111111111111111 4111111111111111x 0.4111111111111111",
        ),
        (D::CreditCard, "41 11 11 11 11 11 11 11 550e8400-e29b-41d4-a716-446655440000 4111111111111111.25"),
        (D::Iban, "DE89370400440532013001 DE8937040044053201300 XX89370400440532013000 DE893704004405320130001"),
        (D::Iban, "DE89 3704 0044 0532 0130 0 DE89_3704_0044_0532_0130_00 ADE89370400440532013000"),
        (D::UsSsn, "000-12-3456 666-12-3456 912-12-3456 123-00-4567 123-45-0000 123456789 123-45-67890 1-123-45-6789"),
        (D::UsSsn, "123-45-6789-1 a123-45-6789 123-45-678"),
        (D::Ipv4, "1.2.3 256.1.1.1 1.2.3.4.5 v1.2.3.4 01.2.3.4 1.2.3.4a 1..2.3.4"),
        (D::Ipv6, "12:30:45 std::vector a::b x[10::20] ::1 :: aa:bb:cc:dd:ee:ff 2001:db8::g fe80::1 1:2:3:4:5:6:7:8:9"),
        (
            D::ApiKey,
            "sk-learn sk-this-is-a-very-long-kebab-name ghp_short AKIAIOSFODNN7EXAMPL AKIAIOSFODNN7EXAMPLES task-12",
        ),
        (D::ApiKey, "risk-abcDEF0123456789abcdef mgk_ whsec_ xoxo-abc AIzaShort12 glpat-abc npm_config_registry"),
        (
            D::Jwt,
            "eyJ eyJhbGciOiJFZERTQSJ9 eyJhbGciOiJFZERTQSJ9.eyJzdWIi eyJ.a.b keyJhbGciOiJFZERTQSJ9.eyJzdWIi.c2lnbmF0dXJl",
        ),
        (
            D::PrivateKey,
            "-----BEGIN PRIVATE KEY----- -----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA\n",
        ),
        (D::BearerToken, "bearer responsibilities Bearer short1 forbearer 0123456789abcdef bearer0123456789abcdef"),
    ] {
        assert_eq!(found(detector, text), [""; 0], "{detector:?}");
    }
}

#[test]
fn values_that_overlap_are_one_and_all_are_counted() {
    let mut text = format!("Authorization: Bearer {TOKEN}, ada@example.com");
    let swept = everything().sweep_text(&mut text);
    assert_eq!(text, "Authorization: [redacted: bearer_token], [redacted: email]");
    assert_eq!(json!(swept.found), json!({"bearer_token": 1, "email": 1, "jwt": 1}));
    assert!(swept.is_changed && swept.refusal.is_none());
}

#[test]
fn names_of_members_and_numbers_are_looked_at_and_no_member_is_lost() {
    let mut data = json!({"a@b.io": 1, "c@d.io": 2, "card": 4_111_111_111_111_111_u64, "float": 5_555_555_555_554_444.0,
        "time": 1_700_000_000_000_u64, "deep": [{"x": ["e@f.io", true, null]}]});
    everything().sweep_data(data.as_object_mut().unwrap());
    let redacted = json!({"[redacted: email]": 1, "[redacted: email] (2)": 2, "card": "[redacted: credit_card]",
        "float": "[redacted: credit_card]", "time": 1_700_000_000_000_u64, "deep": [{"x": ["[redacted: email]", true, null]}]});
    assert_eq!(data, redacted);
    assert_eq!(data.to_string(), redacted.to_string(), "in the same order");
}

#[test]
fn of_the_protocols_own_objects_only_words_and_data_are_looked_at() {
    let mail = "a@b.io";
    let mut result = json!({
        "content": [
            {"type": "text", "text": mail},
            {"type": "image", "data": mail, "mimeType": mail},
            {"type": "resource_link", "uri": mail, "name": mail, "description": mail},
            {"type": "resource", "resource": {"uri": mail, "text": mail, "blob": mail}},
        ],
        "structuredContent": {"data": mail, "uri": [mail]},
        "messages": [{"role": "user", "content": {"type": "text", "text": mail}}],
        "contents": [{"uri": mail, "text": mail}],
        "completion": {"values": [mail], "total": 1},
        "_meta": {"type": mail},
    });
    let swept = everything().sweep_message(result.as_object_mut().unwrap());
    let mark = Detector::Email.marker();
    assert_eq!(
        result,
        json!({
            "content": [
                {"type": "text", "text": mark},
                {"type": "image", "data": mail, "mimeType": mail},
                {"type": "resource_link", "uri": mail, "name": mark, "description": mark},
                {"type": "resource", "resource": {"uri": mail, "text": mark, "blob": mail}},
            ],
            "structuredContent": {"data": mark, "uri": [mark]},
            "messages": [{"role": "user", "content": {"type": "text", "text": mark}}],
            "contents": [{"uri": mail, "text": mark}],
            "completion": {"values": [mark], "total": 1},
            "_meta": {"type": mark},
        })
    );
    assert_eq!(json!(swept.found)["email"], 10);
}

#[test]
fn a_text_that_is_json_still_is_json() {
    let text = r#"{"card": 4111111111111111, "text": "a@b.io \u0022x\u0022", "list": [1.5]}"#;
    let redacted = swept(&everything(), text);
    assert_eq!(
        serde_json::from_str::<Value>(&redacted).unwrap(),
        json!({"card": "[redacted: credit_card]", "text": "[redacted: email] \"x\"", "list": [1.5]})
    );
    assert_eq!(swept(&everything(), "{a@b.io}"), "{[redacted: email]}");
    assert_eq!(swept(&everything(), "[1, 2]  "), "[1, 2]  ");
}

#[test]
fn a_deny_list_refuses_in_any_case_and_any_blanks_and_says_which_entry() {
    let rail = rail(&json!({"deny": ["nothing", "Project  Night*fall"]}));
    for text in ["the PROJECT nightfall", "project\n\tnight and then it will fall", "pro\u{200b}ject night\u{ad}fall"] {
        let swept = rail.sweep_text(&mut text.to_owned());
        assert_eq!((swept.refusal, json!(swept.found)), (Some(Refusal::Denied(1)), json!({"deny": 1})), "{text}");
        assert!(!swept.is_changed);
    }
    assert_eq!(Refusal::Denied(1).to_string(), "deny[1]");
    assert_eq!(rail.sweep_text(&mut "projectnightfall, fall project night".to_owned()).refusal, None);
    let mut named = json!({"project nightfall": 1}).as_object().unwrap().clone();
    assert_eq!(rail.sweep_data(&mut named).refusal, Some(Refusal::Denied(1)), "the name of a member");
}

#[test]
fn what_is_refused_is_named_and_counted_with_the_rest() {
    let rail = rail(&json!({"detectors": {"email": "redact", "us_ssn": "refuse"}}));
    let mut data = json!({"a": "a@b.io", "b": ["123-45-6789", "123-45-6788"]}).as_object().unwrap().clone();
    let swept = rail.sweep_data(&mut data);
    assert_eq!(swept.refusal, Some(Refusal::Detected(Detector::UsSsn)));
    assert_eq!(json!(swept.found), json!({"email": 1, "us_ssn": 2}));
}

#[test]
fn tools_that_are_named_leave_out_everything_else_and_what_is_of_no_known_tool_is_of_any() {
    let some = rail(&json!({"tools": ["crm__*"]}));
    let tool = |name: &str| About::Tool(name.to_owned());
    assert!(some.is_for(&tool("crm__find")) && !some.is_for(&tool("files__read")));
    assert!(some.is_for(&About::Unknown) && !some.is_for(&About::Other));
    assert!(Rail::default().is_for(&tool("files__read")) && Rail::default().is_for(&About::Other));
}

#[test]
fn a_document_is_read_strictly_and_written_as_it_was_read() {
    let whole =
        json!({"arguments": {"detectors": {"api_key": "refuse"}, "deny": ["A  b"], "tools": ["x*"]}, "results": {}});
    let read = Guardrails::parse(whole.to_string().as_bytes()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), whole);
    assert_eq!(Guardrails::parse(b"{}").unwrap(), Guardrails::default());
    let many = |count: usize| vec!["x"; count];
    for (bad, says) in [
        (json!([]), "object"),
        (json!({"argument": {}}), "unknown field"),
        (json!({"arguments": []}), "expected a map"),
        (json!({"arguments": {"detectors": {"mail": "redact"}}}), "unknown variant `mail`"),
        (json!({"arguments": {"detectors": {"email": "mask"}}}), "expected `redact` or `refuse`"),
        (json!({"arguments": {"deny": ["*"]}}), "an entry of deny"),
        (json!({"arguments": {"deny": [" "]}}), "an entry of deny"),
        (json!({"arguments": {"deny": ["x".repeat(129)]}}), "an entry of deny"),
        (json!({"arguments": {"deny": ["a*b*c*d*e*f"]}}), "an entry of deny"),
        (json!({"arguments": {"deny": many(65)}}), "65 entries are more than 64"),
        (json!({"results": {"tools": many(33)}}), "33 entries are more than 32"),
        (json!({"results": {"tools": ["a b"]}}), "without blanks"),
    ] {
        let error = Guardrails::parse(bad.to_string().as_bytes()).unwrap_err().to_string();
        assert!(error.contains(says), "{bad}: {error}");
    }
    assert!(Guardrails::parse(br#"{"results":{},"results":{}}"#).is_err(), "a member twice");
}

#[test]
fn every_detector_has_the_name_that_documents_give_it() {
    let document = include_str!("../../docs/GUARDRAILS.md");
    for detector in Detector::ALL {
        assert_eq!(json!(detector), detector.name());
        assert!(document.contains(&format!("\n| `{}` | ", detector.name())), "{detector:?} is not described");
        assert_eq!(swept(&everything(), &detector.marker()), detector.marker());
    }
}

#[test]
fn the_work_grows_with_the_text_alone() {
    let rail = Rail { deny: rail(&json!({"deny": ["aaaaaaaaab*c", "a*a*a*a*b"]})).deny, ..everything() };
    for part in [
        "@",
        "a@",
        "a.",
        "+",
        "+1",
        "4",
        "4111 ",
        "4-",
        "1.",
        ":",
        "::1",
        "a:",
        "eyJ",
        "eyJhbGciOiJF.",
        "mgk_a.",
        "mgk_1.",
        "sk-",
        "bearer ",
        "-----BEGIN PRIVATE KEY-----",
        "-----BEGIN ",
        "DE89",
        "DE89 3704 ",
        "-----END ",
        "a",
        "a@b.io,",
        "[",
        "{\"a\":",
    ] {
        let text = part.repeat(200_000 / part.len());
        swept(&rail, &text);
    }
    let mut names: Map<String, Value> = (0..20_000).map(|number| (format!("a{number}@b.io"), json!(1))).collect();
    rail.sweep_data(&mut names);
    assert_eq!(names.len(), 20_000);
}

#[cfg(not(target_arch = "wasm32"))]
mod properties {
    use super::{Detector, TOKEN, everything, found, pem, scan, swept};
    use proptest::prelude::*;

    /// Text in which values, parts of them and what joins them come often.
    fn lively() -> impl Strategy<Value = String> {
        let values = [
            "ada@example.com",
            "+4512345678",
            "4111 1111 1111 1111",
            "DE89370400440532013000",
            "123-45-6789",
            "10.0.0.1",
            "2001:db8::8a2e:370:7334",
            "AKIAIOSFODNN7EXAMPLE",
            TOKEN,
            "Bearer 0123456789abcdef",
            "eyJ",
            "@",
            ".",
            "-",
            " ",
            ":",
            "+",
            "4",
            "1234",
            "sk-",
            "a",
            "é",
            "\u{0}",
            "漢",
            "🦀",
            "[redacted: email]",
            "\n",
            "\"",
            "{",
            "0123456789abcdef",
        ];
        let part = prop_oneof![
            8 => proptest::sample::select(values.to_vec()).prop_map(str::to_owned),
            1 => ".{0,6}",
            1 => Just(pem("PRIVATE KEY")),
        ];
        proptest::collection::vec(part, 0..14).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn what_is_redacted_has_nothing_left_and_is_not_redacted_again(text in lively()) {
            let once = swept(&everything(), &text);
            prop_assert!(scan::all(&once, Detector::ALL.into_iter()).is_empty(), "{once:?}");
            prop_assert_eq!(swept(&everything(), &once), once);
        }

        #[test]
        fn a_text_without_matches_is_unchanged(text in prop_oneof![lively(), any::<String>()]) {
            let redacted = swept(&everything(), &text);
            let nothing = Detector::ALL.iter().all(|detector| found(*detector, &text).is_empty());
            prop_assert_eq!(nothing, redacted == text);
        }
    }
}
