//! Replies of the hosts, and what still has to be sent to them: reversals and stored transactions.

use sca_core::{CallEvent, CallId};
use sca_protocol::codes::Code;
use sca_protocol::commands::Behaviour;
use sca_protocol::message::Layout;
use sca_protocol::xml::Limits;
use sca_protocol::{Line, Request, Response, codes};

use crate::context::{Effect, Work};
use crate::device::{Activity, Device, Holder};
use crate::flash_files::{IN_FLIGHT, LAST_TRANSACTION, REVERSALS, SEQUENCE};
use crate::host_calls::{Purpose, Report, Trouble};
use crate::outcome::{DECLINES, code_of, from_host, others, result_code};
use crate::payment_flow::Stage;
use crate::store_and_forward::Verdict;

impl Device {
    /// Handles an event on a connection to a host.
    pub(crate) fn call_event(&mut self, work: &mut Work<'_>, call: CallId, event: CallEvent) {
        match self.host_calls.event(work, call, event) {
            None => {}
            Some(Report::Reached(call)) => self.reached(work, call),
            Some(Report::Over(purpose, result)) => self.host_call_ended(work, purpose, result),
        }
    }

    /// A host is connected. A payment is recorded on the flash before the host is told of it.
    fn reached(&mut self, work: &mut Work<'_>, call: CallId) {
        let is_holder = matches!(self.host_calls.purpose(call), Some(Purpose::Holder));
        if is_holder && let Some(Holder { doing: Activity::Paying(payment), .. }) = &mut self.holder {
            payment.stage = Stage::InFlight;
            let text = self.host_calls.request_of_occupant().unwrap_or_default().to_owned();
            self.flash.write(work, IN_FLIGHT, text.as_bytes());
            self.notice(work, codes::IN_FLIGHT, &[]);
        }
        if let Some(Purpose::Stored(number)) = self.host_calls.purpose(call) {
            self.stored.goes(*number);
            self.stored.save(work, &mut self.flash);
        }
        self.host_calls.say(work, call);
    }

    /// Handles the end of a host call.
    pub(crate) fn host_call_ended(&mut self, work: &mut Work<'_>, purpose: Purpose, result: Result<Response, Trouble>) {
        match purpose {
            Purpose::Holder => self.host_answered(work, result),
            Purpose::Reversal { sequence, awaited } => {
                // Any other result code means that the payment has not been reversed.
                let done = result.is_ok_and(|response| matches!(result_code(&response), 7 | 22));
                self.reversal_ended(work, &sequence, awaited, done);
            }
            Purpose::Stored(number) => self.stored_submitted(work, number, result.ok().as_ref()),
            Purpose::Aside(mut task) => match result {
                Err(_) => task.refuse(work, codes::HOST_NOT_AVAILABLE, None),
                Ok(response) => {
                    self.offered = offers_update(&response);
                    let state = if self.offered { "1" } else { "0" };
                    let response = task.done(work).with("SECONDARY_DATA", state);
                    task.answer(work, response);
                }
            },
        }
    }

    /// Answers a request that is not a payment with the host's answer. If the estate host offers an update, it is
    /// installed.
    pub(crate) fn pass_on(&mut self, work: &mut Work<'_>, response: &Response) {
        let Some(Holder { mut task, .. }) = self.holder.take() else { return };
        if matches!(task.row.behaviour, Behaviour::Estate(_)) {
            self.offered = offers_update(response);
            if !self.offered {
                return task.refuse(work, codes::NO_UPDATES, None);
            }
            self.offered = false;
            self.updating = Some(work.now.since_start + work.settings.update_time);
            task.assumed.push("A-59");
            let response = task.done(work);
            return task.answer(work, response);
        }
        let answer = from_host(work, &mut task, response);
        task.assumed.push("A-36");
        task.assumed.extend(task.row.guess);
        let answer = others(response).fold(answer, |answer, (name, value)| answer.with(name, value));
        self.schedule_submission(work);
        task.answer(work, answer);
    }

    /// Reverses the payment that is with the host: it may have been approved without the terminal knowing.
    pub(crate) fn reverse(&mut self, work: &mut Work<'_>) {
        let sequence = self.flash.lines(SEQUENCE).next().unwrap_or_default().to_owned();
        self.record_reversal(work, &sequence);
        self.flash.remove(work, IN_FLIGHT);
        let text = reversal_request(work, &sequence);
        self.host_calls.begin(work, Line::Host, Purpose::Reversal { sequence, awaited: true }, text);
    }

    /// Records on the flash that a payment has to be reversed.
    fn record_reversal(&mut self, work: &mut Work<'_>, sequence: &str) {
        let mut owed: Vec<String> = self.flash.lines(REVERSALS).map(str::to_owned).collect();
        owed.push(sequence.to_owned());
        self.flash.write_lines(work, REVERSALS, &owed);
    }

    fn reversal_ended(&mut self, work: &mut Work<'_>, sequence: &str, awaited: bool, done: bool) {
        if done {
            let owed: Vec<String> =
                self.flash.lines(REVERSALS).filter(|line| *line != sequence).map(str::to_owned).collect();
            self.flash.write_lines(work, REVERSALS, &owed);
        }
        let trouble = match &self.holder {
            Some(Holder { doing: Activity::Paying(payment), .. }) if awaited => payment.trouble,
            _ => None,
        };
        if let Some(trouble) = trouble {
            let code = if done { codes::REVERSED } else { code_of(trouble) };
            self.end_payment(work, Code { assumption: Some("A-61"), ..code }, None, Vec::new());
        }
        if done {
            self.schedule_submission(work);
        } else {
            self.offer_at = Some(work.now.since_start + work.settings.payment.offline_interval);
        }
    }

    /// At every start: records a reversal for the payment that was with the host when the power failed, unless its
    /// answer is known.
    pub(crate) fn recover_in_flight(&mut self, work: &mut Work<'_>) {
        let text = self.flash.read(IN_FLIGHT).map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        if let Some(request) = text.and_then(|text| Request::parse(&text, Limits::default()).ok()) {
            let sequence = request.get("TRANS_SEQ_NUM").unwrap_or_default().to_owned();
            let last = self.flash.read(LAST_TRANSACTION).map(|bytes| String::from_utf8_lossy(bytes).into_owned());
            let last = last.and_then(|text| Response::parse(&text, Limits::default()).ok());
            let is_known = last.is_some_and(|last| last.get("TRANS_SEQ_NUM") == Some(&sequence));
            let is_owed = self.flash.lines(REVERSALS).any(|line| line == sequence);
            if !is_known && !is_owed {
                work.does(Effect::Assume("A-62"));
                self.record_reversal(work, &sequence);
            }
            self.flash.remove(work, IN_FLIGHT);
        }
        self.recover_stored(work);
        self.schedule_submission(work);
    }

    /// Recovers a stored transaction that may or may not have reached the host: it is reversed, then offered again.
    fn recover_stored(&mut self, work: &mut Work<'_>) {
        let Some(request) =
            self.stored.make_eligible_again().and_then(|text| Request::parse(&text, Limits::default()).ok())
        else {
            return;
        };
        self.record_reversal(work, request.get("TRANS_SEQ_NUM").unwrap_or_default());
        self.stored.save(work, &mut self.flash);
    }

    /// Schedules the pending reversals and stored transactions for now.
    pub(crate) fn schedule_submission(&mut self, work: &Work<'_>) {
        let waits = self.flash.lines(REVERSALS).next().is_some() || self.stored.first_eligible().is_some();
        self.offer_at = waits.then_some(work.now.since_start);
    }

    /// Sends the host the first pending reversal or stored transaction, if the settings allow it beside a session.
    pub(crate) fn submit_pending(&mut self, work: &mut Work<'_>) {
        if self.offer_at.is_none_or(|at| at > work.now.since_start) {
            return;
        }
        self.offer_at = Some(work.now.since_start + work.settings.payment.offline_interval);
        let is_free = work.settings.payment.beside_online == 1 || self.session.is_none();
        let is_at_it = self.host_calls.any(|p| matches!(p, Purpose::Reversal { .. } | Purpose::Stored(_)));
        if is_at_it || !is_free {
            return;
        }
        if let Some(sequence) = self.flash.lines(REVERSALS).next().map(str::to_owned) {
            let text = reversal_request(work, &sequence);
            self.host_calls.begin(work, Line::Host, Purpose::Reversal { sequence, awaited: false }, text);
        } else if let Some(record) = self.stored.first_eligible() {
            let (number, text) = (record.number, record.text.clone());
            self.host_calls.begin(work, Line::Host, Purpose::Stored(number), text);
        } else {
            self.offer_at = None;
        }
    }

    /// Records the host's decision on a stored transaction.
    fn stored_submitted(&mut self, work: &mut Work<'_>, number: u32, response: Option<&Response>) {
        let Some(response) = response else { return self.recover_stored(work) };
        let verdict = match result_code(response) {
            4 | 5 => Verdict::Approved,
            code if DECLINES.contains(&code) => Verdict::Declined,
            _ => Verdict::Refused,
        };
        self.stored.record_decision(number, verdict);
        self.stored.save(work, &mut self.flash);
        if verdict != Verdict::Refused {
            self.schedule_submission(work);
        }
    }
}

/// The request that reverses a payment.
fn reversal_request(work: &Work<'_>, sequence: &str) -> String {
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let fields = vec![
        field("FUNCTION_TYPE", "PAYMENT"),
        field("COMMAND", "REVERSAL"),
        field("TERMINAL", &work.settings.pinpad_id),
        field("TRANS_SEQ_NUM", sequence),
    ];
    Request::new(fields).to_xml(Layout::Compact)
}

/// Whether the estate host's answer offers an update.
fn offers_update(response: &Response) -> bool {
    response.get("OFFERS").is_some_and(|version| !version.is_empty())
}
