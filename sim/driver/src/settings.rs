//! Changes the script makes during a run: settings of every party, and files on a terminal's flash.

use sca_core::{Input, Terminal};
use sca_judge::record::Entry;
use sca_model::{Party, Set};
use sca_protocol::settings::Settings;

use crate::state::World;
use crate::stop::Stop;

impl<C: Terminal> World<'_, C> {
    /// Writes a file to a terminal's flash, or deletes it.
    pub(super) fn put_file(&mut self, who: usize, path: String, bytes: Option<Vec<u8>>) -> Result<(), Stop> {
        let is_icon = [sca_core::ICON_CONNECTED, sca_core::ICON_DISCONNECTED].contains(&path.as_str());
        if is_icon && bytes.as_ref().is_some_and(|bytes| !sca_display::is_picture(bytes)) {
            let now = self.now();
            let text = format!("warning: {path} is not a picture; the device shows its default icon");
            self.book.record.push(now, Entry::Comment(text));
        }
        self.tell(who, Input::File { path, bytes })
    }

    /// Changes one setting of a party.
    pub(super) fn set(&mut self, set: &Set) -> Result<(), Stop> {
        let error = |error: sca_protocol::settings::SettingError| Stop::Error(error.to_string());
        let clock = || sca_protocol::UnixTime::parse(&set.value).map_err(|error| Stop::Error(error.to_string()));
        match set.party {
            Party::Terminal(who) if set.name == "clock" => {
                self.parties.terminals[who].clock.set(clock()?);
                Ok(())
            }
            Party::Terminal(who) => {
                let actor = &mut self.parties.terminals[who];
                actor.settings.set(&set.name, &set.value).map_err(error)?;
                actor.terminal.configure(actor.settings.clone());
                actor.asked.oracle.configure(&actor.settings);
                actor.link.tls = None;
                self.observe_display(who)
            }
            Party::Host => {
                self.parties.host_settings.set(&set.name, &set.value).map_err(error)?;
                self.parties.host.configure(self.parties.host_settings.clone());
                Ok(())
            }
            Party::Vhq => {
                self.parties.vhq_settings.set(&set.name, &set.value).map_err(error)?;
                self.parties.vhq.configure(self.parties.vhq_settings.clone());
                Ok(())
            }
            Party::Broker(which) => self.set_broker(which, &set.name, &set.value),
        }
    }
}
