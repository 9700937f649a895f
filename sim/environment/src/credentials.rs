//! Who is trusted by a party in the open, what it shows, and by which clock it judges.

use std::sync::Arc;

use sca_certs::Identity;
use sca_network::tls;
use sca_network::tls::{ClientTls, Clock, Demand, ServerTls, Shown, TlsError, Trust, Verifiers};
use sca_protocol::UnixTime;

use crate::clock::{Clock as WorldClock, DeviceClock};

/// The TLS credentials of a party: the roots it trusts and the certificate it presents.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    /// Trusted roots, DER.
    pub roots: Vec<Vec<u8>>,
    /// Revocation lists, DER.
    pub lists: Vec<Vec<u8>>,
    /// The certificate and key presented to the peer.
    pub identity: Option<Arc<Identity>>,
}

impl Credentials {
    /// The TLS configuration of the accepting side, which requires a client certificate; validity is checked against
    /// the real date.
    ///
    /// # Errors
    /// [`TlsError`], if the credentials cannot be used.
    pub fn server(&self) -> Result<Arc<ServerTls>, TlsError> {
        tls::server(&self.trust((false, "both", "all"))?, wall(&real_clock(None).1), Demand::Required)
    }

    /// The TLS configuration of the dialling side; validity is checked against the real date.
    ///
    /// # Errors
    /// [`TlsError`], if the credentials cannot be used.
    pub fn client(&self) -> Result<Arc<ClientTls>, TlsError> {
        tls::client(&self.trust((false, "both", "all"))?, wall(&real_clock(None).1), None)
    }

    /// Combines the credentials with the settings for resumption, versions and groups.
    pub fn trust(&self, (resumption, versions, groups): (bool, &str, &str)) -> Result<Trust, TlsError> {
        let shown = match &self.identity {
            Some(identity) => Shown::new(identity)?,
            None => None,
        };
        let trusted = Arc::new(Verifiers::new(&self.roots, &self.lists)?);
        Ok(Trust { trusted, shown, resumption, versions: versions.to_owned(), groups: groups.to_owned() })
    }
}

/// A real-time clock, and the device clock used to check validity; that one shows another date if a setting says so.
pub fn real_clock(shows: Option<UnixTime>) -> (WorldClock, DeviceClock) {
    let clock = WorldClock::start(1);
    (clock, DeviceClock::new(clock, shows.unwrap_or_else(crate::clock::today)))
}

/// A device's clock as TLS asks for it.
pub fn wall(clock: &DeviceClock) -> Arc<Clock<impl Fn() -> i64 + Send + Sync + 'static>> {
    let clock = clock.clone();
    Arc::new(Clock(move || clock.shows().0))
}
