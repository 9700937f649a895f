//! One run of a scenario: its rows, its set-up, in memory, on sockets or with a party under test, and the entry point
//! [`play()`]. The run itself is the work of the crate `driver`.
//!
//! It has never heard of the terminal crate: a function makes the terminals, and [`sca_core::Terminal`] is all it knows
//! of them.

pub mod external;
pub mod interrupt;
pub mod options;
pub mod play;
pub mod played;
pub mod rows;
mod setup;

pub use options::{Options, Place, Probe};
pub use play::play;
pub use played::Played;
pub use rows::unplayable_on_wire;
