//! TLS configurations of both sides, made from the identities and settings of a world.

use std::sync::Arc;

use sca_certs::{RevocationState, Role};
use sca_core::Terminal;
use sca_model::Certificate;
use sca_network::tls::{Demand, Trust};
use sca_network::{ServerTls, tls};
use sca_protocol::UnixTime;

use crate::state::World;
use crate::stop::Stop;
use crate::terminal::Actor;

impl<C: Terminal> World<'_, C> {
    /// The TLS configuration of a terminal that trusts the roots in a file; made on first use.
    pub(super) fn client_tls(&mut self, who: usize, roots: &str) -> Result<Arc<tls::ClientTls>, Stop> {
        if let Some((_, config)) =
            self.parties.terminals[who].link.tls.as_ref().filter(|(made_for, _)| made_for == roots)
        {
            return Ok(config.clone());
        }
        if let Some(state) = &self.external_broker {
            let config = state.external.credentials.client().map_err(|error| Stop::Error(error.to_string()))?;
            self.parties.terminals[who].link.tls = Some((roots.to_owned(), config.clone()));
            return Ok(config);
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
        let config = tls::client(&trust, Arc::new(tls::Clock(move || clock.shows().0)), self.setting.key_notes.clone())
            .map_err(|error| Stop::Error(error.to_string()))?;
        self.parties.terminals[who].link.tls = Some((roots.to_owned(), config.clone()));
        Ok(config)
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
        let revokes = self.setting.certificates.values().any(|c| c.flaw.as_deref() == Some("revoked"));
        let lists = match revocation {
            "current" => Some(RevocationState::Current),
            "missing" => Some(RevocationState::Missing),
            "expired" => Some(RevocationState::Expired),
            "other-issuer" => Some(RevocationState::OtherIssuer),
            "auto" if revokes => Some(RevocationState::Current),
            _ => None,
        };
        self.setting.identities.trusted(authority, lists).map_err(|error| Stop::Error(error.to_string()))
    }

    fn shown(&self, role: Role, certificate: &str, name: &str) -> Result<Option<Arc<tls::Shown>>, Stop> {
        if certificate == "none" {
            return Ok(None);
        }
        let plain = Certificate::default();
        let declared = self.setting.certificates.get(certificate).unwrap_or(&plain);
        let clock: UnixTime = self.setting.header.clock.unwrap_or(sca_environment::target::CLOCK);
        let shown = self.setting.identities.shown(role, declared, name, clock);
        shown.map_err(|error| Stop::Error(error.to_string()))
    }
}
