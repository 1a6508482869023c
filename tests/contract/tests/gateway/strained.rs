//! A gateway in trouble: every provider hangs, few logins are allowed from one address, and its keys are the test's own.

use crate::known_keys::{NEXT, PREVIOUS, SIGNING};
use gateway_contract::client::Tokens;
use gateway_contract::fake::{Server, entropy};
use gateway_contract::seed::{PASSWORD, Tools};
use gateway_contract::token::encode;
use gateway_contract::{Gateway, Plan, World};
use serde_json::json;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Logins from one address at once. The other tests of this gateway log in as well.
const LOGINS: usize = 20;

/// The gateway, started by the first test that asks.
pub fn gateway_with_known_keys() -> &'static Gateway {
    static GATEWAY: OnceLock<Gateway> = OnceLock::new();
    GATEWAY.get_or_init(|| {
        let silent = Server::silent();
        let plan = Plan::default()
            .with_accounts(World::shared().addresses())
            .with("SIGNING_KEY", encode(&SIGNING))
            .with("SIGNING_KEY_NEXT", encode(&NEXT))
            .with("SIGNING_KEY_PREVIOUS", encode(&PREVIOUS))
            .with("LOGIN_SOURCE_BURST", LOGINS.to_string())
            .with("LOGIN_SOURCE_PER_MINUTE", "60")
            .with("ENTROPY_PROVIDERS", "anu,idq")
            .with("ENTROPY_REFILL_SECONDS", "1")
            .with("ANU_API_KEY", entropy::ANU_KEY)
            .with("ANU_BASE_URL", silent.url(""))
            .with("IDQ_BASE_URL", silent.url(""))
            .with("WEATHER_GEOCODING_URL", silent.url(""))
            .with("WEATHER_FORECAST_URL", silent.url(""));
        Gateway::start(&plan)
    })
}

/// A user of this gateway, logged in: another test may have used up the logins of this address for a moment.
pub async fn logged_in() -> Tokens {
    logged_in_with(Tools::Own).await
}

/// The same with these tool servers.
pub async fn logged_in_with(tools: Tools) -> Tokens {
    let gateway = gateway_with_known_keys();
    let user = gateway.user(tools);
    for _ in 0..30 {
        let start = Instant::now();
        let answer = gateway.try_login(&user.username, PASSWORD).await;
        if answer.status != 429 {
            // Nothing that hangs out there may hold a login up.
            assert!(start.elapsed() < Duration::from_secs(5), "a login took {:?}", start.elapsed());
            return Tokens::read(&answer);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    panic!("no login within half a minute");
}

#[tokio::test]
async fn while_providers_hang_login_works_and_says_so() {
    let gateway = gateway_with_known_keys();
    let tokens = logged_in().await;
    let list = gateway.get_as(&tokens.access, "/mcp/tools").await.json(200);
    let tool = list["tools"].as_array().unwrap().iter().find(|tool| tool["name"] == "quantum_random").unwrap();
    let count =
        tool["parameters"]["properties"].as_object().unwrap().iter().find(|(_, schema)| schema["type"] == "integer");
    let arguments = json!({(count.unwrap().0): 16});
    let drawn = gateway.execute(&tokens.access, "quantum_random", &arguments).await.json(200);
    assert!(drawn.to_string().contains("classical"), "{drawn}");
    // The first fetches need their deadline to fail.
    let mut health = gateway.get("/health").await.json(200);
    for _ in 0..40 {
        if health["status"] == "degraded" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
        health = gateway.get("/health").await.json(200);
    }
    assert_eq!(health["status"], "degraded", "{health}");
    assert_ne!(health["features"]["quantum_auth"], true, "{health}");
    let noted = gateway.lines().iter().any(|line| line.contains("\"entropy.provider_failed\""));
    assert!(noted, "the log says nothing of the providers");
}

#[tokio::test]
async fn a_weather_service_that_hangs_is_given_up_on() {
    let gateway = gateway_with_known_keys();
    let tokens = logged_in().await;
    let list = gateway.get_as(&tokens.access, "/mcp/tools").await.json(200);
    let tool = list["tools"].as_array().unwrap().iter().find(|tool| tool["name"] == "get_weather").unwrap();
    let name = tool["parameters"]["required"][0].as_str().unwrap();
    let start = Instant::now();
    let answer = gateway.execute(&tokens.access, "get_weather", &json!({name: "Berlin"})).await;
    assert!(start.elapsed() < Duration::from_secs(35), "{:?}", start.elapsed());
    match answer.status {
        200 => assert_eq!(answer.json(200)["success"], false),
        status => drop((answer.problem(status), assert!(matches!(status, 502 | 504)))),
    }
}

#[tokio::test]
async fn one_address_may_log_in_only_so_often() {
    let gateway = gateway_with_known_keys();
    let (mut refused, mut users) = (None, 0);
    while refused.is_none() && users < 3 * LOGINS {
        let user = gateway.user(Tools::Own);
        users += 1;
        let answer = gateway.try_login(&user.username, PASSWORD).await;
        if answer.status != 200 {
            refused = Some(answer);
        }
    }
    let refused = refused.expect("a refused login");
    refused.problem(429);
    assert!(refused.must("retry-after").parse::<u64>().is_ok_and(|wait| (1..=60).contains(&wait)), "{refused:?}");
    tokio::time::sleep(Duration::from_secs(2)).await;
    logged_in().await;
}
