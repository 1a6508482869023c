//! The README does what it says: every command of its transcript, in order, to the letter.

use gateway_contract::{Gateway, Plan, program, transcript, workspace};

/// The address the README writes.
const DOCUMENTED: &str = "127.0.0.1:8787";

#[test]
fn everything_in_the_readmes_transcript_happens() {
    let Ok(readme) = std::fs::read_to_string(workspace().join("README.md")) else {
        panic!("there is no README.md");
    };
    let steps = transcript::steps(&readme);
    assert!(!steps.is_empty(), "no ```console block in README.md");
    assert!(program("jq").arg("--version").output().is_ok() || !readme.contains("jq "), "the transcript needs jq");
    // A gateway of its own, with the variables a reader has: the defaults.
    let gateway = Gateway::start(&Plan::default());
    let here = gateway.url("").trim_start_matches("http://").to_owned();
    let steps = transcript::steps(&readme.replace(DOCUMENTED, &here).replace("localhost:8787", &here));
    if let Err(told) = transcript::run(&steps) {
        panic!("{told}");
    }
}
