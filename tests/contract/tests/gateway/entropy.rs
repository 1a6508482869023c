//! Providers that misbehave, on the real runtime: tokens are issued all the same, the operator sees what happened, and whoever
//! heals comes back by itself. Each test has a provider of its own, so that all can run at once.

use gateway_contract::client::Tokens;
use gateway_contract::fake::entropy::{self, Fault, OTHER_KEY, Provider};
use gateway_contract::seed::Tools;
use gateway_contract::{Gateway, Plan, World};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

const OPERATOR: &str = "metrics-canary-token-6d1f-0a6b-77e1";
/// Longer than the longest pause of a provider whose breaker opened a few times.
const PATIENCE: usize = 240;

pub struct Trouble {
    pub gateway: Gateway,
    anu: Provider,
    idq: Provider,
    qrypt: Provider,
    qrandom_io: Provider,
    lfd: Provider,
}

/// The gateway all of this happens to, and its providers; started by the first test that asks.
pub fn trouble() -> &'static Trouble {
    static TROUBLE: OnceLock<Trouble> = OnceLock::new();
    TROUBLE.get_or_init(|| {
        let (anu, idq, qrypt) = (entropy::anu(), entropy::quantis(), entropy::qrypt());
        let (qrandom_io, lfd) = (entropy::qrandom_io(), entropy::lfd());
        let plan = Plan::default()
            .with_accounts(World::shared().addresses())
            .with("METRICS_TOKEN", OPERATOR)
            .with("ENTROPY_PROVIDERS", "anu,idq,qrypt,qrandom_io,lfd")
            .with("ENTROPY_REFILL_SECONDS", "1")
            .with("ENTROPY_BREAKER_SECONDS", "1")
            .with("ENTROPY_QUARANTINE_SECONDS", "3")
            .with("ANU_API_KEY", entropy::ANU_KEY)
            .with("ANU_BASE_URL", anu.url(""))
            .with("IDQ_BASE_URL", idq.url(""))
            .with("QRYPT_API_KEY", OTHER_KEY)
            .with("QRYPT_BASE_URL", qrypt.url(""))
            .with("QRANDOM_IO_BASE_URL", qrandom_io.url(""))
            .with("LFD_BASE_URL", lfd.url(""))
            .with("RATE_LIMIT_BURST", "1000000")
            .with("RATE_LIMIT_PER_MINUTE", "60000000")
            .with("LOGIN_SOURCE_BURST", "100000")
            .with("LOGIN_SOURCE_PER_MINUTE", "100000");
        Trouble { gateway: Gateway::start(&plan), anu, idq, qrypt, qrandom_io, lfd }
    })
}

async fn status() -> Value {
    trouble().gateway.get_as(OPERATOR, "/entropy/status").await.json(200)
}

/// Waits until what the operator sees of a provider is as it should be.
async fn until(name: &str, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let mut seen = Value::Null;
    for _ in 0..PATIENCE {
        let status = status().await;
        let provider = status["providers"].as_array().into_iter().flatten().find(|one| one["provider"] == name);
        seen = provider.cloned().unwrap_or_default();
        if is_so(&seen) {
            return seen;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    panic!("{name} never {what}: {seen}");
}

fn count(seen: &Value, outcome: &str) -> u64 {
    seen["fetches"][outcome].as_u64().unwrap_or_default()
}

/// Lets a provider misbehave in each way, and heal after it.
async fn through(name: &str, provider: &Provider, faults: &[(Fault, &[&str])]) {
    let gateway = &trouble().gateway;
    let user = gateway.user(Tools::Own);
    let mut identifiers = HashSet::new();
    let mut logged_in = async || {
        let start = Instant::now();
        let tokens = gateway.login(&user).await;
        (start.elapsed(), identifiers.insert(tokens.claims()["jti"].to_string()))
    };
    let (healthily, _) = logged_in().await;
    for (fault, outcomes) in faults {
        let healthy =
            until(name, "turned healthy", |seen| seen["state"] == "healthy" && seen["breaker"] == "closed").await;
        provider.misbehave(*fault);
        let failed = |seen: &Value| outcomes.iter().any(|outcome| count(seen, outcome) > count(&healthy, outcome));
        let ill = until(name, &format!("failed with {fault:?} as {outcomes:?}"), failed).await;
        assert_ne!(ill["state"], "healthy", "{fault:?}: {ill}");
        assert!(ill["last_failure"].is_string(), "{fault:?}: {ill}");
        for _ in 0..2 {
            let (took, is_new) = logged_in().await;
            assert!(is_new, "{fault:?}: a jti came twice");
            // No more is demanded of a busy machine: the benchmark measures it.
            println!("{name}, {fault:?}: a login took {took:?}, and {healthily:?} before");
        }
        provider.heal();
        let accepted = |seen: &Value| count(seen, "accepted") > count(&ill, "accepted");
        until(name, &format!("came back from {fault:?}"), accepted).await;
    }
}

#[tokio::test]
async fn an_answer_of_the_wrong_form_is_refused() {
    let faults: [(Fault, &[&str]); 6] = [
        (Fault::Refused, &["refused"]),
        (Fault::Empty, &["empty"]),
        (Fault::WrongTypes, &["malformed"]),
        (Fault::OutOfRange, &["malformed"]),
        (Fault::Truncated, &["malformed"]),
        (Fault::TooLong, &["too_large"]),
    ];
    through("anu", &trouble().anu, &faults).await;
}

#[tokio::test]
async fn bytes_of_a_broken_source_are_thrown_away() {
    let faults: [(Fault, &[&str]); 4] = [
        (Fault::Zeros, &["unhealthy"]),
        (Fault::Stuck, &["unhealthy"]),
        (Fault::Counter, &["unhealthy"]),
        (Fault::Biased, &["unhealthy"]),
    ];
    through("idq", &trouble().idq, &faults).await;
    let seen = until("idq", "counted its alarms", |seen| seen["alarms"]["repetition_count"].as_u64() >= Some(2)).await;
    let counted = trouble().gateway.get_as(OPERATOR, "/metrics").await.text();
    let alarms = "mcp_gateway_entropy_provider_alarms_total{provider=\"idq\",test=\"repetition_count\"}";
    assert!(counted.contains(alarms), "{counted}");
    assert!(seen["rejected_bytes"].as_u64() >= Some(4 * 1024), "{seen}");
}

#[tokio::test]
async fn text_and_repeated_bytes_are_thrown_away() {
    let faults: [(Fault, &[&str]); 2] = [(Fault::AsciiHex, &["unhealthy"]), (Fault::SameBlock, &["unhealthy"])];
    through("qrypt", &trouble().qrypt, &faults).await;
    let seen = until("qrypt", "found the replay", |seen| seen["alarms"]["replay"].as_u64() >= Some(1)).await;
    assert!(seen["alarms"]["printable_run"].as_u64() >= Some(1), "{seen}");
}

#[tokio::test]
async fn a_provider_that_refuses_is_left_alone_and_asked_again() {
    let faults: [(Fault, &[&str]); 4] = [
        (Fault::Unauthorized, &["unauthorized"]),
        (Fault::RateLimited, &["rate_limited"]),
        (Fault::Redirect, &["redirected"]),
        (Fault::Page, &["malformed"]),
    ];
    through("qrandom_io", &trouble().qrandom_io, &faults).await;
    let alerted = trouble().gateway.lines().iter().any(|line| line.contains("\"entropy.provider_quarantined\""));
    assert!(alerted, "a refused key is not told in the log");
}

#[tokio::test]
async fn a_provider_that_is_away_holds_nobody_up() {
    let faults: [(Fault, &[&str]); 3] =
        [(Fault::Hang, &["timeout"]), (Fault::Slow, &["timeout"]), (Fault::ServerError, &["status"])];
    through("lfd", &trouble().lfd, &faults).await;
}

#[tokio::test]
async fn the_operator_alone_sees_status_and_metrics() {
    let gateway = &trouble().gateway;
    until("anu", "answered", |seen| count(seen, "accepted") > 0).await;
    let metrics = gateway.get_as(OPERATOR, "/metrics").await;
    assert_eq!(metrics.must("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    let text = metrics.text();
    for line in [
        "# TYPE mcp_gateway_entropy_provider_fetches_total counter",
        "mcp_gateway_entropy_provider_fetches_total{provider=\"anu\",outcome=\"accepted\"}",
        "mcp_gateway_entropy_label{label=\"quantum-seeded\"} 1",
        "mcp_gateway_entropy_outputs_total{lane=\"private\",label=\"quantum-seeded\"}",
        "mcp_gateway_entropy_seed_age_seconds ",
        "mcp_gateway_entropy_seeds_total{kind=\"quantum\"}",
        "mcp_gateway_entropy_provider_state{provider=\"anu\",state=\"healthy\"}",
        "mcp_gateway_entropy_provider_last_success_age_seconds{provider=\"anu\"}",
        "mcp_gateway_entropy_provider_bytes_total{provider=\"anu\",verdict=\"accepted\"}",
        "mcp_gateway_entropy_provider_bytes_total{provider=\"anu\",verdict=\"rejected\"}",
        "mcp_gateway_entropy_provider_breaker_state{provider=\"anu\",state=\"closed\"}",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    for secret in [entropy::ANU_KEY, OTHER_KEY, OPERATOR] {
        assert!(!text.contains(secret) && !status().await.to_string().contains(secret));
    }
    let user = gateway.user(Tools::Own);
    let tokens = gateway.login(&user).await;
    for path in ["/metrics", "/entropy/status"] {
        gateway.get_as(&tokens.access, path).await.problem(401);
        gateway.get_as(&OPERATOR[1..], path).await.problem(401);
        gateway.get(path).await.problem(401);
        World::shared().gateway.get_as("", path).await.problem(401);
    }
}

#[tokio::test]
async fn the_operator_sees_all_that_the_gateway_knows_of_a_provider() {
    until("anu", "answered", |seen| count(seen, "accepted") > 0).await;
    let status = status().await;
    for name in
        ["mode", "provenance", "seed_age_seconds", "epoch", "quantum_seeds", "local_seeds", "fallbacks", "outputs"]
    {
        assert!(!status[name].is_null(), "no {name} in {status}");
    }
    assert_eq!(status["mode"], "prefer");
    let anu = status["providers"].as_array().unwrap().iter().find(|one| one["provider"] == "anu").unwrap();
    for name in [
        "state",
        "breaker",
        "consecutive_failures",
        "started",
        "last_success_age_seconds",
        "last_fetch_ms",
        "next_attempt_in_seconds",
        "fetches",
        "accepted_bytes",
        "rejected_bytes",
        "alarms",
    ] {
        assert!(!anu[name].is_null(), "no {name} in {anu}");
    }
}

/// What a token says about its own randomness.
fn is_a_stamp(stamp: &Value) {
    assert!(["quantum-seeded", "quantum-stale", "classical"].contains(&stamp["label"].as_str().unwrap()), "{stamp}");
    if stamp["label"] != "classical" {
        assert!(!stamp["providers"].as_array().unwrap().is_empty(), "{stamp}");
        assert!(stamp["age_seconds"].as_u64() <= Some(3600) && stamp["epoch"].as_u64() >= Some(2), "{stamp}");
    }
}

#[tokio::test]
async fn every_issued_token_says_what_it_is_made_of_in_itself_to_its_owner_and_in_the_log() {
    let gateway = &trouble().gateway;
    until("anu", "answered", |seen| count(seen, "accepted") > 0).await;
    let user = gateway.user(Tools::Own);
    let mut first = gateway.login(&user).await;
    for _ in 0..60 {
        // The isolate gets its first seed in the background.
        if first.claims()["ent"]["label"] == "quantum-seeded" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
        first = gateway.login(&user).await;
    }
    assert_eq!(first.claims()["ent"]["label"], "quantum-seeded", "{}", first.claims());
    let second = Tokens::read(&gateway.try_refresh(&first.refresh).await);
    for (tokens, event) in [(&first, "auth.login"), (&second, "auth.refresh")] {
        let claims = tokens.claims();
        is_a_stamp(&claims["ent"]);
        let record = logged(claims["jti"].as_str().unwrap()).await;
        assert_eq!((&record["event"], &record["user"]), (&json!(event), &json!(user.id)));
        assert_eq!(record["entropy"], claims["ent"]);
    }
    let me = gateway.get_as(&second.access, "/auth/me").await.json(200);
    assert_eq!(me["entropy"], second.claims()["ent"], "it stays what it was when the token was made");
}

/// The record of the token with this `jti`.
async fn logged(jti: &str) -> Value {
    for _ in 0..50 {
        let lines = trouble().gateway.lines();
        if let Some(line) = lines.iter().find(|line| line.contains(jti)) {
            return serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the log has no record of the token {jti}");
}

#[tokio::test]
async fn a_value_can_have_bytes_of_its_own() {
    let gateway = &trouble().gateway;
    until("qrypt", "answered", |seen| count(seen, "accepted") > 0).await;
    let user = gateway.user(Tools::Own);
    let tokens = gateway.login(&user).await;
    let mut label = Value::Null;
    for _ in 0..60 {
        let drawn = gateway.execute(&tokens.access, "quantum_random", &json!({"direct": true})).await.json(200);
        label = drawn["result"]["provenance"]["label"].clone();
        if label == "quantum-direct" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    panic!("no value was quantum-direct: {label}");
}
