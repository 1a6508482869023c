//! `cargo xtask dev`: the gateway on this machine.

use crate::arguments::Arguments;
use crate::build::{self, Profile};
use crate::failure::Failure;
use crate::process::program;
use crate::project::Project;
use crate::{database, secrets, step, tools};
use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How long a first answer may take, in tenths of a second.
const PATIENCE: u32 = 1_200;
/// How long a port may take to become free after another run, in tenths of a second.
const PORT_PATIENCE: u32 = 50;
/// So many answers other than 200 in a row are the gateway's own word, not that of a runtime that is still starting.
const REFUSALS: u32 = 10;
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
    gateway.wait()
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

/// A running `wrangler dev` with all it started. Nothing of it outlives this program, however this program ends.
pub struct Gateway {
    wrangler: Child,
    guard: Child,
}

impl Gateway {
    fn start(project: &Project, run: &Run) -> Result<Self, Failure> {
        Self::spawn(wrangler(project, run))
    }

    /// The same, with everything it prints in a file.
    pub fn start_quietly(project: &Project, run: &Run, log: &Path) -> Result<Self, Failure> {
        let output = File::create(log).map_err(Failure::at(log))?;
        let errors = output.try_clone().map_err(Failure::at(log))?;
        let mut command = wrangler(project, run);
        command.stdout(output).stderr(errors);
        Self::spawn(command)
    }

    fn spawn(mut wrangler: Command) -> Result<Self, Failure> {
        let start = |program: &str| {
            let program = program.to_owned();
            move |source| Failure::Start { program, source }
        };
        let mut wrangler = wrangler.spawn().map_err(start("wrangler"))?;
        let guard = guard(wrangler.id()).spawn().map_err(start("sh"));
        match guard {
            Ok(guard) => Ok(Self { wrangler, guard }),
            Err(failure) => {
                let _ = wrangler.kill();
                Err(failure)
            }
        }
    }

    /// The status of `GET /health/live`, once there is one.
    pub fn first_answer(&mut self, port: u16) -> Result<u16, Failure> {
        let (mut answered, mut refusals) = (0, 0);
        let settled = step::wait_until(PATIENCE, TENTH, || match self.wrangler.try_wait() {
            Ok(None) => {
                answered = liveness(port).unwrap_or(0);
                refusals += u32::from(answered != 0);
                Ok(answered == 200 || refusals == REFUSALS)
            }
            Ok(Some(status)) => Err(Failure::Program { program: "wrangler dev".into(), status }),
            Err(source) => Err(Failure::Start { program: "wrangler".into(), source }),
        })?;
        if settled { Ok(answered) } else { Err(Failure::Unmet("the gateway did not answer in two minutes".into())) }
    }

    fn wait(mut self) -> Result<(), Failure> {
        let status = self.wrangler.wait().map_err(|source| Failure::Start { program: "wrangler".into(), source })?;
        if status.success() { Ok(()) } else { Err(Failure::Program { program: "wrangler dev".into(), status }) }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // Closing the guard's input makes it end the group; waiting for both means that the port is free again.
        drop(self.guard.stdin.take());
        let _ = self.wrangler.wait();
        let _ = self.guard.wait();
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
    command.stdin(Stdio::null());
    own_group(&mut command);
    command
}

/// Waits until its input closes, which happens even when this program is killed, and then ends the process group `leader`.
fn guard(leader: u32) -> Command {
    let mut command = Command::new("sh");
    let script = "trap '' INT TERM HUP; cat >/dev/null; kill -TERM -$0; \
                  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do \
                  kill -0 -$0 || exit 0; sleep 0.1; done; kill -KILL -$0";
    command.args(["-c", script, &leader.to_string()]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    own_group(&mut command);
    command
}

#[cfg(unix)]
fn own_group(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(not(unix))]
fn own_group(_: &mut Command) {}

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
    use super::{guard, own_group, welcome};
    use std::process::Command;

    #[test]
    fn the_next_step_can_be_copied_as_it_stands() {
        let text = welcome(9000);
        assert!(text.contains("give it http://127.0.0.1:9000/mcp:"));
        assert!(text.contains(
            r#"curl -s http://127.0.0.1:9000/auth/login -H 'content-type: application/json' -d '{"username":"demo","password":"demo123"}'"#
        ));
    }

    #[cfg(unix)]
    #[test]
    fn the_guard_ends_a_whole_group_when_its_input_closes() {
        let mut group = Command::new("sh");
        group.args(["-c", "sleep 60 & sleep 60"]);
        own_group(&mut group);
        let mut leader = group.spawn().unwrap();
        let mut guard = guard(leader.id()).spawn().unwrap();
        assert!(leader.try_wait().unwrap().is_none());
        drop(guard.stdin.take());
        assert!(!leader.wait().unwrap().success());
        // How the guard itself ends says nothing: its last signal finds the group there or gone.
        guard.wait().unwrap();
        // An orphan that was ended is there until the system has collected it, which may take seconds.
        let left = format!("kill -0 -{} 2>/dev/null", leader.id());
        let gone = (0..100).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(100));
            !Command::new("sh").args(["-c", &left]).status().unwrap().success()
        });
        assert!(gone, "a process of the group is still there");
    }
}
