//! The state that a world keeps for one terminal: core, settings, clock, POS, and the checkers that watch it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sca_core::Layer;
use sca_judge::coverage::State;
use sca_judge::oracle::Oracle;
use sca_network::{Carries, Tag};
use sca_peers::{Pos, RequestId};
use sca_protocol::settings::TerminalSettings;

use crate::config::Starting;
use crate::link_laws::LinkChecker;
use sca_environment::clock::DeviceClock;

/// One terminal of the running world: its client core, and everything the world knows about it.
pub(super) struct Actor<C> {
    pub(super) name: String,
    pub(super) terminal: C,
    pub(super) settings: TerminalSettings,
    pub(super) clock: DeviceClock,
    pub(super) link: LinkView,
    pub(super) device: DeviceView,
    pub(super) asked: Asked,
}

/// What the world has seen of a terminal's link.
pub(super) struct LinkView {
    pub(super) attempts: u32,
    /// The phase of its link; `Idle` once it is up.
    pub(super) phase: State,
    /// Whether the terminal has reported that it is connected, and not reported a loss since.
    pub(super) is_up: bool,
    /// What its secure connections carry, with what it was made for: the file with roots, and the layer.
    pub(super) tls: Option<((String, Layer), Carries)>,
    /// The answer to its last upgrade request.
    pub(super) last_http: String,
    /// The checker of the link laws for this terminal.
    pub(super) laws: LinkChecker,
}

/// What the world has seen of a terminal as a device.
#[derive(Debug, Default)]
pub(super) struct DeviceView {
    pub(super) powered: bool,
    /// The name of the card inserted in its reader, if there is one.
    pub(super) in_slot: Option<&'static str>,
    /// Whether its screen shows an open session: set by the session screen, cleared when the session has ended.
    pub(super) in_session: bool,
    /// Whether it listens on the classic TCP ports.
    pub(super) listens: bool,
}

/// What a terminal has been asked, and what it owes.
pub(super) struct Asked {
    pub(super) pos: Pos,
    /// Requests without an answer yet, each with the connection it was sent on; `None` if no connection was open.
    pub(super) open: BTreeMap<RequestId, Option<Tag>>,
    /// Requests whose answers are still in transit on a connection that the terminal has already closed.
    pub(super) last_words: BTreeSet<RequestId>,
    /// Whether the outputs being carried out contain an answer; only an answer may end a session.
    pub(super) answered: bool,
    /// The oracle that checks its answers against what can be predicted.
    pub(super) oracle: Oracle,
}

impl<C> Actor<C> {
    /// Creates a terminal that has done nothing yet, and is powered off.
    pub(super) fn new(s: Starting<C>, slack: Duration) -> Self {
        let mut pos = Pos::default();
        // A device with translated or custom texts is understood too.
        pos.lenient = !s.settings.messages.texts.is_empty();
        let link = LinkView {
            attempts: 0,
            phase: State::Waiting,
            is_up: false,
            tls: None,
            last_http: String::new(),
            laws: LinkChecker::with_slack(slack),
        };
        let asked = Asked {
            pos,
            open: BTreeMap::new(),
            last_words: BTreeSet::new(),
            answered: false,
            oracle: Oracle::new(&s.settings),
        };
        let device = DeviceView::default();
        Self { name: s.name, terminal: s.terminal, settings: s.settings, clock: s.clock, link, device, asked }
    }

    /// Records that the power is off, here and in the checkers that watch the terminal.
    pub(super) fn power_is_off(&mut self) {
        (self.device.powered, self.link.is_up) = (false, false);
        self.link.laws.power_off();
        self.asked.oracle.power_off();
    }
}
