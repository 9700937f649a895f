//! The state of a run against an external broker.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use sca_network::{ClientOrder, Dialer, SocketDialer};
use tokio::sync::mpsc;

use crate::forwarding::Forwarding;
use sca_environment::broker_under_test::ExternalBroker;

/// The state of a run against an external broker.
pub(crate) struct ExternalBrokerRun {
    pub(crate) external: ExternalBroker,
    pub(crate) dialer: Dialer,
    /// The connection of each terminal's POS.
    pub(super) pos_links: BTreeMap<usize, PosLink>,
    /// Messages each terminal has sent to its POS through the broker.
    pub(super) to_pos: BTreeMap<usize, Forwarding>,
    /// Messages each POS has sent to its terminal through the broker.
    pub(super) to_terminal: BTreeMap<usize, Forwarding>,
    /// Connections of our terminals that the broker has ended: when, which terminal, and how.
    pub(super) ended: Vec<(Duration, usize, &'static str)>,
}

/// A POS connection to the broker.
pub(super) struct PosLink {
    pub(super) orders: mpsc::Sender<ClientOrder>,
    /// Messages queued until it is up.
    pub(super) waiting: VecDeque<String>,
    pub(super) is_up: bool,
    pub(super) key: String,
    /// Whether it is TLS, and the upgrade request to send once connected.
    pub(super) asks: (bool, Vec<u8>),
}

impl ExternalBrokerRun {
    pub(crate) fn new(external: ExternalBroker) -> Self {
        Self {
            external,
            dialer: Dialer::Socket(SocketDialer::default()),
            pos_links: BTreeMap::new(),
            to_pos: BTreeMap::new(),
            to_terminal: BTreeMap::new(),
            ended: Vec::new(),
        }
    }

    /// Whether the connections of all POS are up.
    pub(super) fn is_ready(&self) -> bool {
        self.pos_links.values().all(|link| link.is_up)
    }
}
