//! The TLS identities of a run: one certificate authority and the certificates that it has issued, cached and shared
//! between worlds.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use sca_certs::{
    Authority, CertError, Flaw, Identity, KeyKind, Order, RevocationState, Role, certificate_pem, revocation_list_pem,
};
use sca_model::{Certificate, Row};
use sca_network::tls::{Shown, TlsError, Verifiers};
use sca_protocol::UnixTime;

const DAY: i64 = 86_400;

/// The key of the trust cache: the authority by its name in scenarios, and its revocation lists.
type TrustKey = (String, Option<RevocationState>);

/// Issues certificates and caches them, so that each key is made once for any number of worlds.
pub struct Identities {
    authority: Authority,
    issued: Mutex<BTreeMap<Order, Place>>,
    trusted: Mutex<BTreeMap<TrustKey, Arc<Verifiers>>>,
}

/// A cache slot for one identity. Key generation can be slow, so each slot has its own lock: an identity that exists
/// does not wait for another that is being made.
type Place = Arc<Mutex<Option<Issued>>>;

/// An identity and its form that is prepared for TLS; `shown` is `None` if no certificate is presented.
#[derive(Clone)]
struct Issued {
    identity: Arc<Identity>,
    shown: Option<Arc<Shown>>,
}

/// Why TLS could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// A certificate could not be issued.
    #[error(transparent)]
    Made(#[from] CertError),
    /// A certificate could not be used for TLS.
    #[error(transparent)]
    Used(#[from] TlsError),
}

impl std::fmt::Debug for Identities {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identities")
    }
}

impl Identities {
    /// Makes an authority whose certificates are valid around `epoch`.
    ///
    /// # Errors
    /// [`CertError`], if the authority cannot be made.
    pub fn new(kind: KeyKind, epoch: UnixTime) -> Result<Self, CertError> {
        Ok(Self { authority: Authority::new(kind, epoch.0)?, issued: Mutex::default(), trusted: Mutex::default() })
    }

    /// The root certificate of an authority, by its name in scenarios: `stranger`, or any other name for the run's own.
    #[must_use]
    pub fn root(&self, name: &str) -> Vec<u8> {
        if name == "stranger" { self.authority.stranger() } else { self.authority.root() }
    }

    /// The intermediate authority's certificate.
    #[must_use]
    pub fn intermediate(&self) -> Vec<u8> {
        self.authority.intermediate()
    }

    /// The revocation lists of the authority.
    ///
    /// # Errors
    /// [`CertError`], if the lists cannot be made.
    pub fn revocation_lists(&self) -> Result<Vec<Vec<u8>>, CertError> {
        self.authority.revocation_lists(RevocationState::Current)
    }

    /// The trust in an authority, by its name in scenarios, or in `both`; with revocation lists if `lists` is given.
    ///
    /// # Errors
    /// [`IdentityError`], if the trust cannot be made or used.
    pub fn trusted(&self, name: &str, lists: Option<RevocationState>) -> Result<Arc<Verifiers>, IdentityError> {
        let mut trusted = self.trusted.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (name.to_owned(), lists);
        if let Some(known) = trusted.get(&key) {
            return Ok(known.clone());
        }
        let made = Arc::new(Verifiers::new(&self.roots(name), &self.lists(lists)?)?);
        trusted.insert(key, made.clone());
        Ok(made)
    }

    /// The same trust as PEM text: the roots, and the revocation lists.
    ///
    /// # Errors
    /// [`IdentityError`], if a list cannot be made.
    pub fn trusted_pem(&self, name: &str, lists: Option<RevocationState>) -> Result<(String, String), IdentityError> {
        let roots = self.roots(name).iter().map(|root| certificate_pem(root)).collect();
        let lists = self.lists(lists)?.iter().map(|list| revocation_list_pem(list)).collect();
        Ok((roots, lists))
    }

    /// The roots of an authority by its name in scenarios, or of `both`.
    fn roots(&self, name: &str) -> Vec<Vec<u8>> {
        match name {
            "both" => vec![self.root("authority"), self.root("stranger")],
            one => vec![self.root(one)],
        }
    }

    fn lists(&self, lists: Option<RevocationState>) -> Result<Vec<Vec<u8>>, CertError> {
        Ok(lists.map(|lists| self.authority.revocation_lists(lists)).transpose()?.unwrap_or_default())
    }

    /// The identity of a certificate block for one side, prepared for TLS; `None` for a block without a certificate.
    ///
    /// # Errors
    /// [`IdentityError`], if the identity cannot be made or used.
    pub fn shown(
        &self,
        role: Role,
        certificate: &Certificate,
        name: &str,
        clock: UnixTime,
    ) -> Result<Option<Arc<Shown>>, IdentityError> {
        Ok(self.issued(role, certificate, name, clock)?.shown)
    }

    /// The identity of a certificate block for one side. Without dates it is valid from 30 days before `clock` until
    /// ten years after it.
    ///
    /// # Errors
    /// [`IdentityError`], if the identity cannot be made or used.
    pub fn issue(
        &self,
        role: Role,
        certificate: &Certificate,
        name: &str,
        clock: UnixTime,
    ) -> Result<Arc<Identity>, IdentityError> {
        Ok(self.issued(role, certificate, name, clock)?.identity)
    }

    /// Makes the identities that the parties of a row may present, so that no key is made while a clock runs. Errors
    /// are reported when the identity is used.
    pub fn prepare(&self, row: &Row, terminals: &[&str], brokers: &[&str], clock: UnixTime) {
        let plain = Certificate::default();
        for certificate in row.cast.certificates.values().chain([&plain]) {
            for name in terminals {
                drop(self.issued(Role::Terminal, certificate, name, clock));
            }
            for host in brokers {
                drop(self.issued(Role::Broker, certificate, host, clock));
            }
        }
    }

    fn issued(
        &self,
        role: Role,
        certificate: &Certificate,
        name: &str,
        clock: UnixTime,
    ) -> Result<Issued, IdentityError> {
        let flaw = certificate.flaw.as_deref().and_then(Flaw::from_word);
        let (from, to) = certificate.valid.map_or((clock.0 - 30 * DAY, clock.0 + 3_650 * DAY), |(a, b)| (a.0, b.0));
        let (from, to) = match flaw {
            Some(Flaw::Expired) if certificate.valid.is_none() => (from, clock.0 - DAY),
            Some(Flaw::NotYetValid) if certificate.valid.is_none() => (clock.0 + DAY, to),
            _ => (from, to),
        };
        let names = if certificate.names.is_empty() { vec![name.to_owned()] } else { certificate.names.clone() };
        let order =
            Order { role, names, not_before: from, not_after: to, flaw, by_intermediate: certificate.by_intermediate };
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        let place = issued.entry(order.clone()).or_default().clone();
        drop(issued);
        let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = &*place {
            return Ok(known.clone());
        }
        let identity = Arc::new(self.authority.issue(&order)?);
        let made = Issued { shown: Shown::new(&identity)?, identity };
        *place = Some(made.clone());
        Ok(made)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key that takes long to make does not block the other identities, and prepared identities are not made again.
    #[test]
    fn each_identity_is_made_under_a_lock_of_its_own() -> Result<(), IdentityError> {
        let clock = UnixTime(1_768_467_600);
        let identities = Identities::new(KeyKind::Ed25519, clock)?;
        let weak = Certificate { flaw: Some("weak-key".to_owned()), ..Certificate::default() };
        let scenario = sca_scenario::parse("scenario \"x\"\n\nterminal connects\n").expect("it is valid");
        let mut row = scenario.rows[0].clone();
        row.cast.certificates.insert("bad".to_owned(), weak.clone());
        identities.prepare(&row, &["12345678"], &["broker.test"], clock);
        let places: Vec<Place> =
            identities.issued.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        assert_eq!(places.len(), 4, "two certificates for each of the two sides");
        assert!(places.iter().all(|place| place.lock().is_ok_and(|place| place.is_some())));

        let busy = places.iter().map(|place| place.lock().expect("nobody panicked")).collect::<Vec<_>>();
        identities.issue(Role::Broker, &weak, "elsewhere.test", clock)?;
        drop(busy);
        let before = identities.issued.lock().map(|issued| issued.len()).unwrap_or_default();
        identities.issue(Role::Broker, &weak, "broker.test", clock)?;
        assert_eq!(identities.issued.lock().map(|issued| issued.len()).unwrap_or_default(), before);
        Ok(())
    }
}

/// The certificate authorities: one for memory worlds, with keys of constant size, and one for the wire, with the kind
/// of keys that devices have.
#[derive(Debug, Clone)]
pub struct Authorities {
    /// For memory worlds.
    pub memory: Arc<Identities>,
    /// For the wire.
    pub wire: Arc<Identities>,
}

impl Authorities {
    /// Makes both authorities.
    ///
    /// # Errors
    /// [`CertError`], if an authority cannot be made.
    pub fn new() -> Result<Self, CertError> {
        let make = |kind| Identities::new(kind, crate::target::CLOCK).map(Arc::new);
        Ok(Self { memory: make(KeyKind::Ed25519)?, wire: make(KeyKind::P256)? })
    }

    /// Makes both authorities; that of the wire is valid around the current date, which external devices check.
    ///
    /// # Errors
    /// [`CertError`], if an authority cannot be made.
    pub fn of_today() -> Result<Self, CertError> {
        let wire = Arc::new(Identities::new(KeyKind::P256, crate::clock::today())?);
        Ok(Self { wire, ..Self::new()? })
    }
}
