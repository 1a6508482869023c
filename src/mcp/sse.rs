//! The event-stream format, as far as the protocol writes it (WHATWG HTML, section 9.2.6).

use crate::time::Lifetime;

/// The media type of a stream.
pub const MEDIA_TYPE: &str = "text/event-stream";
/// A comment: keeps a quiet connection open, and finds out whether it still is.
pub const COMMENT: &[u8] = b": alive\n\n";

/// One event with a message, and its id where the stream can be resumed. A message rendered as JSON has no line breaks.
pub fn event(id: Option<&str>, message: &[u8]) -> Vec<u8> {
    let mut event = Vec::with_capacity(message.len() + 48);
    if let Some(id) = id {
        event.extend_from_slice(b"id: ");
        event.extend_from_slice(id.as_bytes());
        event.push(b'\n');
    }
    event.extend_from_slice(b"data: ");
    event.extend_from_slice(message);
    event.extend_from_slice(b"\n\n");
    event
}

/// The event a resumable stream begins with (2025-11-25, `basic/transports`): an id to come back with and no data, and how
/// long to wait before coming back.
pub fn priming(id: &str, retry: Lifetime) -> Vec<u8> {
    format!("id: {id}\nretry: {}\ndata: \n\n", retry.millis()).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::{COMMENT, event, priming};
    use crate::time::Lifetime;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn events_stand_as_the_format_wants_them() {
        assert_eq!(event(None, b"{}"), b"data: {}\n\n");
        assert_eq!(event(Some("3-1"), b"{}"), b"id: 3-1\ndata: {}\n\n");
        assert_eq!(priming("3-0", Lifetime::from_seconds(1)), b"id: 3-0\nretry: 1000\ndata: \n\n");
        assert_eq!(COMMENT, b": alive\n\n");
    }
}
