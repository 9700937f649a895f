//! The device behind the link: its state, the request that occupies it, and the dispatch of messages. Every message is
//! answered.

mod cancel;
mod message;

use crate::context::{Effect, Origin, Task, Work};
use crate::host_calls::{HostCalls, Purpose};
use crate::line_items::Items;
use crate::payment_flow::Payment;
use crate::pos_prompt::{Asking, Ended};
use crate::security::{Pairing, Registrations};
use crate::store_and_forward::Stored;
use sca_core::{Cardholder, Flash, Screen};
use sca_protocol::cards::{Card, Entry};
use sca_protocol::commands::{Behaviour, Channel, Estate, Tell};
use sca_protocol::counter::{Counter, RequestOutcome};
use sca_protocol::{Line, Request, codes};
use std::time::Duration;

/// The state of the device behind the link.
#[derive(Debug, Clone, Default)]
pub(crate) struct Device {
    pub(crate) session: Option<Session>,
    pub(crate) counter: Counter,
    /// The request that occupies the device, if there is one.
    pub(crate) holder: Option<Holder>,
    pub(crate) flash: Flash,
    pub(crate) registrations: Registrations,
    pub(crate) stored: Stored,
    pub(crate) host_calls: HostCalls,
    /// A screen that stays for a while without occupying the device, and when it ends.
    pub(crate) shown: Option<(Screen, Duration)>,
    /// The card in the slot of the card reader.
    pub(crate) slot: Option<Slot>,
    pub(crate) lane_closed: Option<Screen>,
    /// When the update that is being installed will be complete.
    pub(crate) updating: Option<Duration>,
    /// Whether the estate host has offered an update.
    pub(crate) offered: bool,
    /// When pending reversals and stored transactions are offered to the host next.
    pub(crate) offer_at: Option<Duration>,
}

/// A card that has been inserted and not removed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slot {
    pub(crate) card: &'static Card,
    /// Whether a request has read it or tried to.
    pub(crate) used: bool,
}

/// A session, from SESSION START to FINISH.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) invoice: String,
    pub(crate) training: bool,
    pub(crate) since: Duration,
    /// The origin of the START; `None` once its connection is gone, so that another POS can end the session.
    pub(crate) owner: Option<Origin>,
    /// MAC_LABEL of its START.
    pub(crate) label: String,
    /// The address at which the POS listens for notices.
    pub(crate) address: Option<(String, u16)>,
    pub(crate) items: Items,
    pub(crate) panel: Option<String>,
}

/// A request that occupies the device until it is answered.
#[derive(Debug, Clone)]
pub(crate) struct Holder {
    pub(crate) task: Task,
    pub(crate) doing: Activity,
}

/// The activity of the request that occupies the device.
#[derive(Debug, Clone)]
pub(crate) enum Activity {
    /// A prompt for the cardholder is open.
    Asking(Asking),
    /// A POS is being registered.
    Pairing(Box<Pairing>),
    /// A payment is being made.
    Paying(Box<Payment>),
    /// The answer of a host is awaited.
    Waiting,
}

impl Holder {
    /// Whether the POS, the cardholder or a lost link can still end it: a request that a host has received goes on.
    pub(crate) fn can_end(&self) -> bool {
        match &self.doing {
            Activity::Asking(_) | Activity::Pairing(_) => true,
            Activity::Paying(payment) => payment.can_end(),
            Activity::Waiting => false,
        }
    }

    fn until(&self) -> Option<Duration> {
        match &self.doing {
            Activity::Asking(asking) => asking.until.map(|(at, _)| at),
            Activity::Paying(payment) => payment.until,
            Activity::Pairing(pairing) => pairing.until,
            Activity::Waiting => None,
        }
    }
}

/// RESPONSE_TEXT of a refusal in training mode: only the payment host could carry out the command.
const TRAINING: &str = "Not in a training session";

impl Device {
    /// Whether the session is in training mode: payments are approved locally, commands for the payment host are
    /// refused.
    fn is_training(&self) -> bool {
        self.session.as_ref().is_some_and(|session| session.training)
    }

    /// Loads the state from the flash, as at every start.
    pub(crate) fn start(&mut self, work: &mut Work<'_>) {
        self.flash.mend(work);
        self.registrations = Registrations::load(&self.flash);
        self.stored = Stored::load(&self.flash);
        self.recover_in_flight(work);
    }

    /// Admits or refuses a request, and carries it out.
    fn take(&mut self, work: &mut Work<'_>, mut task: Task) {
        let skips = work.settings.skips_authentication();
        let asks_counter = task.row.behaviour == Behaviour::Tell(Tell::Counter);
        // The COUNTER in a GET COUNTER is ignored: the command itself never changes the counter (CNT-05).
        if asks_counter {
            task.counter = None;
        }
        let refusal = self.refusal(work, &task, skips);
        let outcome = match &refusal {
            _ if task.row.channel == Channel::Secondary => RequestOutcome::Secondary,
            Some(_) => RequestOutcome::Refused,
            None => RequestOutcome::Done,
        };
        if let Some(counter) = task.counter.filter(|_| skips) {
            task.assumed.extend(self.counter.assumption(counter, outcome));
            self.counter.saw(counter, outcome, &work.settings.counter);
        }
        match refusal {
            Some((code, text)) => task.refuse(work, code, text.as_deref()),
            None => self.carry_out(work, task),
        }
    }

    fn carry_out(&mut self, work: &mut Work<'_>, task: Task) {
        match task.row.behaviour {
            Behaviour::Tell(what) => self.tell(work, task, what),
            Behaviour::Change(what) => self.change(work, task, what),
            Behaviour::Prompt(what) => self.ask(work, task, what),
            Behaviour::Pay(pay) => self.begin_payment(work, task, pay),
            Behaviour::Host if self.is_training() => task.refuse(work, codes::NOT_ALLOWED.on("A-60"), Some(TRAINING)),
            Behaviour::Host => {
                let text = self.host_request(work, &task);
                self.call_host_for(work, task, Line::Host, text);
            }
            Behaviour::Security(what) => self.secure(work, task, what),
            Behaviour::Estate(Estate::Apply) => {
                self.call_host_for(work, task, Line::Estate, estate_request(work, "APPLY"));
            }
            Behaviour::Estate(Estate::Ask) if self.host_calls.any(|p| matches!(p, Purpose::Aside(_))) => {
                task.refuse(work, codes::BUSY, None);
            }
            Behaviour::Estate(Estate::Ask) => {
                let text = estate_request(work, "ASK");
                self.host_calls.begin(work, Line::Estate, Purpose::Aside(Box::new(task)), text);
            }
            Behaviour::Cancel => self.cancel(work, task),
            Behaviour::Reboot => {
                let mut task = task;
                let response = task.done(work).with("SECONDARY_DATA", "0");
                task.answer(work, response);
                work.does(Effect::Reboot);
            }
        }
    }

    /// Sends a request to a host on behalf of a POS request, which occupies the device meanwhile.
    pub(crate) fn call_host_for(&mut self, work: &mut Work<'_>, task: Task, line: Line, text: String) {
        self.holder = Some(Holder { task, doing: Activity::Waiting });
        self.host_calls.begin(work, line, Purpose::Holder, text);
    }

    /// Handles an action of the cardholder.
    pub(crate) fn cardholder(&mut self, work: &mut Work<'_>, act: &Cardholder) {
        match act {
            Cardholder::Removes => {
                self.slot = None;
                return self.slot_emptied(work);
            }
            Cardholder::Presents(_, Entry::Inserted) if self.slot.is_some() => return,
            Cardholder::Presents(card, Entry::Inserted) => {
                let used =
                    matches!(&self.holder, Some(Holder { doing: Activity::Asking(asking), .. }) if asking.wants_card());
                self.slot = Some(Slot { card, used });
            }
            _ => {}
        }
        let Some(holder) = &mut self.holder else { return };
        match &mut holder.doing {
            Activity::Asking(asking) => match asking.react(&holder.task, act) {
                None => {}
                Some(Ended::Cancelled) => self.cancel_occupant(work, "Cancelled by CUSTOMER", None),
                Some(Ended::Done(fields)) if holder.task.answered => self.report_scan(work, fields),
                Some(Ended::Done(fields)) => self.end_asking(work, fields),
            },
            Activity::Pairing(pairing) => match act {
                Cardholder::Enters(typed) => {
                    let pairing = pairing.clone();
                    let (registrations, flash) = (&mut self.registrations, &mut self.flash);
                    let response = pairing.end(work, registrations, flash, &mut holder.task, typed);
                    if let Some(response) = response
                        && let Some(holder) = self.holder.take()
                    {
                        holder.task.answer(work, response);
                    }
                }
                Cardholder::Presses(key) if key == "cancel" => {
                    self.cancel_occupant(work, "Cancelled by CUSTOMER", None);
                }
                _ => {}
            },
            Activity::Paying(_) => self.payment_action(work, act),
            Activity::Waiting => {}
        }
    }

    /// Answers the request of a prompt with the cardholder's input.
    fn end_asking(&mut self, work: &mut Work<'_>, fields: Vec<(&'static str, String)>) {
        let Some(Holder { mut task, .. }) = self.holder.take() else { return };
        let response = task.done(work);
        if !fields.is_empty() {
            task.assumed.push("A-31");
        }
        let response = fields.into_iter().fold(response, |response, (name, value)| response.with(name, value));
        task.answer(work, response);
    }

    /// Handles the loss of a POS connection: its session loses its owner, and its request ends without an answer if it
    /// can still be ended.
    pub(crate) fn pos_lost(&mut self, work: &mut Work<'_>, gone: impl Fn(Origin) -> bool) {
        if let Some(session) = &mut self.session {
            session.owner = session.owner.filter(|owner| !gone(*owner));
        }
        if self.holder.as_ref().is_some_and(|holder| holder.can_end() && gone(holder.task.origin)) {
            self.holder = None;
            self.host_calls.abandon_occupant(work);
            work.does(Effect::Assume("A-33"));
        }
    }

    /// Handles the deadlines that have passed.
    pub(crate) fn tick(&mut self, work: &mut Work<'_>) {
        let now = work.now.since_start;
        if self.holder.as_ref().and_then(Holder::until).is_some_and(|at| at <= now) {
            let wanted = matches!(&self.holder, Some(Holder { doing: Activity::Asking(asking), .. })
                if asking.until.is_some_and(|(_, wanted)| wanted));
            if wanted {
                self.end_asking(work, Vec::new());
            } else {
                let assumption = if self.can_finish_abort() { "A-40" } else { "A-32" };
                self.cancel_occupant(work, "Cancelled by TIMEOUT", Some(assumption));
            }
        }
        while let Some((purpose, trouble)) = self.host_calls.overdue(work) {
            self.host_call_ended(work, purpose, Err(trouble));
        }
        if self.shown.as_ref().is_some_and(|(_, until)| *until <= now) {
            self.shown = None;
        }
        if self.updating.is_some_and(|at| at <= now) {
            self.updating = None;
            work.does(Effect::Reboot);
        }
        self.submit_pending(work);
    }

    /// The earliest deadline.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        let holder = self.holder.as_ref().and_then(Holder::until);
        let shown = self.shown.as_ref().map(|(_, until)| *until);
        let all = [holder, self.host_calls.deadline(), shown, self.updating, self.offer_at];
        all.into_iter().flatten().min()
    }

    /// The screen, unless it depends on the link: then `None`.
    pub(crate) fn screen(&self) -> Option<Screen> {
        use sca_protocol::screens::ScreenName;
        if let Some(holder) = &self.holder {
            match &holder.doing {
                Activity::Asking(asking) => return Some(asking.screen(&holder.task)),
                Activity::Pairing(pairing) => return Some(pairing.screen()),
                Activity::Paying(payment) => return Some(payment.screen(&holder.task)),
                Activity::Waiting => {}
            }
        }
        if self.updating.is_some() {
            return Some(Screen::plain(ScreenName::Updating).saying("Installing update".to_owned()));
        }
        if let Some((screen, _)) = &self.shown {
            return Some(screen.clone());
        }
        if self.session.is_some() && self.wants_card_removed() {
            return Some(Screen::plain(ScreenName::RemoveCard).saying("Remove card".to_owned()));
        }
        if let Some(session) = &self.session {
            let screen = Screen::plain(ScreenName::Session).with("INVOICE", session.invoice.clone());
            let screen = if session.training { screen.with("TRAINING_MODE", "ON".to_owned()) } else { screen };
            let screen =
                session.items.fields().into_iter().fold(screen, |screen, (name, value)| screen.with(name, value));
            return Some(match &session.panel {
                Some(text) => screen.with("PANEL", text.clone()),
                None => screen,
            });
        }
        None
    }

    /// Whether the card in the slot has been read and should be removed.
    fn wants_card_removed(&self) -> bool {
        self.slot.is_some_and(|slot| slot.used)
    }

    /// The screen of an idle device without a session. A lost link takes precedence (REC-03).
    pub(crate) fn idle_screen(&self) -> Option<Screen> {
        use sca_protocol::screens::ScreenName;
        if self.wants_card_removed() {
            return Some(Screen::plain(ScreenName::RemoveCard).saying("Remove card".to_owned()));
        }
        self.lane_closed.clone()
    }
}

/// A request to the estate host.
fn estate_request(work: &Work<'_>, command: &str) -> String {
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let fields = vec![
        field("FUNCTION_TYPE", "ESTATE"),
        field("COMMAND", command),
        field("TERMINAL", &work.settings.pinpad_id),
        field("MODEL", &work.settings.model),
    ];
    Request::new(fields).to_xml(sca_protocol::message::Layout::Compact)
}
