//! The script: where in the timeline a run is, what it demands now, what it wants done, and what it says of an
//! observation. It moves no bytes.

mod advance;
mod branches;
mod checks;
mod diagnosis;
mod find;
mod operator;
mod relaxed;
mod standing_rules;
mod state;

pub use diagnosis::asks;
pub use state::{Progress, Reading, Script};
