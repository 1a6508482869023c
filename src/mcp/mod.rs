//! The Model Context Protocol, server side, over Streamable HTTP.
//!
//! One endpoint serves the revision of 2026-07-28 ("modern": every request carries its own version and there is no
//! handshake) and the four before it ("legacy": an `initialize` handshake, and a session where the client needs one). A
//! request is three pure steps with the edge between them:
//!
//! ```text
//! post::parse(headers, body) ─┬─ Err(refusal) ──────────────────────────────► refusal.reply()
//!                             └─ Ok(post) ─ for each message: message.turn() ─┬► Turn::Reply(reply)
//!                                                                             ├► Turn::Serve(asked)   asked.to.….(result)
//!                                                                             ├► Turn::Notice(…)      within a session
//!                                                                             └► Turn::Answer(…)      within a session
//! ```
//!
//! The edge gathers what is shown or asks an upstream in the middle; a batch's replies become one with
//! [`Reply::batch`](reply::Reply::batch). Origin, authentication and the HTTP method come first and are not this room's.
//!
//! | file | what it holds |
//! |---|---|
//! | [`capability`] | what the two sides say they can do |
//! | [`headers`] | the request's headers, and whether they agree with the body |
//! | [`message`] | JSON-RPC messages and their ids |
//! | [`era`] | which revision a message speaks, and the order in which a bad one is refused |
//! | [`post`] | a whole POST: one message, or a batch of 2025-03-26 |
//! | [`method`] | the methods served, with their parameters read |
//! | [`params`] | the parameters of each method |
//! | [`turn`] | what the gateway must do for a message |
//! | [`reply`] [`refusal`] | results and errors on the wire, with their HTTP statuses |
//! | [`question`] | what a server asks its client meanwhile |
//! | [`notice`] [`log_level`] | what a server tells its client meanwhile |
//! | [`subscription`] | what changes a client hears of |
//! | [`session`] [`outbox`] [`sse`] | a legacy client's session, and its streams |
//! | [`ticket`] | what a client carries for the gateway, sealed |
//! | [`wire`] | the shapes both sides of the gateway speak |

pub mod capability;
pub mod era;
pub mod headers;
pub mod log_level;
pub mod message;
pub mod method;
pub mod notice;
pub mod outbox;
pub mod params;
pub mod post;
mod problem;
pub mod question;
pub mod refusal;
pub mod reply;
pub mod session;
pub mod sse;
pub mod subscription;
pub mod ticket;
pub mod turn;
pub mod wire;

#[cfg(test)]
mod tests;
