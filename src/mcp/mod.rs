//! The Model Context Protocol, server side: messages, the two eras, headers, methods.

pub mod wire;
