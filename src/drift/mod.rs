//! Drift: what an upstream offers is pinned, and every change of it is judged before anybody is shown it.
//!
//! A definition is what a model reads, so whoever changes it after it was approved changes what the model does. Each thing an
//! upstream offers is reduced to what is pinned of it, and that to a fingerprint: the same fingerprint, the same definition.
//! Where fingerprints differ both definitions are compared member by member, and every change has a verdict and a reason.
//! `docs/DRIFT.md` says which change means what.
//!
//! | file | what it holds |
//! |---|---|
//! | [`definition`] | what is pinned of one thing |
//! | [`version`] | a definition with its fingerprint |
//! | [`verdict`] | how much a change means |
//! | [`reason`] | why it means that |
//! | [`change`] | one change, and all changes of one definition |
//! | [`schema`] | two JSON Schemas |
//! | [`suspicion`] | what has the form of an attack |
//! | [`compare`] | two definitions of one thing |
//! | [`neighbours`] | what else there is in the tenant |
//! | [`offer`] | everything that an upstream offers, then and now |
//! | [`diff`] | a report as lines that a person reads |
//! | [`reaction`] | what is done about it |
//! | [`pin`] | what is stored of each thing |
//! | [`settle`] | what is decided, noted and stored when an upstream was asked |
//! | [`told`] | what is told of it |
//! | [`serve`] | what may be shown of what an upstream said |

pub mod change;
pub mod compare;
pub mod definition;
pub mod diff;
pub mod neighbours;
pub mod offer;
pub mod pin;
pub mod reaction;
pub mod reason;
pub mod schema;
pub mod serve;
pub mod settle;
pub mod suspicion;
pub mod told;
pub mod verdict;
pub mod version;
