//! What a run with a party under test does differently: its deadlines, its queue, and how connections are made.

use std::io;
use std::rc::Rc;
use std::time::Duration;

use sca_driver::UnderTest;
use sca_environment::clock::Clock;
use sca_network::{Dialer, EventQueue, SocketDialer, Stream, Tag};

use crate::options::Place;
use crate::setup::listen;

/// On the wire a handshake or a delivery may take this long, whatever the scale.
const WIRE_FLOOR: Duration = Duration::from_millis(250);

/// What deadlines are stretched by, in scenario time.
pub(crate) fn slack(under_test: &UnderTest, place: Place, clock: Clock) -> Duration {
    match (under_test, place) {
        (UnderTest::Devices(beside), _) => beside.external.slack,
        (UnderTest::Broker(external), _) => external.slack,
        (UnderTest::Nothing, Place::Memory) => Duration::ZERO,
        (UnderTest::Nothing, Place::Wire { .. }) => clock.scenario_time(WIRE_FLOOR),
    }
}

/// The queue of events: that of the external devices, if there are any.
pub(crate) fn queue(under_test: &UnderTest) -> EventQueue {
    match under_test {
        UnderTest::Devices(beside) => beside.mailbox.clone(),
        UnderTest::Nothing | UnderTest::Broker(_) => EventQueue::default(),
    }
}

/// How connections are made on real sockets: terminals that come from outside dial by themselves. The error is what
/// the system says of the socket that listens.
pub(crate) async fn dialer(under_test: &UnderTest, accept: Rc<dyn Fn(Stream, Tag)>) -> io::Result<Dialer> {
    match under_test {
        UnderTest::Devices(_) => Ok(Dialer::Socket(SocketDialer::default())),
        UnderTest::Nothing | UnderTest::Broker(_) => listen(accept).await,
    }
}
