//! Any text as a path, a pattern, a cursor and a statement: a path stays in its area, a query in its place, and nothing panics.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mcp_secure_gateway::file::glob::Glob;
use mcp_secure_gateway::file::path::{Area, FilePath};
use mcp_secure_gateway::id::{TenantId, UpstreamId};
use mcp_secure_gateway::sql::statement::Query;

fuzz_target!(|text: &str| {
    let area = Area::new(&TenantId::parse("ten").expect("an id"), &UpstreamId::parse("ups").expect("an id"));
    if let Ok(path) = FilePath::parse(text) {
        let key = area.key(&path);
        assert!(key.starts_with(area.prefix()) && area.path_of(&key).as_ref() == Some(&path));
        assert_eq!(FilePath::of_address(&path.address()), Ok(path));
    }
    assert!(area.after(text).is_none_or(|after| after.starts_with(area.prefix())));
    if let Ok(glob) = Glob::parse(text) {
        glob.takes("a/b.md");
    }
    for values in 0..4 {
        if let Ok(query) = Query::admit(text, values) {
            assert!(Query::admit(&query.limited(1), values).is_ok(), "where it is put it is one query");
        }
    }
});
