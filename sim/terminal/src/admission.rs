//! Admission of requests: authentication, the channel, a busy device, the fields, the session. Also starts prompts and
//! SECURITY commands.

use sca_core::Cardholder;
use sca_protocol::codes::Code;
use sca_protocol::commands::{Behaviour, Change, Channel, Security, SessionRequirement, Tell};
use sca_protocol::{Line, codes, commands};

use crate::context::{Origin, Task, Work};
use crate::device::{Activity, Device, Holder};
use crate::pos_prompt::Asking;
use crate::security::{Pairing, Refusal};

impl Device {
    /// The reason why a request is refused; `None` if it is admitted.
    pub(crate) fn refusal(&mut self, work: &mut Work<'_>, task: &Task, skips: bool) -> Option<Refusal> {
        let row = task.row;
        let is_security = task.request.function_type() == "SECURITY";
        if skips && is_security {
            return Some((codes::SECURITY_REFUSED, None));
        }
        if !skips && let Err(refusal) = self.authenticate(work, task, is_security) {
            return Some(refusal);
        }
        if let Origin::Call(call) = task.origin
            && call.line == Line::Secondary
            && row.channel == Channel::Primary
        {
            return Some((codes::FIELD_ERROR, Some("FUNCTION_TYPE must be SECONDARYPORT on this port".to_owned())));
        }
        // An unknown command that begins with SECONDARY is not forwarded to the payment host.
        if row == &commands::UNKNOWN && task.request.function_type().starts_with("SECONDARY") {
            return Some((codes::UNKNOWN_COMMAND, None));
        }
        if row.channel == Channel::Primary {
            if self.updating.is_some() {
                return Some((codes::NOT_READY, None));
            }
            // One primary command at a time; secondary ones are answered meanwhile (CH-02).
            let aborts = row.behaviour == Behaviour::Change(Change::FinishSession) && self.can_finish_abort();
            if let Some(holder) = self.holder.as_ref().filter(|_| !aborts) {
                let is_finish = row.behaviour == Behaviour::Change(Change::FinishSession);
                let is_too_late = is_finish && matches!(holder.doing, Activity::Paying(_));
                let busy = match task.request.function_type() {
                    _ if is_too_late => codes::BUSY.on("A-43"),
                    "LINE_ITEM" => codes::BUSY.on("A-66"),
                    _ => codes::BUSY,
                };
                return Some((busy, None));
            }
        }
        let asks_counter = row.behaviour == Behaviour::Tell(Tell::Counter);
        if !asks_counter && task.request.get("COUNTER").is_some() && task.counter.is_none() {
            return Some((codes::FIELD_ERROR, Some("COUNTER must be 1 to 4294967295".to_owned())));
        }
        if let Some(complaint) = row.complaint(&task.request) {
            return Some((codes::FIELD_ERROR, Some(complaint)));
        }
        self.state_refusal(task).map(|code| (code, None))
    }

    /// Whether a FINISH ends the current request: only a payment that the host has not been told of.
    pub(crate) fn can_finish_abort(&self) -> bool {
        self.holder.as_ref().is_some_and(|h| matches!(&h.doing, Activity::Paying(payment) if payment.can_end()))
    }

    /// The code with which the state of the device forbids a command; `None` if it allows it.
    fn state_refusal(&self, task: &Task) -> Option<Code> {
        match (task.row.needs, &self.session) {
            (SessionRequirement::Session, None) => return Some(codes::NO_SESSION),
            (SessionRequirement::NoSession, Some(_)) if task.row.function_type == "SAF" => {
                return Some(codes::SESSION_IN_PROGRESS.on("A-50"));
            }
            (SessionRequirement::NoSession, Some(_)) => return Some(codes::SESSION_IN_PROGRESS),
            _ => {}
        }
        match (task.row.behaviour, &self.session) {
            (Behaviour::Change(Change::StartSession), Some(_)) => Some(codes::SESSION_IN_PROGRESS),
            (Behaviour::Security(_), Some(_)) => Some(codes::SESSION_IN_PROGRESS.on("A-53")),
            (Behaviour::Change(Change::FinishSession), None) => Some(codes::NO_SESSION),
            // FINISH is accepted only from the POS that sent START.
            (Behaviour::Change(Change::FinishSession), Some(session))
                if session.owner.is_some_and(|owner| !owner.is_same_pos(task.origin)) =>
            {
                Some(codes::BUSY)
            }
            (Behaviour::Cancel, _) if !self.holder.as_ref().is_some_and(Holder::can_end) => {
                let is_with_host = self.holder.is_some();
                Some(if is_with_host { codes::NOTHING_TO_CANCEL.on("A-43") } else { codes::NOTHING_TO_CANCEL })
            }
            _ => None,
        }
    }

    /// Checks that the POS may send this request (AUTH-04).
    fn authenticate(&mut self, work: &mut Work<'_>, task: &Task, is_security: bool) -> Result<(), Refusal> {
        let label = task.get("MAC_LABEL");
        match task.row.behaviour {
            Behaviour::Security(Security::Unregister) | Behaviour::Tell(Tell::Counter) => {
                let label = label.ok_or((codes::MAC_MISSING, None))?;
                self.registrations.counter(label).map(drop).ok_or((codes::UNKNOWN_LABEL, None))
            }
            Behaviour::Security(Security::TestMac) => self.registrations.check(work, &mut self.flash, task),
            _ if is_security => Ok(()),
            // The page's table requires the MAC fields here, but none of its examples has them.
            _ if task.row.channel == Channel::Secondary && label.is_none() => Ok(()),
            _ => self.registrations.check(work, &mut self.flash, task),
        }
    }

    /// Starts a prompt for the cardholder.
    pub(crate) fn ask(&mut self, work: &mut Work<'_>, mut task: Task, what: commands::Prompt) {
        let touch = sca_protocol::models::Model::find(&work.settings.model).is_none_or(|model| model.touch);
        if matches!(what, commands::Prompt::Signature(_)) && !touch {
            return task.refuse(work, codes::NOT_ALLOWED, Some("This device has no touch screen"));
        }
        let asking = Asking::new(work, &task, what);
        if task.row.command == "BARCODEASYNC_START" {
            let response = task.done(work);
            task.clone().answer(work, response);
            task.answered = true;
        }
        self.holder = Some(Holder { task, doing: Activity::Asking(asking) });
    }

    /// Carries out a SECURITY command.
    pub(crate) fn secure(&mut self, work: &mut Work<'_>, mut task: Task, what: Security) {
        match what {
            Security::Register | Security::RegisterEncryption => match Pairing::new(work, &task, what) {
                Err((code, text)) => task.refuse(work, code, text.as_deref()),
                Ok(_) if !self.registrations.has_room(work) => task.refuse(work, codes::NO_ROOM, None),
                Ok(pairing) => {
                    let unattended = pairing.unattended(work);
                    self.holder = Some(Holder { task, doing: Activity::Pairing(Box::new(pairing)) });
                    if let Some(code) = unattended {
                        self.cardholder(work, &Cardholder::Enters(code));
                    }
                }
            },
            Security::Unregister => {
                let label = task.get("MAC_LABEL").unwrap_or_default().to_owned();
                self.registrations.remove(work, &mut self.flash, &label);
                let response = task.done(work);
                task.answer(work, response);
            }
            Security::UnregisterAll => {
                self.registrations.clear(work, &mut self.flash);
                let response = task.done(work);
                task.answer(work, response);
            }
            Security::TestMac => {
                let response = task.done(work);
                task.answer(work, response);
            }
        }
    }
}
