//! What arrives at each end of each connection, byte by byte: the evidence that a fault does what its page says.
//!
//! Nothing is kept unless somebody asks: a connection notes what it reads only where its two ends share an [`Arrivals`].

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use tokio::time::Instant;

use crate::events::{Tag, Way};

/// Where on the way of the bytes they are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// As they are on the line: below TLS, where there is TLS.
    Line,
    /// As HTTP and WebSocket read them: above TLS.
    Plain,
}

/// How reading ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Last {
    /// The other side has ended its writing: FIN, or `close_notify` above TLS.
    Fin,
    /// An error: a reset, or an end that TLS does not take for one.
    Error,
}

/// What one end of a connection has read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arrived {
    /// Each read: when, and what it brought. In memory the time is virtual.
    pub reads: Vec<(Instant, Vec<u8>)>,
    /// How reading ended; nothing while it has not.
    pub last: Option<Last>,
}

impl Arrived {
    /// All bytes, in order.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.reads.iter().flat_map(|(_, bytes)| bytes).copied().collect()
    }
}

/// One end of one connection, at one layer: its tag, the way its bytes came, the layer.
pub type Spot = (Tag, Way, Layer);

/// What has arrived everywhere. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Arrivals(Arc<Mutex<BTreeMap<Spot, Arrived>>>);

impl Arrivals {
    /// Takes everything that has arrived since this was last called.
    #[must_use]
    pub fn take(&self) -> BTreeMap<Spot, Arrived> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Notes what a read came to: these bytes, the end if there are none, an error.
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
