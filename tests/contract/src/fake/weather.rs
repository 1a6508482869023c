//! Open-Meteo: geocoding (`/v1/search`) and forecast (`/v1/forecast`), as open-meteo.com documents them.
//!
//! `Berlin` and `Zürich` are found, `Brokentown` is found and its forecast fails with a 500, everything else is not found.

use super::{Reply, Request, Server};
use serde_json::{Map, Value, json};

/// The temperature in Berlin, in °C: a value no real service would give by chance.
pub const BERLIN_CELSIUS: f64 = -41.7;

/// Starts the service.
pub fn start() -> Server {
    Server::start(|request| match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/v1/search") => search(request),
        ("GET", "/v1/forecast") => forecast(request),
        _ => Reply::json(404, &json!({"error": true, "reason": "Not Found"})),
    })
}

fn search(request: &Request) -> Reply {
    let Some(name) = request.query("name") else {
        return refusal("Parameter 'name' is required");
    };
    let place = |id: u32, name: &str, latitude: f64, longitude: f64, country: &str, code: &str, zone: &str| {
        json!({"results": [{
            "id": id, "name": name, "latitude": latitude, "longitude": longitude, "elevation": 74.0,
            "feature_code": "PPLC", "country_code": code, "admin1_id": 2_950_157, "timezone": zone,
            "population": 3_426_354, "country_id": 2_921_044, "country": country, "admin1": "Land Berlin"
        }], "generationtime_ms": 0.683_188_4})
    };
    let found = match name.to_lowercase().as_str() {
        "berlin" => place(2_950_159, "Berlin", 52.524_37, 13.410_53, "Germany", "DE", "Europe/Berlin"),
        "zürich" | "zurich" => place(2_657_896, "Zürich", 47.366_67, 8.55, "Switzerland", "CH", "Europe/Zurich"),
        "brokentown" => place(1, "Brokentown", 1.0, 1.0, "Nowhere", "XX", "GMT"),
        _ => json!({"generationtime_ms": 0.515_937_8}),
    };
    Reply::json(200, &found)
}

fn forecast(request: &Request) -> Reply {
    let number = |name| request.query(name).and_then(|text: &str| text.parse::<f64>().ok());
    let (Some(latitude), Some(longitude)) = (number("latitude"), number("longitude")) else {
        return refusal("Parameter 'latitude' and 'longitude' must have the same number of elements");
    };
    if (latitude - 1.0).abs() < 0.01 {
        return Reply::text(500, "text/html", "<html><body>Internal Server Error at /srv/om/run.sock</body></html>");
    }
    let mut units = Map::from_iter([("time".into(), json!("iso8601")), ("interval".into(), json!("seconds"))]);
    let mut current = Map::from_iter([("time".into(), json!("2026-11-22T15:00")), ("interval".into(), json!(900))]);
    for name in request.query("current").unwrap_or_default().split(',').filter(|name| !name.is_empty()) {
        let Some((unit, value)) = variable(name) else {
            return refusal(
                "Data corrupted at path ''. Cannot initialize SurfacePressureAndHeightVariable from invalid String value.",
            );
        };
        units.insert(name.into(), unit.into());
        current.insert(name.into(), value);
    }
    Reply::json(
        200,
        &json!({
            "latitude": latitude, "longitude": longitude, "generationtime_ms": 0.068_306_92,
            "utc_offset_seconds": 0, "timezone": "GMT", "timezone_abbreviation": "GMT", "elevation": 38.0,
            "current_units": units, "current": current
        }),
    )
}

fn variable(name: &str) -> Option<(&'static str, Value)> {
    Some(match name {
        "temperature_2m" => ("°C", json!(BERLIN_CELSIUS)),
        "apparent_temperature" => ("°C", json!(-47.3)),
        "relative_humidity_2m" => ("%", json!(61)),
        "precipitation" | "rain" | "showers" => ("mm", json!(0.0)),
        "snowfall" => ("cm", json!(0.0)),
        "cloud_cover" => ("%", json!(13)),
        "is_day" => ("", json!(1)),
        "weather_code" => ("wmo code", json!(3)),
        "pressure_msl" | "surface_pressure" => ("hPa", json!(1013.2)),
        "wind_speed_10m" | "wind_gusts_10m" => ("km/h", json!(12.5)),
        "wind_direction_10m" => ("°", json!(270)),
        _ => return None,
    })
}

fn refusal(reason: &str) -> Reply {
    Reply::json(400, &json!({"error": true, "reason": reason}))
}
