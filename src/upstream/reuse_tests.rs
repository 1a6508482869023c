use super::{Answers, Keys, Turn};
use crate::credential::held::{Held, Identity};
use crate::id::{TenantId, UpstreamId, UserId};
use crate::mcp::wire::Tool;
use crate::outbound::Reach;
use crate::time::{Lifetime, Timestamp};
use crate::upstream::Upstream;
use crate::upstream::ask::{Ask, AskMethod, Repeat};
use serde_json::{Map, Value, json};
use std::num::NonZeroUsize;
use std::rc::Rc;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const ROW: Lifetime = Lifetime::from_seconds(30);

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn upstream(id: &str, url: &str, credential: Option<&str>) -> Upstream {
    let id = UpstreamId::parse(id).unwrap();
    let identity = Identity { credential: credential.map(str::to_owned), ..Identity::default() };
    let held = Held { identity, ..Held::default() };
    Upstream::new(id, "files", url, held, Reach::Public).unwrap().reused_for(ROW)
}

fn files() -> Upstream {
    upstream("u", "https://tools.example.com/mcp", None)
}

fn hinted(params: &Value, hints: Option<&Value>) -> Ask {
    let definition = json!({"name": "read", "inputSchema": {"type": "object"}});
    let mut definition: Tool = serde_json::from_value(definition).unwrap();
    definition.annotations = hints.map(object);
    Ask::tool(object(params), &Rc::new(definition))
}

fn read(arguments: &Value) -> Ask {
    hinted(&json!({"name": "read", "arguments": arguments}), Some(&json!({"readOnlyHint": true})))
}

fn keys(tenant: &str, user: &str, upstream: &Upstream, ask: &Ask) -> Option<Keys> {
    Keys::of(&TenantId::parse(tenant).unwrap(), &UserId::parse(user).unwrap(), upstream, ask)
}

fn usual() -> Keys {
    keys("acme", "ada", &files(), &read(&json!({"path": "a"}))).unwrap()
}

fn at(millis: u64) -> Timestamp {
    Timestamp::from_seconds(1_795_000_000).plus(Lifetime::from_millis(millis))
}

fn answers() -> Answers {
    Answers::new(NonZeroUsize::new(4).unwrap(), 10_000)
}

/// Whether a tool's result is there so long after it was kept.
fn kept(result: &Value, after: u64) -> bool {
    let mut answers = answers();
    answers.keep(&usual(), AskMethod::CallTool, &object(result), ROW, at(0));
    answers.recall(&usual(), at(after)).is_some()
}

#[test]
fn the_same_question_has_one_key_however_it_is_written() {
    let one = keys("acme", "ada", &files(), &read(&json!({"a": 1, "b": [true]})));
    let mut other = read(&json!({"b": [true], "a": 1}));
    other.meta = object(&json!({"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}));
    assert!(one.is_some() && one == keys("acme", "ada", &files(), &other));
}

#[test]
fn nothing_that_an_answer_may_depend_on_is_left_out_of_the_key() {
    let (ask, own) = (read(&json!({"path": "a"})), usual());
    let mut declares = ask.clone();
    declares.declares = serde_json::from_value(json!({"elicitation": {}})).unwrap();
    let mut meta = ask.clone();
    meta.meta = object(&json!({"com.example/locale": "de"}));
    for other in [
        keys("zeta", "ada", &files(), &ask),
        keys("acme", "ada", &upstream("v", "https://tools.example.com/mcp", None), &ask),
        keys("acme", "ada", &upstream("u", "https://tools.example.com/other", None), &ask),
        keys("acme", "ada", &upstream("u", "https://tools.example.com/mcp", Some("token")), &ask),
        keys("acme", "ada", &files(), &read(&json!({"path": "b"}))),
        keys("acme", "ada", &files(), &declares),
        keys("acme", "ada", &files(), &meta),
    ] {
        let other = other.unwrap();
        assert!(other.own != own.own && other.shared != own.shared);
    }
    let bob = keys("acme", "bob", &files(), &ask).unwrap();
    assert!(bob.own != own.own && bob.shared == own.shared && own.own != own.shared);
}

#[test]
fn what_may_change_something_or_tells_more_than_its_answer_is_not_answered_from_memory() {
    let hinted = |hints: Option<&Value>| hinted(&json!({"name": "t"}), hints);
    let mut heard = read(&json!({}));
    heard.attended = true;
    let mut answering = read(&json!({}));
    answering.params.insert("inputResponses".to_owned(), json!({}));
    let mut approved = read(&json!({}));
    approved.answer_once();
    for ask in [
        hinted(None),
        hinted(Some(&json!({"idempotentHint": true}))),
        hinted(Some(&json!({"readOnlyHint": "true"}))),
        Ask::plain(AskMethod::GetPrompt, Map::new()),
        heard,
        answering,
        approved,
    ] {
        assert_eq!(keys("acme", "ada", &files(), &ask), None, "{ask:?}");
    }
    let never = Upstream { reuse: Lifetime::from_millis(0), ..files() };
    assert_eq!(keys("acme", "ada", &never, &read(&json!({}))), None, "it is off unless the row says otherwise");
}

#[test]
fn hints_are_about_sending_twice_and_about_giving_again() {
    let said = |hints: &Value| hinted(&json!({}), Some(hints)).repeat;
    assert_eq!(said(&json!({"readOnlyHint": true})), Repeat::Reusable);
    assert_eq!(said(&json!({"idempotentHint": true})), Repeat::Safe);
    assert_eq!(said(&json!({"destructiveHint": false})), Repeat::Never);
    assert_eq!(Ask::plain(AskMethod::ReadResource, Map::new()).repeat, Repeat::Reusable);
    assert_eq!(Ask::plain(AskMethod::GetPrompt, Map::new()).repeat, Repeat::Safe);
    assert_eq!(Ask::plain(AskMethod::UpdateTask, Map::new()).repeat, Repeat::Never);
}

#[test]
fn an_answer_lives_as_long_as_the_row_and_the_upstream_allow() {
    let plain = json!({"content": []});
    assert!(kept(&plain, 29_999) && !kept(&plain, 30_000));
    let short = json!({"content": [], "ttlMs": 1_000});
    assert!(kept(&short, 999) && !kept(&short, 1_000));
    let long = json!({"content": [], "ttlMs": 3_600_000});
    assert!(kept(&long, 29_999) && !kept(&long, 30_000));
}

#[test]
fn errors_and_what_is_not_complete_are_never_kept() {
    for result in [
        json!({"content": [], "isError": true}),
        json!({"content": [], "isError": "no"}),
        json!({"content": [], "resultType": "input_required"}),
        json!({"content": [], "ttlMs": 0}),
        json!({"content": [], "ttlMs": -5}),
        json!({"content": [], "ttlMs": "60000"}),
        json!({"content": ["x".repeat(300_000)]}),
    ] {
        assert!(!kept(&result, 0), "{}", result.to_string().chars().take(80).collect::<String>());
    }
}

#[test]
fn a_resource_is_kept_only_as_its_hints_say_and_tells_what_is_left_of_them() {
    let ask = Ask::plain(AskMethod::ReadResource, object(&json!({"uri": "file:///a"})));
    let keys = keys("acme", "ada", &files(), &ask).unwrap();
    let mut answers = answers();
    answers.keep(&keys, AskMethod::ReadResource, &object(&json!({"contents": []})), ROW, at(0));
    assert_eq!(answers.recall(&keys, at(0)), None);
    let hinted = object(&json!({"contents": [], "ttlMs": 60_000, "cacheScope": "private"}));
    answers.keep(&keys, AskMethod::ReadResource, &hinted, ROW, at(0));
    assert_eq!(answers.recall(&keys, at(10_000)).unwrap()["ttlMs"], 50_000);
}

#[test]
fn an_answer_is_its_users_alone_unless_it_says_that_it_is_public() {
    let ask = read(&json!({"path": "a"}));
    let of = |tenant, user| keys(tenant, user, &files(), &ask).unwrap();
    let seen_by = |result: &Value| {
        let mut answers = answers();
        answers.keep(&of("acme", "ada"), AskMethod::CallTool, &object(result), ROW, at(0));
        let mut sees = |tenant, user| answers.recall(&of(tenant, user), at(1)).is_some();
        [sees("acme", "ada"), sees("acme", "bob"), sees("zeta", "ada"), sees("zeta", "bob")]
    };
    assert_eq!(seen_by(&json!({"content": []})), [true, false, false, false]);
    assert_eq!(seen_by(&json!({"content": [], "cacheScope": "private"})), [true, false, false, false]);
    assert_eq!(seen_by(&json!({"content": [], "cacheScope": "Public"})), [true, false, false, false]);
    assert_eq!(seen_by(&json!({"content": [], "cacheScope": "public"})), [true, true, false, false]);
}

#[test]
fn memory_is_bounded_in_answers_and_in_bytes() {
    let mut answers = answers();
    let key = |path: usize| keys("acme", "ada", &files(), &read(&json!({"path": path}))).unwrap();
    for (path, size) in (0..20).zip([10, 4_000, 100, 9_000].into_iter().cycle()) {
        let result = object(&json!({"content": ["x".repeat(size)]}));
        answers.keep(&key(path), AskMethod::CallTool, &result, ROW, at(0));
        answers.keep(&key(path), AskMethod::CallTool, &result, ROW, at(0));
        let there: usize = answers.kept.iter().map(|(_, kept)| kept.result.len()).sum();
        assert!(answers.bytes == there && there <= 10_000 && answers.kept.len() <= 4, "{there}");
    }
    assert_eq!(answers.recall(&key(0), at(1)), None);
    assert!(answers.recall(&key(19), at(1)).is_some());
    assert_eq!(answers.recall(&key(19), at(30_000)), None);
    assert_eq!(answers.bytes, answers.kept.iter().map(|(_, kept)| kept.result.len()).sum::<usize>());
}

#[test]
fn of_those_who_ask_the_same_at_once_one_asks() {
    let mut answers = answers();
    let other = keys("acme", "bob", &files(), &read(&json!({"path": "a"}))).unwrap();
    assert_eq!(answers.turn(&usual(), at(0)), Turn::Own);
    assert_eq!((answers.turn(&usual(), at(1)), answers.turn(&other, at(1))), (Turn::Others, Turn::Own));
    answers.over(&usual());
    assert_eq!(answers.turn(&usual(), at(2)), Turn::Own);
    assert_eq!(answers.turn(&usual(), at(60_001)), Turn::Others);
    assert_eq!(answers.turn(&usual(), at(60_002)), Turn::Own, "one that was lost is not waited for");
}
