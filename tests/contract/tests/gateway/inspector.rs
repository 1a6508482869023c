//! The Inspector without its window, in each of its eras.

use crate::{gateway, logged_in};
use gateway_contract::program;
use gateway_contract::seed::Tools;

/// Runs it: whether it succeeded, and what it printed.
async fn inspector(access: &str, path: &str, arguments: &[&str]) -> (bool, String) {
    let mut command = program("mcp-inspector");
    let header = format!("Authorization: Bearer {access}");
    command.args(["--cli", &gateway().url(path), "--transport", "http", "--header", &header]).args(arguments);
    let output = tokio::task::spawn_blocking(move || command.output().expect("the Inspector")).await.expect("an end");
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

/// What each method is called with, and what it must print.
struct Names {
    path: &'static str,
    tool: [&'static str; 2],
    resource: [&'static str; 2],
    prompt: [&'static str; 2],
}

const EVERYTHING: Names = Names {
    path: "/mcp",
    tool: ["everything__get-tiny-image", "image/png"],
    resource: ["mcp+everything+demo://resource/dynamic/text/1", "plaintext resource"],
    prompt: ["everything__simple-prompt", "This is a simple prompt without arguments."],
};

const fn fixture(path: &'static str) -> Names {
    Names {
        path,
        tool: ["test_simple_text", "This is a simple text response for testing."],
        resource: ["test://static-text", "This is the content of the static text resource."],
        prompt: ["test_simple_prompt", "This is a simple prompt for testing."],
    }
}

async fn works(tools: Tools, names: &Names, era: &str) {
    let (_, tokens) = logged_in(tools).await;
    let Names { path, tool, resource, prompt } = names;
    let listed = if *path == "/mcp" { "mcp+everything+" } else { resource[0] };
    for (arguments, expected) in [
        (vec!["tools/list"], tool[0]),
        (vec!["tools/call", "--tool-name", tool[0]], tool[1]),
        (vec!["resources/list"], listed),
        (vec!["resources/read", "--uri", resource[0]], resource[1]),
        (vec!["prompts/list"], prompt[0]),
        (vec!["prompts/get", "--prompt-name", prompt[0]], prompt[1]),
    ] {
        let arguments = [&["--protocol-era", era, "--method"], arguments.as_slice()].concat();
        let (succeeded, printed) = inspector(&tokens.access, path, &arguments).await;
        assert!(succeeded && printed.contains(expected), "{path} {arguments:?}: {printed}");
    }
}

#[tokio::test]
async fn the_inspector_of_2025_works() {
    works(Tools::Everything, &EVERYTHING, "legacy").await;
    works(Tools::Fixtures, &fixture("/mcp/old"), "legacy").await;
    works(Tools::Fixtures, &fixture("/mcp/new"), "legacy").await;
}

#[tokio::test]
async fn the_inspector_of_2026_works() {
    works(Tools::Everything, &EVERYTHING, "modern").await;
    works(Tools::Fixtures, &fixture("/mcp/old"), "modern").await;
    works(Tools::Fixtures, &fixture("/mcp/new"), "modern").await;
}

#[tokio::test]
async fn the_inspector_works_when_it_finds_out_by_itself() {
    works(Tools::Everything, &EVERYTHING, "auto").await;
    works(Tools::Fixtures, &fixture("/mcp/old"), "auto").await;
    works(Tools::Fixtures, &fixture("/mcp/new"), "auto").await;
}

#[tokio::test]
async fn the_inspector_is_shown_nothing_without_a_token() {
    for era in ["legacy", "modern", "auto"] {
        let (succeeded, printed) =
            inspector("not.a.token", "/mcp", &["--protocol-era", era, "--method", "tools/list"]).await;
        assert!(!succeeded && !printed.contains("\"get_weather\""), "{era}: {printed}");
    }
}
