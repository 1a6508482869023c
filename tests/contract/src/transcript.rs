//! The README's transcript, run as it stands.
//!
//! The form, in a block fenced as `console`:
//!
//! * a line that starts with `$ ` is a command; lines that start with `> ` continue it;
//! * every other line up to the next command is what the command prints, both outputs together;
//! * `…` in an expected line stands for anything within that line, empty included; a line that is only `…` stands for any
//!   number of lines; blank lines and blanks at a line's end do not count; a command without expected lines may print anything;
//! * a command must end with status 0, unless its first expected line is `(exit N)`;
//! * all blocks of a file run in one bash session, in order: a variable that one command sets is there for the next.
//!
//! The caller names text to replace first, such as the documented address by the one under test.

use std::fmt::Write as _;
use std::process::{Command, Output};

/// One command with what it must print.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// The command, continuation lines joined by newlines.
    pub command: String,
    /// The expected lines, blank ones left out.
    pub expected: Vec<String>,
}

/// What separates the output of two steps.
const MARK: &str = "---end-of-step---";

/// The steps of every `console` block of a Markdown text, in order.
pub fn steps(markdown: &str) -> Vec<Step> {
    let (mut steps, mut within) = (Vec::<Step>::new(), false);
    for line in markdown.lines() {
        if line.trim_start().starts_with("```") {
            within = !within && line.trim() == "```console";
        } else if let Some(command) = line.strip_prefix("$ ").filter(|_| within) {
            steps.push(Step { command: command.to_owned(), expected: Vec::new() });
        } else if let Some(step) = steps.last_mut().filter(|_| within) {
            match line.strip_prefix("> ").filter(|_| step.expected.is_empty()) {
                Some(more) => step.command = format!("{}\n{more}", step.command),
                None if line.trim().is_empty() => {}
                None => step.expected.push(line.trim_end().to_owned()),
            }
        }
    }
    steps
}

/// Runs the steps in one bash session in the project's folder. The first step that prints something else fails with both texts.
pub fn run(steps: &[Step]) -> Result<(), String> {
    let script = steps.iter().fold(String::from("exec 2>&1\n"), |mut script, step| {
        let _ = writeln!(script, "{}\nprintf '\\n%s %s\\n' '{MARK}' \"$?\"", step.command);
        script
    });
    let Output { stdout, .. } =
        crate::program("bash").arg("-c").arg(&script).output().map_err(|error| error.to_string())?;
    let printed = String::from_utf8_lossy(&stdout).into_owned();
    let mut lines = printed.lines();
    for step in steps {
        let mut printed = Vec::new();
        let status = loop {
            let line = lines.next().ok_or_else(|| format!("the session ended within: {}", step.command))?;
            if let Some(status) = line.strip_prefix(MARK) {
                break status.trim().to_owned();
            }
            if !line.trim().is_empty() {
                printed.push(line.trim_end());
            }
        };
        check(step, &status, &printed)?;
    }
    Ok(())
}

fn check(step: &Step, status: &str, printed: &[&str]) -> Result<(), String> {
    let expected: Vec<&str> = step.expected.iter().map(String::as_str).collect();
    let (wanted, expected) = match expected.split_first() {
        Some((first, rest)) if first.starts_with("(exit ") => {
            (first.trim_matches(['(', ')']).trim_start_matches("exit "), rest)
        }
        _ => ("0", &expected[..]),
    };
    let printed_text = printed.join("\n");
    if status != wanted {
        return Err(format!("$ {}\nended with {status}, not {wanted}:\n{printed_text}", step.command));
    }
    if !expected.is_empty() && !matches_lines(expected, printed) {
        return Err(format!("$ {}\nshould print\n{}\nand printed\n{printed_text}", step.command, expected.join("\n")));
    }
    Ok(())
}

fn matches_lines(pattern: &[&str], lines: &[&str]) -> bool {
    match pattern.split_first() {
        None => lines.is_empty(),
        Some((first, rest)) if first.trim() == "…" => {
            (0..=lines.len()).any(|skipped| matches_lines(rest, lines.get(skipped..).unwrap_or_default()))
        }
        Some((first, rest)) => {
            lines.split_first().is_some_and(|(line, others)| matches_line(first, line) && matches_lines(rest, others))
        }
    }
}

fn matches_line(pattern: &str, line: &str) -> bool {
    let Some((before, after)) = pattern.split_once('…') else {
        return pattern == line;
    };
    let Some(rest) = line.strip_prefix(before) else {
        return false;
    };
    (0..=rest.len()).filter(|at| rest.is_char_boundary(*at)).any(|at| matches_line(after, &rest[at..]))
}

/// Whether bash is there to run a transcript.
pub fn has_bash() -> bool {
    Command::new("bash").arg("-c").arg("true").status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::{Step, matches_line, matches_lines, run, steps};

    fn session(text: &str) -> Result<(), String> {
        run(&steps(&format!("```console\n{text}\n```\n")))
    }

    #[test]
    fn commands_and_what_they_print_are_read_from_console_blocks_only() {
        let text = "```sh\n$ no\n```\n\n```console\n$ a \\\n>   b\none\n\ntwo…\n$ c\n```\n$ no\n";
        let step = |command: &str, expected: &[&str]| Step {
            command: command.into(),
            expected: expected.iter().map(ToString::to_string).collect(),
        };
        assert_eq!(steps(text), [step("a \\\n  b", &["one", "two…"]), step("c", &[])]);
    }

    #[test]
    fn dots_stand_for_anything_and_for_nothing_else() {
        assert!(matches_line("a…c…", "abbbc"));
        assert!(!matches_line("a…c", "abbb"));
        assert!(matches_line("…é", "ééé"));
        assert!(matches_lines(&["a", "…", "c"], &["a", "b", "b", "c"]));
        assert!(!matches_lines(&["a", "…", "c"], &["a", "b", "c", "d"]));
    }

    #[test]
    fn one_command_sees_what_another_set() {
        assert_eq!(session("$ x=7\n$ echo \"x is $x\"\nx is 7\n$ false\n(exit 1)"), Ok(()));
    }

    #[test]
    fn a_command_that_prints_something_else_or_fails_is_told() {
        assert!(session("$ echo one\ntwo").is_err_and(|told| told.contains("should print\ntwo\nand printed\none")));
        assert!(session("$ false").is_err_and(|told| told.contains("ended with 1, not 0")));
        assert!(session("$ exit 0\n$ echo late").is_err_and(|told| told.contains("the session ended")));
    }
}
