//! The parts of a world that only runs with external terminals have.

use sca_network::EventQueue;

use super::devices::Devices;
use super::port::Callers;
use super::terminal::ExternalTerminal;

/// The parts of a world that only runs with external devices have.
pub(crate) struct Beside {
    pub(crate) external: ExternalTerminal,
    pub(crate) callers: Callers,
    pub(crate) mailbox: EventQueue,
    pub(crate) devices: Devices,
    /// Whether the scenario expects to see refused attempts.
    pub(crate) shows_refusals: bool,
}
