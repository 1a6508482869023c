//! Tools found by what somebody needs, for endpoints that show so many that an agent should not read them all.
//!
//! | file | what it holds |
//! |---|---|
//! | [`words`] | the words of a text, and their stems |
//! | [`index`] | the words of an endpoint's tools, and which tools fit a query best |
//! | [`face`] | `search_tools` and `call_tool`: their definitions and their arguments |
//! | [`page`] | what `search_tools` answers |

pub mod face;
pub mod index;
pub mod page;
pub mod words;
