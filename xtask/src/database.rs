//! The local database: its tables and the demo account, in the folder a local gateway keeps its state in.

use crate::failure::Failure;
use crate::process::{failed, program, run_quietly, run_silently};
use crate::project::{Project, copy_folder, files_below, read_if_there, write};
use crate::step;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Where the local runtime keeps D1 databases, under the state folder.
const DATABASES: &str = "v3/d1";
/// Written after the tables and the demo account are there: the text of everything that was applied.
const STAMP: &str = "database-applied";
/// How often a busy local database is asked, and how long after one another.
const BUSY_TRIES: u32 = 5;
const BUSY_PAUSE: Duration = Duration::from_millis(300);

/// Brings the database in `state` up to date with `migrations/` and puts the demo account of `seeds/local.sql` into it.
///
/// A new database is a copy of one that was made once: several gateways side by side start without waiting for it.
pub fn prepare(project: &Project, state: &Path) -> Result<(), Failure> {
    let wanted = everything_to_apply(project)?;
    if is_applied(state, &wanted)? {
        step::holds("local database");
        return Ok(());
    }
    if state.join(DATABASES).exists() {
        step::starts("local database", "new migrations");
        return apply(project, state, &wanted);
    }
    let template = project.path(".wrangler/database-template");
    if !is_applied(&template, &wanted)? {
        step::starts("local database", "migrations and the demo account");
        if template.exists() {
            std::fs::remove_dir_all(&template).map_err(Failure::at(&template))?;
        }
        apply(project, &template, &wanted)?;
    }
    step::starts("local database", &format!("a new one in {}", state.display()));
    copy_folder(&template.join(DATABASES), &state.join(DATABASES))?;
    write(&state.join(STAMP), wanted)
}

fn is_applied(state: &Path, wanted: &str) -> Result<bool, Failure> {
    Ok(read_if_there(&state.join(STAMP))?.as_deref() == Some(wanted))
}

fn everything_to_apply(project: &Project) -> Result<String, Failure> {
    let mut text = String::new();
    for file in [files_below(&project.path("migrations"))?, files_below(&project.path("seeds"))?].concat() {
        let name = file.strip_prefix(project.root()).unwrap_or(&file).display();
        text.extend([format!("-- {name}\n")]);
        text.push_str(&read_if_there(&file)?.unwrap_or_default());
    }
    Ok(text)
}

fn apply(project: &Project, state: &Path, wanted: &str) -> Result<(), Failure> {
    if project.path("migrations").is_dir() {
        run_quietly(&mut d1(project, &["migrations", "apply"], state))?;
    }
    if project.path("seeds/local.sql").is_file() {
        run_quietly(d1(project, &["execute"], state).args(["--file", "seeds/local.sql", "--yes"]))?;
    }
    write(&state.join(STAMP), wanted)
}

/// Runs SQL in the database of `state`, which is made first where there is none.
pub fn execute(project: &Project, state: &Path, sql: &str) -> Result<(), Failure> {
    let _one_at_a_time = project.lock()?;
    prepare(project, state)?;
    insert(d1(project, &["execute"], state).args(["--yes", "--command", sql]))
}

/// Runs a `wrangler d1 execute` that adds rows, all or none of them. A local database may be in use by a gateway, so a busy
/// one is asked again for a while.
pub fn insert(command: &mut Command) -> Result<(), Failure> {
    let mut tries = BUSY_TRIES;
    loop {
        let ended = run_silently(command)?;
        if ended.status.success() {
            return Ok(());
        }
        if ended.printed.contains("UNIQUE constraint failed") {
            return Err(Failure::Unmet("there is one of that name already; nothing was changed".into()));
        }
        if ["NOT NULL constraint failed", "FOREIGN KEY constraint failed"]
            .iter()
            .any(|told| ended.printed.contains(told))
        {
            return Err(Failure::Unmet("the tenant does not have all that was named; nothing was changed".into()));
        }
        tries -= 1;
        if tries == 0 || !ended.printed.contains("SQLITE_BUSY") {
            eprint!("{}", ended.printed);
            return Err(failed(command, ended.status));
        }
        std::thread::sleep(BUSY_PAUSE);
    }
}

/// A `wrangler d1` command on the local database in `state`; without `--local` and a state folder there is none here.
fn d1(project: &Project, words: &[&str], state: &Path) -> Command {
    let mut command = program(project, project.npm_tool("wrangler"));
    command.arg("d1").args(words).args(["DB", "--local", "--persist-to"]).arg(state).env("CI", "1");
    command
}
