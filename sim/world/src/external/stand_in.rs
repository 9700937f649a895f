//! Stand-in client core for an external device: it decides nothing, and reports the link events inferred at the
//! broker's end.

use std::time::Duration;

use sca_core::{Display, Input, LinkEvent, LinkReport, Output, Screen, Terminal};
use sca_protocol::Now;
use sca_protocol::screens::ScreenName;
use sca_protocol::settings::TerminalSettings;

/// What is known of the device's link from the broker's end.
#[derive(Debug, Default)]
pub(crate) struct StandIn {
    connected: bool,
}

impl Terminal for StandIn {
    fn handle(&mut self, _: Now, input: Input) -> Vec<Output> {
        let Input::Link { event, .. } = input else { return Vec::new() };
        let was_connected = self.connected;
        let seen = match event {
            LinkEvent::Opened => LinkReport::Attempts,
            LinkEvent::Answered(_) => {
                self.connected = true;
                LinkReport::Connects
            }
            LinkEvent::Failed(reason) => LinkReport::Fails(reason),
            LinkEvent::Closed | LinkEvent::Lost => {
                self.connected = false;
                LinkReport::Loses
            }
            _ => return Vec::new(),
        };
        let is_news = seen != LinkReport::Loses || was_connected;
        if is_news { vec![Output::LinkReport(seen)] } else { Vec::new() }
    }

    fn deadline(&self) -> Option<Duration> {
        None
    }

    fn display(&self) -> Display {
        Display { screen: Screen::plain(ScreenName::Off), connected: self.connected, icon: None }
    }

    fn configure(&mut self, _: TerminalSettings) {}
}
