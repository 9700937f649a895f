//! What a run is made with: its configuration, and its terminals before the start.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use sca_environment::clock::{Clock, DeviceClock};
use sca_environment::identities::Identities;
use sca_model::{Certificate, Header};
use sca_protocol::Chance;
use sca_protocol::settings::TerminalSettings;

/// Everything that stays the same during a run.
pub struct WorldConfig<'a> {
    /// The header of the scenario.
    pub header: &'a Header,
    /// The contents of the files that the scenario names.
    pub assets: &'a BTreeMap<String, Vec<u8>>,
    /// The certificates that the scenario declares.
    pub certificates: &'a BTreeMap<String, Certificate>,
    /// The authority of the run, and the identities made so far.
    pub identities: Arc<Identities>,
    /// The source of every random draw.
    pub chance: Chance,
    /// The clock of the run.
    pub clock: Clock,
    /// What deadlines are stretched by, in scenario time.
    pub slack: Duration,
    /// What of the run is kept beside its verdict.
    pub keeps: Keeps,
    /// Seed for the order in which connection tasks start that could start together; 0 starts them in the order they
    /// are created.
    pub start_order: u64,
    /// Where the secrets of TLS connections are noted, if they are.
    pub key_notes: Option<Arc<sca_network::tls::KeyLogBuffer>>,
    /// Where the places of received bytes are noted, if they are.
    pub arrivals: Option<sca_network::Arrivals>,
}

/// What of a run is kept beside its verdict.
#[derive(Debug, Clone, Copy)]
pub struct Keeps {
    /// The plaintext frames.
    pub frames: bool,
    /// Every change of the displays.
    pub displays: bool,
    /// Every entry of the record, for a trace.
    pub trace: bool,
}

/// A terminal that takes part in the run, before the run starts.
pub struct Starting<C> {
    /// Its name in the scenario.
    pub name: String,
    /// The terminal itself.
    pub terminal: C,
    /// Its settings.
    pub settings: TerminalSettings,
    /// Its clock.
    pub clock: DeviceClock,
}
