//! The power of external devices, and the operator who acts as cardholder and reports what the screen shows.

use sca_core::Terminal;
use sca_model::Step;
use tokio::sync::mpsc;

use crate::state::World;
use crate::stop::Stop;

impl<C: Terminal> World<'_, C> {
    /// Switches the power of a device the harness started; asks the operator to switch any other.
    pub(super) fn switch(&mut self, who: usize, on: bool) -> Result<(), Stop> {
        let name = self.parties.terminals[who].name.clone();
        let Some(state) = &mut self.external_terminals else { return Ok(()) };
        if state.devices.is_ours(who) {
            if !on {
                state.devices.off(who);
                return Ok(());
            }
            return state
                .devices
                .on(who)
                .map_err(|error| Stop::CannotRun(format!("the device could not be started: {error}")));
        }
        if let Some(person) = &state.external.person {
            person.told(&format!("switch {name} {}", if on { "on" } else { "off" }));
        }
        Ok(())
    }

    /// Asks the operator to perform a cardholder's action. Returns false if there is no operator.
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

    /// Asks the operator whether the screen the script waits for is shown.
    pub(super) fn ask_person(&mut self) {
        let Some(state) = &self.external_terminals else { return };
        let Some(person) = state.external.person.clone().filter(|_| state.question.is_none()) else { return };
        let Some(step) = self.script.awaited_show() else { return };
        let question = format!("does the device show this: {}", self.said(&step));
        let (sender, answer) = mpsc::channel(1);
        // A separate thread, because the driver must go on while the operator thinks.
        std::thread::spawn(move || {
            // If the run is over, nobody receives the answer.
            let _ = sender.blocking_send(person.asked(&question));
        });
        if let Some(state) = &mut self.external_terminals {
            state.question = Some(answer);
        }
    }

    /// Handles the operator's answer.
    pub(super) fn person_said(&mut self, yes: Option<bool>) -> Result<(), Stop> {
        if let Some(state) = &mut self.external_terminals {
            state.question = None;
        }
        let Some(yes) = yes else { return Err(Stop::Error("no answer about what the device shows".to_owned())) };
        let now = self.now();
        self.script.confirm(now, yes).map_err(Stop::Failed)
    }
}
