//! The options of a run.

use std::sync::Arc;
use std::time::Duration;

use sca_protocol::UnixTime;

use crate::interrupt::Interrupt;
use crate::rows::WIRE_LENGTH_MAX;
use sca_faults::probe::injection::Injection;

/// The network and clock of a world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Memory network with virtual time.
    Memory,
    /// Loopback sockets with scaled real time: a second of the scenario takes 1/scale s.
    Wire {
        /// Scenario seconds per real second.
        scale: u32,
    },
}

/// The task of a run for a sweep or the explorer, in addition to playing the scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Probe {
    /// No additional task.
    None,
    /// Records every place where a fault can be injected.
    Survey,
    /// Checks only the invariants; the scenario's expectations are ignored.
    Free,
    /// Injects a fault; from then on only the expectations that still apply after it are checked.
    Injection(Injection),
}

/// The options of a run.
#[derive(Debug, Clone)]
pub struct Options {
    /// The network and clock of the world.
    pub place: Place,
    /// The seed, if it replaces the scenario's own.
    pub seed: Option<u64>,
    /// In a suite, play only rows with all of these values; empty for every row.
    pub rows: Vec<(String, String)>,
    /// Whether to make a projection without times, for the comparison with another world.
    pub projects: bool,
    /// Whether to keep plaintext frames.
    pub keeps_frames: bool,
    /// Whether to keep every change of the displays.
    pub keeps_displays: bool,
    /// Whether to keep everything that a trace shows, and which line read it.
    pub keeps_trace: bool,
    /// The seed that permutes the start order of connection tasks that are ready together; 0 keeps their natural order.
    /// No transcript depends on it.
    pub start_order: u64,
    /// The current day, by which `expect-fail … until` expires; `None` disables the check.
    pub today: Option<UnixTime>,
    /// The task of a sweep or the explorer.
    pub probe: Probe,
    /// Where TLS secrets are logged, on the wire only.
    pub key_notes: Option<Arc<sca_network::tls::KeyLogBuffer>>,
    /// Where both ends of each connection record the bytes that they read.
    pub arrivals: Option<sca_network::Arrivals>,
    /// The limit of real time for a row on the wire.
    pub longest_on_wire: Duration,
    /// The signal that interrupts the run.
    pub interrupt: Option<Interrupt>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            place: Place::Memory,
            seed: None,
            rows: Vec::new(),
            projects: false,
            keeps_frames: false,
            keeps_displays: false,
            keeps_trace: false,
            start_order: 0,
            today: None,
            probe: Probe::None,
            key_notes: None,
            arrivals: None,
            longest_on_wire: WIRE_LENGTH_MAX,
            interrupt: None,
        }
    }
}
