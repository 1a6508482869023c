//! What a gateway leaves on disk.

use crate::{gateway, logged_in};
use gateway_contract::client::{Tokens, secrets};
use gateway_contract::seed::{PASSWORD, Tools};
use serde_json::json;
use std::path::Path;

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
