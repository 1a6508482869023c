//! The rooms of the crate: each uses only rooms below it, and only `edge` knows what it runs on.
//!
//! The order is read from the table at the top of `src/lib.rs`, bottom room first. Rooms of one line are siblings and do not
//! use each other, except in the first line, the leaf types, where each may use those named before it.
#![cfg(not(target_arch = "wasm32"))]

use std::path::Path;

/// Names that only `edge` may write: the runtime, and what makes code wait.
const RUNTIME: [&str; 6] = ["worker::", "js_sys::", "wasm_bindgen::", "async fn", "async move", ".await"];

/// The lines of the table: the rooms of each, bottom first.
fn table(lib: &str) -> Vec<Vec<&str>> {
    let rows = lib.lines().filter_map(|line| line.strip_prefix("//! | "));
    let rooms = rows.map(|row| row.split(" | ").next().unwrap_or_default().split('`').skip(1).step_by(2).collect());
    rooms.filter(|rooms: &Vec<&str>| !rooms.is_empty()).collect()
}

/// Where a room stands: its line, and its place in it.
fn place(table: &[Vec<&str>], room: &str) -> Option<(usize, usize)> {
    table
        .iter()
        .enumerate()
        .find_map(|(line, rooms)| rooms.iter().position(|other| *other == room).map(|column| (line, column)))
}

fn may_use(table: &[Vec<&str>], user: &str, other: &str) -> bool {
    match (place(table, user), place(table, other)) {
        (Some(user), Some(other)) => user == other || other.0 < user.0 || (user.0 == 0 && other < user),
        _ => false,
    }
}

/// The code of a file without comments, so that a doc link is no use.
fn code(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The rooms a file names: `crate::room`, and each first name within `crate::{…}`.
fn uses(code: &str) -> Vec<String> {
    let mut rooms = Vec::new();
    for rest in code.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            None => rooms.push(first_name(rest)),
            Some(group) => {
                let mut depth = 1;
                let mut start = true;
                for (at, letter) in group.char_indices() {
                    if start && depth == 1 && !letter.is_whitespace() {
                        rooms.push(first_name(group.get(at..).unwrap_or_default()));
                    }
                    start = letter == ',' || (start && letter.is_whitespace());
                    depth += i32::from(letter == '{') - i32::from(letter == '}');
                    if depth == 0 {
                        break;
                    }
                }
            }
        }
    }
    // An item of the crate's root, such as `VERSION`, is no room.
    rooms.retain(|name| name.starts_with(|letter: char| letter.is_ascii_lowercase()));
    rooms
}

fn first_name(text: &str) -> String {
    text.chars().take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect()
}

/// What a file of `room` does that it may not.
fn offences(table: &[Vec<&str>], room: &str, text: &str) -> Vec<String> {
    let code = code(text);
    let mut found: Vec<String> = uses(&code)
        .into_iter()
        .filter(|used| !may_use(table, room, used))
        .map(|used| format!("{room} must not use {used}"))
        .collect();
    if place(table, room).is_none() {
        found.push(format!("{room} is not in the table of src/lib.rs"));
    }
    if room != "edge" {
        let named = RUNTIME.iter().filter(|name| code.split(*name).count() > 1 && !only_longer(&code, name));
        found.extend(named.map(|name| format!("{room} must not name {name}")));
    }
    found.sort();
    found.dedup();
    found
}

/// Whether every place with `name` is the end of a longer name.
fn only_longer(code: &str, name: &str) -> bool {
    let longer = |before: &str| before.ends_with(|letter: char| letter.is_ascii_alphanumeric() || letter == '_');
    let word = name.starts_with(|letter: char| letter.is_ascii_alphabetic());
    word && code.match_indices(name).all(|(at, _)| longer(code.get(..at).unwrap_or_default()))
}

/// Every Rust file below `folder`, with the room it belongs to.
fn files(folder: &Path, room: Option<&str>) -> std::io::Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let room = room.unwrap_or(&name);
        if path.is_dir() {
            found.extend(files(&path, Some(room))?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push((room.to_owned(), std::fs::read_to_string(&path)?));
        }
    }
    Ok(found)
}

#[test]
fn every_room_uses_only_rooms_below_it() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let lib = std::fs::read_to_string(src.join("lib.rs")).unwrap();
    let table = table(&lib);
    assert!(table.len() >= 7 && table[0].contains(&"time") && table[table.len() - 1] == ["edge"], "{table:?}");
    let files: Vec<_> = files(&src, None).unwrap().into_iter().filter(|(room, _)| room != "lib").collect();
    for room in table.iter().flatten() {
        assert!(files.iter().any(|(other, _)| other == room), "the table names {room}, and there is no such room");
    }
    let found: Vec<String> = files.iter().flat_map(|(room, text)| offences(&table, room, text)).collect();
    assert!(found.is_empty(), "{found:#?}");
}

const LIB: &str = "//! | room | what |\n//! |---|---|\n//! | [`time`] [`id`] | leaf |\n//! | [`gate`] [`mcp`] | middle |\n//! | `edge` | top |\n";

#[test]
fn the_table_is_read_bottom_first() {
    assert_eq!(table(LIB), [vec!["time", "id"], vec!["gate", "mcp"], vec!["edge"]]);
}

#[test]
fn what_is_allowed_is_no_offence() {
    let table = table(LIB);
    for (room, text) in [
        ("gate", "use crate::time::Lifetime;\nuse crate::gate::lease;\nuse crate::VERSION;"),
        ("id", "use crate::{time::Lifetime};"),
        ("edge", "use worker::Env;\nuse crate::{gate::{a, b}, mcp, time};\nasync fn f() { g().await }"),
        (
            "mcp",
            "// use crate::gate::Gate;\n//! [`crate::edge`] does the rest\nuse wasm_bindgen_test::wasm_bindgen_test;",
        ),
        ("gate", "let co_worker::x = 1;"),
    ] {
        assert_eq!(offences(&table, room, text), [""; 0], "{room}: {text}");
    }
}

#[test]
fn every_kind_of_offence_is_found() {
    let table = table(LIB);
    for (room, text, offence) in [
        ("time", "use crate::gate::Gate;", "time must not use gate"),
        ("time", "use crate::id::UserId;", "time must not use id"),
        ("gate", "use crate::mcp::Post;", "gate must not use mcp"),
        ("gate", "fn f() { crate::edge::f() }", "gate must not use edge"),
        ("gate", "use crate::{\n    time::{Lifetime, Timestamp},\n    mcp,\n};", "gate must not use mcp"),
        ("gate", "pub(in crate::edge) fn f() {}", "gate must not use edge"),
        ("gate", "use crate::util::x;", "gate must not use util"),
        ("gate", "use worker::Env;", "gate must not name worker::"),
        ("mcp", "pub async fn f() {}", "mcp must not name async fn"),
        ("helpers", "", "helpers is not in the table of src/lib.rs"),
    ] {
        assert_eq!(offences(&table, room, text), [offence], "{room}: {text}");
    }
}
