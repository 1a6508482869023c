//! A file of a Grafana dashboard, as far as it is drawn. What is not known here is an error, so that no panel is silently left out.
//!
//! The form is that of Grafana's published types (`@grafana/schema`), to which the tests hold the files.

use serde::Deserialize;

/// A dashboard's file, as far as it is drawn.
#[derive(Deserialize)]
pub struct Dashboard {
    pub title: String,
    pub description: String,
    pub panels: Vec<Panel>,
    pub templating: Templating,
}

#[derive(Deserialize)]
pub struct Templating {
    pub list: Vec<Variable>,
}

/// What a reader can choose: `query` is `label_values(METRIC, LABEL)`.
#[derive(Deserialize)]
pub struct Variable {
    pub name: String,
    pub label: String,
    pub query: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Panel {
    pub id: u32,
    #[serde(rename = "type")]
    pub kind: Kind,
    pub title: String,
    pub description: String,
    pub grid_pos: Place,
    pub field_config: Fields,
    #[serde(default)]
    pub options: Options,
    pub targets: Vec<Target>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Options {
    #[serde(default)]
    pub text_mode: Option<TextMode>,
}

/// What a number's panel shows instead of the number.
#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TextMode {
    Name,
}

#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    Timeseries,
    StateTimeline,
    Stat,
    Bargauge,
    Table,
}

#[derive(Deserialize)]
pub struct Place {
    pub x: u32,
    pub w: u32,
    pub h: u32,
}

#[derive(Deserialize)]
pub struct Fields {
    pub defaults: Defaults,
}

#[derive(Deserialize)]
pub struct Defaults {
    pub unit: Unit,
    #[serde(default)]
    pub thresholds: Option<Thresholds>,
    #[serde(default)]
    pub custom: Option<Custom>,
}

/// Grafana's names of units.
#[derive(Clone, Copy, Deserialize)]
pub enum Unit {
    #[serde(rename = "short")]
    Number,
    #[serde(rename = "cps", alias = "reqps", alias = "ops")]
    PerSecond,
    #[serde(rename = "Bps")]
    BytesPerSecond,
    #[serde(rename = "percentunit")]
    Share,
    #[serde(rename = "s")]
    Seconds,
    #[serde(rename = "currencyUSD")]
    Dollars,
}

#[derive(Deserialize)]
pub struct Thresholds {
    pub steps: Vec<Step>,
}

#[derive(Deserialize)]
pub struct Step {
    pub color: String,
    pub value: Option<f64>,
}

#[derive(Deserialize)]
pub struct Custom {
    pub stacking: Stacking,
}

#[derive(Deserialize)]
pub struct Stacking {
    pub mode: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    pub expr: String,
    #[serde(default)]
    pub legend_format: Option<String>,
}
