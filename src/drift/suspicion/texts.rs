//! Every text of a definition.

use crate::drift::definition::Definition;
use serde_json::Value;

/// Members whose texts are for machines: patterns, references, pictures.
const MACHINE: [&str; 9] =
    ["pattern", "$ref", "$schema", "$id", "$dynamicRef", "$recursiveRef", "format", "src", "mimeType"];
/// Deepest nesting that is looked at.
const MAX_DEPTH: usize = 160;

/// One text.
pub(super) struct Text<'d> {
    /// Its JSON pointer in the members of the definition.
    pub at: String,
    pub content: &'d str,
    /// Whether it is the name of something.
    pub is_name: bool,
}

/// Hands on every text of a definition: its values, and the names of its members.
pub(super) fn each_text<'d>(definition: &'d Definition, take: &mut dyn FnMut(Text<'d>)) {
    take(Text { at: String::new(), content: &definition.name, is_name: true });
    for (name, value) in &definition.members {
        walk(value, &format!("/{name}"), MAX_DEPTH, take);
    }
}

fn walk<'d>(value: &'d Value, at: &str, depth: usize, take: &mut dyn FnMut(Text<'d>)) {
    if depth == 0 {
        return;
    }
    match value {
        Value::String(text) => take(Text { at: at.to_owned(), content: text, is_name: false }),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, &format!("{at}/{index}"), depth - 1, take);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                let at = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
                take(Text { at: at.clone(), content: name, is_name: true });
                let machine = MACHINE.contains(&name.as_str()) && member.is_string();
                if machine {
                    take(Text { at, content: member.as_str().unwrap_or_default(), is_name: true });
                } else {
                    walk(member, &at, depth - 1, take);
                }
            }
        }
        _ => {}
    }
}
