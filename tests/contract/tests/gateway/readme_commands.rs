//! Every command in the `sh` blocks of the README and of the operator's handbook is one that exists with exactly those options, and runs as far as it can
//! without an account at Cloudflare. The `console` blocks are run to the letter in `readme`.
//!
//! Two are not run here because they run anyway: `cargo xtask dev` is how the harness starts every gateway, and
//! `cargo xtask test` is what runs this test.

use gateway_contract::shell::{self, Command};
use gateway_contract::{fresh_state, program, workspace, xtask};
use std::process::Output;

/// Commands of wrangler that work on an account: their help says which options they have.
const OF_AN_ACCOUNT: [&[&str]; 10] = [
    &["login"],
    &["d1", "create"],
    &["d1", "export"],
    &["d1", "execute"],
    &["d1", "time-travel", "info"],
    &["d1", "time-travel", "restore"],
    &["kv", "namespace", "create"],
    &["r2", "bucket", "create"],
    &["secret", "put"],
    &["rollback"],
];
/// Where they stand.
const DOCUMENTS: [&str; 2] = ["README.md", "docs/OPERATING.md"];

/// What is done about a command.
#[derive(Debug, PartialEq, Eq)]
enum Kind {
    /// Run by the harness, or what runs this test.
    RunAnyway,
    /// `cargo xtask secret`.
    Secret,
    /// `cargo xtask user add`, `cargo xtask upstream add` or `cargo xtask server add`.
    Record,
    /// `npx wrangler deploy`.
    Deploy,
    /// `npx wrangler d1 migrations apply`.
    Migrations,
    /// `npx wrangler` and one of [`OF_AN_ACCOUNT`].
    OfAnAccount(&'static [&'static str]),
    /// `echo $NAME`.
    Echo,
}

fn kind(command: &Command) -> Kind {
    let words: Vec<&str> = command.words.iter().map(String::as_str).collect();
    match words[..] {
        ["cargo", "xtask", "dev" | "test"] => Kind::RunAnyway,
        ["cargo", "xtask", "secret"] => Kind::Secret,
        ["cargo", "xtask", "user" | "upstream" | "server", "add", ..] => Kind::Record,
        ["npx", "wrangler", "deploy", ..] => Kind::Deploy,
        ["npx", "wrangler", "d1", "migrations", "apply", ..] => Kind::Migrations,
        ["npx", "wrangler", ref rest @ ..] => {
            let known = OF_AN_ACCOUNT.into_iter().find(|known| rest.starts_with(known));
            Kind::OfAnAccount(known.unwrap_or_else(|| panic!("no test knows this command of wrangler: {words:?}")))
        }
        ["echo", variable] if variable.starts_with('$') => Kind::Echo,
        _ => panic!("no test knows this command: {words:?}"),
    }
}

fn commands() -> Vec<(Kind, Command)> {
    let mut commands: Vec<Command> = Vec::new();
    for document in DOCUMENTS {
        let text = std::fs::read_to_string(workspace().join(document)).expect(document);
        let found = shell::commands(&text).unwrap_or_else(|told| panic!("{document}: {told}"));
        assert!(!found.is_empty(), "the blocks of {document} are not read");
        for command in found {
            if !commands.contains(&command) {
                commands.push(command);
            }
        }
    }
    commands.into_iter().map(|command| (kind(&command), command)).collect()
}

/// The words after the program's own, of every command of a kind. There must be one.
fn arguments(wanted: impl Fn(&Kind) -> bool, skipped: usize) -> Vec<Vec<String>> {
    let found = commands().into_iter().filter(|(kind, _)| wanted(kind));
    let found: Vec<Vec<String>> = found.map(|(_, command)| command.words[skipped..].to_vec()).collect();
    assert!(!found.is_empty(), "the documents have none of these any more");
    found
}

#[track_caller]
fn succeeded(output: &Output) -> String {
    let printed = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{printed}");
    printed
}

/// Options without their values, and the words that are neither.
fn split(words: &[String]) -> (Vec<&str>, Vec<&str>) {
    let (mut options, mut others) = (Vec::new(), Vec::new());
    let mut words = words.iter().map(String::as_str).peekable();
    while let Some(word) = words.next() {
        if word.starts_with('-') {
            options.push(word);
            // Every option the README uses wants a value, except these.
            if !matches!(word, "--remote" | "--local" | "--own-tools") {
                words.next();
            }
        } else {
            others.push(word);
        }
    }
    (options, others)
}

/// Whether a help text names an option as a word of its own.
fn names(help: &str, option: &str) -> bool {
    help.split(|c: char| c.is_whitespace() || "[]|,…".contains(c)).any(|word| word == option)
}

#[test]
fn every_command_of_the_readme_is_of_a_kind_that_is_tested() {
    let found = commands();
    assert!(found.len() >= 10, "the blocks are not read: {found:#?}");
    for name in ["dev", "test"] {
        assert!(found.iter().any(|(_, command)| command.words == ["cargo", "xtask", name]), "{name}");
    }
    for (_, command) in found.iter().filter(|(kind, _)| *kind == Kind::Echo) {
        let exported = format!("export {}=$(", command.words[1].trim_start_matches('$'));
        let readme = std::fs::read_to_string(workspace().join("README.md")).unwrap();
        assert!(readme.contains(&exported), "{:?} prints what no command sets", command.words);
    }
}

#[test]
fn the_options_of_cargo_xtask_are_the_ones_it_knows() {
    let usage = succeeded(&xtask().arg("help").output().expect("cargo xtask"));
    for words in arguments(|kind| matches!(kind, Kind::Record), 2) {
        let command = format!("{} add ", words[0]);
        let line = usage.lines().find(|line| line.trim_start().starts_with(&command));
        let line = line.unwrap_or_else(|| panic!("no {command}in {usage}"));
        let (options, _) = split(&words);
        for option in options {
            assert!(names(line, option), "{option} is not in: {line}");
        }
    }
}

#[test]
fn the_rows_of_the_readme_are_made() {
    let state = fresh_state();
    let secret = xtask().arg("secret").output().expect("cargo xtask");
    let key = String::from_utf8_lossy(&secret.stdout).into_owned();
    for mut words in arguments(|kind| matches!(kind, Kind::Record), 2) {
        // A local database instead of the deployed one, and the rest to the letter.
        let remote = ["--remote", "--env", "production"];
        let at = words.windows(3).position(|three| three == remote);
        let at = at.unwrap_or_else(|| panic!("not for production: {words:?}"));
        words.drain(at..at + remote.len());
        let mut command = xtask();
        command.args(&words).arg("--state").arg(&state);
        for option in ["--token-from", "--key-from", "--password-from"] {
            let named = words.iter().position(|word| word == option).and_then(|at| words.get(at + 1));
            let value = if option == "--key-from" { key.trim() } else { "a value of the operator's" };
            command.envs(named.map(|name| (name, value)));
        }
        let printed = succeeded(&command.output().expect("cargo xtask"));
        assert!(printed.contains(" there"), "{printed}");
    }
}

#[test]
fn what_needs_an_account_has_these_options_and_words() {
    let commands = arguments(|kind| matches!(kind, Kind::OfAnAccount(_)), 2);
    for known in OF_AN_ACCOUNT {
        let uses: Vec<_> = commands.iter().filter(|words| words.iter().zip(known).all(|(a, b)| a == b)).collect();
        assert!(!uses.is_empty(), "{known:?} stands in no document any more");
        let help = succeeded(&program("wrangler").args(known).arg("--help").output().expect("wrangler"));
        let own = format!("wrangler {}", known.join(" "));
        let usage = help.lines().map(str::trim).find(|line| line.starts_with(&own));
        let usage = usage.unwrap_or_else(|| panic!("this is not the help of {own}:\n{help}"));
        for words in uses {
            let (options, others) = split(&words[known.len()..]);
            assert_eq!(others.len(), usage.matches('<').count(), "{words:?} is not of the form {usage}");
            for option in options {
                assert!(names(&help, option), "{own} has no {option}:\n{help}");
            }
        }
    }
}

#[test]
fn the_deployment_is_built_and_bundled() {
    for words in arguments(|kind| matches!(kind, Kind::Deploy), 2) {
        let (bundle, mut command) = (fresh_state(), program("wrangler"));
        command.args(&words).arg("--dry-run").arg("--outdir").arg(&bundle);
        let printed = succeeded(&command.output().expect("wrangler"));
        assert!(printed.contains("--dry-run: exiting now"), "{printed}");
        for binding in ["env.GATE", "env.ENTROPY_HUB", "env.DB", "env.REVOCATIONS", "env.ASSETS", "\"production\""] {
            assert!(printed.contains(binding), "no {binding}:\n{printed}");
        }
        let files = std::fs::read_dir(&bundle).unwrap().flatten();
        assert!(files.into_iter().any(|file| file.path().extension().is_some_and(|ending| ending == "wasm")));
    }
}

/// The text names it in a sentence. Its neighbour there, `npx wrangler dev`, is what `cargo xtask dev` runs.
#[test]
fn the_local_profile_is_bundled() {
    let readme = std::fs::read_to_string(workspace().join("README.md")).unwrap();
    assert!(readme.contains("`npx wrangler deploy --dry-run`"));
    let printed = succeeded(&program("wrangler").args(["deploy", "--dry-run"]).output().expect("wrangler"));
    assert!(printed.contains("--dry-run: exiting now") && printed.contains("\"local\""), "{printed}");
}

#[test]
fn the_migrations_of_the_deployment_apply() {
    for mut words in arguments(|kind| matches!(kind, Kind::Migrations), 2) {
        let remote = words.iter().position(|word| word == "--remote").unwrap_or_else(|| panic!("{words:?}"));
        words[remote] = "--local".to_owned();
        let (state, mut command) = (fresh_state(), program("wrangler"));
        command.args(&words).arg("--persist-to").arg(&state).env("CI", "1");
        let printed = succeeded(&command.output().expect("wrangler"));
        for migration in std::fs::read_dir(workspace().join("migrations")).unwrap().flatten() {
            let name = migration.file_name().to_string_lossy().into_owned();
            assert!(printed.contains(&name), "{name} was not applied:\n{printed}");
        }
        assert!(state.join("v3/d1").is_dir(), "{printed}");
    }
}
