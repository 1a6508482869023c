//! Child processes that never outlive the test process, and the end of a run whose gateway broke down.

use crate::run;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What a gateway prints when its code was ended by force, or waited for what cannot come. Requests that are under way then
/// fail, and the next ones meet a new instance: a test that asks nothing at that moment sees nothing of it.
pub const BREAKDOWNS: [&str; 3] = ["Critical error", "had hung", "RuntimeError"];

/// The status of a test process whose gateway broke down.
pub const BROKEN: i32 = 97;

/// How long the lines that follow a breakdown are waited for.
const AFTERMATH: Duration = Duration::from_millis(500);

/// Lines a process printed, on both of its outputs, in the order they came.
pub type Lines = Arc<Mutex<Vec<String>>>;

/// A process in its own process group.
///
/// A second small process, the watchdog, reads a pipe whose other end only this process holds. When this process ends, in
/// whatever way, the pipe closes and the watchdog ends the whole group.
#[derive(Debug)]
pub struct Guarded {
    child: Child,
    watchdog: Child,
    lines: Lines,
}

impl Guarded {
    /// Starts `command` and collects what it prints.
    pub fn start(command: Command) -> Self {
        Self::start_with(command, Stdio::null(), None)
    }

    /// Starts a gateway. When it breaks down the whole run has failed: this process ends with [`BROKEN`].
    pub fn start_gateway(command: Command) -> Self {
        Self::start_with(command, Stdio::null(), Some(end_the_run))
    }

    /// Starts a `command` that is talked to; only what it prints on its error output is collected.
    pub fn start_conversation(command: Command) -> (Self, ChildStdin, ChildStdout) {
        let mut guarded = Self::spawn(command, Stdio::piped(), None);
        let (input, output) = (guarded.child.stdin.take(), guarded.child.stdout.take());
        (guarded, input.expect("its input"), output.expect("its output"))
    }

    /// Starts a `command` that ends when its standard input does.
    pub fn start_with_input(command: Command) -> Self {
        Self::start_with(command, Stdio::piped(), None)
    }

    fn start_with(command: Command, input: Stdio, broken: Option<fn(&str, &Lines)>) -> Self {
        let mut guarded = Self::spawn(command, input, broken);
        collect(guarded.child.stdout.take().unwrap(), guarded.lines.clone(), broken);
        guarded
    }

    fn spawn(mut command: Command, input: Stdio, broken: Option<fn(&str, &Lines)>) -> Self {
        command.process_group(0).stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        let lines = Lines::default();
        collect(child.stderr.take().unwrap(), lines.clone(), broken);
        let group = child.id();
        let watch =
            format!("cat >/dev/null; kill -TERM -{group} 2>/dev/null; sleep 2; kill -KILL -{group} 2>/dev/null");
        let watchdog = Command::new("sh")
            .args(["-c", &watch])
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a POSIX shell");
        Self { child, watchdog, lines }
    }

    /// Everything printed so far.
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends the whole group at once, with no time to put anything in order.
    pub fn kill(self) {
        let group = format!("-{}", self.child.id());
        let killed = Command::new("kill").args(["-KILL", "--", &group]).status().expect("kill");
        assert!(killed.success(), "the group {group} is not ended");
    }

    /// Whether the process has ended.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|status| status.is_some())
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        drop(self.watchdog.stdin.take());
        let _ = self.child.wait();
        // The watchdog gives stragglers of the group two more seconds and ends by itself; nobody waits for it.
    }
}

fn collect(output: impl Read + Send + 'static, lines: Lines, broken: Option<fn(&str, &Lines)>) {
    // What gateways print is judged at the end of the whole run.
    let mut kept = broken.and_then(|_| run::log());
    std::thread::spawn(move || {
        for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            if let Some(kept) = &mut kept {
                kept.write_all(format!("{line}\n").as_bytes()).expect("the log of the run");
            }
            lines.lock().unwrap_or_else(PoisonError::into_inner).push(line.clone());
            if let Some(broken) = broken.filter(|_| BREAKDOWNS.iter().any(|sign| line.contains(sign))) {
                broken(&line, &lines);
            }
        }
    });
}

/// No test may pass over it, whichever runs at that moment, and the last one may have ended: the process ends at once.
fn end_the_run(sign: &str, lines: &Lines) {
    let (sign, lines) = (sign.to_owned(), lines.clone());
    std::thread::spawn(move || {
        std::thread::sleep(AFTERMATH);
        let lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
        let last = lines.get(lines.len().saturating_sub(60)..).unwrap_or_default().join("\n");
        // The runner keeps what a test prints to itself, and shows it only when that test fails.
        let told = format!("\n{last}\n\nA gateway of this run broke down: {sign}\n");
        let _ = std::io::stderr().write_all(told.as_bytes());
        std::process::exit(BROKEN);
    });
}

#[cfg(test)]
mod tests {
    use super::{BREAKDOWNS, BROKEN, Guarded};
    use std::process::Command;
    use std::time::{Duration, Instant};

    #[test]
    fn a_whole_process_group_ends_with_its_guard() {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 300 & echo $!; wait"]);
        let guarded = Guarded::start(command);
        let start = Instant::now();
        let grandchild = loop {
            if let Some(line) = guarded.lines().pop() {
                break line;
            }
            assert!(start.elapsed() < Duration::from_secs(10));
            std::thread::sleep(Duration::from_millis(20));
        };
        let lives = || std::path::Path::new("/proc").join(&grandchild).join("cmdline").metadata().is_ok();
        assert!(lives() || !std::path::Path::new("/proc/self").exists());
        drop(guarded);
        while lives() {
            assert!(start.elapsed() < Duration::from_secs(10), "the grandchild lives on");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Names the line that the gateway prints in the process that must fail.
    const PRINTED: &str = "CONTRACT_GUARD_PRINTED";

    #[test]
    fn a_run_fails_when_one_of_its_gateways_breaks_down() {
        if let Ok(line) = std::env::var(PRINTED) {
            let mut command = Command::new("sh");
            command.args(["-c", "echo before; echo \"$0\"; echo after; sleep 5", &line]);
            let gateway = Guarded::start_gateway(command);
            let start = Instant::now();
            while !gateway.lines().contains(&"after".to_owned()) && start.elapsed() < Duration::from_secs(10) {
                std::thread::sleep(Duration::from_millis(20));
            }
            std::thread::sleep(Duration::from_secs(2));
            return;
        }
        let run = |line: &str| {
            let own = std::env::current_exe().unwrap();
            let name = "guard::tests::a_run_fails_when_one_of_its_gateways_breaks_down";
            let ended = Command::new(own).args(["--exact", name]).env(PRINTED, line).output().unwrap();
            (ended.status.code(), String::from_utf8_lossy(&ended.stderr).into_owned())
        };
        for sign in BREAKDOWNS {
            let line = format!("\u{2718} [ERROR] Uncaught {sign}: unreachable");
            let (status, told) = run(&line);
            assert_eq!(status, Some(BROKEN), "{told}");
            assert!(told.contains(&line) && told.contains("before") && told.contains("after"), "{told}");
        }
        assert_eq!(run("a line like any other").0, Some(0));
    }
}
