//! What a run needs before it begins: the terminals with their flash, and on the wire a listener.

use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use sca_network::{Dialer, Listener};
use sca_protocol::settings::{BrokerSettings, TerminalSettings, with};
use sca_protocol::{Chance, UnixTime};
use sca_scenario::model::{Action, Row, Scenario, Step};
use sca_terminal::Flash;

use crate::clock::{Clock, DeviceClock};
use crate::core::{Core, Making};
use crate::target::target;
use crate::world::Starting;

/// A terminal has power from the start, unless the first step that concerns it is `power on`.
pub(crate) fn powered(row: &Row) -> Vec<bool> {
    (0..row.cast.terminals.len()).map(|who| first_power(&row.steps, who) != Some(true)).collect()
}

/// Whether the first step that concerns a terminal is `power on`; nothing where no step does.
fn first_power(steps: &[Step], who: usize) -> Option<bool> {
    steps.iter().find_map(|step| match &step.action {
        Action::Power { on, who: whose } if *whose == who => Some(*on),
        Action::Expect(expect) if expect.who == who => Some(false),
        Action::Send(send) if send.to == who => Some(false),
        Action::Throughout(whose, ..) if *whose == who => Some(false),
        other => other.blocks().into_iter().find_map(|block| first_power(block, who)),
    })
}

/// The terminals that take part.
pub(crate) fn cast<C: Core>(
    (scenario, row): (&Scenario, &Row),
    broker: &BrokerSettings,
    (clock, truth, slack): (Clock, UnixTime, Duration),
    chance: Chance,
    make: &dyn Fn(Making) -> C,
) -> Result<Vec<Starting<C>>, sca_protocol::settings::SettingError> {
    let mut starting = Vec::with_capacity(row.cast.terminals.len());
    for (index, terminal) in row.cast.terminals.iter().enumerate() {
        let mut settings: TerminalSettings = with(&terminal.settings)?;
        // Whichever of these two is the longer stays so.
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
        let making = Making { settings: settings_of_it, target, chance, index: index as u64, flash };
        let shows = DeviceClock::new(clock, settings.clock.unwrap_or(truth));
        starting.push(Starting { name: terminal.name.clone(), core: make(making), settings, clock: shows });
    }
    Ok(starting)
}

/// A real listener on loopback that hands what it accepts to `accept`, and a dialer that leads there.
pub(crate) async fn listen(accept: Rc<dyn Fn(sca_network::Stream, sca_network::Tag)>) -> std::io::Result<Dialer> {
    let listener = Listener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    let dialer = listener.dialer()?;
    tokio::task::spawn_local(async move {
        loop {
            match listener.accept().await {
                Ok((stream, _, Some(tag))) => accept(stream, tag),
                // A stranger: hung up on.
                Ok((_, _, None)) => {}
                // An error that lasts would make this loop spin.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    });
    Ok(Dialer::Socket(dialer))
}
