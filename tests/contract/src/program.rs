//! Programs that are clients of the gateway: they say where a person is to go, one JSON value a line, and are told where the
//! person arrived.

use crate::guard::Guarded;
use crate::{fresh_state, program, workspace};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{ChildStdin, Command};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_mins(1);

/// A home folder and a browser for programs: what they would have shown to a person is noted here instead.
#[derive(Debug)]
pub struct Desk {
    home: PathBuf,
}

impl Desk {
    /// One that nobody has used.
    pub fn new() -> Self {
        let home = fresh_state();
        let browser = workspace().join("tests/contract/clients/browser.sh");
        std::fs::create_dir(home.join("bin")).expect("a folder");
        for name in ["xdg-open", "open"] {
            std::os::unix::fs::symlink(&browser, home.join("bin").join(name)).expect("a link");
        }
        Self { home }
    }

    /// A program that runs here.
    pub fn command(&self, name: &str) -> Command {
        let mut command = program(name);
        let browser = workspace().join("tests/contract/clients/browser.sh");
        let inherited = command.get_envs().find(|(name, _)| *name == "PATH").and_then(|(_, path)| path);
        let mut path = self.home.join("bin").into_os_string();
        path.push(":");
        path.push(inherited.unwrap_or_default());
        let visited = self.home.join("visited");
        command.env("PATH", path).env("HOME", &self.home).env("BROWSER", browser).env("VISITED", visited);
        command
    }

    /// The first page that a person was to be shown, within a minute.
    pub async fn shown(&self) -> String {
        let start = Instant::now();
        loop {
            if let Some(first) = self.shown_all().into_iter().next() {
                return first;
            }
            assert!(start.elapsed() < PATIENCE, "no page was to be shown");
            pause().await;
        }
    }

    /// Every page that a person was to be shown.
    pub fn shown_all(&self) -> Vec<String> {
        let visited = std::fs::read_to_string(self.home.join("visited")).unwrap_or_default();
        visited.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')).map(str::to_owned).collect()
    }
}

impl Default for Desk {
    fn default() -> Self {
        Self::new()
    }
}

/// A program that is talked to. It ends when this value is dropped.
#[derive(Debug)]
pub struct Program {
    input: ChildStdin,
    told: Receiver<Value>,
    process: Guarded,
}

/// A method panics, with what the program complained of, when nothing comes within a minute.
impl Program {
    /// Starts one. Lines that are not JSON are passed over.
    pub fn start(command: Command) -> Self {
        let (process, input, output) = Guarded::start_conversation(command);
        let (sender, told) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let Ok(value) = serde_json::from_str(&line) else { continue };
                let _ = sender.send(value);
            }
        });
        Self { input, told, process }
    }

    /// Tells it something.
    #[track_caller]
    pub fn tell(&mut self, value: &Value) {
        let written = self.input.write_all(format!("{value}\n").as_bytes());
        written.unwrap_or_else(|error| panic!("it does not listen: {error}\n{}", self.complaints()));
    }

    /// What it says next.
    pub async fn told(&self) -> Value {
        self.told_when(|_| true).await
    }

    /// The next of what it says that is meant.
    pub async fn told_when(&self, meant: impl Fn(&Value) -> bool) -> Value {
        let start = Instant::now();
        loop {
            match self.told.recv_timeout(Duration::ZERO) {
                Ok(value) if meant(&value) => return value,
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) if start.elapsed() < PATIENCE => pause().await,
                Err(error) => panic!("it says nothing: {error}\n{}", self.complaints()),
            }
        }
    }

    /// Everything on its error output.
    pub fn complaints(&self) -> String {
        self.process.lines().join("\n")
    }
}

async fn pause() {
    tokio::time::sleep(Duration::from_millis(20)).await;
}
