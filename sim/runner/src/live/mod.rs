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

use sca_certs::Identity;
use sca_network::tls::{self, ClientTls, Clock, Demand, ServerTls, Shown, TlsError, Trust, Trusted};

use crate::clock::{Clock as WorldClock, DeviceClock};

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
