//! Notifications that belong to a request: which of an upstream's reach the client, and what they look like there.

use super::era::Era;
use super::log_level::LogLevel;
use super::message::RequestId;
use serde::Serialize;
use serde_json::{Map, Number, Value};

/// Decides about the notifications of one request. Tokens are per hop: the client sees its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Notices {
    era: Era,
    progress: Option<RequestId>,
    reached: Option<f64>,
    from_level: Option<LogLevel>,
}

impl Notices {
    /// For a request in this era, whose client wants progress under this token, and log messages from this level on. In
    /// the modern era no level means none (2026-07-28, `server/utilities/logging`); in the legacy revisions it means all,
    /// because there the server decides.
    pub const fn new(era: Era, progress: Option<RequestId>, log_level: Option<LogLevel>) -> Self {
        let from_level = match (era, log_level) {
            (Era::Legacy(_), None) => Some(LogLevel::Debug),
            (_, level) => level,
        };
        Self { era, progress, reached: None, from_level }
    }

    /// Whether progress is wanted.
    pub const fn wants_progress(&self) -> bool {
        self.progress.is_some()
    }

    /// The message for the client; `None` when this notification is not for it.
    ///
    /// Progress must grow (`basic/patterns/progress`), so a step back is dropped. What belongs to no request, such as a
    /// changed list, is not told here.
    pub fn relay(&mut self, method: &str, mut params: Map<String, Value>) -> Option<Vec<u8>> {
        match method {
            "notifications/progress" => {
                let token = self.progress.as_ref()?;
                let progress = params.get("progress").and_then(Value::as_f64)?;
                if self.reached.is_some_and(|reached| progress <= reached) {
                    return None;
                }
                self.reached = Some(progress);
                params.insert("progressToken".to_owned(), id_value(token));
            }
            "notifications/message" => {
                let level = params.get("level").and_then(Value::as_str).and_then(LogLevel::named)?;
                if self.from_level.is_none_or(|from| level < from) {
                    return None;
                }
            }
            "notifications/elicitation/complete" if self.era != Era::Modern => {}
            _ => return None,
        }
        Some(message(method, &params))
    }
}

/// An id as a JSON value, with its type.
pub(super) fn id_value(id: &RequestId) -> Value {
    match id {
        RequestId::Text(text) => Value::String(text.clone()),
        RequestId::Number(number) => Value::Number(Number::from(*number)),
    }
}

/// A notification on the wire.
pub fn message(method: &str, params: &Map<String, Value>) -> Vec<u8> {
    #[derive(Serialize)]
    struct Message<'a> {
        jsonrpc: &'static str,
        method: &'a str,
        #[serde(skip_serializing_if = "Map::is_empty")]
        params: &'a Map<String, Value>,
    }
    // Texts and maps with text keys always serialize.
    serde_json::to_vec(&Message { jsonrpc: "2.0", method, params }).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::Notices;
    use crate::mcp::era::{Era, LegacyRevision};
    use crate::mcp::log_level::LogLevel;
    use crate::mcp::message::RequestId;
    use serde_json::{Value, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const LEGACY: Era = Era::Legacy(LegacyRevision::V2025_11_25);

    fn relay(notices: &mut Notices, method: &str, params: &Value) -> Option<Value> {
        let message = notices.relay(method, params.as_object().unwrap().clone())?;
        Some(serde_json::from_slice(&message).unwrap())
    }

    #[test]
    fn progress_carries_the_clients_own_token_with_its_type_and_only_grows() {
        for (token, shown) in [(RequestId::Number(3), json!(3)), (RequestId::Text("3".into()), json!("3"))] {
            let mut notices = Notices::new(Era::Modern, Some(token), None);
            let mut step = |progress: Value| {
                let params = json!({"progressToken": 77, "progress": progress, "total": 9, "message": "m"});
                relay(&mut notices, "notifications/progress", &params)
            };
            assert_eq!(
                step(json!(0)),
                Some(json!({"jsonrpc": "2.0", "method": "notifications/progress",
                    "params": {"progressToken": shown, "progress": 0, "total": 9, "message": "m"}}))
            );
            assert!(step(json!(0)).is_none() && step(json!(0.5)).is_some() && step(json!(0.25)).is_none());
            assert!(step(json!("1")).is_none() && step(Value::Null).is_none());
        }
        let mut unasked = Notices::new(Era::Modern, None, None);
        assert!(relay(&mut unasked, "notifications/progress", &json!({"progress": 1})).is_none());
    }

    #[test]
    fn log_messages_are_told_from_the_wanted_level_on() {
        let told = |era, level, said: Value| {
            relay(&mut Notices::new(era, None, level), "notifications/message", &json!({"level": said, "data": 1}))
                .is_some()
        };
        assert!(!told(Era::Modern, None, json!("emergency")));
        assert!(told(Era::Modern, Some(LogLevel::Info), json!("info")));
        assert!(!told(Era::Modern, Some(LogLevel::Info), json!("debug")));
        assert!(told(LEGACY, None, json!("debug")));
        assert!(!told(LEGACY, Some(LogLevel::Error), json!("warning")));
        assert!(!told(LEGACY, None, json!("loud")) && !told(LEGACY, None, json!(1)));
    }

    #[test]
    fn what_belongs_to_no_request_is_not_told_with_one() {
        for method in
            ["notifications/tools/list_changed", "notifications/resources/updated", "x", "notifications/tasks"]
        {
            assert!(relay(&mut Notices::new(Era::Modern, None, None), method, &json!({})).is_none());
            assert!(relay(&mut Notices::new(LEGACY, None, None), method, &json!({})).is_none());
        }
        let method = "notifications/elicitation/complete";
        assert!(relay(&mut Notices::new(LEGACY, None, None), method, &json!({"elicitationId": "a"})).is_some());
        assert!(relay(&mut Notices::new(Era::Modern, None, None), method, &json!({})).is_none());
    }
}
