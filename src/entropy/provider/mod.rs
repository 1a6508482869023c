//! The providers of quantum-derived bytes. A new provider is one file and one line in `KNOWN`.

mod answer;
mod failure;
mod http_date;
mod settings;

mod anu;
mod anu_legacy;
mod idq;
mod lfd;
mod open_api;
mod outshift;
mod qbck;
mod qci;
mod qrandom_io;
mod qrypt;
mod quantinuum;

pub use failure::ProviderFailure;

use super::breaker::Pauses;
use crate::config::{ConfigProblem, Lookup, Profile, optional};
use crate::outbound::{OutboundAnswer, OutboundRequest};
use crate::secret::SecretBytes;
use crate::time::{Lifetime, Timestamp};
use serde::Serialize;
use serde::de::{Deserialize, Deserializer, Error as _};
use settings::Settings;
use std::fmt;

/// Every provider the gateway can speak to.
const KNOWN: &[Known] = &[
    anu::KNOWN,
    anu_legacy::KNOWN,
    quantinuum::KNOWN,
    idq::KNOWN,
    open_api::KNOWN,
    qrypt::KNOWN,
    outshift::KNOWN,
    lfd::KNOWN,
    qrandom_io::KNOWN,
    qbck::KNOWN,
    qci::KNOWN,
];

/// How long one fetch may take, from sending to the last byte: the alarm waits for it, never a request.
pub const FETCH_DEADLINE: Lifetime = Lifetime::from_millis(2500);
/// Longest answer accepted from a provider, in bytes.
pub const MAX_ANSWER_BYTES: usize = 64 * 1024;
/// Bytes asked for in one fetch, where the provider's form leaves the choice.
const FETCH_BYTES: usize = 1024;

/// 16 random bytes that make a request unique; drawn anew for every fetch. Only some providers send them.
pub type Nonce = [u8; 16];

/// One provider, ready to be asked.
pub trait Provider: fmt::Debug + Send + Sync {
    /// The request for one block of bytes.
    fn request(&self, nonce: &Nonce) -> OutboundRequest;

    /// The bytes of an answer to `request` with the same nonce. All the bytes asked for or a failure, never a part.
    fn parse(&self, nonce: &Nonce, answer: &OutboundAnswer) -> Result<SecretBytes, ProviderFailure>;

    /// The shortest time the provider wants between two requests.
    fn spacing(&self) -> Lifetime {
        Lifetime::from_millis(0)
    }

    /// What must be asked before bytes can be, for example an access token; `None` when nothing is missing. Asked again
    /// after each answer, so that there may be several steps.
    fn preparation(&self, _now: Timestamp) -> Option<OutboundRequest> {
        None
    }

    /// Takes the answer to [`Provider::preparation`].
    fn prepare(&mut self, _answer: &OutboundAnswer, _now: Timestamp) -> Result<(), ProviderFailure> {
        Ok(())
    }

    /// Forgets what was prepared: the provider did not take it.
    fn forget(&mut self) {}
}

/// How a provider is known before it is configured.
struct Known {
    id: ProviderId,
    /// Reads the provider's settings; `None` only when it has noted a problem.
    read: fn(&mut Settings<'_>) -> Option<Box<dyn Provider>>,
}

/// The name of a provider, as `ENTROPY_PROVIDERS` and `/health` write it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct ProviderId(&'static str);

/// A name no provider has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no provider has this name")]
pub struct UnknownProvider;

impl ProviderId {
    /// Every name there is, configured or not.
    pub fn all() -> impl Iterator<Item = Self> {
        KNOWN.iter().map(|known| known.id)
    }

    /// Parses the name of a provider.
    pub fn parse(text: &str) -> Result<Self, UnknownProvider> {
        Self::all().find(|id| id.0 == text).ok_or(UnknownProvider)
    }

    /// The name.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl<'de> Deserialize<'de> for ProviderId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl fmt::Display for ProviderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for ProviderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProviderId({})", self.0)
    }
}

/// The providers this gateway asks, in the order of `ENTROPY_PROVIDERS`, and how often.
#[derive(Debug)]
pub struct Providers {
    configured: Vec<(ProviderId, Box<dyn Provider>)>,
    pauses: Pauses,
    mode: Mode,
}

/// What happens when no recent quantum-derived bytes are there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Local randomness carries on, labelled.
    #[default]
    Prefer,
    /// Secrets of the private lane are not made: 503, until a provider answers again.
    Require,
}

impl Providers {
    /// Reads `ENTROPY_PROVIDERS` (names divided by commas, none by default), `ENTROPY_REFILL_SECONDS` (1 to 3600, default
    /// 60: mind the provider's quota), `ENTROPY_BREAKER_SECONDS` (1 to 900, default 30), `ENTROPY_QUARANTINE_SECONDS` (1 to
    /// 604800, default 86400), `ENTROPY_MODE` (`prefer`, the default, or `require`, which wants a provider) and each named
    /// provider's own settings. Reports every problem at once.
    pub fn read(lookup: Lookup<'_>, profile: Profile) -> Result<Self, Vec<ConfigProblem>> {
        let mut settings = Settings::new(lookup, profile.reach());
        let mut configured = Vec::new();
        for known in named(&mut settings) {
            if let Some(provider) = (known.read)(&mut settings) {
                configured.push((known.id, provider));
            }
        }
        let pauses = Pauses {
            refill: settings.seconds("ENTROPY_REFILL_SECONDS", 60, 3600),
            open: settings.seconds("ENTROPY_BREAKER_SECONDS", 30, 900),
            quarantine: settings.seconds("ENTROPY_QUARANTINE_SECONDS", 86_400, 604_800),
        };
        let mode = read_mode(&mut settings, !configured.is_empty());
        settings.finish(Self { configured, pauses, mode })
    }

    /// Whether no provider is configured: everything is classical then, and nobody is asked.
    pub fn is_empty(&self) -> bool {
        self.configured.is_empty()
    }

    /// The configured providers, in order.
    pub fn iter(&self) -> impl Iterator<Item = (ProviderId, &dyn Provider)> {
        self.configured.iter().map(|(id, provider)| (*id, provider.as_ref()))
    }

    /// The provider of that name, if it is configured.
    pub fn find(&self, id: ProviderId) -> Option<&dyn Provider> {
        self.iter().find(|(configured, _)| *configured == id).map(|(_, provider)| provider)
    }

    /// The provider of that name, to hand it an answer.
    pub fn find_mut(&mut self, id: ProviderId) -> Option<&mut dyn Provider> {
        let (_, provider) = self.configured.iter_mut().find(|(configured, _)| *configured == id)?;
        Some(provider.as_mut())
    }

    /// The time between two refills.
    pub const fn refill(&self) -> Lifetime {
        self.pauses.refill
    }

    /// The operator's pauses.
    pub const fn pauses(&self) -> Pauses {
        self.pauses
    }

    /// What happens without recent quantum-derived bytes.
    pub const fn mode(&self) -> Mode {
        self.mode
    }
}

fn read_mode(settings: &mut Settings<'_>, any_provider: bool) -> Mode {
    const NAME: &str = "ENTROPY_MODE";
    let problem = match optional(settings.lookup(), NAME).as_deref() {
        None | Some("prefer") => return Mode::Prefer,
        Some("require") if any_provider => return Mode::Require,
        Some("require") => "may be require only where ENTROPY_PROVIDERS names one",
        Some(_) => "must be prefer or require",
    };
    settings.note(ConfigProblem::new(NAME, problem));
    Mode::Prefer
}

fn named(settings: &mut Settings<'_>) -> Vec<&'static Known> {
    const NAME: &str = "ENTROPY_PROVIDERS";
    let mut found: Vec<&'static Known> = Vec::new();
    let text = optional(settings.lookup(), NAME).unwrap_or_default();
    for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        match KNOWN.iter().find(|known| known.id.0 == name) {
            None => {
                let all: Vec<_> = ProviderId::all().map(ProviderId::as_str).collect();
                settings.note(ConfigProblem::new(NAME, format!("may name only {}", all.join(", "))));
            }
            Some(known) if found.iter().any(|earlier| earlier.id == known.id) => {
                settings.note(ConfigProblem::new(NAME, format!("names {} twice", known.id)));
            }
            Some(known) => found.push(known),
        }
    }
    found
}

#[cfg(test)]
pub(crate) mod tests;
