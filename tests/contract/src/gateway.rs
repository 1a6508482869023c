//! Starting gateways on this machine.

use crate::fake::mcp::Upstream;
use crate::fake::sessions::Recorder;
use crate::fake::{Server, entropy, free_port, weather};
use crate::guard::Guarded;
use crate::seed::{self, Accounts, Addresses, Tools, User};
use crate::{client, fake, run};
use std::net::{Shutdown, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// How long a first answer may take: a cold checkout is built first.
const PATIENCE: Duration = Duration::from_mins(15);

/// SQLite has one writer at a time: whoever writes to a gateway's database from outside waits here.
static WRITER: Mutex<()> = Mutex::new(());

/// The operator's credential at the shared gateway.
pub const OPERATOR: &str = "the operator's own token, canary-51b0c9";

/// What a gateway is started with, besides a fresh state and a free port.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    variables: Vec<(String, String)>,
    accounts: Option<Addresses>,
}

impl Plan {
    /// With a variable or secret of this run.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    /// With the accounts of [`seed`].
    #[must_use]
    pub fn with_accounts(mut self, addresses: &Addresses) -> Self {
        self.accounts = Some(addresses.clone());
        self
    }
}

/// A running gateway. It ends when this value is dropped, and at the latest with the test process.
#[derive(Debug)]
pub struct Gateway {
    pub(crate) http: reqwest::Client,
    port: u16,
    process: Guarded,
    state: PathBuf,
    accounts: Accounts,
}

/// The stand-ins the shared gateway works with.
#[derive(Debug)]
pub struct World {
    /// The gateway.
    pub gateway: Gateway,
    /// Open-Meteo.
    pub weather: Server,
    /// ANU's current API.
    pub anu: entropy::Provider,
    /// ANU's older API.
    pub anu_legacy: entropy::Provider,
    /// Quantum Origin v1.
    pub origin: entropy::Provider,
    /// A Quantis appliance.
    pub quantis: entropy::Provider,
    /// The recorder of revision 2026-07-28.
    pub modern: Upstream,
    /// The recorder of revision 2025-11-25.
    pub legacy: Upstream,
    /// The recorder of sessions, with a place for every user of it.
    pub recorder: Recorder,
    addresses: Addresses,
    _servers: [Guarded; 3],
}

impl World {
    /// The one world most tests share. Started by the first test that asks.
    pub fn shared() -> &'static Self {
        static WORLD: OnceLock<World> = OnceLock::new();
        WORLD.get_or_init(Self::start)
    }

    /// The addresses of the tool servers, for another gateway's accounts.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    fn start() -> Self {
        let (modern, legacy) = (Upstream::modern(), Upstream::legacy());
        let (port, everything) = everything();
        let ((old, of_2025), (new, of_2026)) = (fixture("legacy"), fixture("modern"));
        let recorder = Recorder::start();
        let addresses = Addresses {
            everything: format!("http://127.0.0.1:{port}/mcp"),
            modern: modern.server.url("/mcp"),
            legacy: legacy.server.url("/mcp"),
            gone: format!("http://127.0.0.1:{}/mcp", fake::closed_port()),
            old,
            new,
            recorded: recorder.server.url(""),
        };
        let (weather, anu, anu_legacy) = (weather::start(), entropy::anu(), entropy::anu_legacy());
        let (origin, quantis) = (entropy::quantum_origin(), entropy::quantis());
        let secret = entropy::hex(&entropy::ORIGIN_SECRET);
        for canary in [entropy::ANU_KEY, entropy::ORIGIN_KEY, &secret, OPERATOR] {
            client::note_secret(canary);
        }
        let plan = Plan::default()
            .with_accounts(&addresses)
            .with("WEATHER_GEOCODING_URL", weather.url(""))
            .with("WEATHER_FORECAST_URL", weather.url(""))
            .with("ENTROPY_PROVIDERS", "anu,anu_legacy,quantinuum,idq")
            .with("ENTROPY_REFILL_SECONDS", "2")
            .with("ANU_API_KEY", entropy::ANU_KEY)
            .with("ANU_BASE_URL", anu.url(""))
            .with("ANU_LEGACY_BASE_URL", anu_legacy.url(""))
            .with("QUANTINUUM_API_KEY", entropy::ORIGIN_KEY)
            .with("QUANTINUUM_CLIENT_ID", entropy::ORIGIN_CLIENT)
            .with("QUANTINUUM_SHARED_SECRET", secret)
            .with("QUANTINUUM_BASE_URL", origin.url("/api/v1"))
            .with("IDQ_BASE_URL", quantis.url(""))
            .with("LOGIN_SOURCE_BURST", "100000")
            .with("LOGIN_SOURCE_PER_MINUTE", "100000")
            .with("REGISTRATION_SOURCE_BURST", "100000")
            .with("REGISTRATION_SOURCE_PER_MINUTE", "100000")
            .with("OPERATOR_TOKEN", OPERATOR)
            .with("METRICS_TOKEN", OPERATOR)
            .with("TENANT_DATABASES", seed::databases())
            .with("REDIRECT_SCHEMES", "com.example.app");
        let gateway = Gateway::start(&plan);
        let servers = [everything, of_2025, of_2026];
        Self {
            gateway,
            weather,
            anu,
            anu_legacy,
            origin,
            quantis,
            modern,
            legacy,
            recorder,
            addresses,
            _servers: servers,
        }
    }
}

impl Gateway {
    /// Starts a gateway and waits until it answers.
    pub fn start(plan: &Plan) -> Self {
        let gateway = Self::start_at(free_port(), fresh_state(), plan);
        if let Some(addresses) = &plan.accounts {
            gateway.sql(&seed::sql(addresses));
        }
        gateway
    }

    /// Starts a gateway on a state that is there already.
    pub fn start_on(state: &Path, plan: &Plan) -> Self {
        Self::start_at(free_port(), state.to_owned(), plan)
    }

    /// Ends it and starts it anew at the same address, with all that it keeps on disk and nothing that it had in memory.
    #[must_use]
    pub fn restarted(self, plan: &Plan) -> Self {
        self.anew(plan, drop)
    }

    /// The same, but it is ended in the middle of what it does (`SIGKILL`).
    #[must_use]
    pub fn killed_and_restarted(self, plan: &Plan) -> Self {
        self.anew(plan, Guarded::kill)
    }

    fn anew(self, plan: &Plan, end: impl FnOnce(Guarded)) -> Self {
        let Self { port, state, accounts, process, .. } = self;
        end(process);
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_ok() {
            assert!(start.elapsed() < Duration::from_secs(30), "the old gateway goes on");
            std::thread::sleep(Duration::from_millis(50));
        }
        Self { accounts, ..Self::start_at(port, state, plan) }
    }

    fn start_at(port: u16, state: PathBuf, plan: &Plan) -> Self {
        let mut command = xtask();
        command.args(["dev", "--port", &port.to_string(), "--state"]).arg(&state);
        for (name, value) in &plan.variables {
            command.arg("--var").arg(format!("{name}={value}"));
            run::keep_variable(name, value);
        }
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_mins(1))
            // Every test has a runtime of its own; a connection must not outlive the one it was made in.
            .pool_max_idle_per_host(0)
            .build()
            .expect("an HTTP client");
        let mut gateway =
            Self { http, port, process: Guarded::start_gateway(command), state, accounts: Accounts::default() };
        gateway.wait();
        gateway
    }

    fn wait(&mut self) {
        let start = Instant::now();
        while crate::raw::request(self, "GET", "/health/live", &[], b"").status == 0 {
            let printed = || self.process.lines().join("\n");
            assert!(start.elapsed() < PATIENCE, "the gateway does not answer:\n{}", printed());
            assert!(!self.process.has_ended(), "the gateway has ended:\n{}", self.process.lines().join("\n"));
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Runs SQL on its database, while it runs.
    pub fn sql(&self, sql: &str) {
        self.sql_on("DB", sql);
    }

    /// Runs SQL on a database that is bound to it, while it runs.
    pub fn sql_on(&self, database: &str, sql: &str) {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let file = self.state.join(format!("{}.sql", COUNTER.fetch_add(1, Ordering::SeqCst)));
        std::fs::write(&file, sql).expect("the file of statements");
        let mut command = program("wrangler");
        command
            .args(["d1", "execute", database, "--local", "--yes", "--persist-to"])
            .arg(&self.state)
            .arg("--file")
            .arg(&file);
        let output = written(command);
        let printed = [output.stdout, output.stderr].concat();
        assert!(output.status.success(), "wrangler d1 execute: {}", String::from_utf8_lossy(&printed));
    }

    /// Gives a user's tenant one more tool server. It is seen within five seconds.
    pub fn upstream(&self, user: &User, name: &str, url: &str) {
        let User { id, tenant, .. } = user;
        self.sql(&format!(
            "INSERT INTO upstreams (id, tenant_id, name, url, created_at) VALUES ('ups-{name}-{id}', '{tenant}', '{name}', '{url}', 1);"
        ));
    }

    /// Runs a `cargo xtask` command that adds rows, on its database and while it runs, with variables of the environment.
    pub fn add(&self, words: &[&str], variables: &[(&str, &str)]) -> Output {
        let mut command = xtask();
        command.args(words).arg("--state").arg(&self.state).envs(variables.iter().copied());
        written(command)
    }

    /// The folder it keeps its state in.
    pub fn state(&self) -> &Path {
        &self.state
    }

    /// The loopback port it listens at.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `http://127.0.0.1:PORT` and then `path`.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// A user nobody has taken before.
    pub fn user(&self, tools: Tools) -> User {
        self.accounts.take(tools)
    }

    /// Every line it printed so far, without what `wrangler dev` writes around a warning or an error.
    pub fn lines(&self) -> Vec<String> {
        self.process.lines().iter().map(|line| undecorated(line).to_owned()).collect()
    }
}

/// `▲ [WARNING] {…}` and `✘ [ERROR] {…}`, with or without colours, become `{…}`; every other line stays as it is.
pub fn undecorated(line: &str) -> &str {
    let marked = ["WARNING", "ERROR"].iter().any(|mark| line.chars().take(50).collect::<String>().contains(mark));
    match (line.find('{'), line.rfind('}')) {
        (Some(start), Some(end)) if marked && start < end => &line[start..=end],
        _ => line,
    }
}

/// The project's folder.
pub fn workspace() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.ancestors().nth(2).expect("the workspace").to_owned()
}

/// Runs what writes to a database that the gateway is writing to: again where that was busy, which changes nothing.
fn written(mut command: Command) -> Output {
    let _only = WRITER.lock().unwrap_or_else(PoisonError::into_inner);
    let start = Instant::now();
    loop {
        let output = command.output().expect("a command that writes");
        let printed = [output.stdout.as_slice(), &output.stderr].concat();
        let busy = !output.status.success() && String::from_utf8_lossy(&printed).contains("SQLITE_BUSY");
        if !busy || start.elapsed() > PATIENCE {
            return output;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// A program that finds the npm programs first: the Node.js among them is the one wrangler needs.
pub fn program(name: &str) -> Command {
    let mut path = workspace().join("node_modules/.bin").into_os_string();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let mut command = Command::new(name);
    command.current_dir(workspace()).env("PATH", path).env("WRANGLER_SEND_METRICS", "false");
    command
}

/// `cargo xtask`, or the program that `XTASK` names.
pub fn xtask() -> Command {
    if let Some(built) = std::env::var_os("XTASK") {
        return program(&built.to_string_lossy());
    }
    let mut command = program(option_env!("CARGO").unwrap_or("cargo"));
    command.args(["run", "--quiet", "--package", "xtask", "--"]);
    command
}

/// A new folder below `target/contract`; those of runs that have ended are removed.
pub fn fresh_state() -> PathBuf {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let all = workspace().join("target/contract");
    for old in std::fs::read_dir(&all).into_iter().flatten().flatten() {
        let name = old.file_name().to_string_lossy().into_owned();
        let owner = name.split('-').next().unwrap_or_default();
        if Path::new("/proc/self").exists() && !Path::new("/proc").join(owner).exists() {
            let _ = std::fs::remove_dir_all(old.path());
        }
    }
    let state = all.join(format!("{}-{}", std::process::id(), COUNTER.fetch_add(1, Ordering::SeqCst)));
    std::fs::create_dir_all(&state).expect("a folder for the state");
    state
}

/// The reference server of the protocol, over streamable HTTP.
fn everything() -> (u16, Guarded) {
    let port = free_port();
    let mut command = program("node");
    command
        .args(["node_modules/@modelcontextprotocol/server-everything/dist/index.js", "streamableHttp"])
        .env("PORT", port.to_string());
    let mut process = Guarded::start(command);
    let start = Instant::now();
    loop {
        if let Ok(stream) = TcpStream::connect(("127.0.0.1", port)) {
            let _ = stream.shutdown(Shutdown::Both);
            return (port, process);
        }
        let dead = process.has_ended() || start.elapsed() > Duration::from_secs(30);
        assert!(!dead, "server-everything does not listen:\n{}", process.lines().join("\n"));
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The project's own server of everything, of one era: its address.
fn fixture(era: &str) -> (String, Guarded) {
    let own = std::env::current_exe().expect("the test's own program");
    let folder = own.ancestors().nth(2).expect("the folder of programs");
    let mut command = Command::new(folder.join("gateway-fixture"));
    command.args(["--era", era]);
    let mut process = Guarded::start_with_input(command);
    let start = Instant::now();
    loop {
        if let Some(url) = process.lines().iter().find_map(|line| line.strip_prefix("listening on ")) {
            return (url.to_owned(), process);
        }
        let dead = process.has_ended() || start.elapsed() > Duration::from_secs(30);
        assert!(!dead, "gateway-fixture does not listen:\n{}", process.lines().join("\n"));
        std::thread::sleep(Duration::from_millis(20));
    }
}
