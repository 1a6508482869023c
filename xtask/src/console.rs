//! Makes the console's static files: the types of its API client, the check of its sources against them, and the bundle.

use crate::failure::Failure;
use crate::process::{program, run};
use crate::project::Project;
use crate::step;
use std::fs;

/// The API's types, made of its description anew each time. `console/tsconfig.json` names the place.
const TYPES: &str = "target/console/openapi.d.ts";
const ASSETS: &str = "assets/console";

/// Builds the console into `assets/console`. A source that does not fit the API's description is an error.
pub fn build(project: &Project) -> Result<(), Failure> {
    step::starts("console", ASSETS);
    run(program(project, project.npm_tool("openapi-typescript")).args(["src/api/openapi.json", "--output", TYPES]))?;
    run(program(project, project.npm_tool("tsc")).args(["--project", "console"]))?;
    let (scripts, styles) = ("console/console.tsx", "console/console.css");
    let mut bundle = program(project, project.npm_tool("esbuild"));
    bundle.args([scripts, styles, "--bundle", "--minify", "--format=esm", "--target=es2022", "--log-level=warning"]);
    bundle.args(["--legal-comments=linked", &format!("--outdir={ASSETS}")]);
    run(&mut bundle)?;
    let (from, to) = (project.path("console/index.html"), project.path(ASSETS).join("index.html"));
    fs::copy(&from, to).map_err(Failure::at(&from)).map(drop)
}
