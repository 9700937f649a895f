//! How a scenario is played.

use std::sync::Arc;
use std::time::Duration;

use sca_protocol::UnixTime;

use crate::interrupt::Interrupt;
use crate::rows::WIRE_LENGTH_MAX;
use crate::sweep::blow::Blow;

/// In which world to play.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Memory network, virtual time.
    Memory,
    /// Loopback sockets, real time; a second of the scenario takes 1/scale s.
    Wire {
        /// Scenario seconds in a real second.
        scale: u32,
    },
}

/// What a sweep does beside the scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Probe {
    /// Nothing.
    None,
    /// Notes every place where a blow can fall.
    Survey,
    /// Demands nothing but the laws that watch every run.
    Free,
    /// Lets a blow fall; from there on the scenario demands only what the blow leaves it to demand.
    Blow(Blow),
}

/// How to play.
#[derive(Debug, Clone)]
pub struct Options {
    /// In which world.
    pub place: Place,
    /// The seed, where it is not the scenario's own.
    pub seed: Option<u64>,
    /// Only rows with all of these values, in a suite; without any, every row.
    pub rows: Vec<(String, String)>,
    /// Whether lanes are written down without times, to be held against those of another world.
    pub projects: bool,
    /// Whether plaintext frames are kept.
    pub keeps_frames: bool,
    /// Whether everything that a person sees is kept.
    pub keeps_faces: bool,
    /// Whether everything is kept that a trace shows, and which line read it.
    pub keeps_trace: bool,
    /// In which order connection tasks start that could start together; 0 is the order in which they come. No
    /// transcript depends on it.
    pub start_order: u64,
    /// The day by which a failure that was expected `until` a day is over; none asks no day.
    pub today: Option<UnixTime>,
    /// What a sweep does beside the scenario.
    pub probe: Probe,
    /// Where the secrets of TLS are noted, on the wire.
    pub key_notes: Option<Arc<sca_network::tls::KeyNotes>>,
    /// Where the two ends of each connection note what they read.
    pub arrivals: Option<sca_network::Arrivals>,
    /// Real time that a row may take on the wire.
    pub longest_on_wire: Duration,
    /// Who says that the run ends in its middle.
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
            keeps_faces: false,
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
