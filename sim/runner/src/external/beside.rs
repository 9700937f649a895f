//! What a world is given whose terminals are real.

use sca_network::Mailbox;

use super::devices::Devices;
use super::port::Callers;
use super::terminal::ExternalTerminal;

/// What a world is given beside what every world has.
pub(crate) struct Beside {
    pub(crate) external: ExternalTerminal,
    pub(crate) callers: Callers,
    pub(crate) mailbox: Mailbox,
    pub(crate) devices: Devices,
    /// Whether the scenario wants to see attempts that are refused.
    pub(crate) shows_refusals: bool,
}
