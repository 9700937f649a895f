//! Devices under test: how they reach us, the processes that the harness starts for them, and the port they connect to.

mod beside;
mod devices;
pub mod port;
pub mod process;
mod terminal;

pub use beside::Beside;
pub use devices::{Devices, PLACEHOLDERS};
pub use port::{Callers, Door};
pub use process::{Ended, LOOKS, end_all};
pub use terminal::{ExternalTerminal, Operator};
