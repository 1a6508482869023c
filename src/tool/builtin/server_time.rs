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
    result::structured(&ServerTime { utc: rfc3339(now), unix_ms: now.millis() })
}

/// A moment as RFC 3339 writes it, in UTC with milliseconds. Years beyond 9999 are written as they are.
pub fn rfc3339(moment: Timestamp) -> String {
    let seconds = moment.seconds();
    let (year, month, day) = moment.date();
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", moment.millis() % 1000)
}

#[cfg(test)]
mod tests {
    use super::{rfc3339, run};
    use crate::time::Timestamp;
    use crate::tool::builtin::BuiltIn;
    use crate::tool::schema::Schema;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn known_moments_are_written_right() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399, "2000-02-28T23:59:59.000Z"),
            (951_782_400, "2000-02-29T00:00:00.000Z"),
            (1_000_000_000, "2001-09-09T01:46:40.000Z"),
            (1_709_251_199, "2024-02-29T23:59:59.000Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000Z"),
            (253_402_300_799, "9999-12-31T23:59:59.000Z"),
        ] {
            assert_eq!(rfc3339(Timestamp::from_seconds(seconds)), text);
        }
        assert_eq!(rfc3339(Timestamp::from_millis(1_795_363_200_007)), "2026-11-22T16:00:00.007Z");
    }

    #[test]
    fn the_result_fits_its_own_schema() {
        let definition = BuiltIn::ServerTime.definition().unwrap();
        let result = run(Timestamp::from_seconds(1)).structured_content.unwrap();
        Schema::compile(&definition.output_schema.unwrap()).unwrap().validate(&result).unwrap();
    }

    #[cfg(not(target_arch = "wasm32"))]
    proptest::proptest! {
        #[test]
        fn the_text_grows_with_the_moment(left in 0_u64..253_402_300_799_999, right in 0_u64..253_402_300_799_999) {
            let (a, b) = (rfc3339(Timestamp::from_millis(left)), rfc3339(Timestamp::from_millis(right)));
            proptest::prop_assert_eq!(left.cmp(&right), a.cmp(&b));
        }
    }
}
