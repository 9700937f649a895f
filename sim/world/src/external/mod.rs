//! Runs against external parties: real terminals or a real broker take the place of the simulated ones, on real sockets
//! in real time. The harness plays all other parties.
//!
//! Of a device, only what the broker's end observes can be checked. Steps that need more require an operator
//! (`--interactive`); without one, the row is inapplicable.

mod broker;
mod play;
mod stand_in;
mod under_test;
mod unplayable;

pub use broker::unplayable as unplayable_with_a_broker;
pub use play::{play_external_broker, play_external_terminal};
pub(crate) use under_test::{dialer, queue, slack};
pub use unplayable::unplayable as unplayable_with_a_terminal;
