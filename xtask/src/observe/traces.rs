//! What takes the gateway's spans and shows them, from Python's packages: the collector Rotel and the store Phoenix.
//!
//! The gateway sends OTLP in JSON, the store takes it in Protocol Buffers alone, and the collector is between them, as one is in
//! production. The store's gRPC port cannot be bound to the loopback, so nobody may write there, or look, without a credential.

use super::Watch;
use crate::failure::Failure;
use crate::group::Group;
use crate::process::{answer, program, run};
use crate::project::{Project, read_if_there, write};
use crate::{secrets, step};
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Both programs and all they need, in exact versions.
const REQUIREMENTS: &str = "observability/traces/requirements.txt";
/// Where they are installed.
const PLACE: &str = "target/tools/traces";
/// The name of the store's only account.
const ACCOUNT: &str = "admin@localhost";
/// How long the store may take to make its database, in seconds.
const PATIENCE: u32 = 120;

/// The loopback ports of both.
#[derive(Clone, Copy)]
pub struct Ports {
    /// Where the gateway sends to.
    pub collector: u16,
    /// Where a browser looks.
    pub store: u16,
}

/// Both programs. They end with this value.
pub struct Traces {
    _collector: Group,
    _store: Group,
}

impl Traces {
    /// Installs what is missing, starts both, and waits until the store answers.
    pub fn start(project: &Project, watch: &Watch, ports: Ports) -> Result<Self, Failure> {
        install(project)?;
        let folder = watch.state.join("traces");
        let credential = hex_key()?;
        let mut store = store(project, &folder, ports, &credential)?;
        let mut collector = collector(project, &folder, ports, &credential)?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, ports.store));
        let answers = step::wait_until(PATIENCE, Duration::from_secs(1), || {
            store.still_runs()?;
            collector.still_runs()?;
            Ok(TcpStream::connect(address).is_ok())
        })?;
        if !answers {
            return Err(Failure::Unmet(format!(
                "the store of traces did not answer: {}",
                folder.join("store.log").display()
            )));
        }
        step::note(&format!(
            "spans are taken at port {}: cargo xtask dev --var OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:{0}",
            ports.collector
        ));
        step::note(&format!(
            "traces are shown at http://127.0.0.1:{}: {ACCOUNT}, whose first password is in {}",
            ports.store,
            password_file(&folder).display()
        ));
        Ok(Self { _collector: collector, _store: store })
    }
}

fn install(project: &Project) -> Result<(), Failure> {
    let wanted = read_if_there(&project.path(REQUIREMENTS))?.unwrap_or_default();
    let stamp = project.path(PLACE).join("installed.txt");
    if read_if_there(&stamp)?.as_deref() == Some(wanted.as_str()) {
        step::holds("collector and store of traces");
        return Ok(());
    }
    step::starts("collector and store of traces", &format!("pip install --no-deps -r {REQUIREMENTS}, into {PLACE}"));
    run(program(project, "python3").args(["-m", "venv", PLACE]))?;
    let mut pip = program(project, python(project));
    run(pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r", REQUIREMENTS]))?;
    write(&stamp, wanted)
}

fn python(project: &Project) -> PathBuf {
    project.path(PLACE).join("bin/python")
}

fn password_file(folder: &Path) -> PathBuf {
    folder.join("password")
}

fn store(project: &Project, folder: &Path, ports: Ports, credential: &str) -> Result<Group, Failure> {
    let file = password_file(folder);
    let password = if let Some(password) = read_if_there(&file)? {
        password
    } else {
        let made = secrets::random_key()?;
        secrets::write_secret(&file, made.clone())?;
        made
    };
    let mut command = program(project, python(project));
    command.args(["-m", "phoenix.server.main", "serve"]);
    command
        .env("PHOENIX_WORKING_DIR", folder)
        .env("PHOENIX_HOST", "127.0.0.1")
        .env("PHOENIX_PORT", ports.store.to_string())
        .env("PHOENIX_GRPC_PORT", "0") // any: it is not used
        .env("PHOENIX_ENABLE_AUTH", "true")
        .env("PHOENIX_SECRET", hex_key()?)
        .env("PHOENIX_ADMIN_SECRET", credential)
        .env("PHOENIX_DEFAULT_ADMIN_INITIAL_PASSWORD", password)
        .env("PHOENIX_TELEMETRY_ENABLED", "false")
        .env("PHOENIX_ALLOW_EXTERNAL_RESOURCES", "false")
        .env("PHOENIX_DISABLE_AGENT_ASSISTANT", "true");
    started("the store of traces", &mut command, &folder.join("store.log"))
}

fn collector(project: &Project, folder: &Path, ports: Ports, credential: &str) -> Result<Group, Failure> {
    let ask = "import os, rotel; print(os.path.join(os.path.dirname(rotel.__file__), 'rotel-agent'))";
    let agent = answer(program(project, python(project)).args(["-c", ask]))
        .ok_or_else(|| Failure::Unmet(format!("the collector is not in {PLACE}")))?;
    let mut command = program(project, agent);
    command
        .arg("start")
        .arg(format!("--otlp-http-endpoint=127.0.0.1:{}", ports.collector))
        .arg("--otlp-grpc-endpoint=127.0.0.1:0")
        .args(["--exporter=otlp", "--otlp-exporter-protocol=http"])
        .arg(format!("--otlp-exporter-endpoint=http://127.0.0.1:{}", ports.store))
        // Not among the arguments, which every user of the machine can see.
        .env("ROTEL_OTLP_EXPORTER_CUSTOM_HEADERS", format!("authorization=Bearer {credential}"));
    started("the collector", &mut command, &folder.join("collector.log"))
}

fn started(name: &str, command: &mut Command, log: &Path) -> Result<Group, Failure> {
    let output = File::create(log).map_err(Failure::at(log))?;
    let errors = output.try_clone().map_err(Failure::at(log))?;
    step::starts(name, &format!("its words are in {}", log.display()));
    Group::start(name, command.stdout(output).stderr(errors))
}

/// A key in the form that the store takes: digits and small letters.
fn hex_key() -> Result<String, Failure> {
    Ok(format!("{:032x}", u128::from_be_bytes(secrets::random_bytes()?)))
}
