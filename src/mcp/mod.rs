//! The Model Context Protocol, server side, over Streamable HTTP: tools only, JSON answers only, no sessions, no streams.
//!
//! One endpoint serves the revision of 2026-07-28 ("modern": every request carries its own version and there is no
//! handshake) and the three before it ("legacy": an `initialize` handshake, which this gateway answers without keeping
//! anything). A request is three pure steps with the edge between them:
//!
//! ```text
//! post::parse(headers, body) ─┬─ Err(refusal) ───────────────────────────────► refusal.reply()
//!                             └─ Ok(post) ─ for each message: message.turn() ─┬► Turn::Reply(reply)
//!                                                                             ├► Turn::ListTools(list)  list.render(tools)
//!                                                                             └► Turn::CallTool(call)   call.render(result)
//! ```
//!
//! The edge gathers the catalogue or runs the call in the middle; a batch's replies become one with
//! [`Reply::batch`](reply::Reply::batch). Origin, authentication and the HTTP method come first and are not this room's:
//! anything but POST is answered 405 with `Allow: POST`.
//!
//! | file | what it holds |
//! |---|---|
//! | [`headers`] | the request's headers, and whether they agree with the body |
//! | [`message`] | JSON-RPC messages and their ids |
//! | [`era`] | which revision a message speaks, and the order in which a bad one is refused |
//! | [`post`] | a whole POST: one message, or a batch of 2025-03-26 |
//! | [`method`] | the methods served, with their parameters read |
//! | [`turn`] | what the gateway must do for a message |
//! | [`reply`] [`refusal`] | results and errors on the wire, with their HTTP statuses |
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
