//! Tests of conditions.

use super::{Condition, Failure, InvalidCondition, MAX_BYTES, MAX_DEPTH, Outcome};
use crate::catalogue::naming::Prefix;
use crate::policy::facts::{Facts, Subject, Thing};
use crate::policy::sample;
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn evaluate_for(subject: &Subject, condition: &str, arguments: Option<Value>) -> Outcome {
    let upstream = Prefix::parse("gh").unwrap();
    let thing = Thing { upstream: Some(&upstream), ..sample::tool("gh__pay") };
    let arguments = arguments.map(sample::object);
    let facts = Facts { subject, thing: &thing, arguments: arguments.as_ref(), now: sample::NOW };
    Condition::parse(condition).unwrap_or_else(|error| panic!("{condition}: {error}")).evaluate(&facts)
}

fn evaluate(condition: &str, arguments: Value) -> Outcome {
    evaluate_for(&sample::subject(), condition, Some(arguments))
}

fn refusal(condition: &str) -> InvalidCondition {
    Condition::parse(condition).expect_err(condition)
}

#[test]
fn every_name_means_what_the_table_says() {
    for condition in [
        "subject.user == 'u-1' && subject.role == 'agent' && subject.service",
        "subject.key == null && subject.client == null && 'ops' in subject.groups && size(subject.groups) == 1",
        "tool.kind == 'tool' && tool.name == 'gh__pay' && tool.upstream == 'gh'",
        "!tool.read_only && tool.destructive && !tool.idempotent && tool.open_world",
        "now.millis == 1795771800000 && now.hour == 9 && now.minute == 30 && now.weekday == 5",
        "now.date == '2026-11-27' && now.date < '2027-01-01'",
        "network == '203.0.113.7' && network.startsWith('203.')",
    ] {
        assert_eq!(evaluate(condition, json!({})), Outcome::True, "{condition}");
    }
}

#[test]
fn arguments_are_read_in_every_way_that_is_offered() {
    let arguments = json!({
        "amount": 99.5, "n": 7, "big": 18_446_744_073_709_551_615_u64, "user-id": "ada", "to": ["a@x.de", "b@x.de"],
        "deep": {"er": {"est": null}}, "items": [{"price": 3}, {"price": 4}], "yes": true,
    });
    for condition in [
        "arguments.amount < 100 && arguments.n + 1 == 8 && arguments.n % 2 == 1 && -arguments.n < 0",
        "arguments.big > 5 && int(string(arguments.n)) == 7 && double(arguments.n) == 7.0 && uint(7) == 7u",
        "arguments['user-id'] == 'ada' && 'user-id' in arguments && !('ada' in arguments)",
        "has(arguments.amount) && !has(arguments.nothing) && has(arguments.deep.er) && !has(arguments.deep.x)",
        "arguments.deep.er.est == null && arguments.deep == {'er': {'est': null}}",
        "arguments.to == ['a@x.de', 'b@x.de'] && arguments.to[1].contains('@') && arguments.to.size() == 2",
        "arguments.to.all(one, one.endsWith('@x.de')) && arguments.items.exists(item, item.price == 4)",
        "arguments.items.map(item, item.price) == [3, 4] && arguments.to.filter(one, one == 'x') == []",
        "arguments.items.exists_one(item, item.price > 3) && arguments.deep.all(name, name == 'er')",
        "arguments.yes ? arguments.n == 7 : arguments.n == 8",
        "arguments.nothing == 1 || arguments.n == 7",
    ] {
        assert_eq!(evaluate(condition, arguments.clone()), Outcome::True, "{condition}");
    }
}

#[test]
fn an_evaluation_that_comes_to_nothing_says_why() {
    for (condition, failure) in [
        ("arguments.x == 1", Failure::Missing),
        ("arguments.deep.x == 1", Failure::Missing),
        ("arguments['x'] == 1", Failure::Missing),
        ("arguments.text > 5", Failure::Types),
        ("arguments.text.y == 5", Failure::Types),
        ("arguments.text + 1 == 5", Failure::Types),
        ("has(arguments.text.y)", Failure::Types),
        ("arguments.text", Failure::NotBoolean),
        ("arguments.n / 0 == 1", Failure::Impossible),
        ("arguments.n + 9223372036854775807 > 1", Failure::Impossible),
        ("int(arguments.text) == 1", Failure::Impossible),
    ] {
        let arguments = json!({"text": "t", "n": 1, "deep": {}});
        assert_eq!(evaluate(condition, arguments), Outcome::Failed(failure), "{condition}");
    }
}

#[test]
fn what_is_not_the_language_is_refused_with_its_place() {
    for bad in
        ["", "a &&", "1 +", "subject.role = 'agent'", "'open", "subject.role == 'agent')", "\u{0}", "a ? b", "`a`"]
    {
        assert!(matches!(refusal(bad), InvalidCondition::Syntax { .. }), "{bad:?} {:?}", refusal(bad));
    }
    let InvalidCondition::Syntax { line, column, .. } = refusal("true &&\n  ]") else { panic!() };
    assert_eq!((line, column), (2, 3));
}

#[test]
fn a_name_a_member_or_a_function_that_there_is_not_is_refused() {
    use InvalidCondition as Is;
    for (bad, refused) in [
        ("request.x == 1", Is::UnknownName("request".into())),
        (".subject.role == 'a'", Is::UnknownName(".subject".into())),
        ("subject.rol == 'a'", Is::UnknownMember { of: "subject", member: "rol".into() }),
        ("tool.title == 'a'", Is::UnknownMember { of: "tool", member: "title".into() }),
        ("subject == 1", Is::WithoutMember("subject")),
        ("arguments == {}", Is::WithoutMember("arguments")),
        ("arguments.all(name, name == 'x')", Is::WithoutMember("arguments")),
        ("subject['role'] == 'x'", Is::WithoutMember("subject")),
        ("has(subject.key)", Is::AlwaysThere("subject")),
        ("network.matches('^10')", Is::UnknownFunction("matches".into())),
        ("timestamp('x') == 1", Is::UnknownFunction("timestamp".into())),
        ("arguments.x.map(now, now == 1)", Is::UnknownName("now".into())),
        ("[1].all(x, true) && x == 1", Is::UnknownName("x".into())),
        ("[[1]].all(x, x.all(y, y == 1))", Is::Nested),
        ("a.B{c: 1} == 1", Is::NotOffered),
    ] {
        assert_eq!(refusal(bad), refused, "{bad}");
    }
}

#[test]
fn an_expression_is_bounded_in_length_depth_and_parts() {
    assert_eq!(refusal(&" ".repeat(MAX_BYTES + 1)), InvalidCondition::TooLong);
    let depth = usize::try_from(MAX_DEPTH).unwrap();
    let lists = |levels: usize| format!("{}{} == 1", "[".repeat(levels), "]".repeat(levels));
    assert!(Condition::parse(&lists(depth - 1)).is_ok());
    assert_eq!(refusal(&lists(depth)), InvalidCondition::TooDeep);
    assert_eq!(refusal(&format!("1{} == 1", "+1".repeat(40))), InvalidCondition::TooDeep);
    assert_eq!(refusal(&format!("[{}1] == 1", "1,".repeat(300))), InvalidCondition::TooLarge);
    assert!(matches!(refusal(&"(".repeat(MAX_BYTES)), InvalidCondition::Syntax { .. }));
}

#[test]
fn whether_it_is_about_the_arguments_is_known() {
    for (condition, mentions) in [
        ("arguments.x == 1", true),
        ("has(arguments.x)", true),
        ("'x' in arguments", true),
        ("arguments['x'] == 1", true),
        ("subject.service || (true ? arguments.x : false)", true),
        ("subject.role == 'arguments.x'", false),
        ("{'arguments': 1}.arguments == 1", false),
    ] {
        assert_eq!(Condition::parse(condition).unwrap().mentions_arguments(), mentions, "{condition}");
    }
}

#[test]
fn without_arguments_only_what_holds_with_any_is_known() {
    for (condition, outcome) in [
        ("arguments.x == 1", Outcome::Unknown),
        ("has(arguments.x)", Outcome::Unknown),
        ("'x' in arguments", Outcome::Unknown),
        ("subject.service && arguments.x == 1", Outcome::Unknown),
        ("!subject.service && arguments.x == 1", Outcome::False),
        ("arguments.x == 1 && !subject.service", Outcome::False),
        ("arguments.x == 1 || subject.service", Outcome::True),
        ("arguments.x.all(y, y == 1)", Outcome::Unknown),
        ("subject.user + 1 == ''", Outcome::Failed(Failure::Types)),
    ] {
        assert_eq!(evaluate_for(&sample::subject(), condition, None), outcome, "{condition}");
    }
}

#[test]
fn arguments_that_are_too_much_to_look_through_come_to_nothing() {
    let many = json!({"many": vec![1; 100_000], "text": "x".repeat(1_000_000), "few": vec![1; 1000], "n": 1});
    for condition in [
        "arguments.many.all(x, x == 1)",
        "arguments.few.all(x, x in arguments.few)",
        "arguments.few.all(x, arguments.text.contains('y') || true)",
        "arguments.few.map(x, arguments.text) == []",
    ] {
        assert_eq!(evaluate(condition, many.clone()), Outcome::Failed(Failure::TooMuch), "{condition}");
    }
    for condition in ["arguments.few.all(x, x == 1)", "arguments.n == 1", "arguments.text.endsWith('x')"] {
        assert_eq!(evaluate(condition, many.clone()), Outcome::True, "{condition}");
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod properties {
    use super::{Condition, Outcome, evaluate_for, sample};
    use cel::parser::{Parser, PrattParser};
    use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
    use serde_json::{Value, json};
    use std::time::Duration;

    const WORDS: [&str; 34] = [
        "arguments",
        "subject",
        "tool",
        "now",
        "network",
        ".",
        "role",
        "groups",
        "x",
        "'x'",
        "1",
        "2.5",
        "null",
        "true",
        "&&",
        "||",
        "==",
        "<",
        "+",
        "in",
        "(",
        ")",
        "[",
        "]",
        ",",
        "?",
        ":",
        "!",
        "has(",
        ".all(x,",
        ".map(x,",
        "size(",
        "{",
        "}",
    ];

    fn words() -> impl Strategy<Value = String> {
        let word = (0..WORDS.len()).prop_map(|at| WORDS[at]);
        proptest::collection::vec(word, 0..40).prop_map(|words| words.join(" "))
    }

    /// Conditions that are right, of what is known and what is not.
    fn condition() -> impl Strategy<Value = String> {
        const ATOMS: [&str; 12] = [
            "true",
            "false",
            "subject.service",
            "subject.role == 'agent'",
            "arguments.b",
            "arguments.n > 1",
            "has(arguments.n)",
            "'b' in arguments",
            "arguments.l.all(e, e > 1)",
            "arguments.l.exists(e, e == n.x)",
            "[true, arguments.b].all(e, e)",
            "subject.user > 1",
        ];
        let atom = (0..ATOMS.len()).prop_map(|at| ATOMS[at].replace("n.x", "arguments.n"));
        atom.prop_recursive(3, 12, 3, |inner| {
            let pair = (inner.clone(), inner.clone());
            prop_oneof![
                pair.clone().prop_map(|(a, b)| format!("({a} && {b})")),
                pair.clone().prop_map(|(a, b)| format!("({a} || {b})")),
                pair.prop_map(|(a, b)| format!("({a} == {b})")),
                inner.clone().prop_map(|a| format!("!({a})")),
                (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
            ]
        })
    }

    fn arguments() -> impl Strategy<Value = Value> {
        let value =
            || prop_oneof![Just(json!(true)), Just(json!(0)), Just(json!(5)), Just(json!([1, 2])), Just(json!([5]))];
        proptest::collection::btree_map("[bnl]", value(), 0..4).prop_map(|members| json!(members))
    }

    fn quickly<T>(work: impl FnOnce() -> T) -> T {
        #[expect(clippy::disallowed_methods, reason = "the time that a test takes")]
        let began = std::time::Instant::now();
        let done = work();
        assert!(began.elapsed() < Duration::from_secs(5), "it took {:?}", began.elapsed());
        done
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_quickly(text in prop_oneof![words(), any::<String>(), "[ -~]{0,200}"]) {
            let read = quickly(|| Condition::parse(&text));
            if read.is_ok() {
                quickly(|| evaluate_for(&sample::subject(), &text, Some(json!({"x": [1, 2, "x"], "role": {"x": 1}}))));
            }
        }

        #[test]
        fn any_bytes_as_a_text_are_read_or_refused_quickly(bytes in proptest::collection::vec(any::<u8>(), 0..1100)) {
            let text = String::from_utf8_lossy(&bytes);
            let _ = quickly(|| Condition::parse(&text));
        }

        #[test]
        fn what_is_known_without_arguments_is_so_with_any(condition in condition(), arguments in arguments()) {
            let before = evaluate_for(&sample::subject(), &condition, None);
            let with = evaluate_for(&sample::subject(), &condition, Some(arguments));
            if matches!(before, Outcome::True | Outcome::False) {
                prop_assert_eq!(before, with, "{}", condition);
            }
        }

        #[test]
        fn without_arguments_nothing_fails_that_could_come_out(condition in condition(), arguments in arguments()) {
            if let Outcome::Failed(_) = evaluate_for(&sample::subject(), &condition, None) {
                prop_assert!(matches!(evaluate_for(&sample::subject(), &condition, Some(arguments)), Outcome::Failed(_)));
            }
        }

        #[test]
        fn the_parser_in_use_reads_what_the_grammars_parser_reads(text in prop_oneof![words(), condition()]) {
            if let Ok(read) = PrattParser::new().parse(&text) {
                let other = Parser::new().parse(&text);
                prop_assert!(other.is_ok(), "{}", text);
                prop_assert_eq!(format!("{:?}", without_ids(&read)), format!("{:?}", without_ids(&other.unwrap())), "{}", text);
            }
        }
    }

    fn without_ids(expression: &cel::parser::Expression) -> String {
        let shown = format!("{expression:?}");
        let mut parts = shown.split("id: ");
        let first = parts.next().unwrap_or_default().to_owned();
        first + &parts.map(|part| part.trim_start_matches(|c: char| c.is_ascii_digit())).collect::<String>()
    }
}
