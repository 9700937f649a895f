//! Observes a terminal's display: records changes, checks the standing rules, and lets the script read them.

use sca_core::Terminal;
use sca_judge::observation::Observation;
use sca_protocol::screens::ScreenName;

use crate::state::World;
use crate::stop::Stop;

/// Maximum number of displays recorded in one run.
const DISPLAYS_MAX: usize = 10_000;

impl<C: Terminal> World<'_, C> {
    /// Records the terminal's display if it has changed.
    pub(super) fn observe_display(&mut self, who: usize) -> Result<(), Stop> {
        if self.external_terminals.is_some() {
            return Ok(());
        }
        let now = self.now();
        let face = self.parties.terminals[who].terminal.display();
        if face.connected != self.parties.terminals[who].link.is_up {
            let says = if face.connected { "connected" } else { "disconnected" };
            self.violate("icon-truth", format!("the icon shows {says}, but the link state differs"));
        }
        let before = &self.parties.lanes[who].face.what;
        if face == *before {
            return Ok(());
        }
        if self.setting.keeps.displays && self.book.displays.len() < DISPLAYS_MAX {
            self.book.displays.push((now, who, face.clone()));
        }
        if face.screen != before.screen {
            if face.screen.name == ScreenName::Boot {
                let actor = &mut self.parties.terminals[who];
                actor.link.laws.power_on(now, &actor.settings);
                actor.asked.oracle.power_off();
            }
            self.watch_session(who, &face);
            self.script.sees(now, who, face.screen.clone());
        }
        self.observe(who, Observation::Display(face))?;
        self.record_shaping_hit(who);
        Ok(())
    }
}
