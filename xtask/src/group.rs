//! A program with everything it starts. Nothing of it outlives this program, however this program ends.

use crate::failure::Failure;
use std::process::{Child, Command, ExitStatus, Stdio};

/// A running program in a process group of its own, which ends with this value.
pub struct Group {
    name: String,
    leader: Child,
    guard: Child,
}

impl Group {
    /// Starts `command`, which failures then call `name`.
    pub fn start(name: &str, command: &mut Command) -> Result<Self, Failure> {
        let not_started = |program: &str| {
            let program = program.to_owned();
            move |source| Failure::Start { program, source }
        };
        own_group(command);
        let mut leader = command.stdin(Stdio::null()).spawn().map_err(not_started(name))?;
        match guard(leader.id()).spawn().map_err(not_started("sh")) {
            Ok(guard) => Ok(Self { name: name.to_owned(), leader, guard }),
            Err(failure) => {
                let _ = leader.kill();
                Err(failure)
            }
        }
    }

    /// A failure if the program has ended, whichever way.
    pub fn still_runs(&mut self) -> Result<(), Failure> {
        match self.leader.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(self.ended(status)),
            Err(source) => Err(Failure::Start { program: self.name.clone(), source }),
        }
    }

    /// Waits until the program ends by itself.
    pub fn wait(mut self) -> Result<(), Failure> {
        let status = self.leader.wait().map_err(|source| Failure::Start { program: self.name.clone(), source })?;
        if status.success() { Ok(()) } else { Err(self.ended(status)) }
    }

    fn ended(&self, status: ExitStatus) -> Failure {
        Failure::Program { program: self.name.clone(), status }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Closing the guard's input makes it end the group; waiting for both means that its ports are free again.
        drop(self.guard.stdin.take());
        let _ = self.leader.wait();
        let _ = self.guard.wait();
    }
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

#[cfg(test)]
mod tests {
    use super::Group;
    use std::process::Command;

    #[cfg(unix)]
    #[test]
    fn what_a_program_started_ends_with_it() {
        let mut group = Group::start("sh", Command::new("sh").args(["-c", "sleep 60 & sleep 60"])).unwrap();
        group.still_runs().unwrap();
        let left = format!("kill -0 -{} 2>/dev/null", group.leader.id());
        drop(group);
        // An orphan that was ended is there until the system has collected it, which may take seconds.
        let gone = (0..100).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(100));
            !Command::new("sh").args(["-c", &left]).status().unwrap().success()
        });
        assert!(gone, "a process of the group is still there");
    }

    #[cfg(unix)]
    #[test]
    fn a_program_that_ended_is_noticed_and_named() {
        let mut group = Group::start("a part", Command::new("sh").args(["-c", "exit 3"])).unwrap();
        let told = (0..100).find_map(|_| {
            std::thread::sleep(std::time::Duration::from_millis(20));
            group.still_runs().err()
        });
        let told = told.expect("it ends").to_string();
        assert!(told.contains("a part") && told.contains('3'), "{told}");
        assert!(group.wait().is_err());
    }
}
