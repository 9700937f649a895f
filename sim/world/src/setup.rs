//! Set-up of a run: the terminals with their flash, their initial power, and on the wire a listener.

use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use sca_core::{Flash, Terminal, TerminalConfig};
use sca_model::{Row, Scenario};
use sca_network::{Dialer, Listener};
use sca_protocol::settings::{BrokerSettings, TerminalSettings, with};
use sca_protocol::{Chance, UnixTime};

use sca_driver::Starting;
use sca_environment::clock::{Clock, DeviceClock};
use sca_environment::target::target;

/// Makes the terminals of a row, with their settings, flash and clocks. On the wire, timeouts are raised to at least
/// `slack`.
pub(crate) fn cast<C: Terminal>(
    (scenario, row): (&Scenario, &Row),
    broker: &BrokerSettings,
    (clock, truth, slack): (Clock, UnixTime, Duration),
    chance: Chance,
    make: &dyn Fn(TerminalConfig) -> C,
) -> Result<Vec<Starting<C>>, sca_protocol::settings::SettingError> {
    let mut starting = Vec::with_capacity(row.cast.terminals.len());
    for (index, terminal) in row.cast.terminals.iter().enumerate() {
        let mut settings: TerminalSettings = with(&terminal.settings)?;
        // Keep the relation of the two timeouts: `address_timeout` is only raised where it was not the shorter one.
        if settings.address_timeout >= settings.connect_timeout {
            settings.address_timeout = settings.address_timeout.max(slack);
        }
        for limit in [
            &mut settings.connect_timeout,
            &mut settings.tls_timeout,
            &mut settings.upgrade_timeout,
            &mut settings.pong_timeout,
        ] {
            *limit = (*limit).max(slack);
        }
        let host_ms = u64::try_from(slack.as_millis()).unwrap_or(0);
        settings.payment.host_timeout_ms = settings.payment.host_timeout_ms.max(host_ms);
        let file = |name: &String| scenario.assets.get(name).cloned().unwrap_or_default();
        let files = terminal.files.iter().map(|(path, name)| (path.clone(), file(name)));
        let flash = Flash::new(files.collect());
        let (settings_of_it, target) = (settings.clone(), target(broker));
        let config = TerminalConfig { settings: settings_of_it, target, chance, index: index as u64, flash };
        let shows = DeviceClock::new(clock, settings.clock.unwrap_or(truth));
        starting.push(Starting { name: terminal.name.clone(), terminal: make(config), settings, clock: shows });
    }
    Ok(starting)
}

/// Opens a listener on loopback that passes accepted connections to `accept`; returns the dialer that connects to it.
pub(crate) async fn listen(accept: Rc<dyn Fn(sca_network::Stream, sca_network::Tag)>) -> std::io::Result<Dialer> {
    let listener = Listener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    let dialer = listener.dialer()?;
    tokio::task::spawn_local(async move {
        loop {
            match listener.accept().await {
                Ok((stream, _, Some(tag))) => accept(stream, tag),
                // Not one of our connections: drop it.
                Ok((_, _, None)) => {}
                // A persistent error would make this loop spin.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    });
    Ok(Dialer::Socket(dialer))
}
