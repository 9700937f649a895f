//! Compares a capture with the simulated terminal (the model): plays the stimuli of the capture and compares the
//! model's responses with those of the device (the field).
//!
//! A difference is a bug or a property of the real device; this module does not decide which.

mod compared;
mod comparer;
mod explain;
mod extras;
mod output;
mod parts;
mod steps;

pub use compared::{Compared, Difference, Rung, What};
pub use comparer::Comparer;
pub use explain::Explanation;
pub use output::{DIFF_VERSION, json, ladder};
pub use parts::Part;
