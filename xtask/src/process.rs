//! Running other programs.

use crate::failure::Failure;
use crate::project::Project;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::process::{Command, ExitStatus, Stdio};

/// A program that runs in the project's folder and finds the npm programs first.
pub fn program(project: &Project, name: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(name);
    command
        .current_dir(project.root())
        .env("PATH", project.search_path())
        .env("WRANGLER_SEND_METRICS", "false")
        .env("WRANGLER_SEND_ERROR_REPORTS", "false")
        .env("WRANGLER_HIDE_BANNER", "true")
        // Where requests would come from is asked of a server far away, and nothing here reads the answer.
        .env("CLOUDFLARE_CF_FETCH_ENABLED", "false")
        .env("NO_UPDATE_NOTIFIER", "1");
    command
}

/// Runs a program to its end; its output goes to the terminal.
pub fn run(command: &mut Command) -> Result<(), Failure> {
    let status = command.status().map_err(|source| Failure::Start { program: name(command), source })?;
    if status.success() { Ok(()) } else { Err(failed(command, status)) }
}

/// Runs a program to its end and shows what it printed only when it failed.
pub fn run_quietly(command: &mut Command) -> Result<String, Failure> {
    let Ended { status, printed } = run_silently(command)?;
    if status.success() {
        return Ok(printed);
    }
    eprint!("{printed}");
    Err(failed(command, status))
}

/// How a program ended, and what it printed: standard output first, then the other one.
pub struct Ended {
    /// Its status.
    pub status: ExitStatus,
    /// Both outputs.
    pub printed: String,
}

/// Runs a program to its end and shows nothing.
pub fn run_silently(command: &mut Command) -> Result<Ended, Failure> {
    let output =
        command.stdin(Stdio::null()).output().map_err(|source| Failure::Start { program: name(command), source })?;
    let printed = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    Ok(Ended { status: output.status, printed })
}

/// The failure of a program that ended without success.
pub fn failed(command: &Command, status: ExitStatus) -> Failure {
    Failure::Program { program: words(command), status }
}

/// What a program prints, trimmed; `None` when it cannot be started or fails.
pub fn answer(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Runs a program to its end, shows each line it prints and hands it to `read`. True when it succeeded.
pub fn run_and_read(command: &mut Command, mut read: impl FnMut(&str)) -> Result<bool, Failure> {
    let start = |source| Failure::Start { program: "the test runner".into(), source };
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(start)?;
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            read(&line);
        }
    }
    Ok(child.wait().map_err(start)?.success())
}

fn name(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}

/// The command line, without the SQL in it: a statement carries password hashes and sealed credentials.
fn words(command: &Command) -> String {
    let mut words = vec![name(command)];
    for argument in command.get_args().map(OsStr::to_string_lossy) {
        let is_sql = words.last().is_some_and(|word| word == "--command");
        words.push(if is_sql { "…".to_owned() } else { argument.into_owned() });
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::words;
    use std::process::Command;

    #[test]
    fn a_failed_statement_is_not_shown() {
        let mut command = Command::new("wrangler");
        command.args(["d1", "execute", "DB", "--command", "INSERT INTO users VALUES ('$argon2id$…')", "--yes"]);
        assert_eq!(words(&command), "wrangler d1 execute DB --command … --yes");
    }
}
