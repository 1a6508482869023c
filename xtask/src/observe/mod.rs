//! `cargo xtask observe`: what watches a local gateway, from packages, for machines without a container engine.
//!
//! Prometheus has the configuration of `observability/compose.yaml`. What differs from machine to machine, the gateway's port and its
//! token, stands in two files of its own. It also draws the dashboards; a collector and a store of traces stand beside it if asked for.

mod dashboard;
mod pages;
mod traces;

use crate::arguments::Arguments;
use crate::failure::Failure;
use crate::group::Group;
use crate::process::{answer, program};
use crate::project::{Project, copy_folder, files_below, read_if_there, write};
use crate::secrets::{self, METRICS_TOKEN};
use crate::step;
use std::path::{Path, PathBuf};
use traces::{Ports, Traces};

/// What is run, and the name of the Debian package that brings it.
const PROMETHEUS: &str = "prometheus";
/// The folder of its configuration.
const CONFIGURATION: &str = "observability/prometheus";
/// The folder of the dashboards.
const DASHBOARDS: &str = "observability/grafana/dashboards";

struct Watch {
    gateway_port: u16,
    port: u16,
    state: PathBuf,
    token: String,
    traces: Option<Ports>,
}

/// `observe [--gateway-port N] [--port N] [--state DIR] [--token-from VARIABLE] [--traces [--collector-port N] [--store-port N]]`
pub fn run(project: &Project, arguments: Arguments) -> Result<(), Failure> {
    let watch = read(project, arguments)?;
    let version = answer(program(project, PROMETHEUS).arg("--version"))
        .ok_or_else(|| Failure::Unmet(absent(project.path("observability/compose.yaml").as_path())))?;
    step::holds(version.lines().next().unwrap_or(PROMETHEUS));
    lay_out(&project.path(CONFIGURATION), &watch)?;
    let mut prometheus = program(project, PROMETHEUS);
    prometheus
        .arg(format!("--config.file={}", watch.state.join("prometheus.yml").display()))
        .arg(format!("--storage.tsdb.path={}", watch.state.join("data").display()))
        .arg("--storage.tsdb.retention.time=7d")
        .arg(format!("--web.listen-address=127.0.0.1:{}", watch.port));
    let url = format!("http://127.0.0.1:{}", watch.port);
    if let Some(library) = pages::library() {
        let to = watch.state.join("consoles");
        pages::lay_out(&files_below(&project.path(DASHBOARDS))?, &to)?;
        prometheus.arg(format!("--web.console.templates={}", to.display()));
        prometheus.arg(format!("--web.console.libraries={}", library.display()));
        step::note(&format!("the dashboards are at {url}/consoles/overview.html"));
    } else {
        step::note("this Prometheus came without its library for pages: the dashboards are not drawn");
    }
    let _traces = watch.traces.map(|ports| Traces::start(project, &watch, ports)).transpose()?;
    step::starts(PROMETHEUS, &format!("{url} asks the gateway on port {}", watch.gateway_port));
    Group::start(PROMETHEUS, &mut prometheus)?.wait()
}

fn read(project: &Project, mut arguments: Arguments) -> Result<Watch, Failure> {
    let gateway_port = arguments.number("--gateway-port", 8787)?;
    let port = arguments.number("--port", 9090)?;
    let state = arguments.value("--state")?.map_or_else(|| project.path(".wrangler/observability"), PathBuf::from);
    let state = std::path::absolute(&state).map_err(Failure::at(&state))?;
    let variable = arguments.value("--token-from")?;
    let ports = Ports {
        collector: arguments.number("--collector-port", 4318)?,
        store: arguments.number("--store-port", 6006)?,
    };
    let traces = arguments.flag("--traces").then_some(ports);
    arguments.finish()?;
    let token = match variable {
        Some(name) => std::env::var(&name).map_err(|_| Failure::Unmet(format!("the variable {name} is not set")))?,
        None => local_token(project)?,
    };
    Ok(Watch { gateway_port, port, state, token, traces })
}

/// The token that the set-up made for the gateway of this checkout.
fn local_token(project: &Project) -> Result<String, Failure> {
    let text = read_if_there(&project.path(".dev.vars"))?.unwrap_or_default();
    let token = secrets::value(&text, METRICS_TOKEN).map(str::to_owned);
    token.ok_or_else(|| Failure::Unmet(format!("{METRICS_TOKEN} is not in .dev.vars: `cargo xtask dev` puts it there")))
}

/// The configuration as it stands in the project, and beside it where the gateway is and what it is shown.
fn lay_out(configuration: &Path, watch: &Watch) -> Result<(), Failure> {
    copy_folder(configuration, &watch.state)?;
    write(&watch.state.join("gateway.json"), format!("[{{\"targets\": [\"127.0.0.1:{}\"]}}]\n", watch.gateway_port))?;
    secrets::write_secret(&watch.state.join("metrics-token"), watch.token.clone())
}

fn absent(compose: &Path) -> String {
    format!(
        "there is no program `{PROMETHEUS}` here. On Debian and Ubuntu it is the package of that name: \
         apt-get install --no-install-recommends {PROMETHEUS}. With a container engine, run {} instead",
        compose.display()
    )
}

#[cfg(test)]
mod tests {
    use super::{Watch, absent, lay_out};
    use std::fs;
    use std::path::{Path, PathBuf};

    fn fresh(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("gateway-observe-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        folder
    }

    #[test]
    fn what_is_laid_out_is_the_configuration_of_the_compose_file_with_the_gateway_that_was_asked_for() {
        let configuration = Path::new(env!("CARGO_MANIFEST_DIR")).join("../observability/prometheus");
        let watch = Watch { gateway_port: 4711, port: 1, state: fresh("laid"), token: "a-secret".into(), traces: None };
        lay_out(&configuration, &watch).unwrap();
        let text = |name: &str| fs::read_to_string(watch.state.join(name)).unwrap();
        for name in ["prometheus.yml", "alerts.yml"] {
            assert_eq!(text(name), fs::read_to_string(configuration.join(name)).unwrap(), "{name}");
        }
        let targets: serde_json::Value = serde_json::from_str(&text("gateway.json")).unwrap();
        assert_eq!(targets[0]["targets"][0], "127.0.0.1:4711");
        assert_eq!(text("metrics-token"), "a-secret");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(watch.state.join("metrics-token")).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        fs::remove_dir_all(&watch.state).unwrap();
    }

    #[test]
    fn who_lacks_the_program_is_told_its_package() {
        let told = absent(Path::new("/p/observability/compose.yaml"));
        assert!(told.contains("apt-get install --no-install-recommends prometheus"));
        assert!(told.contains("/p/observability/compose.yaml"));
    }
}
