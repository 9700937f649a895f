//! Key update of a TLS 1.3 connection.

use tokio_rustls::server::TlsStream;

use crate::cut_ends::Incoming;
use crate::tap::Tapped;

/// A stream whose sending keys can be updated. By default nothing happens.
pub(super) trait Rekey {
    fn new_keys(&mut self) {}
}

impl Rekey for Tapped {}

impl<S: Rekey> Rekey for Incoming<S> {
    fn new_keys(&mut self) {
        self.get_mut().new_keys();
    }
}

impl<S> Rekey for TlsStream<S> {
    fn new_keys(&mut self) {
        // TLS 1.2 has no KeyUpdate message: rustls returns an error, which is ignored.
        drop(self.get_mut().1.refresh_traffic_keys());
    }
}
