//! `server_time`: the time of the gateway, in UTC.

use crate::mcp::wire::CallToolResult;
use crate::time::Timestamp;
use crate::tool::result;
use serde::Serialize;

#[derive(Serialize)]
struct ServerTime {
    utc: String,
    unix_ms: u64,
}

/// The result for a call at `now`.
pub fn run(now: Timestamp) -> CallToolResult {
    result::structured(&ServerTime { utc: now.to_rfc3339(), unix_ms: now.millis() })
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::time::Timestamp;
    use crate::tool::builtin::BuiltIn;
    use crate::tool::schema::Schema;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn the_result_fits_its_own_schema() {
        let definition = BuiltIn::ServerTime.definition().unwrap();
        let result = run(Timestamp::from_seconds(1)).structured_content.unwrap();
        Schema::compile(&definition.output_schema.unwrap()).unwrap().validate(&result).unwrap();
    }
}
