//! Makes the static files that the Worker serves: the API's page, the pages of people, and the console.

use crate::failure::Failure;
use crate::process::{program, run};
use crate::project::{Project, copy_folder, fingerprint, read_if_there, write};
use crate::step;
use std::fs;

/// What they are made of.
const MADE_OF: [&str; 6] = [
    "console",
    "docs-page",
    "pages",
    "src/api/openapi.json",
    "node_modules/.installed-lock.json",
    "xtask/src/assets.rs",
];
/// What of the API page's library is served.
const SWAGGER_FILES: [&str; 5] = ["swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png", "LICENSE", "NOTICE"];
/// The libraries in the console's bundle.
const BUNDLED: [&str; 3] = ["preact", "uplot", "openapi-fetch"];
/// The types of the console's API client, made of the API's description. `console/tsconfig.json` names the place.
const TYPES: &str = "target/console/openapi.d.ts";

/// Makes them when anything they are made of has changed.
pub fn build(project: &Project) -> Result<(), Failure> {
    let wanted = fingerprint(&MADE_OF.map(|path| project.path(path)))?;
    let (stamp, last) = (project.path("target/assets.stamp"), project.path("assets/console/index.html"));
    if last.is_file() && read_if_there(&stamp)?.as_deref() == Some(wanted.as_str()) {
        step::holds("static files");
        return Ok(());
    }
    documentation_page(project)?;
    pages(project)?;
    console(project)?;
    write(&stamp, wanted)
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

/// Puts the style and the pictures of the pages there; the style is one file with the colours in it.
fn pages(project: &Project) -> Result<(), Failure> {
    copy_folder(&project.path("pages"), &project.path("assets/pages"))?;
    bundle(project, &["pages/style.css"], "assets/pages")
}

/// Makes the console. A source of it that does not fit the API's description is an error.
fn console(project: &Project) -> Result<(), Failure> {
    step::starts("console", "assets/console");
    run(program(project, project.npm_tool("openapi-typescript")).args(["src/api/openapi.json", "--output", TYPES]))?;
    run(program(project, project.npm_tool("tsc")).args(["--project", "console"]))?;
    bundle(project, &["console/console.tsx", "console/console.css"], "assets/console")?;
    let mut licences = String::new();
    for library in BUNDLED {
        let text = read_if_there(&project.path(&format!("node_modules/{library}/LICENSE")))?;
        let text = text.ok_or_else(|| Failure::Unmet(format!("the licence of {library} is missing")))?;
        licences.extend([library, "\n\n", text.trim(), "\n\n"]);
    }
    write(&project.path("assets/console/LICENSES.txt"), licences)?;
    let (from, to) = (project.path("console/index.html"), project.path("assets/console/index.html"));
    fs::copy(&from, to).map_err(Failure::at(&from)).map(drop)
}

/// Makes one small file of each of these and of all it imports.
fn bundle(project: &Project, files: &[&str], into: &str) -> Result<(), Failure> {
    let mut esbuild = program(project, project.npm_tool("esbuild"));
    esbuild.args(files).args(["--bundle", "--minify", "--format=esm", "--target=es2022", "--log-level=warning"]);
    esbuild.args(["--legal-comments=none", "--allow-overwrite", &format!("--outdir={into}")]);
    run(&mut esbuild)
}
