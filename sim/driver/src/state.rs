//! The state of one run, owned part by part.

use std::time::Duration;

use sca_judge::script::Script;
use sca_model::Step;

use crate::book::Book;
use crate::broker_state::ExternalBrokerRun;
use crate::config::WorldConfig;
use crate::connections::Connections;
use crate::fault_state::Faults;
use crate::injection::Sweeping;
use crate::parties::Parties;
use crate::terminal_state::ExternalDevices;

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
