//! Record of every byte that arrives at each end of each connection: the evidence that a fault does what its page says.
//!
//! Nothing is recorded by default: a connection records what it reads only if its two ends share an [`Arrivals`].

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use tokio::time::Instant;

use crate::events::{Direction, Tag};

/// The layer at which bytes are recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// Below TLS if the connection uses TLS: the bytes as they are on the wire.
    Line,
    /// Above TLS: the bytes as HTTP and WebSocket read them.
    Plain,
}

/// How reading ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Last {
    /// The other side closed its sending direction: FIN, or `close_notify` above TLS.
    Fin,
    /// An error: a reset, or EOF without close_notify above TLS.
    Error,
}

/// Everything that one end of a connection has read, at one layer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReceivedBytes {
    /// Each read with its time and its bytes. In memory the time is virtual.
    pub reads: Vec<(Instant, Vec<u8>)>,
    /// How reading ended; `None` while it goes on.
    pub last: Option<Last>,
}

impl ReceivedBytes {
    /// All bytes read, in order.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.reads.iter().flat_map(|(_, bytes)| bytes).copied().collect()
    }
}

/// Key of a record: one direction of one connection at one layer.
pub type Spot = (Tag, Direction, Layer);

/// Records of all connections. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Arrivals(Arc<Mutex<BTreeMap<Spot, ReceivedBytes>>>);

impl Arrivals {
    /// Takes everything recorded since the last call.
    #[must_use]
    pub fn take(&self) -> BTreeMap<Spot, ReceivedBytes> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Records the result of a read: its bytes, EOF if there are none, or an error.
    pub(crate) fn note(&self, spot: Spot, polled: &Poll<io::Result<()>>, bytes: &[u8]) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let arrived = all.entry(spot).or_default();
        match polled {
            Poll::Pending => {}
            Poll::Ready(Ok(())) if bytes.is_empty() => arrived.last = arrived.last.or(Some(Last::Fin)),
            Poll::Ready(Ok(())) => arrived.reads.push((Instant::now(), bytes.to_vec())),
            Poll::Ready(Err(_)) => arrived.last = arrived.last.or(Some(Last::Error)),
        }
    }
}
