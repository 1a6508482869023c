//! The tools and resources of an upstream's files, as they are listed. The definitions stand in the JSON file beside this one.

use super::options::FileOptions;
use super::path::FilePath;
use super::told::Entry;
use crate::mcp::wire::{Resource, ResourceTemplate, Tool};
use serde_json::{Map, Value};

/// Most files that are listed as resources; all of them can be read.
pub const MOST_RESOURCES: u32 = 100;

/// The tools: where files are only read, those that change nothing.
pub fn tools(options: &FileOptions) -> Vec<Tool> {
    // Always there, as a test shows.
    let mut tools: Vec<Tool> = serde_json::from_str(include_str!("tools.json")).unwrap_or_default();
    tools.retain(|tool| !options.read_only || reads(tool));
    tools
}

fn reads(tool: &Tool) -> bool {
    tool.annotations.as_ref().and_then(|hints| hints.get("readOnlyHint")) == Some(&Value::Bool(true))
}

/// The template that every file's address comes from.
pub fn template() -> ResourceTemplate {
    let rest = members([
        ("name", "file".into()),
        ("title", "A file".into()),
        ("description", "A file by its path, percent-encoded, such as file:///notes/today.md.".into()),
    ]);
    ResourceTemplate { uri_template: "file:///{+path}".into(), rest }
}

/// A file as a resource.
pub fn resource(path: &FilePath, entry: &Entry) -> Resource {
    let rest =
        members([("name", path.as_str().into()), ("mimeType", path.media_type().into()), ("size", entry.size.into())]);
    Resource { uri: path.address(), rest }
}

fn members<const N: usize>(members: [(&str, Value); N]) -> Map<String, Value> {
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

#[cfg(test)]
mod tests {
    use super::{resource, template, tools};
    use crate::file::options::FileOptions;
    use crate::file::path::FilePath;
    use crate::file::told::Entry;
    use serde_json::{Value, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn names(read_only: bool) -> Vec<String> {
        let tools = tools(&FileOptions { read_only, ..FileOptions::default() });
        tools.into_iter().map(|tool| tool.name).collect()
    }

    #[test]
    fn the_tools_are_there_and_those_that_write_are_not_where_files_are_only_read() {
        assert_eq!(names(false), ["read_file", "list_files", "search_files", "write_file", "delete_file"]);
        assert_eq!(names(true), ["read_file", "list_files", "search_files"]);
    }

    #[test]
    fn every_tool_says_what_it_does_to_files() {
        for tool in tools(&FileOptions::default()) {
            let hints = Value::Object(tool.annotations.unwrap());
            let writes = ["write_file", "delete_file"].contains(&tool.name.as_str());
            assert_eq!(hints["readOnlyHint"], json!(!writes), "{}", tool.name);
            assert_eq!(hints["destructiveHint"], json!(writes), "{}", tool.name);
            assert_eq!(hints["idempotentHint"], json!(tool.name != "write_file"), "{}", tool.name);
            assert_eq!(tool.input_schema["additionalProperties"], json!(false), "{}", tool.name);
        }
    }

    #[test]
    fn a_file_is_a_resource_with_an_address() {
        let path = FilePath::parse("a b/ü.md").unwrap();
        let entry = Entry { path: path.to_string(), size: 3, etag: "e".into(), modified_ms: 0, matches: Vec::new() };
        assert_eq!(
            serde_json::to_value(resource(&path, &entry)).unwrap(),
            json!({"uri": "file:///a%20b/%C3%BC.md", "name": "a b/ü.md", "mimeType": "text/markdown", "size": 3})
        );
        assert_eq!(template().uri_template, "file:///{+path}");
    }
}
