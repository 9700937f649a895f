//! The estate host (VHQ): offers updates, and lets a terminal take them.

use sca_protocol::message::Layout;
use sca_protocol::settings::EstateSettings;
use sca_protocol::xml::Limits;
use sca_protocol::{Request, Response};

use crate::host::{HostConnection, HostOutput};

/// The estate host.
#[derive(Debug)]
pub struct Estate {
    settings: EstateSettings,
}

impl Estate {
    /// An estate host with these settings.
    #[must_use]
    pub fn new(settings: EstateSettings) -> Self {
        Self { settings }
    }

    /// Replaces the settings.
    pub fn configure(&mut self, settings: EstateSettings) {
        self.settings = settings;
    }

    /// Whether it can be reached.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.settings.state != "down"
    }

    /// Handles a document and returns the outputs.
    pub fn document(&mut self, caller: HostConnection, text: &str) -> Vec<HostOutput> {
        if self.settings.state == "silent" {
            return Vec::new();
        }
        let request = Request::parse(text, Limits::default()).ok();
        let answer = Response::default().with("OFFERS", self.settings.offers.clone());
        if request.is_some_and(|request| request.command() == "APPLY") {
            // Once a terminal has taken an update, it is no longer offered.
            self.settings.offers = String::new();
        }
        vec![HostOutput::Say { caller, text: answer.to_xml(Layout::Compact) }]
    }
}
