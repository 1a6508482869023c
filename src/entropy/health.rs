//! Health tests of a provider's bytes (NIST SP 800-90B section 4.4), before any of them is used.
//!
//! A provider is credited with at most 6 bits of min-entropy a byte. The tests find a source that broke; none of them tells
//! random bytes from a known pseudo-random sequence, which is why nothing rests on a provider alone.
//!
//! | test | fails when | a uniform source fails it |
//! |---|---|---|
//! | repetition count | 6 equal bytes in a row; 11: for good | 2^-40 a byte |
//! | adaptive proportion | 31 of 512 bytes equal the first; 44: for good | 2^-82 a window |
//! | maximum count | one value is too frequent in the block | 2^-40 a block |
//! | bit balance | one bit is too seldom or too often set in the block | 2^-40 a block |
//! | printable run | 64 printable bytes in a row: text, not bytes; for good | 2^-91 a position |
//! | replay | one of the last 8,192 chunks of 32 bytes came again; for good | never |

use crate::time::{Lifetime, Timestamp};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::collections::{HashSet, VecDeque};
use std::fmt;

/// Cut-offs of the repetition count test at 6 bits a byte: α = 2^-30, and 2^-60 for good.
const REPETITIONS: [u32; 2] = [6, 11];
/// Cut-offs of the adaptive proportion test at 6 bits a byte: α = 2^-30, and 2^-60 for good.
const PROPORTION: [u32; 2] = [31, 44];
const WINDOW: u32 = 512;
/// Samples that pass before the first byte is used (section 4.3, requirement 4).
const START_UP: usize = 1024;
const PRINTABLE_RUN: u32 = 64;
const CHUNK: usize = 32;
const REMEMBERED_CHUNKS: usize = 8192;
/// As the logarithm to base two, how often a uniform block may fail the tests over a whole block.
const FALSE_ALARM_BITS: f64 = 40.0;
/// So many alarms within [`ALARM_SPAN`] count as one for good.
const TOLERATED_ALARMS: usize = 3;
const ALARM_SPAN: Lifetime = Lifetime::from_seconds(24 * 3600);

/// The test that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Test {
    /// SP 800-90B section 4.4.1.
    RepetitionCount,
    /// SP 800-90B section 4.4.2.
    AdaptiveProportion,
    /// One value came too often in a block.
    MaximumCount,
    /// One bit was too seldom or too often set in a block.
    BitBalance,
    /// Text instead of bytes.
    PrintableRun,
    /// Bytes that had come before.
    Replay,
}

/// A block that must not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alarm {
    /// The test that failed.
    pub test: Test,
    /// Whether the provider is to be left alone: one failure beyond chance, or three within a day.
    pub permanent: bool,
}

/// What may be done with a block that failed no test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It may be used.
    Usable,
    /// It counts towards the start-up test, and is thrown away.
    StartingUp,
}

/// The state of one provider's tests. It persists across blocks, so that small fetches hide nothing.
pub struct Health {
    key: [u8; 32],
    last: Option<u8>,
    run: u32,
    window: Option<Window>,
    printable: u32,
    chunks: VecDeque<[u8; 16]>,
    known_chunks: HashSet<[u8; 16]>,
    passed: usize,
    alarms: Vec<Timestamp>,
}

#[derive(Clone, Copy)]
struct Window {
    first: u8,
    seen: u32,
    equal: u32,
}

impl Test {
    /// The test's name, as logs and metrics write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RepetitionCount => "repetition_count",
            Self::AdaptiveProportion => "adaptive_proportion",
            Self::MaximumCount => "maximum_count",
            Self::BitBalance => "bit_balance",
            Self::PrintableRun => "printable_run",
            Self::Replay => "replay",
        }
    }
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Health(passed {}, alarms {})", self.passed, self.alarms.len())
    }
}

impl Health {
    /// Starts anew. `key` is secret and of this session: without it nobody can tell what the remembered chunks were.
    pub fn new(key: [u8; 32]) -> Self {
        Self {
            key,
            last: None,
            run: 0,
            window: None,
            printable: 0,
            chunks: VecDeque::new(),
            known_chunks: HashSet::new(),
            passed: 0,
            alarms: Vec::new(),
        }
    }

    /// Whether the start-up test has passed.
    pub const fn is_started(&self) -> bool {
        self.passed >= START_UP
    }

    /// Tests one whole block. After an alarm the block is to be thrown away, and the start-up test begins again.
    pub fn examine(&mut self, block: &[u8], now: Timestamp) -> Result<Verdict, Alarm> {
        let found = self.continuous(block).or(whole_block(block));
        let replay = self.has_replay(block).then_some(Alarm { test: Test::Replay, permanent: true });
        if let Some(alarm) = found.filter(|alarm| alarm.permanent).or(replay).or(found) {
            return Err(self.alarmed(alarm, now));
        }
        self.passed = self.passed.saturating_add(block.len());
        Ok(if self.is_started() { Verdict::Usable } else { Verdict::StartingUp })
    }

    /// The tests that run over every sample; the worst alarm of the block.
    fn continuous(&mut self, block: &[u8]) -> Option<Alarm> {
        let (mut repetitions, mut equals, mut printables) = (0, 0, 0);
        for byte in block {
            repetitions = repetitions.max(self.repeats(*byte));
            equals = equals.max(self.proportion(*byte));
            self.printable = if (0x20..=0x7e).contains(byte) { self.printable + 1 } else { 0 };
            printables = printables.max(self.printable);
        }
        let judge = |test, found: u32, [intermittent, permanent]: [u32; 2]| {
            (found >= intermittent).then_some(Alarm { test, permanent: found >= permanent })
        };
        let alarms = [
            judge(Test::PrintableRun, printables, [PRINTABLE_RUN; 2]),
            judge(Test::RepetitionCount, repetitions, REPETITIONS),
            judge(Test::AdaptiveProportion, equals, PROPORTION),
        ];
        let mut alarms: Vec<Alarm> = alarms.into_iter().flatten().collect();
        alarms.sort_by_key(|alarm| !alarm.permanent);
        alarms.first().copied()
    }

    /// Section 4.4.1: how often this byte has now come in a row.
    fn repeats(&mut self, byte: u8) -> u32 {
        self.run = if self.last == Some(byte) { self.run.saturating_add(1) } else { 1 };
        self.last = Some(byte);
        self.run
    }

    /// Section 4.4.2: how often the window's first byte has now come in it, itself included.
    fn proportion(&mut self, byte: u8) -> u32 {
        let window = self.window.get_or_insert(Window { first: byte, seen: 0, equal: 0 });
        window.seen += 1;
        window.equal += u32::from(byte == window.first);
        let equal = window.equal;
        if window.seen == WINDOW {
            self.window = None;
        }
        equal
    }

    fn has_replay(&mut self, block: &[u8]) -> bool {
        let mut replayed = false;
        for chunk in block.chunks_exact(CHUNK) {
            let Ok(mut mac) = <Hmac<Sha256> as Mac>::new_from_slice(&self.key) else { return true };
            mac.update(chunk);
            // Half a tag is enough to tell 8,192 chunks apart.
            let tag: [u8; 16] = std::array::from_fn({
                let full = mac.finalize().into_bytes();
                move |at| full.get(at).copied().unwrap_or_default()
            });
            if !self.known_chunks.insert(tag) {
                replayed = true;
                continue;
            }
            self.chunks.push_back(tag);
            if self.chunks.len() > REMEMBERED_CHUNKS
                && let Some(oldest) = self.chunks.pop_front()
            {
                self.known_chunks.remove(&oldest);
            }
        }
        replayed
    }

    fn alarmed(&mut self, alarm: Alarm, now: Timestamp) -> Alarm {
        self.alarms.retain(|at| now.since(*at) < ALARM_SPAN);
        self.alarms.push(now);
        self.passed = 0;
        (self.last, self.run, self.window, self.printable) = (None, 0, None, 0);
        Alarm { permanent: alarm.permanent || self.alarms.len() >= TOLERATED_ALARMS, ..alarm }
    }

    /// Forgets the alarms, when the provider is given another chance. Replayed chunks stay known.
    pub fn forgive(&mut self) {
        self.alarms.clear();
    }
}

fn whole_block(block: &[u8]) -> Option<Alarm> {
    let alarm = |test| Some(Alarm { test, permanent: false });
    let mut counts = [0_usize; 256];
    let mut ones = [0_usize; 8];
    for byte in block {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count += 1;
        }
        for (bit, count) in ones.iter_mut().enumerate() {
            *count += usize::from(byte >> bit & 1);
        }
    }
    let most = counts.into_iter().max().unwrap_or_default();
    if most >= cut_off(block.len(), 1.0 / 256.0, FALSE_ALARM_BITS + 8.0) {
        return alarm(Test::MaximumCount);
    }
    // Two sides of eight bits.
    let limit = cut_off(block.len(), 0.5, FALSE_ALARM_BITS + 4.0);
    let unbalanced = ones.into_iter().any(|ones| ones.max(block.len() - ones) >= limit);
    if unbalanced { alarm(Test::BitBalance) } else { None }
}

/// The smallest count that a binomial distribution of `trials` with `chance` reaches with a probability of at most
/// 2^-`bits`; more than `trials` when there is none.
fn cut_off(trials: usize, chance: f64, bits: f64) -> usize {
    // In logarithms to base two: the numbers themselves leave the range of a double.
    let odds = (chance / (1.0 - chance)).log2();
    #[expect(clippy::cast_precision_loss, reason = "a block has far fewer than 2^52 bytes")]
    let number = |count: usize| count as f64;
    let mut log = number(trials) * (1.0 - chance).log2();
    let mut terms = Vec::with_capacity(trials + 1);
    terms.push(log);
    for count in 1..=trials {
        log += (number(trials - count + 1) / number(count)).log2() + odds;
        terms.push(log);
    }
    let mut tail = 0.0_f64;
    let mut cut_off = trials + 1;
    for term in terms.into_iter().rev() {
        tail += term.exp2();
        if tail > (-bits).exp2() {
            break;
        }
        cut_off -= 1;
    }
    cut_off
}

#[cfg(test)]
mod tests;
