//! Fault coverage: records which kinds of fault hit the terminals in which of their states.

use sca_core::{LinkEvent, LinkReport, Terminal};
use sca_judge::coverage::State;
use sca_model::fault_table::FaultClass;
use sca_network::Tag;
use sca_protocol::screens::ScreenName;

use crate::state::World;

impl<C: Terminal> World<'_, C> {
    /// Records that a fault hit this terminal; powered-off terminals are skipped.
    pub(super) fn record_fault_hit(&mut self, who: usize, class: FaultClass) {
        let actor = &self.parties.terminals[who];
        if !actor.device.powered {
            return;
        }
        let screen = self.parties.lanes[who].face.what.screen.name;
        let state = match actor.link.phase {
            _ if screen == ScreenName::Boot => State::Starting,
            State::Idle => State::of_screen(screen),
            phase => phase,
        };
        self.book.evidence.met.insert((state, class));
    }

    /// Records that a terminal loses power.
    pub(super) fn lose_power(&mut self, who: usize) {
        self.record_fault_hit(who, FaultClass::Power);
        self.parties.terminals[who].power_is_off();
    }

    /// Records active traffic shaping as a fault in the terminal's current state.
    pub(super) fn record_shaping_hit(&mut self, who: usize) {
        let standing = self.faults.armed.standing.iter().map(|standing| (standing.who, &standing.kind));
        let mut shapes = self.faults.shaped.iter().map(|(who, kind)| (*who, kind)).chain(standing);
        if shapes.any(|(whose, kind)| whose == who && kind.shapes_traffic()) {
            self.record_fault_hit(who, FaultClass::Slow);
        }
    }

    /// Updates the phase of a terminal's link from its report.
    pub(super) fn goes_on(&mut self, who: usize, seen: LinkReport) {
        self.parties.terminals[who].link.phase = match seen {
            LinkReport::Attempts => State::Connecting,
            LinkReport::Connects => State::Idle,
            LinkReport::Loses | LinkReport::Fails(_) => State::Waiting,
        };
        self.record_shaping_hit(who);
    }

    /// Updates a terminal's phase from an event at its end, and records the fault that a failure is evidence of.
    pub(super) fn update_phase(&mut self, tag: Tag, event: &LinkEvent) {
        let who = usize::from(tag.terminal);
        match event {
            LinkEvent::Opened | LinkEvent::Reached(_) => {
                let secure = self.is_secure(tag);
                self.parties.terminals[who].link.phase = if secure { State::Securing } else { State::Upgrading };
            }
            LinkEvent::Secured => self.parties.terminals[who].link.phase = State::Upgrading,
            LinkEvent::Failed(reason) => {
                FaultClass::of_reason(*reason).into_iter().for_each(|class| self.record_fault_hit(who, class));
            }
            LinkEvent::Violation(_) | LinkEvent::Closed => self.record_fault_hit(who, FaultClass::Frame),
            _ => return,
        }
        self.record_shaping_hit(who);
    }
}
