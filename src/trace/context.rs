//! `traceparent` (W3C Trace Context level 2, section 3.2), from a header or from the `_meta` of a message of the protocol
//! (MCP 2026-07-28, `basic`, "_meta").

use super::id::{SpanId, TraceId, digits};
use super::state::TraceState;
use serde_json::{Map, Value};
use std::fmt;

/// The names of the header fields, and of the members of `_meta`.
pub const PARENT: &str = "traceparent";
/// See [`PARENT`].
pub const STATE: &str = "tracestate";

/// Length of what every version begins with.
const KNOWN_LENGTH: usize = 55;
const SAMPLED: u8 = 1;
const RANDOM: u8 = 2;

/// What is said of a trace besides its ids.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// Whoever sent it may have recorded it.
    pub sampled: bool,
    /// The last seven bytes of the trace's id are random.
    pub random: bool,
}

/// Where a request stands: its trace, and the span it was made in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parent {
    /// The trace.
    pub trace: TraceId,
    /// The span.
    pub span: SpanId,
    /// What is said of it.
    pub flags: Flags,
}

impl Flags {
    const fn bits(self) -> u8 {
        (if self.sampled { SAMPLED } else { 0 }) | (if self.random { RANDOM } else { 0 })
    }
}

impl Parent {
    /// Reads the header's value. A version that is not known yet is read as far as it is known; flags that are not known
    /// are left out.
    pub fn parse(text: &str) -> Option<Self> {
        let (known, further) = text.split_at_checked(KNOWN_LENGTH)?;
        let mut parts = known.split('-');
        let mut part = || parts.next();
        let (version, trace, span, flags) = (part()?, part()?, part()?, part()?);
        let [version] = digits(version)?;
        let as_known = match version {
            0 => further.is_empty(),
            0xff => false,
            _ => further.is_empty() || further.starts_with('-'),
        };
        let [flags] = digits(flags).filter(|_| as_known && part().is_none())?;
        let flags = Flags { sampled: flags & SAMPLED != 0, random: flags & RANDOM != 0 };
        Some(Self { trace: TraceId::parse(trace)?, span: SpanId::parse(span)?, flags })
    }
}

impl fmt::Display for Parent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{}-{}-{:02x}", self.trace, self.span, self.flags.bits())
    }
}

/// What came with a request, or goes with one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// Where it stands.
    pub parent: Parent,
    /// What other tracing systems pass along.
    pub state: Option<TraceState>,
}

impl Carried {
    /// Reads the two headers. Without a good parent there is nothing, and a state that is not good is left out.
    pub fn read(parent: Option<&str>, state: impl FnOnce() -> Option<String>) -> Option<Self> {
        let parent = Parent::parse(parent?)?;
        Some(Self { parent, state: state().as_deref().and_then(TraceState::parse) })
    }

    /// Reads the two members of a message's `_meta`.
    pub fn of_meta(meta: &Map<String, Value>) -> Option<Self> {
        let member = |name: &str| meta.get(name).and_then(Value::as_str);
        Self::read(member(PARENT), || member(STATE).map(str::to_owned))
    }

    /// Puts it into a message's `_meta`, in place of what was there.
    pub fn put(&self, meta: &mut Map<String, Value>) {
        meta.insert(PARENT.to_owned(), self.parent.to_string().into());
        match &self.state {
            Some(state) => meta.insert(STATE.to_owned(), state.as_str().into()),
            None => meta.shift_remove(STATE),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::{Carried, Parent};
    use serde_json::{Map, Value, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const GOOD: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn members(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn a_parent_is_written_as_it_was_read() {
        for text in [GOOD, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03"] {
            assert_eq!(Parent::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn flags_that_are_not_known_are_not_passed_on() {
        let text = GOOD.replace("-01", "-f9");
        assert_eq!(Parent::parse(&text).unwrap().to_string(), GOOD);
    }

    #[test]
    fn a_later_version_is_read_as_far_as_it_is_known() {
        for text in [GOOD.replacen("00", "01", 1), GOOD.replacen("00", "fe", 1) + "-what-comes-later"] {
            assert_eq!(Parent::parse(&text).unwrap().to_string(), GOOD, "{text}");
        }
    }

    #[test]
    fn what_is_no_parent_is_refused() {
        let zero_trace = GOOD.replace("0af7651916cd43dd8448eb211c80319c", &"0".repeat(32));
        let zero_span = GOOD.replace("b7ad6b7169203331", &"0".repeat(16));
        let joined = format!("{GOOD}, {GOOD}");
        let bad = [
            "",
            "00",
            &GOOD[..54],
            &GOOD.to_uppercase(),
            &GOOD.replacen("00", "ff", 1),
            &GOOD.replacen("00", "0g", 1),
            &GOOD.replace('-', "_"),
            &format!("{GOOD}-"),
            &format!("{GOOD}x"),
            &format!(" {GOOD}"),
            &(GOOD.replacen("00", "cc", 1) + "x"),
            &zero_trace,
            &zero_span,
            &joined,
            "00-0af7651916cd43dd8448eb211c80319cb-7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333-0-1",
            &"é".repeat(40),
        ];
        for text in bad {
            assert_eq!(Parent::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_state_without_a_parent_is_nothing_and_a_bad_state_is_left_out() {
        assert_eq!(Carried::read(None, || Some("a=1".into())), None);
        assert_eq!(Carried::read(Some("00"), || Some("a=1".into())), None);
        assert_eq!(Carried::read(Some(GOOD), || Some("A=1".into())).unwrap().state, None);
        assert_eq!(Carried::read(Some(GOOD), || Some("a=1".into())).unwrap().state.unwrap().as_str(), "a=1");
    }

    #[test]
    fn what_was_in_a_message_is_replaced_as_a_whole() {
        let carried = Carried::of_meta(&members(&json!({"traceparent": GOOD, "tracestate": 5}))).unwrap();
        let mut meta = members(&json!({"traceparent": "00", "tracestate": "a=1", "baggage": "b=2"}));
        carried.put(&mut meta);
        assert_eq!(Value::Object(meta), json!({"traceparent": GOOD, "baggage": "b=2"}));
        let carried = Carried::of_meta(&members(&json!({"traceparent": GOOD, "tracestate": "a=1"}))).unwrap();
        let mut meta = Map::new();
        carried.put(&mut meta);
        assert_eq!(Value::Object(meta), json!({"traceparent": GOOD, "tracestate": "a=1"}));
        assert_eq!(Carried::of_meta(&members(&json!({"traceparent": 5}))), None);
    }
}
