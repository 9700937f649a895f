//! Field material in: a recorder between terminal and broker, imports of what other tools have caught, redaction, and where
//! a capture and the simulated terminal part.
//!
//! Whatever it takes in becomes a [`Session`], and every session a scenario. Card data is gone before anything is kept.

mod audit;
pub mod calibrate;
pub mod diff;
mod ears;
mod fields;
mod frames;
mod generate;
pub mod import;
pub mod load;
pub mod record;
mod redact;
mod session;

pub use audit::Audit;
pub use ears::Ears;
pub use generate::Lift;
pub use redact::redacted;
pub use session::{Ending, Event, Session, Side};
