//! Who takes part in a run.

use std::time::Duration;

use sca_core::Terminal;
use sca_judge::lanes::Lanes;
use sca_peers::{Estate, Host};
use sca_protocol::settings::{EstateSettings, HostSettings};

use crate::brokers::Brokers;
use crate::config::Starting;
use crate::terminal::Actor;

/// The terminals with the lanes of their observations, the brokers and the hosts.
pub(crate) struct Parties<C> {
    pub(super) terminals: Vec<Actor<C>>,
    /// What was observed of each terminal and not yet read.
    pub(super) lanes: Vec<Lanes>,
    pub(super) brokers: Brokers,
    /// The payment host.
    pub(super) host: Host,
    /// The estate host.
    pub(super) vhq: Estate,
    pub(super) host_settings: HostSettings,
    pub(super) vhq_settings: EstateSettings,
}

impl<C: Terminal> Parties<C> {
    /// Creates the parties of a run that has not begun. `slack` is what deadlines are stretched by.
    pub(crate) fn new(
        terminals: Vec<Starting<C>>,
        brokers: Brokers,
        (host, vhq): (HostSettings, EstateSettings),
        slack: Duration,
    ) -> Self {
        let lanes = terminals
            .iter()
            .enumerate()
            .map(|(who, s)| Lanes::new(who, s.name.clone(), s.terminal.display()))
            .collect();
        let terminals = terminals.into_iter().map(|terminal| Actor::new(terminal, slack)).collect();
        Self {
            terminals,
            lanes,
            brokers,
            host: Host::new(host.clone()),
            vhq: Estate::new(vhq.clone()),
            host_settings: host,
            vhq_settings: vhq,
        }
    }
}
