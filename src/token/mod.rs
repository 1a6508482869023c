//! Tokens: opaque refresh tokens, signed access tokens, public keys.
