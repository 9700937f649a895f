//! The state of one run, owned part by part.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use sca_judge::script::Script;
use sca_model::{Certificate, Header, Step};
use sca_protocol::Chance;

use super::book::Book;
use super::broker_state::ExternalBrokerRun;
use super::connections::Connections;
use super::faults::Faults;
use super::injection::Sweeping;
use super::parties::Parties;
use super::terminal_state::ExternalDevices;
use crate::clock::Clock;
use crate::identities::Identities;

/// Everything that stays the same during a run.
pub(crate) struct WorldConfig<'a> {
    pub(crate) header: &'a Header,
    pub(crate) assets: &'a BTreeMap<String, Vec<u8>>,
    pub(crate) certificates: &'a BTreeMap<String, Certificate>,
    pub(crate) identities: Arc<Identities>,
    pub(crate) chance: Chance,
    pub(crate) clock: Clock,
    /// What deadlines are stretched by, in scenario time.
    pub(crate) slack: Duration,
    /// What of the run is kept beside its verdict.
    pub(crate) keeps: Keeps,
    /// Seed for the order in which connection tasks start that could start together; 0 starts them in the order they
    /// are created.
    pub(crate) start_order: u64,
    pub(crate) key_notes: Option<Arc<sca_network::tls::KeyLogBuffer>>,
    pub(crate) arrivals: Option<sca_network::Arrivals>,
}

/// What of a run is kept beside its verdict.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Keeps {
    pub(crate) frames: bool,
    pub(crate) displays: bool,
    pub(crate) trace: bool,
}

/// The current instant, and how far the run is.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    /// The current instant.
    pub(super) now: Duration,
    /// Number of events handled so far.
    pub(super) events: u64,
    /// When the run is over; known once the last step is done.
    pub(super) ends_at: Option<Duration>,
}

/// The state of one run.
pub(crate) struct World<'a, C> {
    pub(super) setting: WorldConfig<'a>,
    pub(super) turn: Turn,
    pub(super) parties: Parties<C>,
    pub(super) connections: Connections,
    pub(crate) faults: Faults,
    pub(crate) book: Book,
    pub(crate) script: Script,
    /// The survey or the fault injection of a sweep.
    pub(crate) sweeping: Sweeping,
    /// The external devices in place of terminals, if there are any.
    pub(crate) external_terminals: Option<ExternalDevices>,
    /// The external broker in place of ours, if there is one.
    pub(super) external_broker: Option<ExternalBrokerRun>,
}

impl<'a, C> World<'a, C> {
    /// Creates a world in which nothing has happened yet.
    pub(crate) fn new(setting: WorldConfig<'a>, parties: Parties<C>, connections: Connections, steps: &[Step]) -> Self {
        Self {
            turn: Turn::default(),
            parties,
            connections,
            faults: Faults::default(),
            book: Book::new(setting.keeps.trace),
            script: Script::new(steps, setting.slack, setting.assets.clone()),
            sweeping: Sweeping::default(),
            external_terminals: None,
            external_broker: None,
            setting,
        }
    }
}
