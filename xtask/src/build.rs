//! Builds the Worker: the static files into `assets/`, the module into `build/`.

use crate::arguments::Arguments;
use crate::failure::Failure;
use crate::process::{self, program};
use crate::project::{Project, copy_folder, fingerprint, read_if_there, write};
use crate::{console, step, tools};
use std::fs;
use std::path::PathBuf;

/// What of the page's library is served.
const SWAGGER_FILES: [&str; 5] = ["swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png", "LICENSE", "NOTICE"];

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

/// Builds the Worker, and the console, each when anything it is made of has changed.
pub fn build(project: &Project, profile: Profile) -> Result<(), Failure> {
    console::build(project)?;
    let made_of = [
        "src",
        "Cargo.toml",
        "Cargo.lock",
        "askama.toml",
        "docs-page",
        "pages",
        "node_modules/.installed-lock.json",
        "xtask/src/build.rs",
    ];
    let paths: Vec<PathBuf> = made_of.iter().map(|path| project.path(path)).collect();
    let wanted = format!("{}\n{}", profile.flag(), fingerprint(&paths)?);
    let stamp = project.path("build/.stamp");
    if project.path("build/index.js").is_file() && read_if_there(&stamp)?.as_deref() == Some(wanted.as_str()) {
        step::holds("Worker");
        return Ok(());
    }
    documentation_page(project)?;
    copy_folder(&project.path("pages"), &project.path("assets/pages"))?;
    step::starts("Worker", &format!("worker-build {}", profile.flag()));
    worker_build(project, project.path(""), "build", profile)?;
    if profile == Profile::Release {
        strip_names(project)?;
    }
    write(&stamp, wanted)
}

/// Takes the functions' names out of the module: a tenth of the bundle. A panic still says its file and line.
fn strip_names(project: &Project) -> Result<(), Failure> {
    let module = "build/index_bg.wasm";
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

/// Puts the page of the API and the library it uses where the Worker serves them from.
fn documentation_page(project: &Project) -> Result<(), Failure> {
    let target = project.path("assets/docs");
    step::starts("API page", "assets/docs");
    copy_folder(&project.path("docs-page"), &target)?;
    let described = project.path("src/api/openapi.json");
    fs::copy(&described, target.join("openapi.json")).map_err(Failure::at(&described))?;
    for name in SWAGGER_FILES {
        let from = project.path("node_modules/swagger-ui-dist").join(name);
        fs::copy(&from, target.join(name)).map_err(Failure::at(&from))?;
    }
    Ok(())
}
