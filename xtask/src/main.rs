//! Set-up, build, development server, tests and benchmark of MCP Secure Gateway.

fn main() {}
