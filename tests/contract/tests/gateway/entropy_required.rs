//! `ENTROPY_MODE=require`: no secret is made without recent quantum-derived bytes, and all that needs none carries on.

use gateway_contract::client::{Answer, Tokens};
use gateway_contract::fake::entropy::{self, Fault, Provider};
use gateway_contract::seed::{PASSWORD, Tools};
use gateway_contract::{Gateway, Plan, World};
use serde_json::{Value, json};
use std::time::Duration;

const OPERATOR: &str = "operator-canary-token-9a3e-7c55-01bd";

fn plan(provider: &Provider) -> Plan {
    Plan::default()
        .with_accounts(World::shared().addresses())
        .with("SIGNING_KEY", gateway_contract::token::encode(&crate::known_keys::SIGNING))
        .with("ENCRYPTION_KEY", gateway_contract::token::encode(&crate::known_keys::NEXT))
        .with("ENTROPY_PROVIDERS", "idq")
        .with("ENTROPY_MODE", "require")
        .with("ENTROPY_REFILL_SECONDS", "1")
        .with("ENTROPY_BREAKER_SECONDS", "1")
        .with("IDQ_BASE_URL", provider.url(""))
        .with("OPERATOR_TOKEN", OPERATOR)
}

/// The labels that the gateway remembers, once there are so many.
async fn labels(gateway: &Gateway, count: usize) -> Vec<String> {
    let mut history = Value::Null;
    for _ in 0..60 {
        history = gateway.get_as(OPERATOR, "/admin/entropy").await.json(200);
        let labels = history["labels"].as_array().expect("labels");
        if labels.len() >= count {
            let times: Vec<u64> = labels.iter().map(|since| since["at"].as_u64().expect("a moment")).collect();
            assert!(times.is_sorted() && times.last().copied() <= history["now"].as_u64(), "{history}");
            return labels.iter().map(|since| since["label"].as_str().expect("a label").to_owned()).collect();
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    panic!("there were never {count} labels: {history}");
}

/// 503, when to come again, and no word of the provider.
fn is_put_off(answer: &Answer) {
    let problem = answer.problem(503);
    assert!(answer.must("retry-after").parse::<u64>().is_ok_and(|wait| (1..=60).contains(&wait)), "{answer:?}");
    assert!(problem["detail"].as_str().unwrap().contains("quantum-derived randomness"), "{problem}");
    assert!(!problem.to_string().contains("idq"), "{problem}");
}

#[tokio::test]
async fn where_quantum_derived_bytes_are_required_no_secret_is_made_without_them() {
    let provider = entropy::quantis();
    provider.misbehave(Fault::ServerError);
    let gateway = Gateway::start(&plan(&provider));
    let user = gateway.user(Tools::Own);
    is_put_off(&gateway.try_login(&user.username, PASSWORD).await);
    // Healed: secrets are made again, by itself, and say of what.
    provider.heal();
    let mut answer = gateway.try_login(&user.username, PASSWORD).await;
    for _ in 0..60 {
        if answer.status == 200 {
            break;
        }
        is_put_off(&answer);
        tokio::time::sleep(Duration::from_millis(500)).await;
        answer = gateway.try_login(&user.username, PASSWORD).await;
    }
    let tokens = Tokens::read(&answer);
    assert_eq!(tokens.claims()["ent"]["label"], "quantum-seeded");
    assert_eq!(tokens.claims()["ent"]["providers"], json!(["idq"]));
    // A gateway that starts anew has nothing yet: a session waits with it, and loses nothing.
    provider.misbehave(Fault::Zeros);
    let gateway = gateway.restarted(&plan(&provider));
    is_put_off(&gateway.try_refresh(&tokens.refresh).await);
    gateway.get_as(&tokens.access, "/auth/me").await.json(200);
    let drawn = gateway.execute(&tokens.access, "quantum_random", &json!({"kind": "uuid"})).await.json(200);
    assert_eq!(drawn["result"]["provenance"]["label"], "classical", "{drawn}");
    gateway.get("/health").await.json(200);
    // What was noted before is remembered.
    assert_eq!(labels(&gateway, 3).await, ["classical", "quantum-seeded", "classical"]);
}
