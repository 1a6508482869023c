use super::{Place, Query, WeatherFailure, WeatherSettings};
use crate::outbound::{OutboundAnswer, OutboundFailure, Reach};
use crate::tool::builtin::BuiltIn;
use crate::tool::schema::Schema;
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const PLACE: &str = r#"{"results":[{"id":2950159,"name":"Berlin","latitude":52.52437,"longitude":13.41053,
    "elevation":74.0,"feature_code":"PPLC","country_code":"DE","admin1_id":2950157,"timezone":"Europe/Berlin",
    "population":3426354,"country_id":2921044,"country":"Germany","admin1":"State of Berlin"}],"generationtime_ms":0.6}"#;
const WEATHER: &str = r#"{"latitude":52.52,"longitude":13.419998,"generationtime_ms":0.08,"utc_offset_seconds":3600,
    "timezone":"Europe/Berlin","timezone_abbreviation":"GMT+1","elevation":38.0,
    "current_units":{"time":"iso8601","interval":"seconds","temperature_2m":"°C","relative_humidity_2m":"%",
    "apparent_temperature":"°C","precipitation":"mm","weather_code":"wmo code","wind_speed_10m":"km/h",
    "wind_direction_10m":"°"},
    "current":{"time":"2026-11-22T16:00","interval":900,"temperature_2m":4.2,"relative_humidity_2m":81,
    "apparent_temperature":0.9,"precipitation":0.00,"weather_code":3,"wind_speed_10m":12.6,"wind_direction_10m":231}}"#;

fn settings() -> WeatherSettings {
    WeatherSettings::read(&|_| None, Reach::Public).unwrap()
}

fn query(arguments: &Value) -> Query {
    Query::read(arguments.as_object().unwrap()).unwrap()
}

#[allow(clippy::unnecessary_wraps, reason = "what the edge hands over is a result")]
fn answer(status: u16, body: &str) -> Result<OutboundAnswer, OutboundFailure> {
    Ok(OutboundAnswer { status, headers: Vec::new(), body: body.as_bytes().to_vec() })
}

fn place() -> Place {
    Query::read_place(answer(200, PLACE)).unwrap()
}

#[test]
fn a_name_cannot_leave_its_place_in_the_query() {
    let request = query(&json!({"location": " São Paulo&count=9#/../x?"})).place_request(&settings());
    assert_eq!(
        request.url.url().as_str(),
        "https://geocoding-api.open-meteo.com/v1/search?name=S%C3%A3o+Paulo%26count%3D9%23%2F..%2Fx%3F&count=1&language=en&format=json"
    );
}

#[test]
fn the_weather_is_asked_for_in_the_wanted_units() {
    let metric = query(&json!({"location": "Berlin"})).weather_request(&settings(), &place());
    let url = metric.url.url().as_str();
    assert!(url.starts_with(
        "https://api.open-meteo.com/v1/forecast?latitude=52.52437&longitude=13.41053&current=temperature_2m"
    ));
    assert!(url.ends_with("&timezone=auto"));
    let imperial = query(&json!({"location": "Berlin", "units": "imperial"})).weather_request(&settings(), &place());
    assert!(
        imperial
            .url
            .url()
            .as_str()
            .ends_with("&temperature_unit=fahrenheit&wind_speed_unit=mph&precipitation_unit=inch")
    );
}

#[test]
fn the_services_own_answers_become_a_report_that_fits_its_schema() {
    let result = Query::read_weather(place(), answer(200, WEATHER)).unwrap();
    let report = result.structured_content.unwrap();
    assert_eq!(report["place"], json!("Berlin, State of Berlin"));
    assert_eq!((&report["conditions"], &report["temperature"]), (&json!("overcast"), &json!(4.2)));
    assert_eq!(report["units"], json!({"temperature": "°C", "precipitation": "mm", "wind_speed": "km/h"}));
    let definition = BuiltIn::GetWeather.definition().unwrap();
    Schema::compile(&definition.output_schema.unwrap()).unwrap().validate(&report).unwrap();
}

#[test]
fn every_way_to_have_no_weather_is_told_apart() {
    let read = |status, body| Query::read_place(answer(status, body)).unwrap_err();
    assert_eq!(read(200, r#"{"generationtime_ms":0.5}"#), WeatherFailure::UnknownPlace);
    assert_eq!(read(200, r#"{"results":[]}"#), WeatherFailure::UnknownPlace);
    assert_eq!(read(400, r#"{"error":true,"reason":"SECRET"}"#), WeatherFailure::Refused(400));
    assert_eq!(read(200, r#"{"error":true,"reason":"SECRET"}"#), WeatherFailure::Refused(200));
    assert_eq!(read(503, "<html>"), WeatherFailure::Refused(503));
    for garbage in ["", "[]", "{\"results\":5}", r#"{"results":[{"name":"x","latitude":999,"longitude":0}]}"#] {
        assert_eq!(read(200, garbage), WeatherFailure::Unreadable, "{garbage}");
    }
    let timeout = Query::read_weather(place(), Err(OutboundFailure::Timeout)).unwrap_err();
    let result = timeout.into_result();
    assert!(result.is_error);
    assert!(result.content[0]["text"].as_str().unwrap().contains("deadline"));
    assert_eq!(Query::read_weather(place(), answer(200, "{}")).unwrap_err(), WeatherFailure::Unreadable);
}

#[test]
fn the_service_is_configurable_and_the_policy_holds_for_it() {
    let local = |name: &str| (name == "WEATHER_FORECAST_URL").then(|| "http://127.0.0.1:9/base/".to_owned());
    let settings = WeatherSettings::read(&local, Reach::PublicAndLoopback).unwrap();
    let request = query(&json!({"location": "Berlin"})).weather_request(&settings, &place());
    assert!(request.url.url().as_str().starts_with("http://127.0.0.1:9/base/v1/forecast?"));
    let problem = WeatherSettings::read(&local, Reach::Public).unwrap_err();
    assert_eq!(problem.name, "WEATHER_FORECAST_URL");
}
