//! The memory network: byte streams in virtual time with latency, jitter, bandwidth, backpressure, FIN and RST.
//!
//! The latency is at least one millisecond: nothing is delivered in the instant it is sent. Delays are whole
//! milliseconds.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use sca_protocol::{Chance, Reason};
use tokio::time::sleep;

use super::pipe::{MemoryEnd, Shared};
use crate::events::{Direction, Tag};
use crate::queue::ActivityCounter;
use crate::route::{DialOutcome, Route};
use crate::stream::Stream;

const LATENCY_MIN: Duration = Duration::from_millis(1);

type Accept = Rc<dyn Fn(Stream, Tag)>;

/// The memory network of one world.
#[derive(Clone)]
pub struct MemoryNetwork {
    /// The network path of each terminal that has dialled or been configured.
    lines: Rc<RefCell<BTreeMap<u16, Rc<Shared>>>>,
    base: (Duration, u64),
    chance: Chance,
    accept: Accept,
    pulse: ActivityCounter,
}

impl fmt::Debug for MemoryNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines.fmt(f)
    }
}

impl MemoryNetwork {
    /// A network with this latency and bandwidth (bytes per second, 0 for no limit) in each direction. `accept`
    /// receives the broker's end of every connection.
    #[must_use]
    pub fn new(latency: Duration, bandwidth: u64, chance: Chance, pulse: ActivityCounter, accept: Accept) -> Self {
        Self { lines: Rc::default(), base: (latency.max(LATENCY_MIN), bandwidth), chance, accept, pulse }
    }

    /// Sets the jitter of a terminal's path in one direction: a random delay of at most `jitter` is added to its
    /// latency. The bytes of one connection stay in order.
    pub fn set_jitter(&self, terminal: u16, way: Direction, jitter: Duration) {
        self.line(terminal).jitter[way as usize].set(jitter);
    }

    /// Sets the latency of a terminal's path in one direction, for everything sent from now on.
    pub fn set_latency(&self, terminal: u16, way: Direction, latency: Duration) {
        self.line(terminal).latency[way as usize].set(latency.max(LATENCY_MIN));
    }

    /// Sets the bandwidth of a terminal's path in one direction, in bytes per second; 0 for no limit.
    pub fn set_bandwidth(&self, terminal: u16, way: Direction, bytes_per_second: u64) {
        self.line(terminal).bandwidth[way as usize].set(bytes_per_second);
    }

    fn line(&self, terminal: u16) -> Rc<Shared> {
        let ((latency, bandwidth), mut lines) = (self.base, self.lines.borrow_mut());
        let made = || Shared {
            latency: [Cell::new(latency), Cell::new(latency)],
            jitter: Default::default(),
            bandwidth: [Cell::new(bandwidth), Cell::new(bandwidth)],
        };
        lines.entry(terminal).or_insert_with(|| Rc::new(made())).clone()
    }

    pub(crate) async fn dial(&self, route: &Route, tag: Tag) -> Result<Stream, Reason> {
        let line = self.line(tag.terminal);
        let there = line.latency[Direction::FromTerminal as usize].get();
        let back = line.latency[Direction::ToTerminal as usize].get();
        match route.outcome {
            DialOutcome::FirstRefuses => sleep(there + back).await,
            DialOutcome::FirstLost => sleep(route.address_timeout).await,
            _ => {}
        }
        match route.outcome {
            DialOutcome::Lost => std::future::pending().await,
            DialOutcome::Dns => {
                sleep(back).await;
                Err(Reason::Dns)
            }
            DialOutcome::Refuse => {
                sleep(there + back).await;
                Err(Reason::Refused)
            }
            DialOutcome::Connect | DialOutcome::FirstRefuses | DialOutcome::FirstLost => {
                sleep(there).await;
                let (terminal, broker) = MemoryEnd::pair(&line, &self.pulse, (self.chance, tag));
                self.pulse.increment();
                (self.accept)(Stream::Memory(broker), tag);
                sleep(back).await;
                Ok(Stream::Memory(terminal))
            }
        }
    }
}
