//! Metrics in the Prometheus text format, version 0.0.4
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>).

use super::times::Times;
use crate::time::Lifetime;
use std::fmt::{self, Display, Write as _};

/// The media type of [`Exposition::render`].
pub const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What a family's numbers mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only rises, until its source starts anew. Its name ends in `_total`.
    Counter,
    /// It rises and falls.
    Gauge,
    /// Durations, counted by bucket. Its name ends in `_seconds`.
    Histogram,
}

/// Metrics, family by family.
#[derive(Clone, Debug, Default)]
pub struct Exposition(String);

/// One family: samples of one name. A family without a sample is left out.
#[derive(Debug)]
pub struct Family<'a> {
    out: &'a mut Exposition,
    name: &'static str,
    help: &'static str,
    kind: Kind,
    begun: bool,
}

/// A span, in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Seconds(pub Lifetime);

impl Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, millis) = (self.0.millis() / 1000, self.0.millis() % 1000);
        if millis == 0 {
            return write!(f, "{whole}");
        }
        f.write_str(format!("{whole}.{millis:03}").trim_end_matches('0'))
    }
}

impl Exposition {
    /// Begins a family; each name once.
    pub fn family(&mut self, name: &'static str, kind: Kind, help: &'static str) -> Family<'_> {
        Family { out: self, name, help, kind, begun: false }
    }

    /// The text.
    pub fn render(self) -> String {
        self.0
    }
}

impl Family<'_> {
    /// Adds one sample. Label values are escaped; label names are the caller's own.
    #[must_use]
    pub fn sample(mut self, labels: &[(&str, &str)], value: impl Display) -> Self {
        self.begin();
        self.line("", labels, value);
        self
    }

    /// Adds a sample for each element.
    #[must_use]
    pub fn samples<'l, V: Display>(self, samples: impl IntoIterator<Item = (Vec<(&'l str, &'l str)>, V)>) -> Self {
        samples.into_iter().fold(self, |family, (labels, value)| family.sample(&labels, value))
    }

    /// Adds the samples of a histogram.
    #[must_use]
    pub fn times(mut self, labels: &[(&str, &str)], times: &Times) -> Self {
        self.begin();
        let bucket = |family: &mut Self, bound: &str, count| {
            let labels: Vec<_> = labels.iter().copied().chain([("le", bound)]).collect();
            family.line("_bucket", &labels, count);
        };
        for (bound, count) in times.up_to() {
            bucket(&mut self, &Seconds(bound).to_string(), count);
        }
        bucket(&mut self, "+Inf", times.count());
        self.line("_sum", labels, Seconds(times.sum()));
        self.line("_count", labels, times.count());
        self
    }

    /// Ends the family.
    pub fn end(self) {}

    fn begin(&mut self) {
        if self.begun {
            return;
        }
        self.begun = true;
        let kind = match self.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        // Writing to a String cannot fail.
        let _ = writeln!(self.out.0, "# HELP {} {}\n# TYPE {0} {kind}", self.name, self.help);
    }

    fn line(&mut self, suffix: &str, labels: &[(&str, &str)], value: impl Display) {
        let out = &mut self.out.0;
        out.push_str(self.name);
        out.push_str(suffix);
        for (index, (name, value)) in labels.iter().enumerate() {
            let before = if index == 0 { '{' } else { ',' };
            let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(out, "{before}{name}=\"{value}\"");
        }
        if !labels.is_empty() {
            out.push('}');
        }
        let _ = writeln!(out, " {value}");
    }
}

#[cfg(test)]
mod tests {
    use super::{Exposition, Kind, Seconds};
    use crate::time::Lifetime;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_family_is_described_once_and_its_labels_are_escaped() {
        let mut metrics = Exposition::default();
        metrics
            .family("a_total", Kind::Counter, "What a is.")
            .sample(&[("x", "1"), ("y", "\"\\\n")], 7)
            .sample(&[], 8)
            .end();
        metrics.family("b", Kind::Gauge, "Never.").end();
        let expected =
            "# HELP a_total What a is.\n# TYPE a_total counter\na_total{x=\"1\",y=\"\\\"\\\\\\n\"} 7\na_total 8\n";
        assert_eq!(metrics.render(), expected);
    }

    #[test]
    fn spans_are_told_in_seconds_without_idle_digits() {
        let told = |millis| Seconds(Lifetime::from_millis(millis)).to_string();
        assert_eq!([told(0), told(5), told(250), told(1000), told(10_030)], ["0", "0.005", "0.25", "1", "10.03"]);
    }
}
