//! Upstreams: the client side of the protocol.
