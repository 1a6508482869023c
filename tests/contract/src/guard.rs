//! Child processes that never outlive the test process.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

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
        Self::start_with(command, Stdio::null())
    }

    /// Starts a `command` that is talked to; only what it prints on its error output is collected.
    pub fn start_conversation(mut command: Command) -> (Self, ChildStdin, ChildStdout) {
        command.stdin(Stdio::piped());
        let mut guarded = Self::spawn(command);
        let (input, output) = (guarded.child.stdin.take(), guarded.child.stdout.take());
        (guarded, input.expect("its input"), output.expect("its output"))
    }

    /// Starts a `command` that ends when its standard input does.
    pub fn start_with_input(command: Command) -> Self {
        Self::start_with(command, Stdio::piped())
    }

    fn start_with(mut command: Command, input: Stdio) -> Self {
        command.stdin(input);
        let mut guarded = Self::spawn(command);
        collect(guarded.child.stdout.take().unwrap(), guarded.lines.clone());
        guarded
    }

    fn spawn(mut command: Command) -> Self {
        command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        let lines = Lines::default();
        collect(child.stderr.take().unwrap(), lines.clone());
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

fn collect(output: impl Read + Send + 'static, lines: Lines) {
    std::thread::spawn(move || {
        for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::Guarded;
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
}
