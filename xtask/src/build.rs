//! Builds the Worker: the static files into `assets/`, the module into `build/`.

use crate::arguments::Arguments;
use crate::failure::Failure;
use crate::process::{self, program};
use crate::project::{Project, fingerprint, read_if_there, write};
use crate::{assets, step, tools};
use std::path::PathBuf;

/// The module of the last release build, with the names of its functions.
const NAMED: &str = "target/named/index_bg.wasm";

/// How the module is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Small and fast, as deployed.
    Release,
    /// Quick to compile, large and slow.
    Dev,
}

impl Profile {
    const fn flag(self) -> &'static str {
        match self {
            Self::Release => "--release",
            Self::Dev => "--dev",
        }
    }
}

/// `cargo xtask build [--dev]`: the tools it needs, then the Worker.
pub fn run(project: &Project, mut arguments: Arguments) -> Result<(), Failure> {
    let profile = if arguments.flag("--dev") { Profile::Dev } else { Profile::Release };
    arguments.finish()?;
    let _one_at_a_time = project.lock()?;
    tools::install(project)?;
    build(project, profile)
}

/// Builds the static files and the Worker, each when anything it is made of has changed.
pub fn build(project: &Project, profile: Profile) -> Result<(), Failure> {
    assets::build(project)?;
    let made_of =
        ["src", "Cargo.toml", "Cargo.lock", "askama.toml", "node_modules/.installed-lock.json", "xtask/src/build.rs"];
    let paths: Vec<PathBuf> = made_of.iter().map(|path| project.path(path)).collect();
    let wanted = format!("{}\n{}", profile.flag(), fingerprint(&paths)?);
    let stamp = project.path("build/.stamp");
    let is_there =
        project.path("build/index.js").is_file() && (profile == Profile::Dev || project.path(NAMED).is_file());
    if is_there && read_if_there(&stamp)?.as_deref() == Some(wanted.as_str()) {
        step::holds("Worker");
        return Ok(());
    }
    step::starts("Worker", &format!("worker-build {}", profile.flag()));
    worker_build(project, project.path(""), "build", profile)?;
    if profile == Profile::Release {
        strip_names(project)?;
    }
    write(&stamp, wanted)
}

/// Takes the functions' names out of the module: a tenth of the bundle. A panic still says its file and line. The module with
/// its names stays in [`NAMED`], for profiles.
fn strip_names(project: &Project) -> Result<(), Failure> {
    let module = "build/index_bg.wasm";
    let (from, to) = (project.path(module), project.path(NAMED));
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder).map_err(Failure::at(folder))?;
    }
    std::fs::copy(&from, &to).map_err(Failure::at(&to))?;
    let mut command = program(project, project.npm_tool("wasm-opt"));
    process::run(command.args(["--all-features", "--strip-debug", "--strip-producers", module, "-o", module]))
}

/// Runs worker-build for the crate at `folder`, with every helper program taken from this project.
pub fn worker_build(project: &Project, folder: PathBuf, out: &str, profile: Profile) -> Result<(), Failure> {
    let mut command = program(project, project.tool("worker-build"));
    command
        .current_dir(folder)
        .args([profile.flag(), "--out-dir", out])
        .env("WASM_BINDGEN_BIN", project.tool("wasm-bindgen"))
        .env("WASM_OPT_BIN", project.npm_tool("wasm-opt"))
        .env("ESBUILD_BIN", project.npm_tool("esbuild"));
    process::run(&mut command)
}
