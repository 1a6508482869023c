//! Credentials: what an upstream is shown on behalf of a tenant or one of its users.
//!
//! A credential belongs to one upstream and is bound to one origin: it is never applied to a URL of another. It is of a tenant,
//! for everybody's calls, or of one user, for that user's alone; the user's own wins.
//!
//! | file | what it holds |
//! |---|---|
//! | [`secret`] | what an administrator or a user gives, and whether it can be used |
//! | [`applied`] | the header fields and query parameters that come of it, for its origin |
//! | [`held`] | what an upstream is shown as far as it is known, and under whose name |
//! | [`grant`] | OAuth access tokens: which to use, when to fetch a new one, what an answer means |
//! | [`connect`] | a user's way to the provider's authorization page and back |
//! | [`discovery`] | what an authorization server says of itself |

pub mod applied;
pub mod connect;
pub mod discovery;
pub mod grant;
pub mod held;
pub mod secret;

#[cfg(test)]
pub(crate) mod sample;
