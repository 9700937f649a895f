//! Turns a session into a scenario: settings first, then one line per event in order. Lines are normally only appended,
//! so that a recording can be written while it runs; [`ScenarioGenerator::rewrites`] counts changes to earlier text.
//!
//! It uses no sockets and no files.

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
pub use state::ScenarioGenerator;
