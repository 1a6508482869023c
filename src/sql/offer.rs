//! The tools and resources of a database, as they are listed. The definitions stand in the JSON file beside this one.

use super::answer::{Table, Tables};
use super::options::{Change, DatabaseOptions};
use crate::mcp::wire::{Resource, ResourceTemplate, Tool};
use serde_json::{Map, Value};

/// Most tables that are listed as resources; all of them can be read.
const MOST_RESOURCES: usize = 200;
/// How the address of a table begins.
const SCHEME: &str = "table:///";
/// What a table's description is.
pub const MEDIA_TYPE: &str = "application/json";

/// The tools: without writes, none that changes rows.
pub fn tools(options: &DatabaseOptions) -> Vec<Tool> {
    // Always there, as a test shows.
    let mut tools: Vec<Tool> = serde_json::from_str(include_str!("tools.json")).unwrap_or_default();
    tools.retain(|tool| options.writes || tool.name != "execute");
    let allowed: Vec<&str> =
        Change::ALL.into_iter().filter(|change| options.allows(*change)).map(Change::as_word).collect();
    for text in tools.iter_mut().filter_map(|tool| tool.description.as_mut()) {
        *text = text.replace("{statements}", &allowed.join(", "));
    }
    tools
}

/// The template that every table's address comes from.
pub fn template() -> ResourceTemplate {
    let rest = members([
        ("name", "table".into()),
        ("title", "A table".into()),
        ("description", "The columns of a table or view, such as table:///orders.".into()),
        ("mimeType", MEDIA_TYPE.into()),
    ]);
    ResourceTemplate { uri_template: format!("{SCHEME}{{name}}"), rest }
}

/// The tables as resources. One whose name would have to be encoded is described by the tool alone.
pub fn resources(tables: &Tables) -> Vec<Resource> {
    let named = tables.tables.iter().filter(|table| is_plain(&table.name)).take(MOST_RESOURCES);
    let resource = |table: &Table| {
        let rest = members([
            ("name", table.name.as_str().into()),
            ("description", format!("The columns of the {} {}.", table.kind, table.name).into()),
            ("mimeType", MEDIA_TYPE.into()),
        ]);
        Resource { uri: format!("{SCHEME}{}", table.name), rest }
    };
    named.map(resource).collect()
}

/// The table that an address names.
pub fn table_of(uri: &str) -> Option<&str> {
    uri.strip_prefix(SCHEME).filter(|name| is_plain(name))
}

fn is_plain(name: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.~".contains(&byte);
    !name.is_empty() && !matches!(name, "." | "..") && name.len() <= 128 && name.bytes().all(letter)
}

fn members<const N: usize>(members: [(&str, Value); N]) -> Map<String, Value> {
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

#[cfg(test)]
mod tests {
    use super::{resources, table_of, template, tools};
    use crate::sql::answer::{Table, Tables};
    use crate::sql::options::{Change, DatabaseOptions};
    use serde_json::{Value, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn options(writes: bool, statements: Option<Vec<Change>>) -> DatabaseOptions {
        DatabaseOptions { binding: "DATA_A".into(), writes, statements, max_rows: None }
    }

    #[test]
    fn the_tools_are_there_and_the_one_that_writes_is_not_where_nothing_may_be_written() {
        let names =
            |writes| -> Vec<String> { tools(&options(writes, None)).into_iter().map(|tool| tool.name).collect() };
        assert_eq!(names(true), ["query", "describe_tables", "execute"]);
        assert_eq!(names(false), ["query", "describe_tables"]);
        for tool in tools(&options(true, Some(vec![Change::Insert]))) {
            let hints = Value::Object(tool.annotations.unwrap());
            let writes = tool.name == "execute";
            assert_eq!((&hints["readOnlyHint"], &hints["destructiveHint"]), (&json!(!writes), &json!(writes)));
            assert_eq!(tool.description.unwrap().ends_with("Allowed here: INSERT."), writes);
        }
    }

    #[test]
    fn a_table_is_a_resource_where_its_name_is_plain() {
        let table = |name: &str| Table { name: name.into(), kind: "table".into(), columns: Vec::new() };
        let tables = Tables { tables: ["orders", "a b", "../x"].map(table).into(), truncated: false };
        let uris: Vec<String> = resources(&tables).into_iter().map(|resource| resource.uri).collect();
        assert_eq!(uris, ["table:///orders"]);
        assert_eq!(
            (table_of("table:///orders"), table_of("table:///.."), table_of("d1:///a")),
            (Some("orders"), None, None)
        );
        assert_eq!(template().uri_template, "table:///{name}");
    }
}
