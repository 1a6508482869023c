//! The commands an operator has for a gateway on this machine, and what they leave on disk.

use crate::{gateway, logged_in};
use gateway_contract::client::{Tokens, note_secret, secrets};
use gateway_contract::fake::mcp::Upstream;
use gateway_contract::seed::{PASSWORD, Tools};
use gateway_contract::xtask;
use serde_json::json;
use std::path::Path;

/// Runs `cargo xtask` on the shared gateway's state: what it printed, when it succeeded.
fn command(words: &[&str], variables: &[(&str, &str)]) -> Result<String, String> {
    let mut command = xtask();
    command.args(words).arg("--state").arg(gateway().state()).envs(variables.iter().copied());
    let output = command.output().expect("cargo xtask");
    let printed = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    if output.status.success() { Ok(printed) } else { Err(printed) }
}

#[tokio::test]
async fn a_user_who_was_added_can_log_in() {
    let told = command(&["user", "add", "ada", "--tenant", "added-1"], &[]).unwrap();
    let password = told.lines().find_map(|line| line.rsplit_once(": ")).expect("a password, shown once").1;
    let tokens = Tokens::read(&gateway().try_login("ada", password).await);
    let me = gateway().get_as(&tokens.access, "/auth/me").await.json(200);
    assert_eq!((&me["username"], &me["tenant"]), (&json!("ada"), &json!("added-1")));
    let given = [("NEW_PASSWORD", "a password of one's own choice")];
    command(&["user", "add", "bob", "--tenant", "added-1", "--password-from", "NEW_PASSWORD"], &given).unwrap();
    Tokens::read(&gateway().try_login("bob", given[0].1).await);
    for bad in [
        &["user", "add", "ada", "--tenant", "added-1"][..],
        &["user", "add", "demo", "--tenant", "added-1"],
        &["user", "add", "eve", "--tenant", "../other"],
        &["user", "add", "eve"],
    ] {
        assert!(command(bad, &[]).is_err(), "{bad:?}");
    }
    let short = [("NEW_PASSWORD", "short")];
    let words = ["user", "add", "eve", "--tenant", "added-1", "--password-from", "NEW_PASSWORD"];
    assert!(command(&words, &short).is_err(), "a short password is taken");
}

#[tokio::test]
async fn a_server_gets_its_own_credential_and_it_is_sealed_at_rest() {
    const CREDENTIAL: &str = "canary-credential-of-the-vault-0123456789";
    note_secret(CREDENTIAL);
    let (vault, user) = (Upstream::modern(), gateway().user(Tools::Own));
    let url = vault.server.url("/mcp");
    let words = ["upstream", "add", "vault", &url, "--tenant", &user.tenant, "--token-from", "VAULT_TOKEN"];
    command(&words, &[("VAULT_TOKEN", CREDENTIAL)]).unwrap();
    let tokens = gateway().login(&user).await;
    let body = gateway().execute(&tokens.access, "vault__repeat", &json!({"text": "opened"})).await.json(200);
    assert_eq!(body["result"]["text"], "opened");
    assert_eq!(vault.complaints(), [""; 0]);
    for request in vault.server.asked() {
        assert_eq!(request.header("authorization"), Some(format!("Bearer {CREDENTIAL}").as_str()));
        assert!(!format!("{request:?}").contains(&tokens.access), "the caller's token reached the server");
    }
    assert_eq!(holding(CREDENTIAL), [""; 0]);
}

#[tokio::test]
async fn nothing_that_opens_a_door_stands_on_disk() {
    let (_, tokens) = logged_in(Tools::Own).await;
    let next = Tokens::read(&gateway().try_refresh(&tokens.refresh).await);
    assert_eq!(gateway().post_as(&next.access, "/auth/logout", &json!({})).await.status, 204);
    let disk = disk();
    let holds = |text: &str| disk.iter().find(|(_, content)| content.contains(text)).map(|(file, _)| file);
    let others = secrets();
    for secret in
        others.iter().take(60).chain([&tokens, &next].into_iter().flat_map(|pair| [&pair.access, &pair.refresh]))
    {
        // What proves anything in a token is its last two parts.
        let proofs = secret.rsplit('.').take(2).filter(|part| part.len() >= 40 && secret.contains('.'));
        for text in proofs.chain([secret.as_str()]).filter(|text| text.len() >= 16) {
            assert_eq!(holds(text), None, "a secret stands on disk");
        }
    }
    assert_eq!(holds(PASSWORD), None);
    assert!(holds("argon2id").is_some(), "the search finds what is there");
}

/// The files of the databases and namespaces that hold a text.
fn holding(text: &str) -> Vec<String> {
    disk().into_iter().filter(|(_, content)| content.contains(text)).map(|(file, _)| file).collect()
}

/// Every file of the databases and namespaces, as text.
fn disk() -> Vec<(String, String)> {
    fn read(folder: &Path, found: &mut Vec<(String, String)>) {
        for path in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                read(&path, found);
            } else if let Ok(bytes) = std::fs::read(&path) {
                found.push((path.display().to_string(), String::from_utf8_lossy(&bytes).into_owned()));
            }
        }
    }
    let mut found = Vec::new();
    read(&gateway().state().join("v3"), &mut found);
    found
}
