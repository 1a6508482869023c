//! The canonical form of a JSON document (RFC 8785): what is hashed or signed has one spelling.
//!
//! Whole numbers that no double holds exactly lie outside of the RFC; they keep their digits, so that two of them never look
//! the same.

use serde::Serialize;
use serde_json::{Map, Number, Value};

/// The canonical text of a value.
pub fn text(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value);
    out
}

/// The canonical text of an object.
pub fn object(members: &Map<String, Value>) -> String {
    let mut out = String::new();
    write_object(&mut out, members);
    out
}

/// The canonical text of anything that serializes; `None` for what JSON cannot say, such as a map whose keys are no texts.
pub fn of(value: &impl Serialize) -> Option<String> {
    serde_json::to_value(value).ok().map(|value| text(&value))
}

fn write(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => write_number(out, number),
        Value::String(text) => write_text(out, text),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(out, item);
            }
            out.push(']');
        }
        Value::Object(members) => write_object(out, members),
    }
}

/// Members stand in the order of their names' UTF-16 code units (section 3.2.3).
fn write_object(out: &mut String, members: &Map<String, Value>) {
    let mut sorted: Vec<_> = members.iter().collect();
    if sorted.iter().all(|(name, _)| name.is_ascii()) {
        // The same order, without decoding.
        sorted.sort_unstable_by_key(|(name, _)| name.as_str());
    } else {
        sorted.sort_by(|(one, _), (other, _)| one.encode_utf16().cmp(other.encode_utf16()));
    }
    out.push('{');
    for (index, (name, value)) in sorted.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_text(out, name);
        out.push(':');
        write(out, value);
    }
    out.push('}');
}

/// Only quotation mark, backslash and control characters are escaped, in the shortest way (section 3.2.2.2).
fn write_text(out: &mut String, text: &str) {
    if text.bytes().any(|byte| byte < b' ' || byte == b'"' || byte == b'\\') {
        out.push_str(&Value::String(text.to_owned()).to_string());
    } else {
        out.extend(["\"", text, "\""]);
    }
}

/// A double as ECMAScript writes it (section 3.2.2.3): the shortest digits that read back as the same number.
fn write_number(out: &mut String, number: &Number) {
    let Some(double) = number.as_f64().filter(|_| number.is_f64()) else {
        out.push_str(&number.to_string());
        return;
    };
    if double == 0.0 {
        out.push('0');
        return;
    }
    if double.is_sign_negative() {
        out.push('-');
    }
    let (digits, exponent) = shortest(double.abs());
    write_digits(out, &digits, exponent);
}

/// The shortest digits that read back as this number, and its power of ten. Of two that are equally near, the even one counts
/// (ECMA-262, Number::toString, note 2); the standard library gives the larger one.
fn shortest(double: f64) -> (String, i32) {
    let (digits, exponent) = scientific(&format!("{double:e}"));
    let count = digits.len();
    if !digits.ends_with(['1', '3', '5', '7', '9']) {
        return (digits, exponent);
    }
    // A tie ends right after its 5; no double has this many zeros behind one by chance.
    let (exact, _) = scientific(&format!("{double:.*e}", count + 30));
    let Some((even, rest)) = exact.split_at_checked(count) else { return (digits, exponent) };
    let is_tie = rest.strip_prefix('5').is_some_and(|zeros| zeros.bytes().all(|digit| digit == b'0'));
    let power = exponent + 1 - i32::try_from(count).unwrap_or_default();
    if is_tie && format!("{even}e{power}").parse() == Ok(double) {
        return (even.to_owned(), exponent);
    }
    (digits, exponent)
}

/// Takes `1.25e3` apart: its digits, and the power of ten of the first.
fn scientific(text: &str) -> (String, i32) {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    (mantissa.replace('.', ""), exponent.parse().unwrap_or_default())
}

/// Digits of which the first stands before the point, times ten to the power of `exponent`.
fn write_digits(out: &mut String, digits: &str, exponent: i32) {
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or_default());
    let split = |at: i32| digits.split_at_checked(usize::try_from(at).unwrap_or_default()).unwrap_or((digits, ""));
    match exponent {
        0..=20 if count <= exponent + 1 => {
            out.push_str(digits);
            out.push_str(&zeros(exponent + 1 - count));
        }
        0..=20 => {
            let (whole, fraction) = split(exponent + 1);
            out.extend([whole, ".", fraction]);
        }
        -6..=-1 => out.extend(["0.", &zeros(-exponent - 1), digits]),
        _ => {
            let (first, rest) = split(1);
            let point = if rest.is_empty() { "" } else { "." };
            let sign = if exponent < 0 { "e-" } else { "e+" };
            out.extend([first, point, rest, sign, &exponent.unsigned_abs().to_string()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{of, text};
    use serde_json::{Value, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn canonical(document: &str) -> String {
        text(&serde_json::from_str(document).unwrap())
    }

    // RFC 8785 section 3.2.2.
    #[test]
    fn the_example_of_the_rfc_gives_its_bytes() {
        let sample = r#"{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],
            "string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}"#;
        let expected = "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],\
                        \"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}";
        assert_eq!(canonical(sample), expected);
    }

    // RFC 8785 section 3.2.3.
    #[test]
    fn members_are_sorted_by_utf_16() {
        let sample = r#"{"\u20ac":"Euro","\r":"CR","\ufb33":"Dalet","1":"One","\ud83d\ude00":"Smiley","\u0080":"C","\u00f6":"o"}"#;
        let sorted = canonical(sample);
        let mut at = 0;
        for word in ["CR", "One", "C\"", "\"o\"", "Euro", "Smiley", "Dalet"] {
            let found = sorted[at..].find(word).unwrap_or_else(|| panic!("{word} in {sorted}"));
            at += found;
        }
    }

    // RFC 8785 appendix B.
    #[test]
    fn doubles_are_written_as_ecmascript_does() {
        for (bits, expected) in [
            (0x0000_0000_0000_0000, "0"),
            (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"),
            (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
            (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
            (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
            (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
            (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x41b3_de43_5555_5553, "333333333.3333332"),
            (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
            (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
        ] {
            assert_eq!(of(&f64::from_bits(bits)).unwrap(), expected, "{bits:016x}");
        }
    }

    #[test]
    fn whole_numbers_beyond_doubles_keep_their_digits() {
        assert_eq!(
            canonical("[9007199254740993,18446744073709551615,-1]"),
            "[9007199254740993,18446744073709551615,-1]"
        );
    }

    #[test]
    fn the_order_of_members_and_the_space_between_them_say_nothing() {
        assert_eq!(canonical("{ \"b\" : 1.0, \"a\" : [ ] }"), canonical("{\"a\":[],\"b\":1}"));
        assert_ne!(text(&json!({"a": 1})), text(&json!({"a": "1"})));
    }

    #[cfg(not(target_arch = "wasm32"))]
    proptest::proptest! {
        #[test]
        fn the_canonical_text_reads_back_as_itself(double: f64, word in ".{0,12}", whole: u64) {
            proptest::prop_assume!(double.is_finite());
            let once = text(&json!({word.clone(): [double, whole, word.as_str()]}));
            let read: Value = serde_json::from_str(&once).unwrap();
            proptest::prop_assert_eq!(text(&read), once);
            proptest::prop_assert_eq!(read[&word][0].as_f64(), Some(double));
        }
    }
}
