//! Power on and off: what is initialised, what is loaded from the flash, and what is lost.

use std::collections::BTreeMap;

use sca_core::{ClientCore, CoreInput, LinkReport, Output};
use sca_protocol::{Now, Reason};

use crate::device::{Device, Session, Slot};
use crate::terminal::{Link, SimulatedTerminal};

impl<C: ClientCore> SimulatedTerminal<C> {
    pub(crate) fn power_on(&mut self, now: Now, out: &mut Vec<Output>) {
        if self.powered {
            return;
        }
        self.powered = true;
        self.work(now, out, Device::start);
        self.websockets = self.settings.pos_connect_allow == "WEBSOCKETS";
        if !self.powered {
            return;
        }
        if !self.websockets {
            out.push(Output::Listen(true));
            return;
        }
        if self.settings.is_known_model() {
            self.link = Link::Booting;
            self.tell_core(now, CoreInput::Start, out);
        } else {
            out.push(Output::LinkReport(LinkReport::Fails(Reason::Config)));
        }
    }

    pub(crate) fn power_off(&mut self, now: Now, out: &mut Vec<Output>) {
        self.leaving = true;
        self.tell_core(now, CoreInput::Stop, out);
        self.leaving = false;
        if self.powered && !self.websockets {
            out.push(Output::Listen(false));
        }
        let calls = std::mem::take(&mut self.calls).into_keys().chain(self.device.host_calls.drop_all());
        out.extend(calls.map(|call| Output::HangUp { call }));
        self.link = Link::Off;
        self.powered = false;
        (self.attempts, self.has_been_up) = (0, false);
        (self.late, self.notices) = (Vec::new(), BTreeMap::new());
        // All state that is not on the flash is lost, except for what the settings keep.
        let old = std::mem::take(&mut self.device);
        // The card stays in the slot without power, but its purpose is forgotten.
        let slot = old.slot.map(|slot| Slot { used: true, ..slot });
        self.device =
            Device { flash: old.flash, counter: old.counter, host_calls: old.host_calls, slot, ..Device::default() };
        self.device.counter.rebooted(&self.settings.counter);
        if old.session.is_some() {
            out.push(Output::Assumed("A-17"));
        }
        if self.settings.session_over_reboot {
            // The connection of its owner is gone, so any POS can finish the session.
            self.device.session = old.session.map(|session| Session { owner: None, ..session });
        }
        self.read_flash();
    }
}
