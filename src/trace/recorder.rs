//! What of one request's trace is recorded, from its beginning on. The ids are there for every request, because they are
//! passed on and stand in the log; spans are kept only where the trace is sampled.

use super::context::{Carried, Flags, Parent};
use super::id::{SpanId, TraceId};
use super::sampling::Ratio;
use super::span::{Finished, Span};
use super::state::TraceState;

/// Most spans that are kept of one request.
const MOST: usize = 256;

/// Random bytes for the ids of a request.
#[derive(Clone, Copy, Debug)]
pub struct Fresh {
    /// For a trace that begins here.
    pub trace: [u8; 16],
    /// For the request's own span.
    pub span: [u8; 8],
}

/// Whether the trace is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sampled {
    /// It is not.
    No,
    /// By the gateway's own choice.
    Ours,
    /// Because its caller says so, which counts only once it is known who that is.
    Callers,
}

/// How far the request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    UnderWay,
    /// It was answered; what ends later is sent on, or not.
    Answered {
        kept: bool,
    },
}

/// The record of one request.
#[derive(Debug)]
pub struct Recorder {
    trace: TraceId,
    random: bool,
    parent: Option<Parent>,
    state: Option<TraceState>,
    root: SpanId,
    ratio: Option<Ratio>,
    sampled: Sampled,
    stage: Stage,
    spans: Vec<Span>,
    left_out: u32,
}

impl Recorder {
    /// The record of a request that begins. Without a ratio nothing is recorded.
    pub fn begin(carried: Option<Carried>, fresh: Fresh, ratio: Option<Ratio>) -> Self {
        let own = TraceId::from_random(fresh.trace);
        let mut recorder = Self {
            trace: own,
            random: true,
            parent: None,
            state: None,
            root: SpanId::from_random(fresh.span),
            ratio,
            sampled: if ratio.is_some_and(|ratio| ratio.takes(own)) { Sampled::Ours } else { Sampled::No },
            stage: Stage::UnderWay,
            spans: Vec::new(),
            left_out: 0,
        };
        if let Some(carried) = carried {
            recorder.join(carried);
        }
        recorder
    }

    /// Takes up the trace that a message names, where the request itself named none. Whether it is sampled is decided anew,
    /// so what was not recorded until now is missing.
    pub fn adopt(&mut self, carried: Option<Carried>) {
        if let (Some(carried), None, Stage::UnderWay) = (carried, self.parent, self.stage) {
            self.join(carried);
        }
    }

    fn join(&mut self, carried: Carried) {
        let Carried { parent, state } = carried;
        (self.trace, self.random, self.parent, self.state) = (parent.trace, parent.flags.random, Some(parent), state);
        self.sampled = if parent.flags.sampled && self.ratio.is_some() { Sampled::Callers } else { Sampled::No };
        if self.sampled == Sampled::No {
            self.spans.clear();
        }
    }

    /// The trace.
    pub const fn trace(&self) -> TraceId {
        self.trace
    }

    /// The span of the request itself.
    pub const fn root(&self) -> SpanId {
        self.root
    }

    /// Whether spans are worth making.
    pub const fn records(&self) -> bool {
        match self.stage {
            Stage::UnderWay => !matches!(self.sampled, Sampled::No),
            Stage::Answered { kept } => kept,
        }
    }

    /// What goes with a request that is made in this span. A gateway that records nothing anywhere is no part of the trace
    /// and passes on what came.
    pub fn passed_on(&self, span: SpanId) -> Carried {
        let flags = Flags { sampled: self.records(), random: self.random };
        let own = Parent { trace: self.trace, span, flags };
        let parent = self.parent.filter(|_| self.ratio.is_none()).unwrap_or(own);
        Carried { parent, state: self.state.clone() }
    }

    /// Keeps a span that has ended, or gives it back to be sent on where its request was answered before.
    pub fn keep(&mut self, span: Span) -> Option<Finished> {
        match self.stage {
            Stage::Answered { kept } => kept.then(|| self.finished(span)),
            Stage::UnderWay if self.sampled == Sampled::No => None,
            Stage::UnderWay if self.spans.len() >= MOST => {
                self.left_out += 1;
                None
            }
            Stage::UnderWay => {
                self.spans.push(span);
                None
            }
        }
    }

    /// Ends the record with the span of the request itself, which is made only where it is kept: all that is to be sent on,
    /// and how many spans were too many. What a caller nobody knows wants recorded is not.
    pub fn end(&mut self, known: bool, root: impl FnOnce(SpanId, Option<SpanId>) -> Span) -> (Vec<Finished>, u32) {
        let kept = match self.sampled {
            Sampled::No => false,
            Sampled::Ours => true,
            Sampled::Callers => known,
        };
        self.stage = Stage::Answered { kept };
        let mut spans = std::mem::take(&mut self.spans);
        if !kept {
            return (Vec::new(), 0);
        }
        spans.push(root(self.root, self.parent.map(|parent| parent.span)));
        (spans.into_iter().map(|span| self.finished(span)).collect(), self.left_out)
    }

    fn finished(&self, span: Span) -> Finished {
        let remote = span.id == self.root && span.parent.is_some();
        Finished { trace: self.trace, random: self.random, remote, span }
    }
}

#[cfg(test)]
#[path = "recorder_tests.rs"]
mod tests;
