//! The simulated terminal, broker and POS in the open: real sockets, real time, nobody's script.

mod broker;
mod calls;
mod host;
mod pos;
mod terminal;

pub use broker::{BrokerPlan, serve};
pub use host::{HostPlan, host};
pub use pos::{PosError, PosPlan, converse};
pub use terminal::{LiveError, TerminalPlan, connect};

use std::sync::Arc;
use std::time::Duration;

use sca_certs::Identity;
use sca_network::tls::{self, ClientTls, Clock, Demand, ServerTls, Shown, TlsError, Trust, Trusted};

use crate::clock::{Clock as WorldClock, DeviceClock};

/// Limits of a party that listens on a real port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at one time.
    pub connections: usize,
    /// Bytes that may wait: read and not passed on, or not taken.
    pub memory: usize,
    /// How long somebody may hold a connection and do nothing with it.
    pub patience: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: 1_000, memory: 16 << 20, patience: Duration::from_secs(15) }
    }
}

/// Says once that nobody can be taken in, until somebody is.
#[derive(Debug, Default)]
pub struct Shortage {
    is_told: bool,
}

impl Shortage {
    /// What there is to say of this error.
    pub fn of(&mut self, error: &std::io::Error) -> Option<String> {
        let is_new = !std::mem::replace(&mut self.is_told, true);
        is_new.then(|| format!("nobody can be taken in for now: {error}"))
    }

    /// Somebody was taken in.
    pub fn is_over(&mut self) {
        self.is_told = false;
    }
}

/// After an error that lasts the next try waits, or the loop would spin.
pub const SHORTAGE_PAUSE: Duration = Duration::from_millis(50);

/// Who is trusted, and what is shown.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    /// Trusted roots, DER.
    pub roots: Vec<Vec<u8>>,
    /// Revocation lists, DER.
    pub lists: Vec<Vec<u8>>,
    /// What is shown to the other side.
    pub identity: Option<Arc<Identity>>,
}

impl Credentials {
    /// The side that is dialled, which demands a certificate of whoever dials; validity is judged by the real date.
    ///
    /// # Errors
    /// [`TlsError`], if they cannot be used.
    pub fn server(&self) -> Result<Arc<ServerTls>, TlsError> {
        tls::server(&self.trust((false, "both", "all"))?, wall(&real_clock().1), Demand::Required)
    }

    /// The side that dials.
    ///
    /// # Errors
    /// [`TlsError`], if they cannot be used.
    pub fn client(&self) -> Result<Arc<ClientTls>, TlsError> {
        tls::client(&self.trust((false, "both", "all"))?, wall(&real_clock().1), None)
    }

    /// Trust with what settings say of resumption, versions and groups.
    fn trust(&self, (resumption, versions, groups): (bool, &str, &str)) -> Result<Trust, TlsError> {
        let shown = match &self.identity {
            Some(identity) => Shown::new(identity)?,
            None => None,
        };
        let trusted = Arc::new(Trusted::new(&self.roots, &self.lists)?);
        Ok(Trust { trusted, shown, resumption, versions: versions.to_owned(), groups: groups.to_owned() })
    }
}

/// The real clock, for those who check validity.
fn real_clock() -> (WorldClock, DeviceClock) {
    let clock = WorldClock::start(1);
    (clock, DeviceClock::new(clock, crate::clock::today()))
}

fn wall(clock: &DeviceClock) -> Arc<Clock<impl Fn() -> i64 + Send + Sync + 'static>> {
    let clock = clock.clone();
    Arc::new(Clock(move || clock.shows().0))
}
