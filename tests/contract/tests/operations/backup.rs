//! A database that is backed up and restored by the commands of the handbook, on this machine.

use gateway_contract::client::{Tokens, note_secret};
use gateway_contract::{Gateway, Plan, fresh_state, program, workspace};
use std::path::{Path, PathBuf};
use std::process::Command;

const PASSWORD: &str = "four restored words of it";

#[track_caller]
fn run(command: &mut Command) {
    let output = command.output().expect("wrangler");
    let printed = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&printed));
}

/// `npx wrangler d1 export DB --local --output FILE`, which knows no other place than the project's own: a folder that looks
/// like it is made around the state.
fn export(state: &Path) -> PathBuf {
    let folder = fresh_state();
    std::fs::create_dir(folder.join(".wrangler")).expect("a folder");
    std::os::unix::fs::symlink(state, folder.join(".wrangler/state")).expect("a link");
    std::fs::copy(workspace().join("wrangler.toml"), folder.join("wrangler.toml")).expect("a copy");
    let file = folder.join("backup.sql");
    run(program("wrangler").current_dir(&folder).args(["d1", "export", "DB", "--local", "--output"]).arg(&file));
    file
}

/// What an export holds, whatever the order.
fn rows(export: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(export).expect("an export");
    let mut rows: Vec<String> =
        text.lines().filter(|line| line.starts_with("INSERT INTO")).map(str::to_owned).collect();
    rows.sort();
    rows
}

#[tokio::test]
async fn what_was_exported_is_restored_and_serves_though_sessions_are_over() {
    note_secret(PASSWORD);
    let gateway = Gateway::start(&Plan::default());
    let made = gateway.add(
        &["user", "add", "ada", "--tenant", "acme", "--admin", "--password-from", "PASSWORD"],
        &[("PASSWORD", PASSWORD)],
    );
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let before = Tokens::read(&gateway.try_login("ada", PASSWORD).await);
    assert!(gateway.is_let_in(&before.access).await);
    let backup = export(gateway.state());
    assert!(rows(&backup).iter().any(|row| row.contains("'ada'")), "nothing was exported");
    let state = fresh_state();
    run(program("wrangler")
        .args(["d1", "execute", "DB", "--local", "--yes", "--persist-to"])
        .arg(&state)
        .arg("--file")
        .arg(&backup));
    assert_eq!(rows(&export(&state)), rows(&backup), "all of it, and nothing else");
    let restored = Gateway::start_on(&state, &Plan::default());
    assert!(!restored.is_let_in(&before.access).await, "sessions are in gates, and gates in no backup");
    let after = Tokens::read(&restored.try_login("ada", PASSWORD).await);
    assert!(restored.is_let_in(&after.access).await);
}
