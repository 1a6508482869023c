//! OpenAPI documents (3.0 and 3.1, JSON and YAML) as tools.
//!
//! Every operation that is chosen becomes a tool or is refused with a reason. Nothing is fetched here: where a document
//! refers to another one, [`Conversion::step`] says which, and goes on with what it is given. Only documents of the first
//! one's own origin are asked for.
//!
//! | file | what it holds |
//! |---|---|
//! | `choice` | which operations, and how |
//! | `conversion` | the steps: document → wanted document → … → tools |
//! | `document` | bytes → a document |
//! | `yaml` | YAML → the same values as JSON |
//! | `reference` | `$ref`, within a document and to others |
//! | `operation` | one operation → one tool |
//! | `parameter` | its parameters → arguments |
//! | `payload` | its request body → arguments |
//! | `outcome` | its responses → an output schema |
//! | `schema` | schemas of OpenAPI → JSON Schema 2020-12 |
//! | `shape` | schemas made shorter |
//! | `name` | names of tools and arguments |
//! | `server` | where the API is |
//! | `security` | security schemes → credentials |
//! | `refusal` | why there is no tool |
//! | `contract` | operations as definitions that can be compared |

pub mod choice;
pub mod contract;
pub mod conversion;
pub mod document;
pub mod name;
mod operation;
mod outcome;
mod parameter;
mod payload;
pub mod reference;
pub mod refusal;
mod schema;
mod security;
mod server;
mod shape;
pub mod yaml;

pub use choice::{Choice, Settings};
pub use conversion::{Conversion, Converted, Step};
pub use refusal::{InvalidOpenApi, Refusal, Refused};

#[cfg(test)]
mod tests;
