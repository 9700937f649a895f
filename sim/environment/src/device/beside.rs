//! The parts of a world that only runs with external terminals have.

use sca_network::EventQueue;

use super::devices::Devices;
use super::port::Callers;
use super::terminal::ExternalTerminal;

/// The parts of a world that only runs with external devices have.
pub struct Beside {
    /// How the devices reach us, and what is asked of a person.
    pub external: ExternalTerminal,
    /// The connections that have been accepted and not yet placed.
    pub callers: Callers,
    /// The queue of the world.
    pub mailbox: EventQueue,
    /// The processes of the devices.
    pub devices: Devices,
    /// Whether the scenario expects to see refused attempts.
    pub shows_refusals: bool,
}
