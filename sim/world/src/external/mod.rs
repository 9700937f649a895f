//! Runs against external parties: real terminals or a real broker take the place of the simulated ones, on real sockets
//! in real time. The harness plays all other parties.
//!
//! Of a device, only what the broker's end observes can be checked. Steps that need more require an operator
//! (`--interactive`); without one, the row is inapplicable.

mod beside;
mod broker;
mod devices;
mod parties;
mod play;
mod port;
mod process;
mod stand_in;
mod terminal;
mod unplayable;

pub use beside::Beside;
pub use broker::unplayable as unplayable_with_a_broker;
pub use broker::{ExternalBroker, split_path};
pub use devices::Devices;
pub use devices::PLACEHOLDERS;
pub use parties::Parties;
pub use play::{play_external_broker, play_external_terminal};
pub use port::{Callers, Door};
pub use process::end_all;
pub use process::{Ended, LOOKS};
pub use terminal::{ExternalTerminal, Operator};
pub use unplayable::unplayable as unplayable_with_a_terminal;
