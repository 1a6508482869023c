//! What runs while the suite does. Nothing of it outlives this program: each ends when its standard input closes.

use super::Upstream;
use crate::arguments::Arguments;
use crate::dev::{self, Gateway, Run};
use crate::failure::Failure;
use crate::process::{self, program};
use crate::project::Project;
use crate::{records, step};
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

/// The gateway's state folder.
pub const STATE: &str = "target/conformance/state";
/// Everything the gateway prints.
const LOG: &str = "target/conformance/gateway.log";
const PROXY: &str = "tests/conformance/proxy.mjs";
/// Whom the demo account belongs to.
const TENANT: &str = "demo";
/// The suite makes more calls in a minute than a person, and all of them as one.
const LIMITS: [&str; 4] =
    ["RATE_LIMIT_BURST", "RATE_LIMIT_PER_MINUTE", "LOGIN_SOURCE_BURST", "LOGIN_SOURCE_PER_MINUTE"];

/// A program that says where it listens and ends with its standard input.
pub struct Companion {
    /// Where it listens.
    pub url: String,
    child: Child,
    _output: BufReader<ChildStdout>,
}

impl Companion {
    /// The fixture of one era.
    pub fn fixture(project: &Project, era: &str) -> Result<Self, Failure> {
        let mut command = program(project, "cargo");
        Self::start(command.args(["run", "--quiet", "--package", "gateway-fixture", "--", "--era", era]))
    }

    fn proxy(project: &Project, gateway: &str) -> Result<Self, Failure> {
        Self::start(program(project, "node").args([PROXY, gateway]))
    }

    fn start(command: &mut Command) -> Result<Self, Failure> {
        let name = command.get_program().to_string_lossy().into_owned();
        let start = |source| Failure::Start { program: name.clone(), source };
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(start)?;
        let output = child.stdout.take().ok_or_else(|| Failure::Unmet(format!("{name} has no output")))?;
        let (mut output, mut line) = (BufReader::new(output), String::new());
        output.read_line(&mut line).map_err(start)?;
        let url = line.trim().strip_prefix("listening on ").map(str::to_owned);
        let url = url.ok_or_else(|| Failure::Unmet(format!("{name} does not say where it listens: {line}")))?;
        Ok(Self { url, child, _output: output })
    }
}

impl Drop for Companion {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// A gateway with what stands behind it, and the proxy in front of it.
pub struct Stage {
    paths: Vec<(Upstream, String)>,
    // They end in this order.
    proxy: Companion,
    _gateway: Gateway,
    _fixtures: Vec<Companion>,
}

impl Stage {
    /// Prepares everything and starts it.
    pub fn set(project: &Project) -> Result<Self, Failure> {
        let state = new_state(project)?;
        build_fixture(project)?;
        let (mut fixtures, mut paths) = (Vec::new(), Vec::new());
        for upstream in Upstream::ALL {
            let fixture = Companion::fixture(project, upstream.name())?;
            paths.push((upstream, connect(project, &state, upstream.name(), &fixture.url)?));
            fixtures.push(fixture);
        }
        Self::start(project, state, paths, fixtures)
    }

    /// The same with nothing behind the gateway.
    pub fn set_alone(project: &Project) -> Result<Self, Failure> {
        Self::start(project, new_state(project)?, Vec::new(), Vec::new())
    }

    fn start(
        project: &Project,
        state: PathBuf,
        paths: Vec<(Upstream, String)>,
        fixtures: Vec<Companion>,
    ) -> Result<Self, Failure> {
        let run = Run { port: free_port()?, state, variables: variables() };
        let origin = format!("http://127.0.0.1:{}", run.port);
        let gateway = run_gateway(project, run, &origin)?;
        let proxy = Companion::proxy(project, &origin)?;
        Ok(Self { paths, proxy, _gateway: gateway, _fixtures: fixtures })
    }

    /// Where the gateway is found by those who cannot log in.
    pub fn origin(&self) -> &str {
        &self.proxy.url
    }

    /// Where the suite finds the virtual server of one upstream.
    pub fn url(&self, upstream: Upstream) -> String {
        let path = self.paths.iter().find(|(of, _)| *of == upstream).map_or("/mcp", |(_, path)| path);
        format!("{}{path}", self.proxy.url)
    }
}

/// Everything a gateway needs, and a database that nobody has used.
fn new_state(project: &Project) -> Result<PathBuf, Failure> {
    let state = project.path(STATE);
    if state.exists() {
        std::fs::remove_dir_all(&state).map_err(Failure::at(&state))?;
    }
    dev::prepare(project, &state)?;
    Ok(state)
}

/// Compiles the fixture, so that starting it takes no time.
pub fn build_fixture(project: &Project) -> Result<(), Failure> {
    step::starts("fixture", "cargo build --package gateway-fixture");
    process::run(program(project, "cargo").args(["build", "--quiet", "--package", "gateway-fixture"]))
}

fn run_gateway(project: &Project, mut run: Run, origin: &str) -> Result<Gateway, Failure> {
    run.variables.push(("ISSUER".to_owned(), origin.to_owned()));
    step::starts("gateway", &format!("wrangler dev on port {}", run.port));
    let mut gateway = Gateway::start_quietly(project, &run, &project.path(LOG))?;
    match gateway.first_answer(run.port)? {
        200 => Ok(gateway),
        status => Err(Failure::Unmet(format!("the gateway answers {status}: {LOG} says why"))),
    }
}

/// Puts a fixture behind the gateway, alone and under its own names, and returns the path it is found at.
fn connect(project: &Project, state: &Path, name: &str, url: &str) -> Result<String, Failure> {
    let folder = state.to_string_lossy();
    let add = |words: &[&str]| {
        let common = ["--tenant", TENANT, "--state", &folder];
        Arguments::new(words.iter().chain(&common).map(|word| (*word).to_owned()))
    };
    records::upstream(project, add(&["add", name, url]))?;
    records::server(project, add(&["add", name, "--upstream", name, "--prefix", "never"]))?;
    Ok(format!("/mcp/{name}"))
}

fn variables() -> Vec<(String, String)> {
    LIMITS.into_iter().map(|name| (name.to_owned(), "1000000".to_owned())).collect()
}

fn free_port() -> Result<u16, Failure> {
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    bound.map(|address| address.port()).map_err(|error| Failure::Unmet(format!("there is no free port: {error}")))
}
