//! `get_weather`: the place's coordinates from Open-Meteo's geocoding, then its current weather.
//!
//! Two requests, each built and read here and sent by the edge: [`Query::place_request`] → [`Query::read_place`] →
//! [`Query::weather_request`] → [`Query::read_weather`]. Formats: open-meteo.com/en/docs and /en/docs/geocoding-api.

use crate::config::{ConfigProblem, Lookup, optional};
use crate::json::{self, Caps};
use crate::mcp::wire::CallToolResult;
use crate::outbound::{HeaderValue, Method, OutboundAnswer, OutboundFailure, OutboundRequest, OutboundUrl, Reach};
use crate::time::Lifetime;
use crate::tool::result;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Longest answer that is read.
const ANSWER: Caps = Caps { max_bytes: 64 * 1024, max_depth: 16 };
/// Each of the two requests may take this long.
const DEADLINE: Lifetime = Lifetime::from_seconds(5);

/// Where the weather service is.
#[derive(Debug, Clone, PartialEq)]
pub struct WeatherSettings {
    geocoding: OutboundUrl,
    forecast: OutboundUrl,
}

impl WeatherSettings {
    /// Reads `WEATHER_GEOCODING_URL` and `WEATHER_FORECAST_URL`: origins, with Open-Meteo's public ones as defaults.
    pub fn read(lookup: Lookup<'_>, reach: Reach) -> Result<Self, ConfigProblem> {
        let base = |name: &str, default: &str| {
            let text = optional(lookup, name).unwrap_or_else(|| default.to_owned());
            OutboundUrl::parse(&text, reach)
                .map_err(|refusal| ConfigProblem::new(name, format!("is refused: {refusal}")))
        };
        Ok(Self {
            geocoding: base("WEATHER_GEOCODING_URL", "https://geocoding-api.open-meteo.com")?,
            forecast: base("WEATHER_FORECAST_URL", "https://api.open-meteo.com")?,
        })
    }
}

/// Why there is no weather. Each text is for the caller, and honest about whose fault it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WeatherFailure {
    /// The geocoder knows no such place.
    #[error("no place of that name was found")]
    UnknownPlace,
    /// The service could not be asked.
    #[error("the weather service could not be asked: {0}")]
    Unavailable(#[from] OutboundFailure),
    /// The service refused.
    #[error("the weather service refused the request (HTTP status {0})")]
    Refused(u16),
    /// The service answered something that is not in its documentation.
    #[error("the weather service gave an answer that cannot be read")]
    Unreadable,
}

impl WeatherFailure {
    /// The failure as the tool's result.
    pub fn into_result(self) -> CallToolResult {
        result::failed(&format!("Weather is not available: {self}."))
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Units {
    #[default]
    Metric,
    Imperial,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Query {
    location: String,
    #[serde(default)]
    units: Units,
}

/// A place the geocoder knows.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Place {
    name: String,
    latitude: f64,
    longitude: f64,
    #[serde(default)]
    admin1: Option<String>,
    #[serde(default)]
    country: Option<String>,
}

#[derive(Deserialize)]
struct Places {
    #[serde(default)]
    results: Vec<Place>,
}

#[derive(Deserialize)]
struct Forecast {
    timezone: String,
    current: Current,
    current_units: CurrentUnits,
}

#[derive(Deserialize)]
struct Current {
    time: String,
    temperature_2m: f64,
    relative_humidity_2m: f64,
    apparent_temperature: f64,
    precipitation: f64,
    weather_code: u16,
    wind_speed_10m: f64,
    wind_direction_10m: f64,
}

#[derive(Deserialize)]
struct CurrentUnits {
    temperature_2m: String,
    precipitation: String,
    wind_speed_10m: String,
}

#[derive(Serialize)]
struct Report {
    place: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<String>,
    latitude: f64,
    longitude: f64,
    observed_at: String,
    timezone: String,
    conditions: &'static str,
    temperature: f64,
    feels_like: f64,
    humidity_percent: f64,
    precipitation: f64,
    wind_speed: f64,
    wind_direction_degrees: f64,
    units: ReportUnits,
    source: &'static str,
}

#[derive(Serialize)]
struct ReportUnits {
    temperature: String,
    precipitation: String,
    wind_speed: String,
}

impl Query {
    /// Reads arguments that fit the tool's schema; `None` for any that do not.
    pub fn read(arguments: &Map<String, Value>) -> Option<Self> {
        serde_json::from_value(Value::Object(arguments.clone())).ok()
    }

    /// The request for the place's coordinates.
    pub fn place_request(&self, settings: &WeatherSettings) -> OutboundRequest {
        let name = self.location.trim();
        let query = [("name", name), ("count", "1"), ("language", "en"), ("format", "json")];
        request(&settings.geocoding, "v1/search", &query)
    }

    /// Reads the geocoder's answer.
    pub fn read_place(answer: Result<OutboundAnswer, OutboundFailure>) -> Result<Place, WeatherFailure> {
        let places: Places = read(&answer?)?;
        let place = places.results.into_iter().next().ok_or(WeatherFailure::UnknownPlace)?;
        let on_earth = place.latitude.abs() <= 90.0 && place.longitude.abs() <= 180.0;
        if on_earth { Ok(place) } else { Err(WeatherFailure::Unreadable) }
    }

    /// The request for the weather there.
    pub fn weather_request(&self, settings: &WeatherSettings, place: &Place) -> OutboundRequest {
        let (latitude, longitude) = (place.latitude.to_string(), place.longitude.to_string());
        let mut query = vec![
            ("latitude", latitude.as_str()),
            ("longitude", longitude.as_str()),
            (
                "current",
                "temperature_2m,relative_humidity_2m,apparent_temperature,precipitation,weather_code,wind_speed_10m,\
                 wind_direction_10m",
            ),
            ("timezone", "auto"),
        ];
        if self.units == Units::Imperial {
            query.extend([
                ("temperature_unit", "fahrenheit"),
                ("wind_speed_unit", "mph"),
                ("precipitation_unit", "inch"),
            ]);
        }
        request(&settings.forecast, "v1/forecast", &query)
    }

    /// Reads the weather service's answer into the tool's result.
    pub fn read_weather(
        place: Place,
        answer: Result<OutboundAnswer, OutboundFailure>,
    ) -> Result<CallToolResult, WeatherFailure> {
        let forecast: Forecast = read(&answer?)?;
        let current = forecast.current;
        let shown = match place.admin1.filter(|region| *region != place.name) {
            Some(region) => format!("{}, {region}", place.name),
            None => place.name,
        };
        Ok(result::structured(&Report {
            place: shown,
            country: place.country,
            latitude: place.latitude,
            longitude: place.longitude,
            observed_at: current.time,
            timezone: forecast.timezone,
            conditions: conditions(current.weather_code),
            temperature: current.temperature_2m,
            feels_like: current.apparent_temperature,
            humidity_percent: current.relative_humidity_2m,
            precipitation: current.precipitation,
            wind_speed: current.wind_speed_10m,
            wind_direction_degrees: current.wind_direction_10m,
            units: ReportUnits {
                temperature: forecast.current_units.temperature_2m,
                precipitation: forecast.current_units.precipitation,
                wind_speed: forecast.current_units.wind_speed_10m,
            },
            source: "open-meteo.com",
        }))
    }
}

fn request(base: &OutboundUrl, path: &str, query: &[(&str, &str)]) -> OutboundRequest {
    let mut url = base.url().clone();
    let base_path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&format!("{base_path}/{path}"));
    url.query_pairs_mut().clear().extend_pairs(query);
    OutboundRequest {
        method: Method::Get,
        // Only path and query were changed, so the origin is the configured one still.
        url: base.with_path_and_query(&url),
        headers: vec![("accept".into(), HeaderValue::fixed("application/json"))],
        body: None,
        wanted: &[],
        deadline: DEADLINE,
        max_answer_bytes: ANSWER.max_bytes,
    }
}

/// Reads a success; an error of the service (`{"error":true,"reason":…}`) becomes its status, never its words.
fn read<T: serde::de::DeserializeOwned>(answer: &OutboundAnswer) -> Result<T, WeatherFailure> {
    if answer.status != 200 {
        return Err(WeatherFailure::Refused(answer.status));
    }
    let value = json::parse(&answer.body, ANSWER).map_err(|_| WeatherFailure::Unreadable)?;
    if value.get("error").and_then(Value::as_bool) == Some(true) {
        return Err(WeatherFailure::Refused(answer.status));
    }
    // A struct would also be read from a list.
    if !value.is_object() {
        return Err(WeatherFailure::Unreadable);
    }
    serde_json::from_value(value).map_err(|_| WeatherFailure::Unreadable)
}

/// A WMO weather code (table 4677, the part Open-Meteo uses) in words.
fn conditions(code: u16) -> &'static str {
    match code {
        0 => "clear sky",
        1 => "mainly clear",
        2 => "partly cloudy",
        3 => "overcast",
        45 => "fog",
        48 => "depositing rime fog",
        51 => "light drizzle",
        53 => "moderate drizzle",
        55 => "dense drizzle",
        56 => "light freezing drizzle",
        57 => "dense freezing drizzle",
        61 => "slight rain",
        63 => "moderate rain",
        65 => "heavy rain",
        66 => "light freezing rain",
        67 => "heavy freezing rain",
        71 => "slight snowfall",
        73 => "moderate snowfall",
        75 => "heavy snowfall",
        77 => "snow grains",
        80 => "slight rain showers",
        81 => "moderate rain showers",
        82 => "violent rain showers",
        85 => "slight snow showers",
        86 => "heavy snow showers",
        95 => "thunderstorm",
        96 => "thunderstorm with slight hail",
        99 => "thunderstorm with heavy hail",
        _ => "unknown conditions",
    }
}

#[cfg(test)]
mod tests;
