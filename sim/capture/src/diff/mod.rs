//! Where a capture and the simulated terminal part: the capture's stimuli are played, and what the model says to them is
//! held against what the field said.
//!
//! A difference is a bug that was found, or a fact about the real device. It is not decided here which.

mod compared;
mod comparer;
mod explain;
mod extras;
mod parts;
mod steps;
mod tell;

pub use compared::{Compared, Difference, Rung, What};
pub use comparer::Comparer;
pub use explain::Explanation;
pub use parts::Part;
pub use tell::{DIFF_VERSION, json, ladder};
