//! What the span of a request says, by OpenTelemetry's conventions for HTTP servers: what its line in the log says, without
//! the user and without reasons.

use super::Request;
use crate::id::CorrelationId;
use crate::trace::span::Attributes;
use std::borrow::Cow;

/// Methods that are told by their name; any other is told as none of them.
const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

impl Request {
    /// The span's name: the method and the route.
    pub fn span_name(&self) -> String {
        let method = if self.known_method() == "_OTHER" { "HTTP" } else { &self.method };
        self.route.map_or_else(|| method.to_owned(), |route| format!("{method} {route}"))
    }

    /// What else the span says.
    pub fn span_attributes(&self, correlation: &CorrelationId) -> Attributes {
        let mut said: Attributes = vec![
            ("http.request.method", self.known_method().into()),
            ("http.response.status_code", self.status.into()),
            ("mcp_gateway.correlation_id", correlation.as_str().to_owned().into()),
        ];
        said.extend(self.route.map(|route| ("http.route", route.into())));
        said.extend(self.who.as_ref().map(|who| ("mcp_gateway.tenant", who.tenant.as_str().to_owned().into())));
        said.extend(self.problem.map(|problem| ("mcp_gateway.problem", problem.into())));
        if let [call] = self.calls.as_slice() {
            said.push(("gen_ai.tool.name", call.tool.clone().into()));
            said.push(("mcp_gateway.outcome", call.outcome.into()));
        }
        said
    }

    /// The error, where it was the server's: what the client did wrong is none of this span.
    pub fn span_error(&self) -> Option<Cow<'static, str>> {
        (self.status >= 500).then(|| self.problem.map_or_else(|| self.status.to_string().into(), Cow::Borrowed))
    }

    fn known_method(&self) -> &'static str {
        METHODS.into_iter().find(|method| *method == self.method).unwrap_or("_OTHER")
    }
}

#[cfg(test)]
mod tests {
    use super::Request;
    use crate::guard::Counts;
    use crate::id::{CorrelationId, TenantId, UserId};
    use crate::observe::{Call, TOOL_CALL, Who};
    use crate::time::Lifetime;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn request(method: &str, route: Option<&'static str>, status: u16) -> Request {
        Request {
            method: method.into(),
            route,
            status,
            duration_ms: Lifetime::from_millis(1),
            who: None,
            calls: Vec::new(),
            problem: None,
            limit: None,
            reason: Some("canary".into()),
        }
    }

    #[test]
    fn a_span_is_named_by_method_and_route() {
        assert_eq!(request("POST", Some("/mcp"), 200).span_name(), "POST /mcp");
        assert_eq!(request("GET", None, 404).span_name(), "GET");
        assert_eq!(request("CANARY", None, 405).span_name(), "HTTP");
    }

    #[test]
    fn a_span_tells_the_tenant_and_the_call_and_no_user_and_no_reason() {
        let who = Who { tenant: TenantId::parse("acme").unwrap(), user: UserId::parse("canary-u").unwrap() };
        let call = Call {
            method: TOOL_CALL,
            tool: "get_weather".into(),
            upstream: None,
            outcome: "ok",
            limit: None,
            reason: Some("canary".into()),
            duration_ms: Lifetime::from_millis(1),
            guarded: Counts::default(),
        };
        let request = Request { who: Some(who), calls: vec![call], ..request("CANARY", Some("/mcp"), 200) };
        let said = request.span_attributes(&CorrelationId::parse("c-1").unwrap());
        for pair in [
            ("mcp_gateway.tenant", "acme".into()),
            ("gen_ai.tool.name", "get_weather".into()),
            ("http.request.method", "_OTHER".into()),
            ("http.response.status_code", 200_u16.into()),
            ("mcp_gateway.correlation_id", "c-1".into()),
        ] {
            assert!(said.contains(&pair), "{pair:?} in {said:?}");
        }
        assert!(!format!("{said:?}").to_lowercase().contains("canary"), "{said:?}");
    }

    #[test]
    fn only_a_servers_error_is_an_error() {
        assert_eq!(request("GET", None, 404).span_error(), None);
        assert_eq!(request("GET", None, 502).span_error().as_deref(), Some("502"));
        let failed = Request { problem: Some("unavailable"), ..request("GET", None, 503) };
        assert_eq!(failed.span_error().as_deref(), Some("unavailable"));
    }
}
