//! Makes the console's static files: the types of its API client, the check of its sources against them, and the bundle.

use crate::failure::Failure;
use crate::process::{program, run};
use crate::project::{Project, fingerprint, read_if_there, write};
use crate::step;
use std::fs;

/// What it is made of.
const MADE_OF: [&str; 4] =
    ["console", "src/api/openapi.json", "node_modules/.installed-lock.json", "xtask/src/console.rs"];
/// The API's types, made of its description anew each time. `console/tsconfig.json` names the place.
const TYPES: &str = "target/console/openapi.d.ts";
const ASSETS: &str = "assets/console";

/// Builds the console into `assets/console` when anything it is made of has changed. A source that does not fit the API's
/// description is an error.
pub fn build(project: &Project) -> Result<(), Failure> {
    let wanted = fingerprint(&MADE_OF.map(|path| project.path(path)))?;
    let stamp = project.path("target/console/.stamp");
    let page = project.path(ASSETS).join("index.html");
    if page.is_file() && read_if_there(&stamp)?.as_deref() == Some(wanted.as_str()) {
        step::holds("console");
        return Ok(());
    }
    step::starts("console", ASSETS);
    run(program(project, project.npm_tool("openapi-typescript")).args(["src/api/openapi.json", "--output", TYPES]))?;
    run(program(project, project.npm_tool("tsc")).args(["--project", "console"]))?;
    let (scripts, styles) = ("console/console.tsx", "console/console.css");
    let mut bundle = program(project, project.npm_tool("esbuild"));
    bundle.args([scripts, styles, "--bundle", "--minify", "--format=esm", "--target=es2022", "--log-level=warning"]);
    bundle.args(["--legal-comments=linked", &format!("--outdir={ASSETS}")]);
    run(&mut bundle)?;
    let from = project.path("console/index.html");
    fs::copy(&from, page).map_err(Failure::at(&from))?;
    write(&stamp, wanted)
}
