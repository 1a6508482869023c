//! Metrics in the Prometheus text format, version 0.0.4.

use std::fmt::Write as _;

/// The media type of [`Exposition::render`].
pub const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What a family's numbers mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only rises, until its source starts anew. Its name ends in `_total`.
    Counter,
    /// It rises and falls.
    Gauge,
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
    pub fn sample(mut self, labels: &[(&str, &str)], value: u64) -> Self {
        let kind = match self.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
        };
        let out = &mut self.out.0;
        // Writing to a String cannot fail.
        if !self.begun {
            let _ = writeln!(out, "# HELP {} {}\n# TYPE {0} {kind}", self.name, self.help);
            self.begun = true;
        }
        out.push_str(self.name);
        for (index, (name, value)) in labels.iter().enumerate() {
            let before = if index == 0 { '{' } else { ',' };
            let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(out, "{before}{name}=\"{value}\"");
        }
        if !labels.is_empty() {
            out.push('}');
        }
        let _ = writeln!(out, " {value}");
        self
    }

    /// Adds a sample for each element.
    #[must_use]
    pub fn samples<'l>(self, samples: impl IntoIterator<Item = (Vec<(&'l str, &'l str)>, u64)>) -> Self {
        samples.into_iter().fold(self, |family, (labels, value)| family.sample(&labels, value))
    }

    /// Ends the family.
    pub fn end(self) {}
}

#[cfg(test)]
mod tests {
    use super::{Exposition, Kind};
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
}
