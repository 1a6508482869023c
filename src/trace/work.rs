//! The kinds of work that spans are made of, by OpenTelemetry's semantic conventions for HTTP, databases and MCP.

use super::span::{Attributes, Kind, Value};
use crate::outbound::OutboundUrl;
use std::borrow::Cow;

/// A piece of work. What it borrows is looked at only where it is recorded.
#[derive(Clone, Copy, Debug)]
pub enum Work<'a> {
    /// Finding out who asks, and taking one call.
    Admission,
    /// Whether a call may be made: policies, plans, approvals.
    Policy,
    /// Fetching a seed of quantum-derived bytes.
    Entropy,
    /// A statement, whose text is the gateway's own and has no values in it.
    Statement(&'a str),
    /// Several of them in one transaction.
    Transaction(usize),
    /// A question to one of the gateway's own objects, by the name of their class.
    Object(&'static str),
    /// Something an upstream is asked.
    Upstream(Asked<'a>),
}

/// What an upstream is asked.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The upstream's name.
    pub upstream: &'a str,
    /// Its address, of which the host is told.
    pub address: &'a OutboundUrl,
    /// The method of the protocol, or what is done instead.
    pub method: &'static str,
    /// The tool or prompt, by the upstream's own name for it.
    pub target: Option<&'a str>,
}

impl Work<'_> {
    /// Its name: few different ones.
    pub fn name(&self) -> Cow<'static, str> {
        match self {
            Self::Admission => "admission".into(),
            Self::Policy => "policy".into(),
            Self::Entropy => "entropy".into(),
            Self::Statement(text) => summary(text).into(),
            Self::Transaction(_) => "BATCH".into(),
            Self::Object(class) => format!("ask {class}").into(),
            Self::Upstream(Asked { method, target: Some(target), .. }) => format!("{method} {target}").into(),
            Self::Upstream(Asked { method, .. }) => (*method).into(),
        }
    }

    /// Which side of a question it is.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Admission | Self::Policy | Self::Entropy => Kind::Internal,
            Self::Statement(_) | Self::Transaction(_) | Self::Object(_) | Self::Upstream(_) => Kind::Client,
        }
    }

    /// What is known of it before it ends.
    pub fn attributes(&self) -> Attributes {
        match self {
            Self::Admission | Self::Policy | Self::Entropy => Vec::new(),
            Self::Statement(text) => vec![
                ("db.system.name", "sqlite".into()),
                ("db.operation.name", operation(text).to_owned().into()),
                ("db.query.summary", summary(text).into()),
            ],
            Self::Transaction(statements) => vec![
                ("db.system.name", "sqlite".into()),
                ("db.operation.name", "BATCH".into()),
                ("db.operation.batch.size", Value::Whole(i64::try_from(*statements).unwrap_or(i64::MAX))),
            ],
            Self::Object(class) => vec![("mcp_gateway.object", (*class).into())],
            Self::Upstream(asked) => asked.attributes(),
        }
    }
}

impl Asked<'_> {
    fn attributes(&self) -> Attributes {
        let mut known: Attributes =
            vec![("mcp.method.name", self.method.into()), ("mcp_gateway.upstream", self.upstream.to_owned().into())];
        let url = self.address.url();
        known.extend(url.host_str().map(|host| ("server.address", Value::from(host.to_owned()))));
        known.extend(url.port_or_known_default().map(|port| ("server.port", Value::from(port))));
        let target = self.target.map(|target| Value::from(target.to_owned()));
        match self.method {
            "tools/call" => {
                known.push(("gen_ai.operation.name", "execute_tool".into()));
                known.extend(target.map(|target| ("gen_ai.tool.name", target)));
            }
            "prompts/get" => known.extend(target.map(|target| ("gen_ai.prompt.name", target))),
            _ => {}
        }
        known
    }
}

/// What a statement does.
fn operation(statement: &str) -> &str {
    statement.split_whitespace().next().unwrap_or_default()
}

/// What a statement does and the first table it names.
fn summary(statement: &str) -> String {
    let mut words = statement.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let names_a_table = |word: &str| ["FROM", "INTO", "UPDATE"].iter().any(|name| word.eq_ignore_ascii_case(name));
    let table = words.by_ref().find(|word| names_a_table(word)).and_then(|_| words.find(|word| !word.is_empty()));
    match table {
        Some(table) => format!("{} {table}", operation(statement)),
        None => operation(statement).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Asked, Kind, Work};
    use crate::outbound::{OutboundUrl, Reach};
    use crate::trace::span::Value;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_statement_is_told_by_what_it_does_and_where() {
        for (statement, told) in [
            ("SELECT id, name FROM users WHERE tenant_id = ?1", "SELECT users"),
            ("INSERT INTO upstreams (id) VALUES (?1)", "INSERT upstreams"),
            ("UPDATE pins SET state = 'x'", "UPDATE pins"),
            ("DELETE FROM\n  messages WHERE 1", "DELETE messages"),
            ("SELECT 1", "SELECT"),
            ("", ""),
        ] {
            assert_eq!(Work::Statement(statement).name(), told);
        }
    }

    #[test]
    fn an_upstream_is_told_by_its_host_and_never_by_its_path_or_query() {
        let address = OutboundUrl::parse("https://mcp.example.com/canary?key=canary", Reach::Public).unwrap();
        let asked = |method, target| Work::Upstream(Asked { upstream: "files", address: &address, method, target });
        let call = asked("tools/call", Some("read"));
        let attributes = call.attributes();
        assert_eq!((call.name().as_ref(), call.kind()), ("tools/call read", Kind::Client));
        let get = |name| attributes.iter().find(|(own, _)| *own == name).map(|(_, value)| value.clone());
        assert_eq!(get("server.address"), Some("mcp.example.com".into()));
        assert_eq!(get("server.port"), Some(Value::Whole(443)));
        assert_eq!(get("gen_ai.tool.name"), Some("read".into()));
        assert_eq!(get("gen_ai.operation.name"), Some("execute_tool".into()));
        assert!(!format!("{attributes:?}").contains("canary"));
        let prompt = asked("prompts/get", Some("greet")).attributes();
        assert!(prompt.contains(&("gen_ai.prompt.name", "greet".into())));
        let read = asked("resources/read", None);
        assert_eq!((read.name().as_ref(), read.attributes().len()), ("resources/read", 4));
    }
}
