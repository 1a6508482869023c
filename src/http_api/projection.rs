//! The part of an answer that is shown.

use super::api::Projection;
use serde_json::{Map, Value};

/// A JSON answer does not have what is shown of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the answer does not have the part that is shown")]
pub struct NoSuchPart;

impl Projection {
    /// Takes the part out of an answer. A member that is not there is left out; where the pointer leads nowhere there is
    /// nothing to show.
    pub fn take(&self, mut answer: Value) -> Result<Value, NoSuchPart> {
        let part = answer.pointer_mut(&self.pointer).map(Value::take).ok_or(NoSuchPart)?;
        if self.members.is_empty() {
            return Ok(part);
        }
        Ok(match part {
            Value::Object(members) => Value::Object(self.kept(members)),
            Value::Array(items) => Value::Array(items.into_iter().map(|item| self.of_entry(item)).collect()),
            other => other,
        })
    }

    fn of_entry(&self, entry: Value) -> Value {
        match entry {
            Value::Object(members) => Value::Object(self.kept(members)),
            other => other,
        }
    }

    fn kept(&self, mut members: Map<String, Value>) -> Map<String, Value> {
        let kept = self.members.iter().filter_map(|name| members.swap_remove(name).map(|value| (name.clone(), value)));
        kept.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{NoSuchPart, Projection};
    use serde_json::json;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn of(pointer: &str, members: &[&str]) -> Projection {
        Projection { pointer: pointer.to_owned(), members: members.iter().map(|name| (*name).to_owned()).collect() }
    }

    #[test]
    fn a_pointer_leads_to_a_part() {
        let answer = json!({"data": {"a/b": [10, {"x~y": 1}]}});
        assert_eq!(of("", &[]).take(answer.clone()), Ok(answer.clone()));
        assert_eq!(of("/data/a~1b/1/x~0y", &[]).take(answer.clone()), Ok(json!(1)));
        for nowhere in ["/no", "/data/a~1b/2", "/data/a~1b/-", "/data/a~1b/01", "data"] {
            assert_eq!(of(nowhere, &[]).take(answer.clone()), Err(NoSuchPart), "{nowhere}");
        }
    }

    #[test]
    fn members_are_kept_of_an_object_and_of_each_object_of_a_list() {
        let answer = json!({"items": [{"id": 1, "secret": 2, "name": "a"}, 5, {"name": "b"}], "next": null});
        assert_eq!(
            of("/items", &["name", "id"]).take(answer.clone()),
            Ok(json!([{"name": "a", "id": 1}, 5, {"name": "b"}]))
        );
        assert_eq!(of("", &["next", "no"]).take(answer), Ok(json!({"next": null})));
        assert_eq!(of("", &["a"]).take(json!("text")), Ok(json!("text")));
    }
}
