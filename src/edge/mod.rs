//! The Workers runtime: the only room that names it. Gathers facts, asks the pure rooms, commits, replies.

mod clock;
mod outbound;
