//! Observing: the one way by which what is seen of a terminal reaches the record, the standing rules and the lanes.

use sca_core::Terminal;
use sca_judge::observation::Observation;

use crate::state::World;
use crate::stop::{Stop, seen_at};

impl<C: Terminal> World<'_, C> {
    /// Records an observation, holds it against the standing rules, numbers it, and puts it into its lane.
    pub(super) fn observe(&mut self, who: usize, observation: Observation) -> Result<(), Stop> {
        let now = self.now();
        for entry in observation.entries(who, &self.parties.lanes[who]) {
            self.book.record.push(now, entry);
        }
        if let Observation::Control(_, frame) = &observation {
            self.book.record.set_frame(frame);
        }
        seen_at(now, self.script.guards().check(who, &observation), |label| observation.describe(label))?;
        if matches!(&observation, Observation::Data(data) if self.is_ignored(who, data)) {
            return Ok(());
        }
        self.book.sequence += 1;
        self.book.record.observed(self.book.sequence);
        observation.enter(&mut self.parties.lanes[who], now, self.book.sequence);
        Ok(())
    }
}
