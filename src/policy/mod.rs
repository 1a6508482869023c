//! Policies: who may see and call what.
//!
//! A tenant has a default and rules. A rule has an effect, whom and what it is about, which is cheap to match, and perhaps a
//! condition in the Common Expression Language ([why this one](../../docs/decisions/0003-the-language-of-policies.md)).
//! Order does not matter: a deny beats an approve, an approve beats an allow, and where no rule says anything the default
//! holds. Listing and calling ask the same function, so whatever a call is admitted for is listed, and what is not listed is
//! admitted with no arguments.
//!
//! | file | what it holds |
//! |---|---|
//! | [`facts`] | who asks, about what, when |
//! | [`glob`] | patterns of names |
//! | [`document`] | reading a rule's document, and where it is wrong |
//! | [`rule`] | rules, and whom and what they are about |
//! | `described` | the shape of a rule's document, for descriptions |
//! | [`condition`] | conditions: what they may say, and what they cost |
//! | [`value`] | JSON as conditions see it, against a purse |
//! | [`judge`] | the decision |
//! | [`explain`] | the decision with every rule's part in it |

pub mod condition;
#[cfg(not(target_arch = "wasm32"))]
pub mod described;
pub mod document;
pub mod explain;
pub mod facts;
pub mod glob;
pub mod judge;
pub mod rule;
pub mod value;

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod properties;
#[cfg(test)]
mod sample;
