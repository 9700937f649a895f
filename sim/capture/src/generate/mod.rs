//! A session as a scenario: settings above, then line after line as it happened. Lines only ever come to the end, so that
//! a recording can be written while it runs; where the head has to change, [`Lift::rewrites`] says so.
//!
//! It has never seen a socket or a file.

mod answer;
mod lines;
mod link;
mod messages;
mod parts;
mod pay;
mod prompt;
mod scenario;
mod state;
mod upgrade;

pub(crate) use lines::MESSAGE_MAX;
pub use state::Lift;
