//! A device's power, and the person before it who does what a cardholder does and says what is shown.

use sca_scenario::model::Step;
use tokio::sync::mpsc;

use super::{Stop, World};
use crate::core::Core;

impl<C: Core> World<'_, C> {
    /// Switches a device, where it is ours, or asks a person to.
    pub(super) fn switch(&mut self, who: usize, on: bool) -> Result<(), Stop> {
        let name = self.actors[who].name.clone();
        let Some(state) = &mut self.external_terminals else { return Ok(()) };
        if state.devices.is_ours(who) {
            if !on {
                state.devices.off(who);
                return Ok(());
            }
            return state
                .devices
                .on(who)
                .map_err(|error| Stop::CannotRun(format!("the device does not start: {error}")));
        }
        if let Some(person) = &state.external.person {
            person.told(&format!("switch {name} {}", if on { "on" } else { "off" }));
        }
        Ok(())
    }

    /// Asks a person to do what a cardholder does.
    pub(super) fn is_done_by_person(&mut self, step: &Step) -> bool {
        let said = self.said(step);
        match self.external_terminals.as_ref().and_then(|state| state.external.person.as_ref()) {
            Some(person) => {
                person.told(&said);
                true
            }
            None => false,
        }
    }

    /// Asks a person whether what the script waits for is shown.
    pub(super) fn ask_person(&mut self) {
        let Some(state) = &self.external_terminals else { return };
        let Some(person) = state.external.person.clone().filter(|_| state.question.is_none()) else { return };
        let Some(step) = self.script.awaited_show() else { return };
        let question = format!("does it show this: {}", self.said(&step));
        let (sender, answer) = mpsc::channel(1);
        // A thread of its own: a person takes longer than a broker may stand still.
        std::thread::spawn(move || {
            // A run that is over waits for no answer.
            let _ = sender.blocking_send(person.asked(&question));
        });
        if let Some(state) = &mut self.external_terminals {
            state.question = Some(answer);
        }
    }

    /// A person has said whether it is shown.
    pub(super) fn person_said(&mut self, yes: Option<bool>) -> Result<(), Stop> {
        if let Some(state) = &mut self.external_terminals {
            state.question = None;
        }
        let Some(yes) = yes else { return Err(Stop::Error("nobody says what the device shows".to_owned())) };
        let now = self.now();
        self.script.confirm(now, yes).map_err(Stop::Failed)
    }
}
