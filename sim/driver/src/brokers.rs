//! The brokers of a run, each at its network address.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use sca_core::Target;
use sca_network::{DialOutcome, tls::ServerTls};
use sca_peers::Broker;
use sca_protocol::settings::BrokerSettings;

use sca_environment::clock::DeviceClock;

/// A broker, its network address and its TLS.
pub(crate) struct BrokerSite {
    pub(crate) settings: BrokerSettings,
    pub(crate) clock: DeviceClock,
    /// Its TLS configuration, made on first use.
    pub(crate) tls: Option<Arc<ServerTls>>,
    pub(super) machine: Broker,
    /// The address in its url.
    pub(super) at: Target,
    /// The index of the first broker on the same host. A broker whose host name and port are both taken gets a
    /// separate host.
    pub(super) machine_of: usize,
    pub(crate) listens: bool,
}

impl BrokerSite {
    /// Creates a broker that listens. If terminals were given another address than its url, it does not check the
    /// address they ask for.
    pub(crate) fn new(settings: BrokerSettings, clock: DeviceClock, knows_its_address: bool) -> Self {
        let at = sca_environment::target::target(&settings);
        let mut machine = Broker::new(settings.clone());
        if knows_its_address {
            machine.set_address(at.host.clone(), at.port, at.secure);
        }
        Self { settings, clock, tls: None, machine, at, machine_of: 0, listens: true }
    }

    /// Applies the current settings.
    pub(crate) fn configure(&mut self) {
        self.machine.configure(self.settings.clone());
        self.tls = None;
    }
}

/// All brokers, and the host names that lead elsewhere than the urls say.
pub(crate) struct Brokers {
    pub(super) all: Vec<BrokerSite>,
    /// Host names that have moved: to the address of this broker, or to no address.
    pub(super) moved: BTreeMap<String, Option<usize>>,
}

impl Brokers {
    /// Creates the brokers of a cast; the one called `broker` comes first.
    pub(crate) fn new(mut all: Vec<BrokerSite>) -> Self {
        for which in 0..all.len() {
            let (before, rest) = all.split_at_mut(which);
            let named = |site: &&BrokerSite| site.at.host.eq_ignore_ascii_case(&rest[0].at.host);
            let is_taken = before.iter().filter(named).any(|site| site.at.port == rest[0].at.port);
            let beside = before.iter().find(named).map(|site| site.machine_of);
            rest[0].machine_of = beside.filter(|_| !is_taken).unwrap_or(which);
        }
        Self { all, moved: BTreeMap::new() }
    }

    /// The settings of the broker called `broker`.
    pub(crate) fn first(&self) -> &BrokerSettings {
        &self.all[0].settings
    }

    pub(crate) fn get(&self, which: usize) -> &BrokerSite {
        &self.all[which]
    }

    pub(crate) fn get_mut(&mut self, which: usize) -> &mut BrokerSite {
        &mut self.all[which]
    }

    /// The broker that listens at a host name and port; the error is the outcome of the attempt.
    pub(super) fn find(&self, host: &str, port: u16) -> Result<usize, DialOutcome> {
        let named = |site: &&BrokerSite| site.at.host.eq_ignore_ascii_case(host);
        let machine = match self.moved.get(&host.to_ascii_lowercase()) {
            Some(moved) => *moved,
            None => self.all.iter().position(|site| named(&site)),
        };
        let Some(machine) = machine.map(|which| self.all[which].machine_of) else {
            // An IP address needs no name lookup, so the attempt is refused.
            return Err(if host.parse::<IpAddr>().is_ok() { DialOutcome::Refuse } else { DialOutcome::Dns });
        };
        let listens = |site: &BrokerSite| site.machine_of == machine && site.at.port == port && site.listens;
        self.all.iter().position(listens).ok_or(DialOutcome::Refuse)
    }
}
