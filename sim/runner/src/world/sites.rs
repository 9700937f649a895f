//! The brokers of a world, and the network's host names and ports that lead to them.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use sca_network::{Fate, Tag, tls::ServerTls};
use sca_peers::{Broker, BrokerInput, BrokerOutput};
use sca_protocol::settings::BrokerSettings;
use sca_scenario::model::NetworkChange;
use sca_terminal::Target;

use super::ends::Ends;
use super::heard::{peer, tag_of};
use super::{Stop, World};
use crate::clock::DeviceClock;
use crate::core::Core;

/// A broker, its network address and its TLS.
pub(crate) struct Site {
    pub(crate) settings: BrokerSettings,
    pub(crate) clock: DeviceClock,
    /// Its TLS configuration, made on first use.
    pub(crate) tls: Option<Arc<ServerTls>>,
    machine: Broker,
    /// The address in its url.
    at: Target,
    /// The index of the first broker on the same host. A broker whose host name and port are both taken gets a
    /// separate host.
    machine_of: usize,
    pub(crate) listens: bool,
}

impl Site {
    /// Creates a broker that listens. If terminals were given another address than its url, it does not check the
    /// address they ask for.
    pub(crate) fn new(settings: BrokerSettings, clock: DeviceClock, knows_its_address: bool) -> Self {
        let at = crate::target::target(&settings);
        let mut machine = Broker::new(settings.clone());
        if knows_its_address {
            machine.is_found_at(at.host.clone(), at.port, at.secure);
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
pub(crate) struct Sites {
    all: Vec<Site>,
    /// Host names that have moved: to the address of this broker, or to no address.
    moved: BTreeMap<String, Option<usize>>,
}

impl Sites {
    /// Creates the brokers of a cast; the one called `broker` comes first.
    pub(crate) fn new(mut all: Vec<Site>) -> Self {
        for which in 0..all.len() {
            let (before, rest) = all.split_at_mut(which);
            let named = |site: &&Site| site.at.host.eq_ignore_ascii_case(&rest[0].at.host);
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

    pub(crate) fn get(&self, which: usize) -> &Site {
        &self.all[which]
    }

    pub(crate) fn get_mut(&mut self, which: usize) -> &mut Site {
        &mut self.all[which]
    }

    /// The broker that listens at a host name and port; the error is the outcome of the attempt.
    fn find(&self, host: &str, port: u16) -> Result<usize, Fate> {
        let named = |site: &&Site| site.at.host.eq_ignore_ascii_case(host);
        let machine = match self.moved.get(&host.to_ascii_lowercase()) {
            Some(moved) => *moved,
            None => self.all.iter().position(|site| named(&site)),
        };
        let Some(machine) = machine.map(|which| self.all[which].machine_of) else {
            // An IP address needs no name lookup, so the attempt is refused.
            return Err(if host.parse::<IpAddr>().is_ok() { Fate::Refuse } else { Fate::Dns });
        };
        let listens = |site: &Site| site.machine_of == machine && site.at.port == port && site.listens;
        self.all.iter().position(listens).ok_or(Fate::Refuse)
    }
}

impl<C: Core> World<'_, C> {
    /// The broker that an attempt reaches; the error is the outcome of the attempt. Behind a proxy, the proxy makes
    /// the connection.
    pub(super) fn reaches(&self, target: &Target, by_proxy: bool) -> Result<usize, Fate> {
        if self.external_broker.is_some() {
            return Ok(0);
        }
        self.sites.find(&target.host, target.port).map_err(|fate| if by_proxy { Fate::Connect } else { fate })
    }

    /// Applies a change of the network.
    pub(super) fn change_network(&mut self, change: &NetworkChange) {
        match change {
            NetworkChange::Listens { broker, on } => {
                self.sites.all[*broker].listens = *on;
                self.see_to_the_door();
            }
            NetworkChange::Name { name, broker } => {
                self.sites.moved.insert(name.to_ascii_lowercase(), *broker);
            }
        }
    }

    /// Passes an input to the broker of a connection.
    pub(super) fn tell_broker(&mut self, tag: Tag, input: BrokerInput) -> Vec<BrokerOutput> {
        let which = self.site_of(tag);
        self.sites.all[which].machine.handle(input)
    }

    /// The index of the broker that a connection leads to.
    pub(super) fn site_of(&self, tag: Tag) -> usize {
        self.ends.get(&tag).map_or(0, |ends| ends.site)
    }

    /// The newest open connection with this pinpad id, at any broker.
    pub(super) fn routed(&self, pinpad_id: &str) -> Option<Tag> {
        self.sites
            .all
            .iter()
            .filter_map(|site| site.machine.route(pinpad_id))
            .map(tag_of)
            .max_by_key(|tag| tag.connection)
    }

    /// The newest open connection of a terminal, at any broker.
    pub(super) fn open_connection(&self, who: usize) -> Option<Tag> {
        if self.external_broker.is_some() {
            return self.newest(who).filter(|tag| self.ends.get(tag).is_some_and(Ends::is_up));
        }
        let terminal = u16::try_from(who).unwrap_or(u16::MAX);
        let open = self.sites.all.iter().filter_map(|site| site.machine.open_connection(terminal)).map(tag_of);
        open.max_by_key(|tag| tag.connection)
    }

    /// Has the broker of a connection send a frame.
    pub(super) fn broker_says(&mut self, tag: Tag, frame: sca_protocol::frame::Frame) -> Vec<BrokerOutput> {
        self.tell_broker(tag, BrokerInput::Speak { peer: peer(tag), frame })
    }

    /// Whether the broker of a connection uses TLS.
    pub(super) fn is_secure(&self, tag: Tag) -> bool {
        self.sites.get(self.site_of(tag)).at.secure
    }

    /// Changes a setting of a broker during the run.
    pub(super) fn set_broker(&mut self, which: usize, name: &str, value: &str) -> Result<(), Stop> {
        use sca_protocol::settings::Settings;
        let site = self.sites.get_mut(which);
        if name == "clock" {
            let clock = sca_protocol::UnixTime::parse(value).map_err(|error| Stop::Error(error.to_string()))?;
            site.clock.set(clock);
            return Ok(());
        }
        site.settings.set(name, value).map_err(|error| Stop::Error(error.to_string()))?;
        site.configure();
        if matches!(name, "latency" | "bandwidth") {
            self.shape_network();
        }
        Ok(())
    }
}
