//! The gateway's own tools.

use crate::{gateway, logged_in, modern, required_argument, weather_arguments};
use gateway_contract::World;
use gateway_contract::fake::weather::BERLIN_CELSIUS;
use gateway_contract::seed::Tools;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::time::{Duration, SystemTime};

#[tokio::test]
async fn the_weather_is_what_the_weather_service_says() {
    let (_, tokens) = logged_in(Tools::Own).await;
    for place in ["Berlin", "Zürich"] {
        let arguments = weather_arguments(&tokens.access, place).await;
        let body = gateway().execute(&tokens.access, "get_weather", &arguments).await.json(200);
        assert_eq!(body["success"], true, "{body}");
        let text = body["result"].to_string();
        assert!(text.contains(&BERLIN_CELSIUS.to_string()) && text.contains(place), "{body}");
    }
    let asked = World::shared().weather.asked();
    assert!(asked.iter().any(|request| request.query("name") == Some("Zürich")), "a name must arrive as it was sent");
    for request in asked {
        assert!(request.header("authorization").is_none() && request.header("cookie").is_none(), "{request:?}");
    }
}

#[tokio::test]
async fn no_weather_is_made_up() {
    let (_, tokens) = logged_in(Tools::Own).await;
    for place in ["Atlantis", "Brokentown"] {
        let arguments = weather_arguments(&tokens.access, place).await;
        let answer = gateway().execute(&tokens.access, "get_weather", &arguments).await;
        let told = answer.text();
        match answer.status {
            200 => assert_eq!(answer.json(200)["success"], false, "{told}"),
            502 | 504 => drop(answer.problem(answer.status)),
            status => panic!("{status} {told}"),
        }
        assert!(!told.contains("temperature\":") && !told.contains("/srv/om"), "{told}");
        let call = json!({"name": "get_weather", "arguments": arguments});
        let message = modern(&tokens.access, "tools/call", call).await.json(200);
        assert_eq!(message["result"]["isError"], true, "{message}");
    }
}

#[tokio::test]
async fn a_place_cannot_change_the_question() {
    let (_, tokens) = logged_in(Tools::Own).await;
    for place in ["Berlin&count=100", "Berlin#x", "../../etc/passwd", "Berlin\r\nX-Evil: 1", "x?name=Berlin"] {
        let arguments = weather_arguments(&tokens.access, place).await;
        let answer = gateway().execute(&tokens.access, "get_weather", &arguments).await;
        assert!(matches!(answer.status, 200 | 422), "{place:?}: {}", answer.text());
        if answer.status == 200 {
            assert_eq!(answer.json(200)["success"], false, "{place:?}");
        }
    }
    for request in World::shared().weather.asked() {
        assert!(request.path.starts_with("/v1/") && request.header("x-evil").is_none(), "{request:?}");
        assert!(request.query("count").is_none_or(|count| count != "100"), "{request:?}");
    }
}

/// Draws bytes and gives the whole result.
async fn draw(access: &str, count: u64) -> Value {
    let list = gateway().get_as(access, "/mcp/tools").await.json(200);
    let tool = list["tools"].as_array().unwrap().iter().find(|tool| tool["name"] == "quantum_random").unwrap().clone();
    let properties = tool["parameters"]["properties"].as_object().unwrap();
    let (name, _) = properties.iter().find(|(_, schema)| schema["type"] == "integer").expect("a count");
    let answer = gateway().execute(access, "quantum_random", &json!({name: count})).await;
    if answer.status == 200 { answer.json(200)["result"].clone() } else { json!({"refused": answer.status}) }
}

#[tokio::test]
async fn random_bytes_say_where_they_come_from() {
    let (_, tokens) = logged_in(Tools::Own).await;
    let (one, other) = (draw(&tokens.access, 32).await, draw(&tokens.access, 32).await);
    assert_ne!(one, other);
    let text = one.to_string();
    let labels = ["quantum-direct", "quantum-seeded", "quantum-stale", "classical"];
    assert!(labels.iter().any(|label| text.contains(label)), "{text}");
    assert!(!text.contains("certified quantum") && !text.contains("true random"), "{text}");
    for count in [0, 1 << 40] {
        assert_eq!(draw(&tokens.access, count).await, json!({"refused": 422}), "{count}");
    }
}

#[tokio::test]
async fn random_values_are_bytes_numbers_uuids_choices_and_shuffles() {
    let (_, tokens) = logged_in(Tools::Own).await;
    let draw = async |arguments: Value| {
        let answer = gateway().execute(&tokens.access, "quantum_random", &arguments).await.json(200);
        assert!(answer["result"]["provenance"]["statement"].is_string(), "{answer}");
        answer["result"].clone()
    };
    for (encoding, length) in [("hex", 20), ("base64", 16), ("base64url", 14)] {
        let value = draw(json!({"bytes": 10, "encoding": encoding})).await["value"].clone();
        assert_eq!(value.as_str().map(str::len), Some(length), "{encoding}: {value}");
    }
    let numbers = draw(json!({"kind": "integer", "min": -3, "max": 3, "count": 200})).await["values"].clone();
    let numbers: HashSet<_> = numbers.as_array().unwrap().iter().map(|number| number.as_i64().unwrap()).collect();
    assert_eq!(numbers, (-3..=3).collect());
    let uuids = draw(json!({"kind": "uuid", "count": 3})).await["values"].clone();
    let of_version_4 = |uuid: &str| uuid.len() == 36 && &uuid[14..15] == "4" && "89ab".contains(&uuid[19..20]);
    assert!(uuids.as_array().unwrap().iter().all(|uuid| of_version_4(uuid.as_str().unwrap())), "{uuids}");
    let items = json!(["red", "green", 3, true]);
    let chosen = draw(json!({"kind": "choice", "items": items, "count": 9})).await["values"].clone();
    assert!(chosen.as_array().unwrap().iter().all(|one| items.as_array().unwrap().contains(one)), "{chosen}");
    let order: Vec<u32> = (0..64).collect();
    let shuffled = draw(json!({"kind": "shuffle", "items": order})).await["values"].clone();
    assert_ne!(shuffled, json!(order));
    assert_eq!(shuffled.as_array().unwrap().iter().map(|one| one.as_u64().unwrap()).collect::<HashSet<_>>().len(), 64);
    for (arguments, word) in [
        (json!({"kind": "integer"}), "max"),
        (json!({"kind": "integer", "min": 2, "max": 1}), "larger"),
        (json!({"kind": "shuffle"}), "items"),
        (json!({"kind": "uuid", "bytes": 3}), "bytes"),
    ] {
        let answer = gateway().execute(&tokens.access, "quantum_random", &arguments).await.json(200);
        assert!(answer["success"] == false && answer.to_string().contains(word), "{answer}");
    }
    gateway().execute(&tokens.access, "quantum_random", &json!({"kind": "dice"})).await.problem(422);
}

#[tokio::test]
async fn with_providers_that_answer_the_label_becomes_quantum() {
    let (_, tokens) = logged_in(Tools::Own).await;
    let mut seen = String::new();
    for _ in 0..30 {
        seen = draw(&tokens.access, 16).await.to_string();
        if seen.contains("quantum-seeded") || seen.contains("quantum-direct") {
            let world = World::shared();
            for (name, provider) in [("anu", &world.anu), ("origin", &world.origin), ("quantis", &world.quantis)] {
                assert!(!provider.asked().is_empty(), "{name} was never asked");
            }
            return;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    panic!("the providers answer and the label stays: {seen}");
}

#[tokio::test]
async fn the_time_is_the_time() {
    let (_, tokens) = logged_in(Tools::Own).await;
    let body = gateway().execute(&tokens.access, "server_time", &json!({})).await.json(200);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let numbers = numbers(&body["result"]);
    let near = numbers.iter().any(|number| number.abs_diff(now) < 10 || (number / 1000).abs_diff(now) < 10);
    assert!(near, "no time near {now} in {body}");
}

#[tokio::test]
async fn built_in_tools_refuse_arguments_they_do_not_have() {
    let (_, tokens) = logged_in(Tools::Own).await;
    gateway().execute(&tokens.access, "server_time", &json!({"zone": "UTC"})).await.problem(422);
    let place = required_argument(&tokens.access, "get_weather").await;
    for arguments in
        [json!({}), json!({(&*place): 7}), json!({(&*place): ""}), json!({(&*place): "Berlin", "extra": 1})]
    {
        gateway().execute(&tokens.access, "get_weather", &arguments).await.problem(422);
    }
}

fn numbers(value: &Value) -> Vec<u64> {
    match value {
        Value::Number(number) => number.as_u64().into_iter().collect(),
        Value::Array(list) => list.iter().flat_map(numbers).collect(),
        Value::Object(members) => members.values().flat_map(numbers).collect(),
        Value::String(text) => serde_json::from_str::<Value>(text).map(|inner| numbers(&inner)).unwrap_or_default(),
        _ => Vec::new(),
    }
}
