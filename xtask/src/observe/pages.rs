//! The dashboards of `observability/grafana` as pages of Prometheus itself, which draws them where no Grafana is.
//!
//! They are what Prometheus calls console templates (its documentation, "Console templates"): HTML with Go's template language, and
//! charts by the library that comes with Prometheus. A panel of a type or a unit that is not known here is an error, not a gap.

use super::dashboard::{Dashboard, Kind, Panel, Place, Step, Target, TextMode, Unit, Variable};
use crate::failure::Failure;
use crate::project::{read_if_there, write};
use std::path::{Path, PathBuf};

/// What stands around the panels.
const PAGE: &str = include_str!("page.html");
/// Where packages put Prometheus's own library for such pages: Debian, its tarball installed below /etc, and others.
const LIBRARIES: [&str; 3] = [
    "/usr/share/doc/prometheus/examples/console_libraries",
    "/etc/prometheus/console_libraries",
    "/usr/share/prometheus/console_libraries",
];
/// What a rate is taken over: six scrapes, so that one may fail.
const RATE_INTERVAL: &str = "1m";
/// The height of a row of Grafana's grid, in pixels, of which the frame of a panel takes `FRAME`.
const ROW: u32 = 34;
const FRAME: u32 = 70;

/// The folder of this machine's library for such pages; `None` where its Prometheus came without.
pub fn library() -> Option<PathBuf> {
    LIBRARIES.iter().map(PathBuf::from).find(|folder| folder.join("prom.lib").is_file())
}

/// Writes a page into `to` for each of the dashboards' files, which have the same name but for its ending.
pub fn lay_out(dashboards: &[PathBuf], to: &Path) -> Result<(), Failure> {
    let mut read = Vec::new();
    for path in dashboards {
        let text = read_if_there(path)?.unwrap_or_default();
        let dashboard: Dashboard = serde_json::from_str(&text)
            .map_err(|error| Failure::Unmet(format!("{} cannot be drawn: {error}", path.display())))?;
        read.push((path.file_stem().unwrap_or_default().to_string_lossy().into_owned(), dashboard));
    }
    for (name, dashboard) in &read {
        write(&to.join(format!("{name}.html")), page(name, dashboard, &read)?)?;
    }
    Ok(())
}

fn page(name: &str, dashboard: &Dashboard, all: &[(String, Dashboard)]) -> Result<String, Failure> {
    let variables = &dashboard.templating.list;
    let choices: Result<Vec<String>, Failure> = variables.iter().map(choice).collect();
    let choices = choices?.concat();
    let panels: Vec<String> = dashboard.panels.iter().map(|panel| shown(panel, variables)).collect();
    Ok(PAGE
        .replace("@TITLE@", &escaped(&dashboard.title))
        .replace("@DESCRIPTION@", &escaped(&dashboard.description))
        .replace("@NAVIGATION@", &navigation(name, all))
        .replace("@CHOICES@", &if choices.is_empty() { choices } else { format!("<form>{choices}</form>") })
        .replace("@CHOSEN@", &variables.iter().map(replaced_in_script).collect::<String>())
        .replace("@PANELS@", &panels.concat()))
}

fn navigation(name: &str, all: &[(String, Dashboard)]) -> String {
    let link = |(other, dashboard): &(String, Dashboard)| {
        let current = if other == name { " aria-current=\"page\"" } else { "" };
        let title = escaped(dashboard.title.trim_start_matches("Gateway: "));
        ["<a href=\"{{ pathPrefix }}/consoles/", other, ".html\"", current, ">", &title, "</a>\n"].concat()
    };
    all.iter().map(link).collect()
}

/// A list to choose a variable's value from, which may be all.
fn choice(variable: &Variable) -> Result<String, Failure> {
    let Variable { name, label, query } = variable;
    let metric = query
        .strip_prefix("label_values(")
        .and_then(|rest| rest.strip_suffix(&format!(", {name})")))
        .ok_or_else(|| Failure::Unmet(format!("the dashboards' variable {name} cannot be drawn: {query}")))?;
    let values = in_template(&format!("count by ({name}) ({metric})"), &[]);
    Ok([
        "<label>",
        &escaped(label),
        " <select name=\"",
        name,
        "\" onchange=\"this.form.submit()\">",
        "<option value=\".*\">All</option>{{ $chosen := .Params.",
        name,
        " }}{{ range query ",
        &values,
        " | sortByLabel \"",
        name,
        "\" }}",
        "<option{{ if eq $chosen .Labels.",
        name,
        " }} selected{{ end }}>{{ .Labels.",
        name,
        " }}</option>{{ end }}</select></label>\n",
    ]
    .concat())
}

fn shown(panel: &Panel, variables: &[Variable]) -> String {
    let Place { x, w, .. } = panel.grid_pos;
    let content = match panel.kind {
        Kind::Timeseries | Kind::StateTimeline => chart(panel),
        Kind::Stat | Kind::Bargauge | Kind::Table => values(panel, variables),
    };
    format!(
        "<section style=\"grid-column: {} / span {w}\">\n<h2>{}</h2>\n<p>{}</p>\n{content}</section>\n",
        x + 1,
        escaped(&panel.title),
        with_code(&panel.description)
    )
}

fn chart(panel: &Panel) -> String {
    let expressions: Vec<String> = panel.targets.iter().map(|target| over_time(&target.expr)).collect();
    let names: Vec<String> = panel.targets.iter().map(|target| in_chart(target, &panel.title)).collect();
    let stacked = panel.kind == Kind::StateTimeline
        || panel.field_config.defaults.custom.as_ref().is_some_and(|custom| custom.stacking.mode == "normal");
    let (formatter, suffix) = match panel.field_config.defaults.unit {
        Unit::Number => (HUMANIZE, ""),
        Unit::PerSecond => (HUMANIZE, " /s"),
        Unit::BytesPerSecond => ("PromConsole.NumberFormatter.humanize1024", " B/s"),
        Unit::Share => ("percent", ""),
        Unit::Seconds => (HUMANIZE, " s"),
        Unit::Dollars => (HUMANIZE, " $"),
    };
    let id = panel.id;
    [
        &format!("<div id=\"panel-{id}\"></div>\n<script>\nnew PromConsole.Graph({{\n"),
        &format!("  node: document.querySelector(\"#panel-{id}\"),\n"),
        &format!("  expr: {}.map(chosen),\n  name: {},\n", in_script(&expressions), in_script(&names)),
        &format!("  renderer: \"{}\",\n", if stacked { "area" } else { "line" }),
        &format!("  height: {},\n  min: 0,\n", (panel.grid_pos.h * ROW).saturating_sub(FRAME)),
        &format!("  yAxisFormatter: {formatter},\n  yHoverFormatter: {formatter},\n  yUnits: \"{suffix}\",\n"),
        "});\n</script>\n",
    ]
    .concat()
}

const HUMANIZE: &str = "PromConsole.NumberFormatter.humanizeNoSmallPrefix";

/// What the expressions give now, a row for each series; one without a name stands alone.
fn values(panel: &Panel, variables: &[Variable]) -> String {
    let value = match panel.field_config.defaults.unit {
        Unit::Number => "{{ template \"humanizeNoSmallPrefix\" .Value }}",
        Unit::PerSecond => "{{ template \"humanizeNoSmallPrefix\" .Value }} /s",
        Unit::BytesPerSecond => "{{ .Value | humanize1024 }}B/s",
        Unit::Share => "{{ .Value | humanizePercentage }}",
        Unit::Seconds => "{{ .Value | humanizeDuration }}",
        Unit::Dollars => "{{ .Value | printf \"$%.2f\" }}",
    };
    let coloured = ["<span class=\"", &colour(panel), "\">", value, "</span>"].concat();
    let mut text = String::new();
    for target in &panel.targets {
        let name = match (&target.legend_format, panel.kind) {
            (Some(legend), _) => Some(escaped(legend).replace("{{", "{{ .Labels.")),
            (None, Kind::Table) => {
                Some("{{ range $name, $value := .Labels }}{{ $name }} {{ $value }} {{ end }}".to_owned())
            }
            (None, _) => None,
        };
        let only_its_name = panel.options.text_mode == Some(TextMode::Name);
        let (opening, row, closing) = match name {
            Some(name) if only_its_name => ("", format!("<p class=\"only\">{name}</p>"), ""),
            Some(name) => {
                let row = format!("<tr><td>{name}</td><td>{coloured}</td></tr>");
                ("<table class=\"table table-sm\">", row, "</table>")
            }
            None => ("", format!("<p class=\"only\">{coloured}</p>"), ""),
        };
        let query = in_template(&over_time(&target.expr), variables);
        let rows = ["{{ with query ", &query, " }}", opening, "{{ range . }}", &row, "{{ end }}", closing];
        text.extend(rows);
        text.push_str("{{ else }}<p class=\"only\">none</p>{{ end }}\n");
    }
    text
}

/// The colour of a value by the thresholds: that of the last one it reaches.
fn colour(panel: &Panel) -> String {
    let steps = panel.field_config.defaults.thresholds.as_ref().map_or(&[][..], |thresholds| &thresholds.steps);
    steps.iter().fold(String::new(), |below, Step { color, value }| match value {
        Some(value) => format!("{{{{ if ge .Value {value:?} }}}}{color}{{{{ else }}}}{below}{{{{ end }}}}"),
        None => color.clone(),
    })
}

fn over_time(expression: &str) -> String {
    expression.replace("$__rate_interval", RATE_INTERVAL)
}

/// A series' name in a chart, where a label stands in double brackets.
fn in_chart(target: &Target, title: &str) -> String {
    target.legend_format.as_deref().unwrap_or(title).replace("{{", "[[ ").replace("}}", " ]]")
}

/// An expression as a value of Go's template language, with what was chosen in it.
fn in_template(expression: &str, variables: &[Variable]) -> String {
    let literal = serde_json::Value::from(expression).to_string();
    variables
        .iter()
        .filter(|variable| expression.contains(&format!("${}", variable.name)))
        .fold(literal, |inner, variable| {
            format!("(reReplaceAll \"[$]{0}\" (or $.Params.{0} \".*\") {inner})", variable.name)
        })
}

/// How an expression of a script gets what was chosen; Go's template language quotes it for the script.
fn replaced_in_script(variable: &Variable) -> String {
    let name = &variable.name;
    [".replaceAll(\"$", name, "\", {{ or .Params.", name, " \".*\" }})"].concat()
}

/// A list of texts for a script in a page, which nothing in it ends and no template begins in.
fn in_script(texts: &[String]) -> String {
    serde_json::Value::from(texts).to_string().replace('<', "\\u003c").replace("{{", "{\\u007b")
}

/// A text in which code stands between backticks.
fn with_code(text: &str) -> String {
    let part = |(at, part): (usize, &str)| match at % 2 {
        0 => escaped(part),
        _ => format!("<code>{}</code>", escaped(part)),
    };
    text.split('`').enumerate().map(part).collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::super::dashboard::Dashboard;
    use super::{lay_out, page};
    use crate::project::files_below;
    use std::fs;
    use std::path::Path;

    const SMALL: &str = r#"{"title": "Gateway: <small>", "description": "All.", "templating": {"list": []}, "panels": [
        {"id": 3, "type": "KIND", "title": "One", "description": "Of `this` & that.", "gridPos": {"x": 8, "y": 0, "w": 4, "h": 8},
         "fieldConfig": {"defaults": {"unit": "UNIT", "thresholds": {"steps": [
             {"color": "green", "value": null}, {"color": "red", "value": 0.5}]}}},
         "targets": [{"expr": "a{x=\"</script>{{\"}[$__rate_interval]", "legendFormat": "of {{tenant}}"}]}]}"#;

    fn drawn(kind: &str, unit: &str) -> String {
        let dashboard: Dashboard = serde_json::from_str(&SMALL.replace("KIND", kind).replace("UNIT", unit)).unwrap();
        page("small", &dashboard, &[]).unwrap()
    }

    #[test]
    fn every_dashboard_is_drawn_with_every_panel_and_a_link_to_the_others() {
        let dashboards = Path::new(env!("CARGO_MANIFEST_DIR")).join("../observability/grafana/dashboards");
        let to = std::env::temp_dir().join(format!("gateway-pages-{}", std::process::id()));
        let files = files_below(&dashboards).unwrap();
        lay_out(&files, &to).unwrap();
        for file in &files {
            let read: serde_json::Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
            let page = to.join(file.file_stem().unwrap()).with_extension("html");
            let page = fs::read_to_string(page).unwrap();
            let panels = read["panels"].as_array().unwrap();
            assert_eq!(page.matches("<section").count(), panels.len(), "{}", file.display());
            assert_eq!(page.matches("/consoles/").count(), files.len(), "{}", file.display());
            assert!(page.matches('@').count() == 1 && !page.contains("$__"), "{}", file.display());
        }
        fs::remove_dir_all(&to).unwrap();
    }

    #[test]
    fn a_chart_is_a_script_that_nothing_in_it_ends() {
        let page = drawn("timeseries", "percentunit");
        assert!(
            page.contains("<h1>Gateway: &lt;small&gt;</h1>")
                && page.contains("<p>Of <code>this</code> &amp; that.</p>")
        );
        assert!(page.contains("grid-column: 9 / span 4"));
        assert!(page.contains(r#"expr: ["a{x=\"\u003c/script>{\u007b\"}[1m]"].map(chosen)"#), "{page}");
        assert!(page.contains(r#"name: ["of [[ tenant ]]"]"#) && page.contains("yAxisFormatter: percent,"));
    }

    #[test]
    fn a_number_has_its_unit_and_the_colour_of_the_last_threshold_it_reaches() {
        let page = drawn("stat", "s");
        let colour = "{{ if ge .Value 0.5 }}red{{ else }}green{{ end }}";
        let row = format!(
            "<tr><td>of {{{{ .Labels.tenant}}}}</td><td><span class=\"{colour}\">{{{{ .Value | humanizeDuration }}}}</span>"
        );
        assert!(page.contains(&row), "{page}");
    }

    #[test]
    fn what_is_not_known_is_not_left_out() {
        for (kind, unit) in [("heatmap", "s"), ("stat", "lightyear")] {
            let text = SMALL.replace("KIND", kind).replace("UNIT", unit);
            assert!(serde_json::from_str::<Dashboard>(&text).is_err(), "{kind} {unit}");
        }
    }
}
