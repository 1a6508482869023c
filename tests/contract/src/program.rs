//! Programs that are clients of the gateway: they say where a person is to go, one JSON value a line, and are told where the
//! person arrived.

use crate::guard::Guarded;
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::process::{ChildStdin, Command};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_mins(1);

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

    /// The first word of its error output that begins with this: an address that it asks a person to visit.
    pub async fn asks_to_visit(&self, prefix: &str) -> String {
        let start = Instant::now();
        loop {
            let complaints = self.complaints();
            // The last line may not be whole.
            let whole = complaints.rsplit_once('\n').map_or("", |(whole, _)| whole);
            if let Some(found) = whole.split_whitespace().find(|word| word.starts_with(prefix)) {
                return found.to_owned();
            }
            assert!(start.elapsed() < PATIENCE, "it asks for nothing:\n{complaints}");
            pause().await;
        }
    }

    /// Everything on its error output.
    pub fn complaints(&self) -> String {
        self.process.lines().iter().map(|line| format!("{line}\n")).collect()
    }
}

async fn pause() {
    tokio::time::sleep(Duration::from_millis(20)).await;
}
