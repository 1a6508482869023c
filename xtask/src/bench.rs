//! `cargo xtask bench`: the gateway beside empty Workers, in one run and one harness.

use crate::arguments::Arguments;
use crate::build::{self, Profile};
use crate::failure::Failure;
use crate::process::{self, program};
use crate::project::Project;
use crate::{database, step, tools};
use std::process::Command;

/// The Worker the gateway is compared with.
const EMPTY_WORKER: &str = "bench/empty-worker";
const STATE: &str = "target/bench/state";

/// `cargo xtask bench [--seconds N] [--direct] [--entropy | --policies | --rooms | --traces SHARE | --against FOLDER]`; in the folder is
/// another build of the gateway, such as `build/` of another checkout, and the share is that of the traces that are recorded.
pub fn run(project: &Project, mut arguments: Arguments) -> Result<(), Failure> {
    let seconds: u32 = arguments.number("--seconds", 5)?;
    let direct = arguments.flag("--direct");
    let entropy = arguments.flag("--entropy");
    let policies = arguments.flag("--policies");
    let rooms = arguments.flag("--rooms");
    let traces = arguments.value("--traces")?;
    let against = arguments.value("--against")?;
    arguments.finish()?;
    load_program_is_there()?;
    prepare(project)?;
    let load = if entropy {
        "load, with healthy providers and with ones that hang"
    } else if policies {
        "team, with rules and without, and number of connections"
    } else if rooms {
        "call"
    } else if traces.is_some() {
        "call and number of connections, with traces and without"
    } else if against.is_some() {
        "build, call and number of connections"
    } else {
        "worker and number of connections"
    };
    step::starts("benchmark", &format!("{seconds} s for each {load}"));
    let mut command = program(project, "node");
    // The inspector is spoken to by WebSocket, which Node 20 has behind a flag.
    command
        .args(rooms.then_some("--experimental-websocket"))
        .arg("bench/run.mjs")
        .arg(seconds.to_string())
        .arg(project.path(STATE));
    command.args(direct.then_some("--direct")).args(entropy.then_some("--entropy"));
    command.args(policies.then_some("--policies"));
    command.args(rooms.then_some("--rooms"));
    command.args(traces.iter().flat_map(|share| ["--traces", share]));
    command.args(against.iter().flat_map(|folder| ["--against", folder]));
    process::run(&mut command)
}

/// `wrk` answers `-v` with its version and a failure.
fn load_program_is_there() -> Result<(), Failure> {
    let found = Command::new("wrk")
        .arg("-v")
        .output()
        .is_ok_and(|said| String::from_utf8_lossy(&said.stdout).starts_with("wrk"));
    if !cfg!(target_os = "linux") {
        return Err(Failure::Unmet("the benchmark reads CPU times from /proc: it runs on Linux".into()));
    }
    if found { Ok(()) } else { Err(Failure::Unmet("the benchmark needs wrk: `apt-get install wrk`".into())) }
}

fn prepare(project: &Project) -> Result<(), Failure> {
    let _one_at_a_time = project.lock()?;
    tools::install(project)?;
    build::build(project, Profile::Release)?;
    step::starts("empty Rust Worker", EMPTY_WORKER);
    build::worker_build(project, project.path(EMPTY_WORKER), "../../target/bench/empty-worker", Profile::Release)?;
    let state = project.path(STATE);
    if state.exists() {
        std::fs::remove_dir_all(&state).map_err(Failure::at(&state))?;
    }
    database::prepare(project, &state)
}
