//! What an endpoint shows of the upstreams behind it: tools, prompts, resources and resource templates, under names that
//! stay the same. An upstream that fails takes nothing away but its own, and not even that while its last good listing is
//! kept.
//!
//! | file | what it holds |
//! |---|---|
//! | [`naming`] | names and URIs with an upstream's name before them, and back |
//! | [`template`] | whether a URI may come from a URI template |
//! | [`item`] | what the four kinds of items have in common |
//! | [`listing`] | what one upstream offers, under its own names, and why some of it is left out |
//! | [`endpoint`] | which items of which upstreams are shown, and how they are named |
//! | [`view`] | an endpoint with its upstreams' listings: what is shown, and whose a shown name is |
//! | [`face`] | the list of tools of an endpoint whose tools are found by searching |
//! | [`reveal`] | an upstream's URIs inside what it answers |

pub mod endpoint;
pub mod eyes;
pub mod face;
pub mod item;
pub mod listing;
pub mod naming;
pub mod reveal;
pub mod template;
pub mod view;
