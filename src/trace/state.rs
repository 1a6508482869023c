//! `tracestate` (W3C Trace Context level 2, section 3.3): what other tracing systems pass along. Nothing in it is read here,
//! and nothing is added to it; it is held to its form and passed on.

/// Most members of a list.
const MOST_MEMBERS: usize = 32;
/// Longest list that is passed on, in bytes: what every participant has to pass on.
const LONGEST: usize = 512;
/// Longest key or value.
const LONGEST_PART: usize = 256;

/// A list of members, in the order they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceState(String);

impl TraceState {
    /// Reads a list; `None` where there is nothing to pass on, or anything that is not in the form.
    pub fn parse(text: &str) -> Option<Self> {
        let members: Vec<&str> = text.split(',').map(|member| member.trim_matches([' ', '\t'])).collect();
        let members: Vec<&str> = members.into_iter().filter(|member| !member.is_empty()).collect();
        let mut keys = Vec::with_capacity(members.len());
        for member in &members {
            let (key, value) = member.split_once('=')?;
            if !is_key(key) || !is_value(value) || keys.contains(&key) {
                return None;
            }
            keys.push(key);
        }
        let list = members.join(",");
        (1..=MOST_MEMBERS).contains(&members.len()).then_some(list).filter(|list| list.len() <= LONGEST).map(Self)
    }

    /// The list as it is sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_key(key: &str) -> bool {
    let inside = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-*/@".contains(&b);
    let first = key.bytes().next().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    first && key.len() <= LONGEST_PART && key.bytes().all(inside)
}

fn is_value(value: &str) -> bool {
    let inside = |b: u8| matches!(b, b' '..=b'~') && b != b',' && b != b'=';
    (1..=LONGEST_PART).contains(&value.len()) && value.bytes().all(inside)
}

#[cfg(test)]
mod tests {
    use super::TraceState;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn passed(text: &str) -> Option<String> {
        TraceState::parse(text).map(|state| state.as_str().to_owned())
    }

    #[test]
    fn a_list_is_passed_on_in_its_order() {
        assert_eq!(
            passed("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE").unwrap(),
            "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"
        );
        assert_eq!(passed(" a=1 ,\t, 0tenant@sys=a b").unwrap(), "a=1,0tenant@sys=a b");
    }

    #[test]
    fn what_is_not_in_the_form_is_dropped_as_a_whole() {
        let long = format!("a={}", "x".repeat(257));
        let many: Vec<String> = (0..33).map(|i| format!("k{i}=v")).collect();
        let wide = format!("a={},b={},c=1", "x".repeat(256), "y".repeat(256));
        for bad in ["", ",", "a", "a=", "=b", "A=1", "a=1,a=2", "a=é", "a=\u{7f}", "a=1=2", "*a=1", &long, &wide] {
            assert_eq!(passed(bad), None, "{bad}");
        }
        assert_eq!(passed(&many.join(",")), None);
    }
}
