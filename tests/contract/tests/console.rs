//! What the console decides by itself, tested by the test runner of Node.js.

use gateway_contract::{program, workspace};

#[test]
fn the_consoles_own_logic_holds() {
    let folder = workspace().join("console/tests");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("its tests").map(|file| file.expect("a file").path()).collect();
    files.sort();
    assert!(files.len() >= 5, "{files:?}");
    let output = program("node").args(["--test", "--test-reporter=tap"]).args(files).output().expect("Node.js");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}");
    let passed = told.lines().find_map(|line| line.strip_prefix("# pass ")?.parse::<u32>().ok());
    assert!(passed >= Some(25), "{told}");
}
