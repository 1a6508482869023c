//! Reading providers' settings: every problem is noted, none is thrown away.

use crate::config::{ConfigProblem, Lookup, number, optional, required};
use crate::outbound::{HeaderValue, OutboundUrl, Reach};
use crate::time::Lifetime;

/// The settings being read, and what was wrong with them so far.
pub(super) struct Settings<'a> {
    lookup: Lookup<'a>,
    reach: Reach,
    problems: Vec<ConfigProblem>,
}

impl<'a> Settings<'a> {
    pub(super) fn new(lookup: Lookup<'a>, reach: Reach) -> Self {
        Self { lookup, reach, problems: Vec::new() }
    }

    pub(super) fn lookup(&self) -> Lookup<'a> {
        self.lookup
    }

    pub(super) fn note(&mut self, problem: ConfigProblem) {
        self.problems.push(problem);
    }

    /// `value` when there was no problem at all.
    pub(super) fn finish<T>(self, value: T) -> Result<T, Vec<ConfigProblem>> {
        if self.problems.is_empty() { Ok(value) } else { Err(self.problems) }
    }

    /// A time in seconds, 1 to `most`.
    pub(super) fn seconds(&mut self, name: &str, default: u64, most: u64) -> Lifetime {
        let read = number(self.lookup, name, default, 1..=most).map_err(|problem| self.note(problem));
        Lifetime::from_seconds(read.unwrap_or(default))
    }

    /// A text that must be there.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        required(self.lookup, name).map_err(|problem| self.note(problem)).ok()
    }

    /// A key that must be there and is sent as a header.
    pub(super) fn header(&mut self, name: &str) -> Option<HeaderValue> {
        let text = self.text(name)?;
        self.as_header(name, text)
    }

    /// The value of `Authorization: Bearer …` for a key that must be there.
    pub(super) fn bearer(&mut self, name: &str) -> Option<HeaderValue> {
        let key = self.text(name)?;
        self.as_header(name, format!("Bearer {key}"))
    }

    /// The value of `Authorization: Bearer …`, when the key is set and can stand in a header.
    pub(super) fn optional_bearer(&mut self, name: &str) -> Option<HeaderValue> {
        let key = optional(self.lookup, name)?;
        self.as_header(name, format!("Bearer {key}"))
    }

    /// The address `path` and `query` under a configured base, or under `default`. The base has no query of its own.
    pub(super) fn address(
        &mut self,
        name: &str,
        default: Option<&str>,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Option<OutboundUrl> {
        let text = match (optional(self.lookup, name), default) {
            (Some(text), _) => text,
            (None, Some(text)) => text.to_owned(),
            (None, None) => self.text(name)?,
        };
        self.join(&text, path, query).map_err(|problem| self.note(ConfigProblem::new(name, problem))).ok()
    }

    fn as_header(&mut self, name: &str, text: String) -> Option<HeaderValue> {
        let problem = |_| ConfigProblem::new(name, "must be visible ASCII characters only");
        HeaderValue::parse(text).map_err(problem).map_err(|problem| self.note(problem)).ok()
    }

    fn join(&self, base: &str, path: &[&str], query: &[(&str, &str)]) -> Result<OutboundUrl, String> {
        let refused = |reason| format!("is not a usable base URL: {reason}");
        let mut url = OutboundUrl::parse(base, self.reach).map_err(|reason| refused(reason.to_string()))?.url().clone();
        if url.query().is_some() {
            return Err(refused("it has a query".to_owned()));
        }
        url.path_segments_mut().map_err(|()| refused("it has no path".to_owned()))?.pop_if_empty().extend(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        OutboundUrl::judge(url, self.reach).map_err(|reason| refused(reason.to_string()))
    }
}
