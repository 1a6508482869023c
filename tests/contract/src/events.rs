//! Answers that may be streams, read message by message as they come.

use reqwest::Response;
use serde_json::Value;
use std::collections::VecDeque;
use std::time::Duration;

/// How long the next word of an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// An answer whose messages are read one after the other.
#[derive(Debug)]
pub struct Events {
    response: Response,
    /// What has come and is not a whole event yet.
    begun: Vec<u8>,
    ready: VecDeque<Value>,
    /// How many pieces have come so far.
    pub pieces: usize,
    /// The ids of the events that had one.
    pub ids: Vec<String>,
}

impl Events {
    /// The messages of this answer.
    pub fn new(response: Response) -> Self {
        Self { response, begun: Vec::new(), ready: VecDeque::new(), pieces: 0, ids: Vec::new() }
    }

    /// The status.
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// A header field.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name).and_then(|value| value.to_str().ok())
    }

    /// Whether it is a stream.
    pub fn is_stream(&self) -> bool {
        self.header("content-type").is_some_and(|kind| kind.starts_with("text/event-stream"))
    }

    /// The next message; `None` at the end.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(message) = self.ready.pop_front() {
                return Some(message);
            }
            let piece = tokio::time::timeout(PATIENCE, self.piece()).await.expect("the next word of an answer");
            let Some(piece) = piece else {
                let rest = std::mem::take(&mut self.begun);
                return if self.is_stream() { None } else { serde_json::from_slice(&rest).ok() };
            };
            self.begun.extend(piece);
            if self.is_stream() {
                self.take_whole_events();
            }
        }
    }

    /// The next bytes; `None` when there are no more, in whatever way it ended.
    async fn piece(&mut self) -> Option<Vec<u8>> {
        let piece = self.response.chunk().await.ok().flatten()?;
        self.pieces += 1;
        Some(piece.to_vec())
    }

    fn take_whole_events(&mut self) {
        while let Some(end) = self.begun.windows(2).position(|pair| pair == b"\n\n") {
            let event: Vec<u8> = self.begun.drain(..end + 2).collect();
            for line in String::from_utf8_lossy(&event).lines() {
                match line.split_once(':') {
                    Some(("id", id)) => self.ids.push(id.trim().to_owned()),
                    Some(("data", data)) if !data.trim().is_empty() => {
                        let message = serde_json::from_str(data).unwrap_or_else(|error| panic!("{error}: {data}"));
                        self.ready.push_back(message);
                    }
                    _ => {}
                }
            }
        }
    }

    /// The next message that fits, dropping those before it.
    pub async fn until(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.next().await.expect("a message before the end");
            if fits(&message) {
                return message;
            }
        }
    }

    /// The next message of that method.
    pub async fn told(&mut self, method: &str) -> Value {
        self.until(|message| message["method"] == method).await
    }

    /// Every message up to the end.
    pub async fn rest(mut self) -> Vec<Value> {
        let mut messages = Vec::new();
        while let Some(message) = self.next().await {
            messages.push(message);
        }
        messages
    }

    /// Reads what comes until the end, whatever it is.
    pub async fn drain(mut self) {
        while self.next().await.is_some() {}
    }
}
