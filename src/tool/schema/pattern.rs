//! Regular expressions of a schema: ECMA-262 in Unicode mode, with a bound on the work of one match.
//!
//! A pattern comes from an upstream and the text from a client, so neither may decide how long matching takes: the
//! matcher backtracks (lookaround is common in generated schemas) and every step is paid from a purse. What is not
//! supported is refused when the schema is compiled, never matched approximately: back-references, case-insensitive
//! groups, and Unicode properties the standard library does not know exactly.

use super::Purse;

mod parse;

/// Longest compiled program, in steps: counted repetitions are unrolled.
const MAX_STEPS: usize = 20_000;
/// Deepest nesting of groups.
const MAX_NESTING: usize = 40;

/// Why a pattern cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Not a regular expression of ECMA-262 in Unicode mode.
    #[error("is not a regular expression")]
    Malformed,
    /// A construct this matcher does not have.
    #[error("uses a construct that is not supported")]
    Unsupported,
    /// Too deep, or too long once repetitions are unrolled.
    #[error("is too large")]
    TooLarge,
}

/// A compiled pattern.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: Box<str>,
    steps: Vec<Step>,
    marks: usize,
}

#[derive(Debug, Clone)]
enum Node {
    Set(Set),
    Edge(Edge),
    Sequence(Vec<Node>),
    Choice(Vec<Node>),
    Repeat { node: Box<Node>, min: u32, max: Option<u32>, greedy: bool },
    Look { node: Box<Node>, behind: bool, negated: bool },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edge {
    Start,
    End,
    Word,
    NotWord,
}

/// A property of characters, as the standard library decides it.
type Property = fn(char) -> bool;

#[derive(Debug, Clone, Default)]
struct Set {
    negated: bool,
    ranges: Vec<(char, char)>,
    predicates: Vec<(Property, bool)>,
}

impl Set {
    fn has(&self, c: char) -> bool {
        let within = self.ranges.iter().any(|(low, high)| (*low..=*high).contains(&c))
            || self.predicates.iter().any(|(holds, wanted)| holds(c) == *wanted);
        within != self.negated
    }
}

#[derive(Debug, Clone)]
enum Step {
    Take {
        set: Set,
        back: bool,
    },
    Edge(Edge),
    Fork {
        first: usize,
        second: usize,
    },
    Jump(usize),
    /// Remembers where an iteration began.
    Mark(usize),
    /// Fails when the iteration since the mark took nothing (ECMA-262, RepeatMatcher step 2.b).
    Progress(usize),
    Look {
        negated: bool,
        after: usize,
    },
    Accept,
}

enum Frame {
    Resume { step: usize, at: usize },
    Restore { mark: usize, at: usize },
}

impl Pattern {
    /// Compiles a pattern.
    pub fn compile(text: &str) -> Result<Self, PatternError> {
        let node = parse::parse(text)?;
        let mut pattern = Self { text: text.into(), steps: Vec::new(), marks: 0 };
        pattern.emit(&node, false)?;
        pattern.push(Step::Accept)?;
        Ok(pattern)
    }

    /// The pattern as it is written.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether the pattern matches anywhere in the text; `None` when the purse ran empty first.
    pub(super) fn matches(&self, text: &str, purse: &mut Purse) -> Option<bool> {
        let text: Vec<char> = text.chars().collect();
        let mut marks = vec![usize::MAX; self.marks];
        for start in 0..=text.len() {
            if self.run(0, start, &text, &mut marks, purse)? {
                return Some(true);
            }
            if matches!(self.steps.first(), Some(Step::Edge(Edge::Start))) {
                break;
            }
        }
        Some(false)
    }

    fn push(&mut self, step: Step) -> Result<usize, PatternError> {
        if self.steps.len() >= MAX_STEPS {
            return Err(PatternError::TooLarge);
        }
        self.steps.push(step);
        Ok(self.steps.len() - 1)
    }

    fn aim(&mut self, at: usize, step: Step) {
        if let Some(slot) = self.steps.get_mut(at) {
            *slot = step;
        }
    }

    fn emit(&mut self, node: &Node, back: bool) -> Result<(), PatternError> {
        match node {
            Node::Set(set) => self.push(Step::Take { set: set.clone(), back }).map(drop),
            Node::Edge(edge) => self.push(Step::Edge(*edge)).map(drop),
            Node::Sequence(nodes) if back => nodes.iter().rev().try_for_each(|node| self.emit(node, true)),
            Node::Sequence(nodes) => nodes.iter().try_for_each(|node| self.emit(node, false)),
            Node::Choice(branches) => self.emit_choice(branches, back),
            Node::Repeat { node, min, max, greedy } => self.emit_repeat(node, (*min, *max), *greedy, back),
            Node::Look { node, behind, negated } => {
                let look = self.push(Step::Accept)?;
                self.emit(node, *behind)?;
                self.push(Step::Accept)?;
                self.aim(look, Step::Look { negated: *negated, after: self.steps.len() });
                Ok(())
            }
        }
    }

    fn emit_choice(&mut self, branches: &[Node], back: bool) -> Result<(), PatternError> {
        let mut exits = Vec::new();
        for (index, branch) in branches.iter().enumerate() {
            if index + 1 == branches.len() {
                self.emit(branch, back)?;
                break;
            }
            let fork = self.push(Step::Accept)?;
            self.emit(branch, back)?;
            exits.push(self.push(Step::Accept)?);
            self.aim(fork, Step::Fork { first: fork + 1, second: self.steps.len() });
        }
        for exit in exits {
            self.aim(exit, Step::Jump(self.steps.len()));
        }
        Ok(())
    }

    fn emit_repeat(
        &mut self,
        node: &Node,
        (min, max): (u32, Option<u32>),
        greedy: bool,
        back: bool,
    ) -> Result<(), PatternError> {
        for _ in 0..min {
            // An empty body unrolls to nothing, so the count alone must not decide how long this takes.
            let before = self.steps.len();
            self.emit(node, back)?;
            if self.steps.len() == before {
                return Ok(());
            }
        }
        let Some(max) = max else {
            let fork = self.emit_optional(node, back)?;
            self.push(Step::Jump(fork))?;
            self.aim_fork(fork, greedy);
            return Ok(());
        };
        let mut forks = Vec::new();
        for _ in min..max {
            forks.push(self.emit_optional(node, back)?);
        }
        for fork in forks {
            self.aim_fork(fork, greedy);
        }
        Ok(())
    }

    /// One optional iteration; gives the place of its fork, still to be aimed past the repetition.
    fn emit_optional(&mut self, node: &Node, back: bool) -> Result<usize, PatternError> {
        let fork = self.push(Step::Accept)?;
        if !may_be_empty(node) {
            self.emit(node, back)?;
            return Ok(fork);
        }
        let mark = self.marks;
        self.marks += 1;
        self.push(Step::Mark(mark))?;
        self.emit(node, back)?;
        self.push(Step::Progress(mark))?;
        Ok(fork)
    }

    fn aim_fork(&mut self, fork: usize, greedy: bool) {
        let (body, exit) = (fork + 1, self.steps.len());
        let (first, second) = if greedy { (body, exit) } else { (exit, body) };
        self.aim(fork, Step::Fork { first, second });
    }

    /// Runs from a step at a position until `Accept`; `None` when the purse is empty.
    fn run(&self, step: usize, at: usize, text: &[char], marks: &mut [usize], purse: &mut Purse) -> Option<bool> {
        let (mut step, mut at) = (step, at);
        let mut frames: Vec<Frame> = Vec::new();
        loop {
            if !purse.pay(1) {
                return None;
            }
            let next = match self.steps.get(step) {
                None | Some(Step::Accept) => return Some(true),
                Some(Step::Take { set, back }) => take(set, *back, at, text).map(|reached| (step + 1, reached)),
                Some(Step::Edge(edge)) => holds(*edge, at, text).then_some((step + 1, at)),
                Some(Step::Fork { first, second }) => {
                    frames.push(Frame::Resume { step: *second, at });
                    Some((*first, at))
                }
                Some(Step::Jump(target)) => Some((*target, at)),
                Some(Step::Mark(mark)) => {
                    let slot = marks.get_mut(*mark)?;
                    frames.push(Frame::Restore { mark: *mark, at: *slot });
                    *slot = at;
                    Some((step + 1, at))
                }
                Some(Step::Progress(mark)) => (marks.get(*mark) != Some(&at)).then_some((step + 1, at)),
                Some(Step::Look { negated, after }) => {
                    let mut inner = marks.to_vec();
                    let found = self.run(step + 1, at, text, &mut inner, purse)?;
                    (found != *negated).then_some((*after, at))
                }
            };
            match next.or_else(|| unwind(&mut frames, marks)) {
                Some((next_step, next_at)) => (step, at) = (next_step, next_at),
                None => return Some(false),
            }
        }
    }
}

fn unwind(frames: &mut Vec<Frame>, marks: &mut [usize]) -> Option<(usize, usize)> {
    loop {
        match frames.pop()? {
            Frame::Resume { step, at } => return Some((step, at)),
            Frame::Restore { mark, at } => {
                if let Some(slot) = marks.get_mut(mark) {
                    *slot = at;
                }
            }
        }
    }
}

fn take(set: &Set, back: bool, at: usize, text: &[char]) -> Option<usize> {
    let read_at = if back { at.checked_sub(1)? } else { at };
    let reached = if back { read_at } else { at + 1 };
    set.has(*text.get(read_at)?).then_some(reached)
}

fn holds(edge: Edge, at: usize, text: &[char]) -> bool {
    let word = |place: Option<usize>| {
        place.and_then(|place| text.get(place)).is_some_and(|c| c.is_ascii_alphanumeric() || *c == '_')
    };
    match edge {
        Edge::Start => at == 0,
        Edge::End => at == text.len(),
        Edge::Word => word(at.checked_sub(1)) != word(Some(at)),
        Edge::NotWord => word(at.checked_sub(1)) == word(Some(at)),
    }
}

fn may_be_empty(node: &Node) -> bool {
    match node {
        Node::Set(_) => false,
        Node::Edge(_) | Node::Look { .. } => true,
        Node::Sequence(nodes) => nodes.iter().all(may_be_empty),
        Node::Choice(branches) => branches.iter().any(may_be_empty),
        Node::Repeat { node, min, .. } => *min == 0 || may_be_empty(node),
    }
}

#[cfg(test)]
mod tests;
