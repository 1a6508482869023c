//! Black-box tests of the gateway on a real local Workers runtime.
