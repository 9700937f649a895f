//! Observes a terminal's display: records changes, checks the standing rules, and lets the script read them.

use sca_core::Terminal;
use sca_judge::lanes::Observed;
use sca_judge::record::Entry;
use sca_protocol::screens::ScreenName;
use sha2::{Digest, Sha256};

use super::state::World;
use super::stop::{Stop, seen_at};

/// Maximum number of displays recorded in one run.
const FACES_MAX: usize = 10_000;

impl<C: Terminal> World<'_, C> {
    /// Records the terminal's display if it has changed.
    pub(super) fn observe_display(&mut self, who: usize) -> Result<(), Stop> {
        if self.external_terminals.is_some() {
            return Ok(());
        }
        let now = self.now();
        let face = self.parties.terminals[who].terminal.display();
        if face.connected != self.parties.terminals[who].link_up {
            let says = if face.connected { "connected" } else { "disconnected" };
            self.violate("icon-truth", format!("the icon shows {says}, but the link state differs"));
        }
        let before = &self.parties.lanes[who].face.what;
        if face == *before {
            return Ok(());
        }
        if self.setting.keeps.faces && self.book.faces.len() < FACES_MAX {
            self.book.faces.push((now, who, face.clone()));
        }
        let (screen_changed, icon_changed) = (face.screen != before.screen, face.connected != before.connected);
        let picture_changed = face.icon != before.icon;
        if screen_changed {
            if face.screen.name == ScreenName::Boot {
                let actor = &mut self.parties.terminals[who];
                actor.watch.power_on(now, &actor.settings);
                actor.reference.power_off();
            }
            self.watch_session(who, &face);
            self.script.sees(now, who, face.screen.clone());
            self.book.record.push(now, Entry::Screen(who, face.screen.clone()));
        }
        if icon_changed {
            self.book.record.push(now, Entry::Icon(who, face.connected));
        }
        if let Some(picture) = face.icon.as_ref().filter(|_| picture_changed) {
            let digest: String = Sha256::digest(picture).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
            let size = picture.len();
            self.book.record.push(now, Entry::Comment(format!("icon file: {size} bytes, sha256 {digest}")));
        }
        self.observed();
        let guarded = self.script.guards().face(who, &face);
        // The observation is described by whichever the broken rule is about: the icon or the screen.
        let is_icon = guarded.as_ref().is_err_and(|failure| failure.label.starts_with("the icon"));
        let icon = || if face.connected { "icon connected" } else { "icon disconnected" }.to_owned();
        seen_at(now, guarded, || if is_icon { icon() } else { format!("screen {}", face.screen.name) })?;
        self.parties.lanes[who].face = Observed { at: now, sequence: self.book.sequence, what: face };
        self.record_shaping_hit(who);
        Ok(())
    }
}
