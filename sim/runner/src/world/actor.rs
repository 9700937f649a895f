//! One terminal of a world, and all that is known of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use sca_network::Tag;
use sca_peers::{Pos, RequestId};
use sca_protocol::settings::TerminalSettings;

use crate::clock::DeviceClock;
use crate::coverage::State;
use crate::reference::Reference;

use super::watch::Watch;

/// A terminal that takes part, before the world begins.
pub(crate) struct Starting<C> {
    pub(crate) name: String,
    pub(crate) core: C,
    pub(crate) settings: TerminalSettings,
    pub(crate) clock: DeviceClock,
}

/// One terminal of the world and all that is known of it.
pub(super) struct Actor<C> {
    pub(super) name: String,
    pub(super) core: C,
    pub(super) settings: TerminalSettings,
    pub(super) clock: DeviceClock,
    pub(super) pos: Pos,
    pub(super) attempts: u32,
    /// The card in the slot of its reader.
    pub(super) in_slot: Option<&'static str>,
    pub(super) tls: Option<(String, Arc<sca_network::tls::ClientTls>)>,
    /// Requests that have no answer yet, with the connection each went by; none for one that went nowhere.
    pub(super) open_requests: BTreeMap<RequestId, Option<Tag>>,
    pub(super) last_http: String,
    /// Whether the outputs at hand hold an answer, which alone may end a session.
    pub(super) answered: bool,
    pub(super) powered: bool,
    /// How far its link is; `Idle` once it is up.
    pub(super) phase: State,
    /// Whether the terminal has said that it is connected and not yet that it is not.
    pub(super) link_up: bool,
    /// Whether its screen has said that a session is open, and not yet that none is.
    pub(super) in_session: bool,
    /// Whether it listens on the classic ports.
    pub(super) listens: bool,
    /// Requests whose answers are on their way on a connection that the terminal has closed behind them.
    pub(super) last_words: BTreeSet<RequestId>,
    /// Who holds the laws of the link against it.
    pub(super) watch: Watch,
    /// Who holds its answers against what can be known of it.
    pub(super) reference: Reference,
}

impl<C> Actor<C> {
    /// A terminal that has done nothing yet.
    pub(super) fn new(s: Starting<C>, slack: Duration) -> Self {
        let mut pos = Pos::default();
        // A device with words of its own is understood all the same.
        pos.lenient = !s.settings.messages.texts.is_empty();
        Self {
            name: s.name,
            core: s.core,
            reference: Reference::new(&s.settings),
            pos,
            settings: s.settings,
            clock: s.clock,
            attempts: 0,
            in_slot: None,
            tls: None,
            open_requests: BTreeMap::new(),
            last_http: String::new(),
            answered: false,
            powered: false,
            phase: State::Waiting,
            link_up: false,
            in_session: false,
            listens: false,
            last_words: BTreeSet::new(),
            watch: Watch::with_slack(slack),
        }
    }

    /// The power is off, and whoever watches it from outside hears of it.
    pub(super) fn power_is_off(&mut self) {
        (self.powered, self.link_up) = (false, false);
        self.watch.power_off();
        self.reference.power_off();
    }
}
