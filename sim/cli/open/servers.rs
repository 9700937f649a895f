//! `broker` and `host`: the parties that accept connections.

use std::net::SocketAddr;

use clap::Args;
use sca_live::{BrokerPlan, HostPlan, Said};
use sca_protocol::settings::{BrokerSettings, EstateSettings, HostSettings, Settings};

use super::party::{Bounds, Refused, Until, chosen, exit, live_setting, on_one_thread};
use crate::certs::CredentialFiles;
use crate::exit::Exit;
use crate::log::{Log, Logging};

#[derive(Debug, Args)]
pub(crate) struct HostArguments {
    /// The listen address, for example 127.0.0.1:9000; port 0 picks a free port
    #[arg(long, value_name = "ADDR", value_parser = crate::open::party::address)]
    listen: SocketAddr,
    /// Run the estate host (VHQ), which offers updates, instead of the payment host
    #[arg(long)]
    estate: bool,
    /// A setting of the host, see `sca-sim settings`; repeatable
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    #[command(flatten)]
    bounds: Bounds,
    #[command(flatten)]
    logging: Logging,
    #[command(flatten)]
    until: Until,
}

#[derive(Debug, Args)]
pub(crate) struct BrokerArguments {
    /// The listen address, for example 127.0.0.1:8080; port 0 picks a free port
    #[arg(long, value_name = "ADDR", value_parser = crate::open::party::address)]
    listen: SocketAddr,
    /// A setting of the broker, see `sca-sim settings`; repeatable
    #[arg(long, value_name = "NAME=VALUE", value_parser = live_setting::<BrokerSettings>)]
    set: Vec<(String, String)>,
    #[command(flatten)]
    bounds: Bounds,
    #[command(flatten)]
    files: CredentialFiles,
    #[command(flatten)]
    logging: Logging,
    #[command(flatten)]
    until: Until,
}

pub(crate) fn host(arguments: &HostArguments) -> Exit {
    let run = || -> Result<(), Refused> {
        let set = arguments.set.iter();
        let wrong = |error: String| Refused::Usage(format!("--set: {error}"));
        let plan = if arguments.estate {
            let set: Result<Vec<_>, _> = set.map(|text| live_setting::<EstateSettings>(text)).collect();
            HostPlan::Estate(chosen(&set.map_err(wrong)?)?)
        } else {
            let set: Result<Vec<_>, _> = set.map(|text| live_setting::<HostSettings>(text)).collect();
            HostPlan::Payment(chosen(&set.map_err(wrong)?)?)
        };
        let log = Log::new(arguments.logging);
        let ready = |address: SocketAddr| log.line(&format!("listening on {address}"));
        let mut tell = |said: &Said<'_>| log.said(said);
        let limits = arguments.bounds.limits(1);
        on_one_thread(async {
            sca_live::host(arguments.listen, (plan, limits), arguments.until.over(), ready, &mut tell).await
        })?
        .map_err(|error| format!("{}: {error}", arguments.listen))?;
        Ok(())
    };
    exit(run())
}

pub(crate) fn broker(arguments: &BrokerArguments) -> Exit {
    let run = || -> Result<(), Refused> {
        let credentials = arguments.files.read()?;
        let scheme = if credentials.identity.is_some() { "wss" } else { "ws" };
        let settings = chosen::<BrokerSettings>(&arguments.set)?;
        let needs_authority = scheme == "wss" && settings.client_certificates != "none";
        if needs_authority && credentials.roots.is_empty() {
            let why = "missing the terminals' authority: --ca FILE, or --set client-certificates=none";
            return Err(Refused::Usage(why.to_owned()));
        }
        if scheme == "ws" {
            without_effect(&arguments.set).map_err(Refused::Usage)?;
        }
        let plan = BrokerPlan { listen: arguments.listen, credentials, settings, limits: arguments.bounds.limits(1) };
        let log = Log::new(arguments.logging);
        let ready = |address: SocketAddr| {
            log.line(&format!("listening on {scheme}://{address}; POS path: /pos/PINPAD-ID"));
        };
        let mut tell = |said: &Said<'_>| log.said(said);
        on_one_thread(async { sca_live::serve(plan, arguments.until.over(), ready, &mut tell).await })?
            .map_err(|error| error.to_string())?;
        Ok(())
    };
    exit(run())
}

/// Rejects TLS settings for a broker without TLS.
fn without_effect(set: &[(String, String)]) -> Result<(), String> {
    const OF_TLS: &[&str] = &["client-certificates", "checks-pinpad-id", "tls", "groups", "resumption", "clock"];
    let names = set.iter().filter_map(|(name, _)| BrokerSettings::row(name).ok()).map(|row| row.name);
    match names.into_iter().find(|name| OF_TLS.contains(name)) {
        Some(name) => Err(format!("{name} has no effect over ws; give the broker a certificate (--cert, --key)")),
        None => Ok(()),
    }
}
