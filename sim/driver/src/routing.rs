//! The brokers of a world, and the network's host names and ports that lead to them.

use sca_core::{Target, Terminal};
use sca_model::NetworkChange;
use sca_network::{DialOutcome, Tag};
use sca_peers::{BrokerInput, BrokerOutput};

use crate::connections::{peer, tag_of};
use crate::link_ends::Ends;
use crate::state::World;
use crate::stop::Stop;

impl<C: Terminal> World<'_, C> {
    /// The broker that an attempt reaches; the error is the outcome of the attempt. Behind a proxy, the proxy makes
    /// the connection.
    pub(super) fn reaches(&self, target: &Target, by_proxy: bool) -> Result<usize, DialOutcome> {
        if self.external_broker.is_some() {
            return Ok(0);
        }
        self.parties
            .brokers
            .find(&target.host, target.port)
            .map_err(|outcome| if by_proxy { DialOutcome::Connect } else { outcome })
    }

    /// Applies a change of the network.
    pub(super) fn change_network(&mut self, change: &NetworkChange) {
        match change {
            NetworkChange::Listens { broker, on } => {
                self.parties.brokers.all[*broker].listens = *on;
                self.update_port();
            }
            NetworkChange::Name { name, broker } => {
                self.parties.brokers.moved.insert(name.to_ascii_lowercase(), *broker);
            }
        }
    }

    /// Passes an input to the broker of a connection.
    pub(super) fn tell_broker(&mut self, tag: Tag, input: BrokerInput) -> Vec<BrokerOutput> {
        let which = self.site_of(tag);
        self.parties.brokers.all[which].machine.handle(input)
    }

    /// The index of the broker that a connection leads to.
    pub(super) fn site_of(&self, tag: Tag) -> usize {
        self.connections.ends.get(&tag).map_or(0, |ends| ends.site)
    }

    /// The newest open connection with this pinpad id, at any broker.
    pub(super) fn routed(&self, pinpad_id: &str) -> Option<Tag> {
        self.parties
            .brokers
            .all
            .iter()
            .filter_map(|site| site.machine.route(pinpad_id))
            .map(tag_of)
            .max_by_key(|tag| tag.connection)
    }

    /// The newest open connection of a terminal, at any broker.
    pub(super) fn open_connection(&self, who: usize) -> Option<Tag> {
        if self.external_broker.is_some() {
            return self.newest_connection(who).filter(|tag| self.connections.ends.get(tag).is_some_and(Ends::is_up));
        }
        let terminal = u16::try_from(who).unwrap_or(u16::MAX);
        let open =
            self.parties.brokers.all.iter().filter_map(|site| site.machine.open_connection(terminal)).map(tag_of);
        open.max_by_key(|tag| tag.connection)
    }

    /// Has the broker of a connection send a frame.
    pub(super) fn broker_says(&mut self, tag: Tag, frame: sca_protocol::frame::Frame) -> Vec<BrokerOutput> {
        self.tell_broker(tag, BrokerInput::Speak { peer: peer(tag), frame })
    }

    /// Whether the broker of a connection uses TLS.
    pub(super) fn is_secure(&self, tag: Tag) -> bool {
        self.parties.brokers.get(self.site_of(tag)).at.secure
    }

    /// Changes a setting of a broker during the run.
    pub(super) fn set_broker(&mut self, which: usize, name: &str, value: &str) -> Result<(), Stop> {
        use sca_protocol::settings::Settings;
        let site = self.parties.brokers.get_mut(which);
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
