//! Equality and size of JSON numbers and values as JSON Schema means them: `1` and `1.0` are one number, and the order of
//! an object's members does not count (JSON Schema Core, section 4.2.2).

use serde_json::{Number, Value};
use std::cmp::Ordering;

/// A text that two values share exactly when they are equal; JSON that reads back as an equal value.
pub(super) fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Number(number) => text.push_str(&canonical_number(number)),
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write(item, text);
            }
            text.push(']');
        }
        Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_unstable_by_key(|(name, _)| *name);
            text.push('{');
            for (index, (name, member)) in sorted.into_iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                write(member, text);
            }
            text.push('}');
        }
        plain => text.push_str(&plain.to_string()),
    }
}

fn canonical_number(number: &Number) -> String {
    match whole(number) {
        Some(whole) => whole.to_string(),
        None => number.to_string(),
    }
}

/// The number as a whole number, when it is one that 128 bits hold.
pub fn whole(number: &Number) -> Option<i128> {
    if let Some(integer) = number.as_i128() {
        return Some(integer);
    }
    let float = number.as_f64()?;
    // 2^126, exact as a float, keeps the cast below lossless.
    #[allow(clippy::cast_possible_truncation, reason = "the range and the missing fraction were just checked")]
    (float.fract() == 0.0 && float.abs() < 8.507_059_173_023_462e37).then_some(float as i128)
}

/// Whether the number has no fractional part.
pub(super) fn is_integer(number: &Number) -> bool {
    number.is_i64() || number.is_u64() || number.as_f64().is_some_and(|float| float.fract() == 0.0)
}

/// Which number is greater.
pub(super) fn compare(left: &Number, right: &Number) -> Option<Ordering> {
    if let (Some(left), Some(right)) = (whole(left), whole(right)) {
        return Some(left.cmp(&right));
    }
    left.as_f64()?.partial_cmp(&right.as_f64()?)
}

/// Whether `value` is a whole multiple of `factor`, within the rounding of one division.
pub(super) fn is_multiple(value: &Number, factor: &Number) -> bool {
    if let (Some(value), Some(factor)) = (whole(value), whole(factor)) {
        return value.checked_rem(factor) == Some(0);
    }
    let (Some(value), Some(factor)) = (value.as_f64(), factor.as_f64()) else {
        return false;
    };
    let quotient = value / factor;
    quotient.is_finite() && (quotient - quotient.round()).abs() <= quotient.abs() * 4.0 * f64::EPSILON
}

#[cfg(test)]
mod tests {
    use super::{canonical, is_multiple};
    use serde_json::json;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn numbers_are_equal_by_value_and_objects_by_members() {
        assert_eq!(canonical(&json!([1.0, {"a": 1, "b": -0.0}])), canonical(&json!([1, {"b": 0, "a": 1.0}])));
        assert_ne!(canonical(&json!([1])), canonical(&json!([true])));
        assert_ne!(canonical(&json!(["a", "b"])), canonical(&json!(["a,b"])));
        assert_ne!(canonical(&json!(9_007_199_254_740_993_u64)), canonical(&json!(9_007_199_254_740_992_u64)));
    }

    #[test]
    fn a_multiple_is_a_multiple_in_spite_of_rounding() {
        let number = |value: serde_json::Value| value.as_number().cloned().unwrap();
        assert!(is_multiple(&number(json!(0.0075)), &number(json!(0.0001))));
        assert!(!is_multiple(&number(json!(0.00751)), &number(json!(0.0001))));
        assert!(is_multiple(&number(json!(12_391_239_123_u64)), &number(json!(1e-8))));
        assert!(!is_multiple(&number(json!(1e308)), &number(json!(0.123_456_789))));
        assert!(!is_multiple(&number(json!(7)), &number(json!(2))));
    }
}
