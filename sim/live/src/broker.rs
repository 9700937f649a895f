//! A broker on a real port: terminals dial in, and POS clients reach them at `/pos/PINPAD-ID` on the same port.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use sca_environment::credentials::{Credentials, real_clock, wall};
use sca_network::tls::Demand;
use sca_network::{Event, EventQueue, Listener, MemoryBudget, ServerTls, tls};
use sca_peers::Broker;
use sca_protocol::settings::BrokerSettings;

use super::answer_routing::OpenRequests;
use super::connections::Cause;
use super::limits::{Limits, SHORTAGE_PAUSE, Shortage};
use super::said::Said;
use crate::live_broker::Live;
use crate::turn::{self, Turn};

/// The configuration of a broker to run.
#[derive(Debug, Clone)]
pub struct BrokerPlan {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// Its certificate, and the authority that terminals' certificates must come from. Without an identity it speaks
    /// plain ws.
    pub credentials: Credentials,
    /// Its settings.
    pub settings: BrokerSettings,
    /// Its limits on connections, memory and time.
    pub limits: Limits,
}

/// Runs the broker until `stop` completes. Calls `ready` with the address and `say` with each line of the log. Needs
/// a `LocalSet`.
///
/// # Errors
/// The port cannot be opened, or the credentials cannot be used.
pub async fn serve(
    plan: BrokerPlan,
    stop: impl Future<Output = ()>,
    ready: impl FnOnce(SocketAddr),
    say: &mut dyn FnMut(&Said<'_>),
) -> std::io::Result<()> {
    let (clock, device) = real_clock(plan.settings.clock);
    let server_tls = match &plan.credentials.identity {
        None => ServerTls::Off,
        Some(_) => {
            let demand = match plan.settings.client_certificates.as_str() {
                "none" => Demand::No,
                "optional" => Demand::Optional,
                _ => Demand::Required,
            };
            let chosen = (plan.settings.resumption, plan.settings.tls.as_str(), plan.settings.groups.as_str());
            let trust = plan.credentials.trust(chosen);
            let config = trust.and_then(|trust| tls::server(&trust, wall(&device), demand));
            ServerTls::On(config.map_err(|error| std::io::Error::other(error.to_string()))?)
        }
    };
    let named = |error| std::io::Error::other(format!("cannot listen on {}: {error}", plan.listen));
    let listener = Listener::bind(plan.listen).map_err(named)?;
    ready(listener.address()?);
    let mailbox = EventQueue::default();
    let mut live = Live {
        askers: (plan.settings.answers_to == "asker").then(OpenRequests::default),
        tells_lost: plan.settings.tells_lost,
        broker: Broker::new(plan.settings),
        guests: BTreeMap::new(),
        limits: plan.limits,
        budget: MemoryBudget::new(plan.limits.memory),
        mailbox: mailbox.clone(),
        say,
        clock,
    };
    let (mut number, mut shortage) = (0_u32, Shortage::default());
    tokio::pin!(stop);
    loop {
        let due = live.guests.values().map(|guest| guest.until).min();
        match turn::next(stop.as_mut(), &mailbox, listener.accept(), due).await {
            Turn::Stop => return Ok(()),
            Turn::Events(events) => {
                for posted in events {
                    if let Event::Server(event) = posted.event {
                        live.heard(posted.tag, event, posted.held.map(Cause::new).as_ref());
                    }
                }
            }
            Turn::Due => live.check_idle_connections(),
            Turn::Own(Ok((stream, from, _))) => {
                number = number.wrapping_add(1);
                shortage.is_over();
                live.welcome(stream, from, number, server_tls.clone());
            }
            Turn::Own(Err(error)) => {
                if let Some(text) = shortage.of(&error) {
                    live.line(&text);
                }
                tokio::time::sleep(SHORTAGE_PAUSE).await;
            }
        }
    }
}
