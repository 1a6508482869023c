//! Answers that are given again, where an upstream's row allows it: to which requests, to whom, and for how long.
//!
//! Only what reads is answered from memory: a tool that says so of itself, and resources. The protocol has hints for that
//! (2026-07-28, `server/utilities/caching`): `ttlMs` and `cacheScope`. They are required of a resource, which is kept no longer
//! than they say and not at all without them; a tool's answer need not have them, and is then kept as long as the row says.
//! An answer belongs to the user it was given to, unless it says that it is `public`; then it is the tenant's, and never
//! another's. What is an error, is not complete, or needed input is not kept.

use super::Upstream;
use super::ask::{Ask, AskMethod, Repeat};
use crate::id::{TenantId, UserId};
use crate::json::canonical;
use crate::time::{Lifetime, Timestamp};
use lru::LruCache;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// Longest answer that is kept, in bytes of its JSON.
const LONGEST: usize = 256 * 1024;
/// Members of `_meta` that no answer depends on: they tie traces together (W3C Trace Context, Baggage).
const OF_TRACES: [&str; 3] = ["traceparent", "tracestate", "baggage"];
/// A question that nobody has answered for so long is not being asked any more.
const LOST: Lifetime = Lifetime::from_seconds(60);

/// What was asked, of whom, and by whom: SHA-256 over all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key([u8; 32]);

/// The two places where an answer may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keys {
    /// Where it is its user's alone.
    pub own: Key,
    /// Where it is anybody's of the tenant.
    pub shared: Key,
}

impl Keys {
    /// Of a request; none when its answer must not come from memory.
    ///
    /// Two requests have one key only when all of this is the same: tenant, upstream, its address and the credential it is
    /// shown, the method with its parameters (RFC 8785), headers, `_meta` but for traces, and what the client can do.
    pub fn of(tenant: &TenantId, user: &UserId, upstream: &Upstream, ask: &Ask) -> Option<Self> {
        let answers = ["inputResponses", "requestState"].iter().any(|member| ask.params.contains_key(*member));
        if ask.repeat != Repeat::Reusable || upstream.reuse.millis() == 0 || ask.attended || ask.progress || answers {
            return None;
        }
        let mut meta = ask.meta.clone();
        meta.retain(|name, _| !OF_TRACES.contains(&name.as_str()));
        let declares = canonical::of(&ask.declares)?;
        let mut hash = Sha256::new();
        let mut add = |part: &str| {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        };
        for part in [tenant.as_str(), upstream.id.as_str(), upstream.url.url().as_str(), ask.method.name()] {
            add(part);
        }
        let shown = &upstream.credential.identity;
        let (version, connected) =
            (shown.version.to_string(), shown.connected_at.map_or(0, Timestamp::millis).to_string());
        let holder = shown.holder.as_ref().map_or("", UserId::as_str);
        for part in [shown.credential.as_deref().unwrap_or(""), &version, holder, &connected] {
            add(part);
        }
        for part in [canonical::object(&ask.params), canonical::object(&meta), declares] {
            add(&part);
        }
        for (name, value) in &ask.headers {
            add(name);
            add(value.expose());
        }
        let end = |whose: &str| Key(hash.clone().chain_update([0]).chain_update(whose).finalize().into());
        // No id is empty.
        Some(Self { own: end(user.as_str()), shared: end("") })
    }
}

struct Kept {
    result: String,
    since: Timestamp,
    until: Timestamp,
}

/// What a request is to do that finds no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Ask; whoever asks the same meanwhile looks again. Tell [`Answers::over`] when it is over.
    Own,
    /// Somebody is asking the same: look again in a moment.
    Others,
}

/// Answers that may be given again; the least recently used are forgotten first.
pub struct Answers {
    kept: LruCache<Key, Kept>,
    bytes: usize,
    most_bytes: usize,
    asking: HashMap<Key, Timestamp>,
}

impl Answers {
    /// A memory of at most so many answers, and of so many bytes.
    pub fn new(most: std::num::NonZeroUsize, most_bytes: usize) -> Self {
        Self { kept: LruCache::new(most), bytes: 0, most_bytes, asking: HashMap::new() }
    }

    /// The answer, if there is a good one. What it says of its own freshness is what is left of it.
    pub fn recall(&mut self, keys: &Keys, now: Timestamp) -> Option<Map<String, Value>> {
        self.at(keys.own, now).or_else(|| self.at(keys.shared, now))
    }

    fn at(&mut self, key: Key, now: Timestamp) -> Option<Map<String, Value>> {
        let kept = self.kept.get(&key)?;
        if now >= kept.until || now < kept.since {
            self.forget(key);
            return None;
        }
        let mut result: Map<String, Value> = serde_json::from_str(&kept.result).ok()?;
        if let Some(ttl) = result.get("ttlMs").and_then(Value::as_u64) {
            let left = ttl.saturating_sub(now.since(kept.since).millis());
            result.insert("ttlMs".to_owned(), left.into());
        }
        Some(result)
    }

    /// Keeps a result, if and as long as it may be given again; the longest is what the upstream's row allows.
    pub fn keep(
        &mut self,
        keys: &Keys,
        method: AskMethod,
        result: &Map<String, Value>,
        longest: Lifetime,
        now: Timestamp,
    ) {
        let Some(life) = lifetime(method, result, longest) else { return };
        let Ok(text) = serde_json::to_string(result) else { return };
        if text.len() > LONGEST {
            return;
        }
        let public = result.get("cacheScope").and_then(Value::as_str) == Some("public");
        let key = if public { keys.shared } else { keys.own };
        self.bytes += text.len();
        let kept = Kept { result: text, since: now, until: now.plus(life) };
        if let Some((_, gone)) = self.kept.push(key, kept) {
            self.bytes -= gone.result.len();
        }
        while self.bytes > self.most_bytes {
            let Some((_, gone)) = self.kept.pop_lru() else { return };
            self.bytes -= gone.result.len();
        }
    }

    /// Whose turn it is to ask.
    pub fn turn(&mut self, keys: &Keys, now: Timestamp) -> Turn {
        self.asking.retain(|_, since| now.since(*since) < LOST);
        if self.asking.contains_key(&keys.own) {
            return Turn::Others;
        }
        self.asking.insert(keys.own, now);
        Turn::Own
    }

    /// A question is over, whatever came of it.
    pub fn over(&mut self, keys: &Keys) {
        self.asking.remove(&keys.own);
    }

    fn forget(&mut self, key: Key) {
        if let Some(gone) = self.kept.pop(&key) {
            self.bytes -= gone.result.len();
        }
    }
}

/// How long a result may be given again; none for one that may not.
fn lifetime(method: AskMethod, result: &Map<String, Value>, longest: Lifetime) -> Option<Lifetime> {
    let complete = matches!(result.get("resultType").and_then(Value::as_str), None | Some("complete"));
    let failed = result.get("isError").is_some_and(|failed| *failed != Value::Bool(false));
    let said = match result.get("ttlMs") {
        Some(ttl) => Some(ttl.as_u64()?),
        None => None,
    };
    let usual = if method == AskMethod::CallTool { longest.millis() } else { 0 };
    let life = Lifetime::from_millis(said.unwrap_or(usual)).min(longest);
    (complete && !failed && life.millis() > 0).then_some(life)
}

#[cfg(test)]
#[path = "reuse_tests.rs"]
mod tests;
