//! What a session sends its client: streams of messages that can be resumed where they broke off (2025-11-25,
//! `basic/transports`, "Resumability and Redelivery").
//!
//! A message belongs to exactly one stream, and is kept after it was sent, so that a client that lost the connection gets
//! what it missed of that stream and nothing of any other. What is kept is bounded; the oldest goes first.

use super::sse;
use crate::time::{Lifetime, Timestamp};
use std::collections::{BTreeMap, VecDeque};
use std::fmt;

/// Most messages kept of one stream.
pub const MOST_EVENTS: usize = 256;
/// Most streams of one session, ended ones included.
pub const MOST_STREAMS: usize = 64;
/// Most bytes kept in one session, 4 MiB.
pub const MOST_BYTES: usize = 4 * 1024 * 1024;
/// How long a stream can be resumed after it ended.
pub const KEPT: Lifetime = Lifetime::from_seconds(300);

/// A stream of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(u32);

/// An event of a stream; on the wire `stream-event`. The events of a stream count from 1, and 0 stands for its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventId {
    /// The stream.
    pub stream: StreamId,
    number: u64,
}

impl EventId {
    /// Reads `Last-Event-ID`.
    pub fn parse(text: &str) -> Option<Self> {
        let (stream, number) = text.split_once('-')?;
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        (digits(stream) && digits(number))
            .then(|| Some(Self { stream: StreamId(stream.parse().ok()?), number: number.parse().ok()? }))?
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.stream.0, self.number)
    }
}

#[derive(Debug, Default)]
struct Stream {
    /// The number of the newest event.
    newest: u64,
    events: VecDeque<Vec<u8>>,
    /// The newest event that went out over a connection.
    sent: u64,
    ended: Option<Timestamp>,
}

/// Every stream of one session.
#[derive(Debug, Default)]
pub struct Outbox {
    next: u32,
    streams: BTreeMap<StreamId, Stream>,
    bytes: usize,
}

/// What a client that comes back to a stream is sent first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missed {
    /// Events on the wire, in order.
    pub events: Vec<Vec<u8>>,
    /// Whether the stream is over: nothing will follow.
    pub ended: bool,
}

impl Outbox {
    /// Opens a stream. When there are too many, the oldest one that has ended is forgotten, or else the oldest.
    pub fn open(&mut self, now: Timestamp) -> StreamId {
        self.forget(|stream| stream.ended.is_some_and(|since| now.since(since) >= KEPT));
        if self.streams.len() >= MOST_STREAMS {
            let ended = self.streams.iter().find(|(_, stream)| stream.ended.is_some());
            if let Some(oldest) = ended.or_else(|| self.streams.first_key_value()).map(|(id, _)| *id) {
                self.remove(oldest);
            }
        }
        let id = StreamId(self.next);
        self.next = self.next.wrapping_add(1);
        self.streams.insert(id, Stream::default());
        id
    }

    /// The id that stands for a stream's beginning.
    pub const fn beginning(stream: StreamId) -> EventId {
        EventId { stream, number: 0 }
    }

    /// Adds a message to a stream; gives the event as it goes over the wire. `None` when the stream is gone.
    pub fn push(&mut self, id: StreamId, message: &[u8], connected: bool) -> Option<Vec<u8>> {
        let stream = self.streams.get_mut(&id)?;
        stream.newest += 1;
        let event_id = EventId { stream: id, number: stream.newest };
        let event = sse::event(Some(&event_id.to_string()), message);
        if connected {
            stream.sent = stream.newest;
        }
        self.bytes += event.len();
        stream.events.push_back(event.clone());
        if stream.events.len() > MOST_EVENTS {
            self.drop_first(id);
        }
        while self.bytes > MOST_BYTES {
            let fullest = self.streams.iter().max_by_key(|(_, stream)| stream.events.len()).map(|(id, _)| *id);
            match fullest {
                Some(fullest) => self.drop_first(fullest),
                None => break,
            }
        }
        Some(event)
    }

    /// Nothing more will be added to a stream. It can still be resumed for a while.
    pub fn end(&mut self, id: StreamId, now: Timestamp) {
        if let Some(stream) = self.streams.get_mut(&id) {
            stream.ended = Some(now);
        }
    }

    /// What followed an event in its stream; `None` when the stream is gone.
    pub fn after(&mut self, last: EventId) -> Option<Missed> {
        let stream = self.streams.get_mut(&last.stream)?;
        stream.sent = stream.newest;
        let kept = u64::try_from(stream.events.len()).unwrap_or(u64::MAX);
        let first = stream.newest - kept + 1;
        let skip = usize::try_from(last.number.saturating_add(1).saturating_sub(first)).unwrap_or(usize::MAX);
        Some(Missed { events: stream.events.iter().skip(skip).cloned().collect(), ended: stream.ended.is_some() })
    }

    /// What was added to a stream while nobody was connected to it; `None` when the stream is gone.
    pub fn unsent(&mut self, id: StreamId) -> Option<Missed> {
        let sent = self.streams.get(&id)?.sent;
        self.after(EventId { stream: id, number: sent })
    }

    fn forget(&mut self, condition: impl Fn(&Stream) -> bool) {
        let gone: Vec<_> = self.streams.iter().filter(|(_, stream)| condition(stream)).map(|(id, _)| *id).collect();
        for id in gone {
            self.remove(id);
        }
    }

    fn remove(&mut self, id: StreamId) {
        if let Some(stream) = self.streams.remove(&id) {
            self.bytes -= stream.events.iter().map(Vec::len).sum::<usize>();
        }
    }

    fn drop_first(&mut self, id: StreamId) {
        let first = self.streams.get_mut(&id).and_then(|stream| stream.events.pop_front());
        self.bytes -= first.map_or(0, |event| event.len());
    }
}

#[cfg(test)]
mod tests {
    use super::{EventId, KEPT, MOST_BYTES, MOST_EVENTS, MOST_STREAMS, Missed, Outbox};
    use crate::time::Timestamp;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const NOW: Timestamp = Timestamp::from_seconds(10);

    fn texts(missed: Option<Missed>) -> Vec<String> {
        let events = missed.expect("the stream").events;
        events.into_iter().map(|event| String::from_utf8(event).unwrap()).collect()
    }

    #[test]
    fn a_client_that_comes_back_gets_what_it_missed_of_that_stream_alone() {
        let mut outbox = Outbox::default();
        let (one, two) = (outbox.open(NOW), outbox.open(NOW));
        assert_eq!(outbox.push(one, b"a", true).unwrap(), b"id: 0-1\ndata: a\n\n");
        outbox.push(two, b"x", true);
        outbox.push(one, b"b", false);
        outbox.push(one, b"c", false);
        let after = |outbox: &mut Outbox, id: &str| texts(outbox.after(EventId::parse(id).unwrap()));
        let (b, c) = ("id: 0-2\ndata: b\n\n", "id: 0-3\ndata: c\n\n");
        assert_eq!(texts(outbox.unsent(one)), [b, c]);
        assert_eq!(texts(outbox.unsent(one)), [""; 0]);
        assert_eq!(after(&mut outbox, "0-1"), [b, c]);
        assert_eq!(after(&mut outbox, "0-2"), [c]);
        assert_eq!(after(&mut outbox, "0-0").len(), 3);
        assert_eq!(after(&mut outbox, "0-3").len(), 0);
        assert_eq!(after(&mut outbox, "0-99").len(), 0);
        assert_eq!(after(&mut outbox, "1-0"), ["id: 1-1\ndata: x\n\n"]);
        assert!(outbox.after(EventId::parse("2-0").unwrap()).is_none());
    }

    #[test]
    fn an_ended_stream_can_be_resumed_for_a_while() {
        let mut outbox = Outbox::default();
        let one = outbox.open(NOW);
        outbox.push(one, b"a", false);
        outbox.end(one, NOW);
        assert_eq!(outbox.after(Outbox::beginning(one)).map(|missed| missed.ended), Some(true));
        outbox.open(NOW.plus(KEPT));
        assert_eq!(outbox.after(Outbox::beginning(one)), None);
        assert!(outbox.push(one, b"b", true).is_none() && outbox.bytes == 0);
    }

    #[test]
    fn what_is_kept_is_bounded_and_the_newest_stays() {
        let mut outbox = Outbox::default();
        let one = outbox.open(NOW);
        for number in 0..=MOST_EVENTS {
            outbox.push(one, number.to_string().as_bytes(), false);
        }
        let kept = texts(outbox.after(Outbox::beginning(one)));
        assert_eq!((kept.len(), kept[0].as_str()), (MOST_EVENTS, "id: 0-2\ndata: 1\n\n"));
        let big = vec![b'x'; MOST_BYTES / 3];
        let two = outbox.open(NOW);
        for _ in 0..8 {
            outbox.push(two, &big, false);
            assert!(outbox.bytes <= MOST_BYTES);
        }
        assert_eq!(texts(outbox.after(Outbox::beginning(two))).len(), 2);
        outbox.end(two, NOW);
        for _ in 0..MOST_STREAMS - 2 {
            outbox.open(NOW);
        }
        assert!(outbox.after(Outbox::beginning(two)).is_some());
        outbox.open(NOW);
        // The ended one went first, though another is older.
        assert!(outbox.after(Outbox::beginning(two)).is_none() && outbox.after(Outbox::beginning(one)).is_some());
    }

    #[test]
    fn only_an_event_id_of_this_form_is_read() {
        for bad in
            ["", "-", "1", "1-", "-1", "a-1", "1-a", "1-1-1", "+1-1", "1- 1", "99999999999-1", "1-99999999999999999999"]
        {
            assert!(EventId::parse(bad).is_none(), "{bad}");
        }
        assert_eq!(EventId::parse("12-345").unwrap().to_string(), "12-345");
        let last = EventId::parse(&format!("0-{}", u64::MAX)).unwrap();
        let mut outbox = Outbox::default();
        outbox.open(NOW);
        assert!(outbox.after(last).is_some_and(|missed| missed.events.is_empty()));
    }
}
