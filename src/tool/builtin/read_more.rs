//! `read_more`: the parts of an answer that was too long for one result.

use crate::mcp::wire::CallToolResult;
use crate::time::Lifetime;
use crate::tool::result;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How long a long answer is kept.
pub const KEPT: Lifetime = Lifetime::from_seconds(600);
/// Most bytes of an answer that are kept.
pub const MAX_KEPT_BYTES: usize = 1024 * 1024;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Order {
    /// Which answer.
    pub handle: String,
    /// Which of its parts, from 1.
    pub page: u32,
}

#[derive(Serialize)]
struct Part<'a> {
    text: &'a str,
    page: u32,
    pages: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl Order {
    /// The order of arguments that fit the tool's schema.
    pub fn read(arguments: &Map<String, Value>) -> Option<Self> {
        serde_json::from_value(Value::Object(arguments.clone())).ok()
    }

    /// The result that gives a part.
    pub fn told(&self, text: &str, pages: u32) -> CallToolResult {
        let next = (self.page < pages).then(|| how(&self.handle, self.page + 1));
        result::structured(&Part { text, page: self.page, pages, next })
    }

    /// The result where there is no such part.
    pub fn missed() -> CallToolResult {
        let minutes = KEPT.millis() / 60_000;
        result::failed(&format!(
            "There is no such page, or the answer is gone: it is kept for {minutes} minutes, for who got it. Make the call \
             again that gave it."
        ))
    }
}

/// How to go on, in words for a model.
pub fn how(handle: &str, page: u32) -> String {
    format!("To read on, call read_more with {{\"handle\": \"{handle}\", \"page\": {page}}}.")
}

#[cfg(test)]
mod tests {
    use super::{Order, how};
    use crate::tool::builtin::BuiltIn;
    use crate::tool::schema::Schema;
    use serde_json::{Value, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_part_says_how_to_go_on_until_the_last() {
        let definition = BuiltIn::ReadMore.definition().unwrap();
        let (takes, gives) = (
            Schema::compile(&definition.input_schema).unwrap(),
            Schema::compile(&definition.output_schema.unwrap()).unwrap(),
        );
        let arguments = json!({"handle": "h", "page": 2});
        takes.validate(&arguments).unwrap();
        let Value::Object(arguments) = arguments else { panic!("an object") };
        let order = Order::read(&arguments).unwrap();
        for (pages, goes_on) in [(3, true), (2, false)] {
            let part = order.told("some text", pages).structured_content.unwrap();
            gives.validate(&part).unwrap();
            assert_eq!(part.get("next").is_some(), goes_on);
        }
        assert!(Order::missed().is_error);
    }

    #[test]
    fn what_a_model_is_told_is_a_good_call() {
        let told = how("h", 2);
        let from = told.find('{').unwrap();
        let arguments: Value = serde_json::from_str(&told[from..=told.rfind('}').unwrap()]).unwrap();
        assert_eq!(arguments, json!({"handle": "h", "page": 2}));
    }
}
