//! Tools the gateway runs itself. Their definitions are the JSON files beside this one; the tests here keep every
//! definition, its schemas and what the code produces in agreement.

pub mod quantum_random;
pub mod read_more;
pub mod server_time;
pub mod weather;

use crate::mcp::wire::Tool;

/// A built-in tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BuiltIn {
    /// `get_weather`, see [`weather`].
    GetWeather,
    /// `quantum_random`, see [`quantum_random`].
    QuantumRandom,
    /// `read_more`, see [`read_more`].
    ReadMore,
    /// `server_time`, see [`server_time`].
    ServerTime,
}

impl BuiltIn {
    /// Every built-in tool, in the order of the names.
    pub const ALL: [Self; 4] = [Self::GetWeather, Self::QuantumRandom, Self::ReadMore, Self::ServerTime];

    /// The tool with exactly this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tool| tool.name() == name)
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::GetWeather => "get_weather",
            Self::QuantumRandom => "quantum_random",
            Self::ReadMore => "read_more",
            Self::ServerTime => "server_time",
        }
    }

    const fn source(self) -> &'static str {
        match self {
            Self::GetWeather => include_str!("get_weather.json"),
            Self::QuantumRandom => include_str!("quantum_random.json"),
            Self::ReadMore => include_str!("read_more.json"),
            Self::ServerTime => include_str!("server_time.json"),
        }
    }

    /// Its definition; always there, as a test shows.
    pub fn definition(self) -> Option<Tool> {
        serde_json::from_str(self.source()).ok()
    }

    /// Every built-in tool with its definition.
    pub fn definitions() -> impl Iterator<Item = (Self, Tool)> {
        Self::ALL.into_iter().filter_map(|tool| Some((tool, tool.definition()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::BuiltIn;
    use crate::tool::schema::Schema;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn every_definition_is_there_and_its_schemas_compile() {
        assert_eq!(BuiltIn::definitions().count(), BuiltIn::ALL.len());
        for (tool, definition) in BuiltIn::definitions() {
            assert_eq!(definition.name, tool.name());
            assert_eq!(BuiltIn::named(&definition.name), Some(tool));
            assert!(!definition.name.contains("__"), "that is how the names of upstreams' tools are told apart");
            Schema::compile(&definition.input_schema).unwrap();
            Schema::compile(&definition.output_schema.unwrap()).unwrap();
        }
    }
}
