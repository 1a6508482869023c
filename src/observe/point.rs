//! What is told of an event as points in a table, one row each: for Workers Analytics Engine, whose columns have no names
//! (<https://developers.cloudflare.com/analytics/analytics-engine/>).

use super::{Call, Event, Request, Who};
use crate::metric::activity::BUILT_IN;

/// Most rows of one event: the platform takes 250 in one run of a Worker.
const MOST: usize = 100;
/// The longest index the platform takes, in bytes.
const LONGEST_INDEX: usize = 96;

/// A row. `index` is what the platform samples by, so that a quiet tenant is not lost beside a busy one.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// The tenant; empty where nobody is known.
    pub index: String,
    /// In the order of [`COLUMNS`].
    pub texts: [String; COLUMNS.len()],
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// What the texts of a row are, `blob1` to `blob7`.
pub const COLUMNS: [&str; 7] = ["kind", "upstream", "tool", "method", "route", "outcome", "status"];

impl Event {
    /// The rows of a request and its calls, or of a call with a line of its own; `tenant` is whose that is.
    pub fn points(&self, tenant: Option<&str>) -> Vec<Point> {
        match self {
            Self::Request(request) => {
                let tenant = request.who.as_ref().map(|Who { tenant, .. }| tenant.as_str());
                let calls = request.calls.iter().map(|call| call.point(tenant, request.route));
                std::iter::once(request.point(tenant)).chain(calls).take(MOST).collect()
            }
            Self::Call(call) => vec![call.point(tenant, None)],
            _ => Vec::new(),
        }
    }
}

impl Request {
    fn point(&self, tenant: Option<&str>) -> Point {
        let (route, outcome) = (self.route.unwrap_or_default(), self.problem.unwrap_or("ok"));
        let texts = ["request", "", "", &self.method, route, outcome, &self.status.to_string()];
        Point { index: index(tenant), texts: texts.map(str::to_owned), took_ms: self.duration_ms.millis() }
    }
}

impl Call {
    fn point(&self, tenant: Option<&str>, route: Option<&str>) -> Point {
        let upstream = self.upstream.as_deref().unwrap_or(BUILT_IN);
        let texts = ["call", upstream, &self.tool, self.method, route.unwrap_or_default(), self.outcome, ""];
        Point { index: index(tenant), texts: texts.map(str::to_owned), took_ms: self.duration_ms.millis() }
    }
}

fn index(tenant: Option<&str>) -> String {
    tenant.unwrap_or_default().chars().take(LONGEST_INDEX).collect()
}

#[cfg(test)]
mod tests {
    use super::Point;
    use crate::observe::{Event, Request, samples};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_request_and_each_of_its_calls_are_rows_of_their_tenant() {
        let call = samples::call();
        let request = Request { calls: vec![call.clone(); 200], ..samples::request() };
        let points = Event::Request(request).points(None);
        assert_eq!(points.len(), super::MOST);
        let row = |texts: [&str; 7], took_ms| Point { index: "acme".into(), texts: texts.map(str::to_owned), took_ms };
        assert_eq!(points[0], row(["request", "", "", "POST", "/mcp", "ok", "200"], 3));
        assert_eq!(points[1], row(["call", "builtin", "server_time", "tools/call", "/mcp", "ok", ""], 2));
        let alone = row(["call", "builtin", "server_time", "tools/call", "", "ok", ""], 2);
        assert_eq!(Event::Call(call).points(Some("acme")), [alone]);
        assert_eq!(Event::ScheduleFailed { reason: "x".into() }.points(None), []);
    }
}
