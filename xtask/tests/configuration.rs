//! The files that configure the build say the same thing in every place.

#![expect(clippy::unwrap_used, reason = "a failed step of the test fails the test")]

use serde_json::Value;
use std::fs;
use std::path::Path;

fn text(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}

fn json(path: &str) -> Value {
    serde_json::from_str(&text(path)).unwrap()
}

/// The names of all bindings in one half of wrangler.toml, without databases of tenants: an operator has others.
fn bindings(half: &str) -> Vec<&str> {
    let mut names: Vec<&str> = half
        .lines()
        .filter_map(|line| line.strip_prefix("binding = ").or_else(|| line.strip_prefix("name = ")))
        .map(|value| value.trim_matches('"'))
        .filter(|name| name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'))
        .filter(|name| !name.starts_with("DATA_"))
        .collect();
    names.sort_unstable();
    names
}

#[test]
fn production_has_every_binding_and_variable_of_the_local_profile() {
    let wrangler = text("wrangler.toml");
    let (local, production) = wrangler.split_once("\n[env.production]\n").unwrap();
    assert_eq!(bindings(local), bindings(production));
    assert_eq!(
        bindings(local),
        [
            "ASSETS",
            "AUDIT_TRAIL",
            "DB",
            "ENTROPY_HUB",
            "FILES",
            "GATE",
            "MCP_HELD",
            "MCP_SESSION",
            "METRICS",
            "REVOCATIONS"
        ]
    );
    for variable in ["PROFILE = \"production\"", "ISSUER = \"https://"] {
        assert!(production.contains(variable), "{variable}");
    }
}

#[test]
fn the_bindgen_program_has_the_version_of_the_library() {
    let lock = text("Cargo.lock");
    let after = lock.split_once("name = \"wasm-bindgen\"\nversion = \"").unwrap().1;
    let version = after.split_once('"').unwrap().0;
    assert!(text("xtask/src/tools.rs").contains(&format!("const WASM_BINDGEN: &str = \"{version}\";")), "{version}");
}

#[test]
fn the_simulator_is_the_one_wrangler_brings() {
    let wrangler = json("package-lock.json")["packages"]["node_modules/wrangler"]["dependencies"]["miniflare"].clone();
    assert_eq!(json("package.json")["devDependencies"]["miniflare"], wrangler);
}

#[test]
fn every_npm_package_has_an_exact_version() {
    let package = json("package.json");
    for group in ["devDependencies", "optionalDependencies"] {
        for (name, version) in package[group].as_object().unwrap() {
            assert!(version.as_str().unwrap().starts_with(|first: char| first.is_ascii_digit()), "{name} {version}");
        }
    }
}

#[test]
fn the_npm_lock_names_no_place_and_knows_every_platform_of_the_runtime() {
    let lock = json("package-lock.json");
    let packages = lock["packages"].as_object().unwrap();
    for (name, package) in packages {
        assert!(package.get("resolved").is_none(), "{name}");
    }
    for platform in packages["node_modules/workerd"]["optionalDependencies"].as_object().unwrap().keys() {
        assert!(packages.contains_key(&format!("node_modules/{platform}")), "{platform}");
    }
}
