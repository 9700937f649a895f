//! What is around the harness in a run: nothing that is real, real terminals, or a real broker.

use std::io;
use std::rc::Rc;
use std::time::Duration;

use sca_core::Terminal;
use sca_network::{Dialer, EventQueue, SocketDialer, Stream, Tag};

use super::beside::Beside;
use super::broker::ExternalBroker;
use crate::clock::Clock;
use crate::driver::{ExternalBrokerRun, ExternalDevices, World};
use crate::options::Place;
use crate::setup::listen;

/// What of a world is not ours.
pub enum Parties {
    /// Nothing.
    Ours,
    /// The terminals.
    Devices(Box<Beside>),
    /// The broker.
    Broker(ExternalBroker),
}

/// On the wire a handshake or a delivery may take this long, whatever the scale.
const WIRE_FLOOR: Duration = Duration::from_millis(250);

impl Parties {
    /// What deadlines are stretched by, in scenario time.
    pub fn slack(&self, place: Place, clock: Clock) -> Duration {
        match (self, place) {
            (Self::Devices(beside), _) => beside.external.slack,
            (Self::Broker(external), _) => external.slack,
            (Self::Ours, Place::Memory) => Duration::ZERO,
            (Self::Ours, Place::Wire { .. }) => clock.scenario_time(WIRE_FLOOR),
        }
    }

    /// Whether terminals and broker are both ours, so that the network's names lead where the urls say.
    pub fn is_ours(&self) -> bool {
        matches!(self, Self::Ours)
    }

    /// The queue of events: that of the external devices, if there are any.
    pub fn mailbox(&self) -> EventQueue {
        match self {
            Self::Devices(beside) => beside.mailbox.clone(),
            Self::Ours | Self::Broker(_) => EventQueue::default(),
        }
    }

    /// How connections are made on real sockets: terminals that come from outside dial by themselves.
    ///
    /// # Errors
    /// What the system says of the socket that listens.
    pub async fn dialer(&self, accept: Rc<dyn Fn(Stream, Tag)>) -> io::Result<Dialer> {
        match self {
            Self::Devices(_) => Ok(Dialer::Socket(SocketDialer::default())),
            Self::Ours | Self::Broker(_) => listen(accept).await,
        }
    }

    /// What is real takes its place in a world.
    pub(crate) fn joins<C: Terminal>(self, world: &mut World<'_, C>) {
        match self {
            Self::Ours => {}
            Self::Devices(beside) => world.is_of(ExternalDevices::new(*beside)),
            Self::Broker(external) => world.set_external_broker(ExternalBrokerRun::new(external)),
        }
    }
}
