//! The files of the dashboards have the form of the Grafana that runs them, by its own published types.

use gateway_contract::{program, workspace};
use serde_json::Value;
use std::fs;

const OPTIONS: [&str; 9] = [
    "--noEmit",
    "--strict",
    "--skipLibCheck",
    "--moduleResolution",
    "bundler",
    "--module",
    "esnext",
    "--target",
    "es2022",
];

/// The names of the dashboards' files, and what they say.
fn dashboards() -> Vec<(String, String)> {
    let folder = workspace().join("observability/grafana/dashboards");
    let read = |entry: std::io::Result<fs::DirEntry>| {
        let entry = entry.expect("a file");
        (entry.file_name().to_string_lossy().into_owned(), fs::read_to_string(entry.path()).expect("a text"))
    };
    let mut all: Vec<_> = fs::read_dir(folder).expect("the dashboards").map(read).collect();
    all.sort();
    all
}

/// What TypeScript says of these texts, each of which is held to the form of a dashboard.
fn complaints<'a>(name: &str, texts: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let folder = workspace().join("target/dashboards");
    fs::create_dir_all(&folder).expect("a folder");
    let mut code = "import type { DashboardFile } from \"../../observability/grafana/dashboard.d.ts\";\n".to_owned();
    for (at, text) in texts.into_iter().enumerate() {
        code.extend([&format!("export const dashboard{at}: DashboardFile = "), text, ";\n"]);
    }
    let file = folder.join(name);
    fs::write(&file, code).expect("a file");
    let mut tsc = program("node");
    tsc.arg("node_modules/typescript/bin/tsc").args(OPTIONS).arg("--allowImportingTsExtensions").arg(&file);
    let output = tsc.output().expect("Node.js");
    (!output.status.success()).then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn every_dashboard_has_the_form_of_grafanas_own_types() {
    let all = dashboards();
    assert!(all.len() >= 7, "{all:?}");
    let told = complaints("all.ts", all.iter().map(|(_, text)| text.as_str()));
    assert_eq!(told, None, "{:?}", all.iter().map(|(name, _)| name).collect::<Vec<_>>());
}

#[test]
fn an_option_that_grafana_does_not_have_is_noticed() {
    let (_, good) = dashboards().into_iter().find(|(name, _)| name == "overview.json").expect("the overview");
    for (nr, (right, wrong)) in [
        ("\"textMode\": \"name\"", "\"textMode\": \"names\""),
        ("\"options\": {\"textMode\"", "\"options\": {\"textModus\": 1, \"textMode\""),
        ("\"type\": \"stat\"", "\"type\": \"statistic\""),
        ("\"overrides\": []", "\"overwrites\": []"),
        ("\"gridPos\": {\"x\": 0", "\"gridPos\": {\"x\": \"0\""),
    ]
    .into_iter()
    .enumerate()
    {
        let broken = good.replacen(right, wrong, 1);
        assert_ne!(broken, good, "{right} is not there");
        let told = complaints(&format!("broken{nr}.ts"), [broken.as_str()]);
        assert!(told.as_deref().is_some_and(|told| told.contains("error TS")), "{wrong}: {told:?}");
    }
}

#[test]
fn the_types_are_of_the_grafana_that_the_compose_file_runs() {
    let packages = fs::read_to_string(workspace().join("package.json")).expect("package.json");
    let packages: Value = serde_json::from_str(&packages).expect("JSON");
    let version = packages["devDependencies"]["@grafana/schema"].as_str().expect("the types");
    let compose = fs::read_to_string(workspace().join("observability/compose.yaml")).expect("the compose file");
    assert!(compose.contains(&format!("image: grafana/grafana:{version}\n")), "{version}");
}
