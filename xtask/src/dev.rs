//! `cargo xtask dev`: the gateway on this machine.

use crate::arguments::Arguments;
use crate::build::{self, Profile};
use crate::failure::Failure;
use crate::group::Group;
use crate::process::program;
use crate::project::Project;
use crate::{database, secrets, step, tools};
use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// How long a first answer may take, in tenths of a second.
const PATIENCE: u32 = 1_200;
/// How long a port may take to become free after another run, in tenths of a second.
const PORT_PATIENCE: u32 = 50;
/// So many answers other than 200 in a row are the gateway's own word, not that of a runtime that is still starting.
const REFUSALS: u32 = 10;
/// What failures call it.
const WRANGLER: &str = "wrangler dev";
const TENTH: Duration = Duration::from_millis(100);

/// What one run was asked for.
pub struct Run {
    /// The loopback port.
    pub port: u16,
    /// The folder the gateway keeps its state in.
    pub state: PathBuf,
    /// `NAME=VALUE` pairs that stand over `.dev.vars` and wrangler.toml.
    pub variables: Vec<(String, String)>,
}

/// `cargo xtask dev [--port N] [--state DIR] [--var NAME=VALUE]…`
pub fn run(project: &Project, arguments: Arguments) -> Result<(), Failure> {
    let run = read(project, arguments)?;
    prepare(project, &run.state)?;
    wait_for_port(run.port)?;
    step::starts("gateway", &format!("wrangler dev on port {}", run.port));
    let mut gateway = Gateway::start(project, &run)?;
    match gateway.first_answer(run.port)? {
        200 => println!("{}", welcome(run.port)),
        status => step::note(&format!("the gateway answers {status} and does not serve: GET /health/live says why")),
    }
    gateway.0.wait()
}

/// Everything a local gateway needs, in the order it needs it.
pub fn prepare(project: &Project, state: &Path) -> Result<(), Failure> {
    let _one_at_a_time = project.lock()?;
    tools::install(project)?;
    secrets::write_missing(project)?;
    build::build(project, Profile::Release)?;
    database::prepare(project, state)
}

fn read(project: &Project, mut arguments: Arguments) -> Result<Run, Failure> {
    let port = arguments.number("--port", 8787)?;
    let state = arguments.value("--state")?.map_or_else(|| project.state(), PathBuf::from);
    let state = std::path::absolute(&state).map_err(Failure::at(&state))?;
    let mut variables = vec![("ISSUER".to_owned(), format!("http://127.0.0.1:{port}"))];
    for pair in arguments.values("--var")? {
        let (name, value) =
            pair.split_once('=').ok_or_else(|| Failure::Usage(format!("--var wants NAME=VALUE, not {pair}")))?;
        variables.push((name.to_owned(), value.to_owned()));
    }
    arguments.finish()?;
    Ok(Run { port, state, variables })
}

/// A running `wrangler dev`. It ends with this value.
pub struct Gateway(Group);

impl Gateway {
    fn start(project: &Project, run: &Run) -> Result<Self, Failure> {
        Group::start(WRANGLER, &mut wrangler(project, run)).map(Self)
    }

    /// The same, with everything it prints in a file.
    pub fn start_quietly(project: &Project, run: &Run, log: &Path) -> Result<Self, Failure> {
        let output = File::create(log).map_err(Failure::at(log))?;
        let errors = output.try_clone().map_err(Failure::at(log))?;
        Group::start(WRANGLER, wrangler(project, run).stdout(output).stderr(errors)).map(Self)
    }

    /// The status of `GET /health/live`, once there is one.
    pub fn first_answer(&mut self, port: u16) -> Result<u16, Failure> {
        let (mut answered, mut refusals) = (0, 0);
        let settled = step::wait_until(PATIENCE, TENTH, || {
            self.0.still_runs()?;
            answered = liveness(port).unwrap_or(0);
            refusals += u32::from(answered != 0);
            Ok(answered == 200 || refusals == REFUSALS)
        })?;
        if settled { Ok(answered) } else { Err(Failure::Unmet("the gateway did not answer in two minutes".into())) }
    }
}

fn wrangler(project: &Project, run: &Run) -> Command {
    let mut command = program(project, project.npm_tool("wrangler"));
    command
        .args(["dev", "--ip", "127.0.0.1", "--inspector-port", "0", "--show-interactive-dev-session=false", "--port"])
        .arg(run.port.to_string())
        .arg("--persist-to")
        .arg(&run.state);
    for (name, value) in &run.variables {
        command.arg("--var").arg(format!("{name}:{value}"));
    }
    // Several gateways side by side bear the same name: each has a registry and a log of its own.
    command.env("WRANGLER_REGISTRY_PATH", run.state.join("registry")).env("WRANGLER_LOG_PATH", run.state.join("logs"));
    command
}

fn wait_for_port(port: u16) -> Result<(), Failure> {
    let free = step::wait_until(PORT_PATIENCE, TENTH, || Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()))?;
    if free { Ok(()) } else { Err(Failure::Unmet(format!("port {port} is in use: say another one with --port"))) }
}

/// The status the gateway answers at its liveness address.
fn liveness(port: u16) -> Option<u16> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
    write!(stream, "GET /health/live HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n").ok()?;
    let mut start = [0_u8; 12];
    stream.read_exact(&mut start).ok()?;
    std::str::from_utf8(&start).ok()?.split(' ').nth(1)?.parse().ok()
}

fn welcome(port: u16) -> String {
    let url = format!("http://127.0.0.1:{port}");
    format!(
        "\nThe gateway is ready: {url}\n\n  demo login   demo / demo123 (in this local database only)\n  API page     {url}/docs\n  \
         MCP client   give it {url}/mcp: a browser opens, sign in and allow it\n  account      {url}/account\n  \
         next step    curl -s {url}/auth/login -H 'content-type: application/json' \
         -d '{{\"username\":\"demo\",\"password\":\"demo123\"}}'\n  stop         Ctrl-C\n"
    )
}

#[cfg(test)]
mod tests {
    use super::welcome;

    #[test]
    fn the_next_step_can_be_copied_as_it_stands() {
        let text = welcome(9000);
        assert!(text.contains("give it http://127.0.0.1:9000/mcp:"));
        assert!(text.contains(
            r#"curl -s http://127.0.0.1:9000/auth/login -H 'content-type: application/json' -d '{"username":"demo","password":"demo123"}'"#
        ));
    }
}
