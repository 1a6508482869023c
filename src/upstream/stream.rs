//! The event-stream format (WHATWG HTML, section 9.2.6), as far as the protocol uses it: the data of each message event,
//! and what it takes to come back to a stream that broke off.

use crate::json::ANSWER_CAPS;
use crate::outbound::HeaderValue;
use crate::time::Lifetime;

/// Longest event that is no answer, in bytes: a notification, or a question of a server. An answer may be as long in a stream
/// as it may be without one.
pub const LONGEST_NOTICE: usize = 256 * 1024;
/// Most messages before the answer of one request.
pub const MOST_MESSAGES: usize = 10_000;
/// Longest event that is read at all, in bytes.
const LONGEST_EVENT: usize = ANSWER_CAPS.max_bytes;

/// Longest event id that is sent back, in bytes.
const LONGEST_ID: usize = 1024;

/// Reads an event stream as it arrives, in pieces of any size.
#[derive(Debug, Default)]
pub struct EventReader {
    last_id: Option<HeaderValue>,
    retry: Option<Lifetime>,
    line: Vec<u8>,
    data: Option<Vec<u8>>,
    other_event: bool,
    after_return: bool,
    place: Place,
}

/// Where in a stream its reader is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// Before its first line.
    #[default]
    Beginning,
    /// In it.
    Within,
    /// Behind an event that is too long.
    Over,
}

impl EventReader {
    /// The id of the newest event that had one a header can carry.
    pub const fn last_id(&self) -> Option<&HeaderValue> {
        self.last_id.as_ref()
    }

    /// How long the server wants a client to wait before it comes back, if it said so.
    pub const fn retry(&self) -> Option<Lifetime> {
        self.retry
    }

    /// Whether an event came that is longer than any may be. Nothing is read after it.
    pub const fn is_overlong(&self) -> bool {
        matches!(self.place, Place::Over)
    }

    /// Takes the next bytes and gives the data of every message event that they complete. Comments and events of other
    /// types are skipped; an event is complete at its blank line, so an unfinished one is never given.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut events = Vec::new();
        for byte in bytes {
            if self.is_overlong() || self.line.len() > LONGEST_EVENT {
                (self.place, self.line, self.data) = (Place::Over, Vec::new(), None);
                break;
            }
            let line_ended = match byte {
                b'\n' if self.after_return => {
                    self.after_return = false;
                    continue;
                }
                b'\n' | b'\r' => true,
                _ => false,
            };
            self.after_return = *byte == b'\r';
            if line_ended {
                events.extend(self.end_line());
            } else {
                self.line.push(*byte);
            }
        }
        events
    }

    fn end_line(&mut self) -> Option<Vec<u8>> {
        let line = std::mem::take(&mut self.line);
        let mut line = line.as_slice();
        if self.place == Place::Beginning {
            // One byte order mark may stand at the very beginning.
            line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
            self.place = Place::Within;
        }
        if line.is_empty() {
            return self.end_event();
        }
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let (field, value) = line.split_at(colon);
        let value = value.strip_prefix(b":").unwrap_or(value);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"data" => {
                let data = match self.data.take() {
                    Some(mut data) => {
                        data.push(b'\n');
                        data.extend_from_slice(value);
                        data
                    }
                    None => value.to_vec(),
                };
                if data.len() > LONGEST_EVENT {
                    self.place = Place::Over;
                }
                self.data = Some(data);
            }
            b"id" if value.len() <= LONGEST_ID => {
                let id = std::str::from_utf8(value).ok().filter(|id| !id.is_empty());
                self.last_id = id.and_then(|id| HeaderValue::parse(id).ok());
            }
            b"retry" => {
                let millis = std::str::from_utf8(value).ok().and_then(|digits| digits.parse().ok());
                self.retry = millis.map(Lifetime::from_millis).or(self.retry);
            }
            b"event" => self.other_event = !value.is_empty() && value != b"message",
            _ => {}
        }
        None
    }

    fn end_event(&mut self) -> Option<Vec<u8>> {
        let other_event = std::mem::take(&mut self.other_event);
        self.data.take().filter(|data| !other_event && !data.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::EventReader;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn read(text: &str) -> Vec<String> {
        let events = EventReader::default().push(text.as_bytes());
        events.into_iter().map(|event| String::from_utf8(event).unwrap()).collect()
    }

    #[test]
    fn the_examples_of_the_standard_are_read() {
        assert_eq!(read("data: YHOO\ndata: +2\ndata: 10\n\n"), ["YHOO\n+2\n10"]);
        assert_eq!(
            read(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n"),
            ["first event", "second event", " third event"]
        );
        assert_eq!(read("data:test\n\ndata: test\n\n"), ["test", "test"]);
    }

    #[test]
    fn every_line_ending_and_a_byte_order_mark_are_accepted() {
        assert_eq!(read("\u{feff}data: a\r\n\r\ndata: b\r\rdata: c\n\n"), ["a", "b", "c"]);
    }

    #[test]
    fn an_unfinished_event_other_events_and_empty_data_are_not_given() {
        assert_eq!(read("data: a\n"), [""; 0]);
        assert_eq!(read("event: ping\ndata: a\n\nevent: message\ndata: b\n\n"), ["b"]);
        assert_eq!(read("id: 1\ndata:\n\ndata: x\n\n"), ["x"]);
    }

    #[test]
    fn what_it_takes_to_come_back_is_kept() {
        let mut reader = EventReader::default();
        assert!(reader.last_id().is_none() && reader.retry().is_none());
        assert_eq!(reader.push(b"id: 7-0\nretry: 250\ndata: \n\nretry: soon\n\n").len(), 0);
        assert_eq!(reader.last_id().map(|id| id.expose().to_owned()).as_deref(), Some("7-0"));
        assert_eq!(reader.retry().map(crate::time::Lifetime::millis), Some(250));
        reader.push("id: \u{e9}\n\n".as_bytes());
        assert!(reader.last_id().is_none(), "an id that no header can carry");
    }

    #[test]
    fn an_event_without_end_is_not_kept() {
        for piece in [&b"data: xxxxxxxxxxxxxxxxxxxxxxxxx"[..], b"data: xxxxxxxxxxxxxxxxxxxxxxxx\n", b"data:\n"] {
            let (mut reader, mut pushed) = (EventReader::default(), 0);
            let many = piece.repeat(4096);
            while !reader.is_overlong() && pushed < 20 * super::LONGEST_EVENT {
                assert!(reader.push(&many).is_empty());
                assert!(reader.line.len() <= super::LONGEST_EVENT + 1, "no more is kept than is read");
                pushed += many.len();
            }
            assert!(reader.is_overlong(), "{pushed} bytes of {piece:?}");
            assert!(reader.push(b"\n\ndata: x\n\n").is_empty(), "nothing is read after it");
        }
    }

    #[cfg(not(target_arch = "wasm32"))]
    proptest::proptest! {
        #[test]
        fn a_stream_reads_the_same_however_it_is_split(
            text in "(data: ?[a-c]{0,3}|:[a-c]|event: (x|message)|id: 1|[\\r\\n]|\r\n|\n\n|\u{feff}){0,30}",
            cuts in proptest::collection::vec(0_usize..200, 0..8),
        ) {
            let bytes = text.as_bytes();
            let whole = EventReader::default().push(bytes);
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.sort_unstable();
            cuts.push(bytes.len());
            let (mut reader, mut pieces, mut from) = (EventReader::default(), Vec::new(), 0);
            for cut in cuts {
                pieces.extend(reader.push(&bytes[from..cut]));
                from = cut;
            }
            proptest::prop_assert_eq!(whole, pieces);
        }
    }
}
