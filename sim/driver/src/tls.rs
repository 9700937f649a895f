//! TLS configurations of both sides, made from the identities and settings of a world.

use std::sync::Arc;

use sca_certs::{RevocationState, Role};
use sca_core::{Layer, Terminal, TlsMaterial};
use sca_environment::identities::IdentityError;
use sca_environment::ports::Dialled;
use sca_model::Certificate;
use sca_network::tls::{Demand, Trust};
use sca_network::{Carries, ServerTls, tls};
use sca_protocol::UnixTime;

use crate::state::World;
use crate::stop::Stop;
use crate::terminal::Actor;

impl<C: Terminal> World<'_, C> {
    /// What a connection of a terminal carries; TLS is made on first use.
    pub(super) fn carries(&mut self, who: usize, dialled: &Dialled) -> Result<Carries, Stop> {
        let Dialled { target, roots, layer } = dialled;
        if *layer == Layer::Bytes && self.external_broker.is_some() {
            let why = "a core of level bytes can be played with our broker only, which tells what the bytes hide";
            return Err(Stop::Error(why.to_owned()));
        }
        if !target.secure {
            return Ok(match layer {
                Layer::Documents => Carries::Messages(None),
                Layer::Bytes => Carries::Bytes(None),
            });
        }
        let made_for = (roots.clone(), *layer);
        if let Some((_, made)) = self.parties.terminals[who].link.tls.as_ref().filter(|(known, _)| *known == made_for) {
            return Ok(made.clone());
        }
        let made = match layer {
            Layer::Documents => Carries::Messages(Some(self.client_tls(who, roots)?)),
            Layer::Bytes => Carries::Bytes(Some(Arc::new(self.tls_material(who, roots)?))),
        };
        self.parties.terminals[who].link.tls = Some((made_for, made.clone()));
        Ok(made)
    }

    /// What a terminal with a TLS of its own works with.
    fn tls_material(&self, who: usize, roots: &str) -> Result<TlsMaterial, Stop> {
        let error = |error: IdentityError| Stop::Error(error.to_string());
        let settings = &self.parties.terminals[who].settings;
        let authority = roots.strip_suffix(".pem").unwrap_or(&settings.authority);
        let lists = self.revocation(&settings.revocation);
        let (trusted, lists) = self.setting.identities.trusted_pem(authority, lists).map_err(error)?;
        let shown = match self.declared(&settings.certificate) {
            None => None,
            Some((declared, clock)) => {
                let issued = self.setting.identities.issue(Role::Terminal, &declared, &settings.pinpad_id, clock);
                Some(issued.map_err(error)?).filter(|identity| !identity.chain.is_empty())
            }
        };
        Ok(TlsMaterial {
            roots: trusted,
            revocation_lists: lists,
            certificate: shown.as_ref().map(|identity| identity.chain_pem()).unwrap_or_default(),
            key: shown.as_ref().map(|identity| identity.key_pem()).unwrap_or_default(),
            versions: settings.tls.clone(),
            groups: settings.groups.clone(),
            resumption: settings.resumption,
        })
    }

    /// The TLS configuration of a terminal that trusts the roots in a file.
    fn client_tls(&self, who: usize, roots: &str) -> Result<Arc<tls::ClientTls>, Stop> {
        if let Some(state) = &self.external_broker {
            return state.external.credentials.client().map_err(|error| Stop::Error(error.to_string()));
        }
        let Actor { settings, clock, .. } = &self.parties.terminals[who];
        let trust = Trust {
            trusted: self.trusted(roots.strip_suffix(".pem").unwrap_or(&settings.authority), &settings.revocation)?,
            shown: self.shown(Role::Terminal, &settings.certificate, &settings.pinpad_id)?,
            resumption: settings.resumption,
            versions: settings.tls.clone(),
            groups: settings.groups.clone(),
        };
        let clock = clock.clone();
        tls::client(&trust, Arc::new(tls::Clock(move || clock.shows().0)), self.setting.key_notes.clone())
            .map_err(|error| Stop::Error(error.to_string()))
    }

    /// The TLS configuration of a broker, or the bytes sent instead of a ServerHello; made on first use.
    pub(super) fn broker_tls(&mut self, which: usize) -> Result<ServerTls, Stop> {
        if let Some(config) = &self.parties.brokers.get(which).tls {
            return Ok(ServerTls::On(config.clone()));
        }
        if let Some(credentials) = self.given_credentials() {
            let config = credentials.server().map_err(|error| Stop::Error(error.to_string()))?;
            self.parties.brokers.get_mut(which).tls = Some(config.clone());
            return Ok(ServerTls::On(config));
        }
        let settings = &self.parties.brokers.get(which).settings;
        let shown = self.shown(Role::Broker, &settings.certificate, &sca_environment::target::target(settings).host)?;
        // A broker without a certificate can only answer with a TLS alert.
        if shown.is_none() {
            return Ok(ServerTls::Instead(sca_faults::effects::FATAL_ALERT.to_vec()));
        }
        let demand = match settings.client_certificates.as_str() {
            "none" => Demand::No,
            "optional" => Demand::Optional,
            _ => Demand::Required,
        };
        let trust = Trust {
            trusted: self.trusted(&settings.authority, &settings.revocation)?,
            shown,
            resumption: settings.resumption,
            versions: settings.tls.clone(),
            groups: settings.groups.clone(),
        };
        let clock = self.parties.brokers.get(which).clock.clone();
        let config = tls::server(&trust, Arc::new(tls::Clock(move || clock.shows().0)), demand)
            .map_err(|error| Stop::Error(error.to_string()))?;
        self.parties.brokers.get_mut(which).tls = Some(config.clone());
        Ok(ServerTls::On(config))
    }

    /// Credentials given for a device that the harness does not start and that knows the broker already.
    fn given_credentials(&self) -> Option<sca_environment::credentials::Credentials> {
        let external = &self.external_terminals.as_ref()?.external;
        external.credentials.clone().filter(|_| external.spawn.is_none())
    }

    /// The trusted roots with their revocation lists. With `auto`, lists are used only if the scenario revokes a
    /// certificate, because with lists every check requires a current one.
    fn trusted(&self, authority: &str, revocation: &str) -> Result<Arc<tls::Verifiers>, Stop> {
        let lists = self.revocation(revocation);
        self.setting.identities.trusted(authority, lists).map_err(|error| Stop::Error(error.to_string()))
    }

    /// The revocation lists that a setting asks for.
    fn revocation(&self, revocation: &str) -> Option<RevocationState> {
        let revokes = self.setting.certificates.values().any(|c| c.flaw.as_deref() == Some("revoked"));
        match revocation {
            "current" => Some(RevocationState::Current),
            "missing" => Some(RevocationState::Missing),
            "expired" => Some(RevocationState::Expired),
            "other-issuer" => Some(RevocationState::OtherIssuer),
            "auto" if revokes => Some(RevocationState::Current),
            _ => None,
        }
    }

    /// The certificate block of a name, with the time around which it is valid; `None` for no certificate.
    fn declared(&self, certificate: &str) -> Option<(Certificate, UnixTime)> {
        let declared = || self.setting.certificates.get(certificate).cloned().unwrap_or_default();
        let clock = self.setting.header.clock.unwrap_or(sca_environment::target::CLOCK);
        (certificate != "none").then(|| (declared(), clock))
    }

    fn shown(&self, role: Role, certificate: &str, name: &str) -> Result<Option<Arc<tls::Shown>>, Stop> {
        let Some((declared, clock)) = self.declared(certificate) else { return Ok(None) };
        let shown = self.setting.identities.shown(role, &declared, name, clock);
        shown.map_err(|error| Stop::Error(error.to_string()))
    }
}
