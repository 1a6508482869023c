//! What the build and the tests need on this machine. Nothing is written outside the project, except that rustup adds
//! its own parts to the toolchain in use.

use crate::failure::Failure;
use crate::process::{answer, program, run};
use crate::project::{Project, read_if_there, write};
use crate::step;
use std::path::Path;
use std::process::Command;

/// The target the Worker is compiled for.
pub const WASM_TARGET: &str = "wasm32-unknown-unknown";
/// Builds the Worker around the compiled module.
const WORKER_BUILD: &str = "0.8.7";
/// Must be the very version of the `wasm-bindgen` library in Cargo.lock.
const WASM_BINDGEN: &str = "0.2.129";
/// Measures what the tests cover.
const LLVM_COV: &str = "0.9.1";
/// The oldest Node.js that wrangler runs on.
const OLDEST_NODE: (u32, u32) = (22, 12);

/// Installs everything that is missing.
pub fn install(project: &Project) -> Result<(), Failure> {
    wasm_target(project)?;
    cargo_tool(project, "worker-build", WORKER_BUILD, &[])?;
    // Without its default features the CLI does not need a TLS library of the system.
    cargo_tool(project, "wasm-bindgen-cli", WASM_BINDGEN, &["--no-default-features"])?;
    npm_packages(project)
}

/// Installs what measures coverage. False, with the reason shown, when this machine cannot have it.
pub fn install_coverage(project: &Project) -> bool {
    let wanted = "coverage (cargo-llvm-cov, llvm-tools)";
    let installed = cargo_tool(project, "cargo-llvm-cov", LLVM_COV, &[]).and_then(|()| llvm_tools(project));
    if let Err(failure) = &installed {
        step::note(&format!("{wanted} is left out: {failure}"));
    }
    installed.is_ok()
}

fn wasm_target(project: &Project) -> Result<(), Failure> {
    let mut ask = program(project, "rustc");
    let there = answer(ask.args(["--print", "target-libdir", "--target", WASM_TARGET]));
    if there.is_some_and(|folder| Path::new(&folder).is_dir()) {
        step::holds(&format!("Rust target {WASM_TARGET}"));
        return Ok(());
    }
    step::starts("Rust target", &format!("rustup target add {WASM_TARGET}"));
    run(program(project, "rustup").args(["target", "add", WASM_TARGET]))
}

fn llvm_tools(project: &Project) -> Result<(), Failure> {
    let listed = answer(program(project, "rustup").args(["component", "list", "--installed"]));
    if listed.is_some_and(|parts| parts.lines().any(|part| part.starts_with("llvm-tools"))) {
        step::holds("rustup component llvm-tools");
        return Ok(());
    }
    step::starts("llvm-tools", "rustup component add llvm-tools");
    run(program(project, "rustup").args(["component", "add", "llvm-tools"]))
}

fn cargo_tool(project: &Project, package: &str, version: &str, extra: &[&str]) -> Result<(), Failure> {
    let (binary, first_word) = match package {
        "wasm-bindgen-cli" => ("wasm-bindgen", None),
        "cargo-llvm-cov" => ("cargo-llvm-cov", Some("llvm-cov")),
        other => (other, None),
    };
    let said = answer(Command::new(project.tool(binary)).args(first_word).arg("--version"));
    if said.is_some_and(|said| said.split(' ').next_back() == Some(version)) {
        step::holds(&format!("{package} {version}"));
        return Ok(());
    }
    let named = format!("{package}@{version}");
    step::starts(package, &format!("cargo install {named} --root target/tools"));
    let mut cargo = program(project, "cargo");
    cargo.args(["install", &named, "--locked", "--force", "--root", "target/tools"]).args(extra);
    // Its own folder: a tool's build neither waits for the project's nor fills its place, and shares what tools share.
    cargo.env("CARGO_TARGET_DIR", project.path("target/tools/build"));
    // These programs run for seconds: a quick build is worth more than a fast program.
    cargo.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1").env("CARGO_PROFILE_RELEASE_LTO", "off");
    cargo.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16").env("CARGO_PROFILE_RELEASE_DEBUG", "0");
    run(&mut cargo)
}

/// Installs the npm packages, and with them a Node.js that is recent enough.
pub fn npm_packages(project: &Project) -> Result<(), Failure> {
    let lock_path = project.path("package-lock.json");
    let lock = read_if_there(&lock_path)?.ok_or_else(|| Failure::Unmet("package-lock.json is missing".into()))?;
    let stamp = project.path("node_modules/.installed-lock.json");
    if read_if_there(&stamp)?.as_deref() == Some(lock.as_str()) {
        step::holds("npm packages");
    } else {
        step::starts("npm packages", "npm ci");
        run(program(project, "npm").args(["ci", "--loglevel=error"]))?;
        write(&stamp, lock)?;
    }
    node_is_recent(project)
}

fn node_is_recent(project: &Project) -> Result<(), Failure> {
    let said = answer(program(project, "node").arg("--version")).unwrap_or_default();
    let mut parts = said.trim_start_matches('v').split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let found = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    if found >= OLDEST_NODE {
        return Ok(());
    }
    let (major, minor) = OLDEST_NODE;
    Err(Failure::Unmet(format!(
        "wrangler needs Node.js {major}.{minor}, and npm has none for this platform: install one (found: {said})"
    )))
}
