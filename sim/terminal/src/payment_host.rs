//! Payments and their host: when it is called, what it is sent, and what follows from its answer or from a failed call.

use sca_core::{Cardholder, Screen};
use sca_protocol::cards::Entry;
use sca_protocol::codes::Code;
use sca_protocol::commands::{Behaviour, Pay, amount, parse_amount};
use sca_protocol::message::Layout;
use sca_protocol::screens::ScreenName;
use sca_protocol::{Line, Request, Response, codes};

use crate::context::{Effect, Origin, Task, Work};
use crate::device::{Activity, Device, Holder};
use crate::flash_files::{HISTORY, IN_FLIGHT, LAST_TRANSACTION, SEQUENCE};
use crate::host_calls::{Purpose, Trouble};
use crate::outcome::{
    DECLINES, code_of, from_host, others, result_code, with_card_fields, with_partial_amounts, with_real_fields,
};
use crate::payment_flow::{Kind, Next, Payment, Stage, kind};

/// Number of payments that the duplicate rule remembers.
const HISTORY_MAX: usize = 32;

/// Fields of a request that are forwarded to the payment host.
const PASSED_ON: &[&str] = &[
    "TRANS_AMOUNT",
    "TIP_AMOUNT",
    "CTROUTD",
    "AUTH_CODE",
    "CARD_TOKEN",
    "EBT_TYPE",
    "CUSTOMER_ZIP",
    "TOKEN_TYPE",
    "FORCE_FLAG",
];

impl Device {
    /// Starts a payment, or refuses it.
    pub(crate) fn begin_payment(&mut self, work: &mut Work<'_>, task: Task, pay: Pay) {
        match kind(&task, pay) {
            Err(text) => task.refuse(work, codes::FIELD_ERROR, Some(text)),
            Ok(kind) => {
                let rules = &work.settings.payment;
                let wants_card = kind == Kind::Card && Payment::entry(&task) == Stage::Card;
                let left = wants_card && self.slot.is_some_and(|slot| slot.used || !rules.reads_ahead);
                if left && !rules.asks_removal {
                    return task.refuse(work, codes::BUSY.on("A-73"), None);
                }
                let payment = Payment::new(&task, kind, left, rules);
                self.shown = None;
                self.holder = Some(Holder { task, doing: Activity::Paying(Box::new(payment)) });
                self.enter_stage(work);
            }
        }
    }

    /// Applies an action of the cardholder to the payment.
    pub(crate) fn payment_action(&mut self, work: &mut Work<'_>, act: &Cardholder) {
        let Some(Holder { task, doing: Activity::Paying(payment) }) = &mut self.holder else { return };
        let before = payment.card;
        let is_asked = payment.stage == Stage::Card;
        let next = match act {
            Cardholder::Presses(key) => payment.press(task, key),
            Cardholder::Enters(text) => payment.enter(text),
            Cardholder::Presents(card, entry) => {
                self.slot.iter_mut().for_each(|slot| slot.used |= is_asked && *entry == Entry::Inserted);
                payment.present(card, *entry)
            }
            Cardholder::Removes | Cardholder::Signs => Next::Stay,
        };
        match next {
            Next::Stay => {}
            Next::Tell(code) => {
                if code == codes::CHIP_ERROR {
                    task.assumed.push("A-63");
                }
                self.notice(work, code, &[]);
            }
            Next::Cancel => self.cancel_occupant(work, "Cancelled by CUSTOMER", None),
            Next::Go => {
                if let (None, Some((_, entry))) = (before, payment.card) {
                    self.notice(work, codes::CARD_ENTRY, &[("CARD_ENTRY_METHOD", entry.method())]);
                }
                self.enter_stage(work);
            }
        }
    }

    /// Starts the payment's current stage.
    fn enter_stage(&mut self, work: &mut Work<'_>) {
        let Some(Holder { task, doing: Activity::Paying(payment) }) = &mut self.holder else { return };
        let wait = work.settings.payment.card_timeout;
        payment.until = (!wait.is_zero()).then(|| work.now.since_start + wait);
        match payment.stage {
            Stage::Removal => {
                task.assumed.push("A-73");
                self.notice(work, codes::REMOVE_CARD, &[]);
            }
            Stage::Card => {
                self.notice(work, codes::CARD_ENTRY_SCREEN, &[]);
                self.read_inserted_card(work);
            }
            Stage::Calling => {
                payment.until = None;
                self.authorise(work);
            }
            _ => {}
        }
    }

    /// Reads a card that was inserted before it was asked for.
    fn read_inserted_card(&mut self, work: &mut Work<'_>) {
        let Some(slot) = self.slot.filter(|slot| !slot.used) else { return };
        if let Some(Holder { task, .. }) = &mut self.holder {
            task.assumed.push("A-73");
        }
        self.payment_action(work, &Cardholder::Presents(slot.card, Entry::Inserted));
    }

    /// Continues a payment that has waited for the card to be removed.
    pub(crate) fn slot_emptied(&mut self, work: &mut Work<'_>) {
        let Some(Holder { task, doing: Activity::Paying(payment) }) = &mut self.holder else { return };
        if payment.stage == Stage::Removal {
            payment.begin(task, &work.settings.payment);
            self.enter_stage(work);
        }
    }

    /// Authorises a payment whose card is known: decides locally what can be decided, otherwise calls the host.
    fn authorise(&mut self, work: &mut Work<'_>) {
        let Some(Holder { task, doing: Activity::Paying(payment) }) = &mut self.holder else { return };
        if task.is_set("CAPTURECARD_EARLYRETURN") && payment.card.is_some() {
            let response = task.outcome(work, codes::DONE, codes::EARLY_CARD);
            let response = with_card_fields(response, work, task, payment);
            task.send(work, &response, Vec::new());
        }
        if let Some(code) = self.duplicate(work) {
            return self.end_payment(work, code, None, Vec::new());
        }
        if self.session.as_ref().is_some_and(|session| session.training) {
            return self.approve_in_training(work);
        }
        let sequence = self.flash.lines(SEQUENCE).next().and_then(|n| n.parse::<u64>().ok()).unwrap_or(0) + 1;
        self.flash.write_lines(work, SEQUENCE, &[sequence.to_string()]);
        let Some(Holder { task, .. }) = &self.holder else { return };
        let text = self.host_request(work, &task.clone());
        self.host_calls.begin(work, Line::Host, Purpose::Holder, text);
    }

    /// The request to the payment host. It never contains a full card number.
    pub(crate) fn host_request(&self, work: &Work<'_>, task: &Task) -> String {
        if task.row.command.is_empty() {
            return task.request.to_xml(Layout::Compact);
        }
        let plain = |value: &str| value.replace(char::is_control, " ");
        let mut fields = vec![
            ("FUNCTION_TYPE".to_owned(), task.row.function_type.to_owned()),
            ("COMMAND".to_owned(), task.row.command.to_owned()),
            ("TERMINAL".to_owned(), work.settings.pinpad_id.clone()),
        ];
        if let Behaviour::Pay(_) = task.row.behaviour {
            let sequence = self.flash.lines(SEQUENCE).next().unwrap_or_default().to_owned();
            fields.push(("TRANS_SEQ_NUM".to_owned(), sequence));
        }
        fields.extend(self.session.iter().map(|s| ("INVOICE".to_owned(), plain(&s.invoice))));
        let passed = PASSED_ON.iter().filter_map(|name| Some(((*name).to_owned(), plain(task.get(name)?))));
        fields.extend(passed);
        if let Some(Holder { doing: Activity::Paying(payment), .. }) = &self.holder {
            fields.extend(payment.tender.iter().map(|tender| ("PAYMENT_TYPE".to_owned(), tender.clone())));
            if let Some((card, _)) = payment.card {
                let mode = payment.mode(&work.settings.payment).unwrap_or_default();
                fields.push(("ACCT_NUM".to_owned(), card.masked.to_owned()));
                fields.push(("CARD_ENTRY_MODE".to_owned(), mode.to_owned()));
            }
        } else {
            fields.extend(task.get("PAYMENT_TYPE").map(|tender| ("PAYMENT_TYPE".to_owned(), plain(tender))));
        }
        Request::new(fields).to_xml(Layout::Compact)
    }

    /// Handles the result of the host call of the request that occupies the device.
    pub(crate) fn host_answered(&mut self, work: &mut Work<'_>, result: Result<Response, Trouble>) {
        let Some(holder) = &mut self.holder else { return };
        match (&mut holder.doing, result) {
            (Activity::Paying(_), Ok(response)) => self.settle(work, &response),
            (Activity::Paying(payment), Err(trouble)) => match trouble {
                Trouble::NotReached => self.approve_offline(work),
                Trouble::BrokeOff | Trouble::TimedOut => {
                    payment.stage = Stage::Reversing;
                    payment.trouble = Some(trouble);
                    self.reverse(work);
                }
            },
            (_, Ok(response)) => self.pass_on(work, &response),
            (_, Err(trouble)) => {
                if let Some(holder) = self.holder.take() {
                    holder.task.refuse(work, code_of(trouble), None);
                }
            }
        }
    }

    /// Answers a payment that the host has decided.
    fn settle(&mut self, work: &mut Work<'_>, response: &Response) {
        let Some(Holder { task, doing: Activity::Paying(payment) }) = &mut self.holder else { return };
        task.assumed.extend(self.slot.map(|_| "A-44"));
        let answer = from_host(work, task, response);
        let sequence = self.flash.lines(SEQUENCE).next().unwrap_or_default().to_owned();
        let answer =
            others(response).fold(answer.with("TRANS_SEQ_NUM", sequence), |a, (name, value)| a.with(name, value));
        let answer = with_card_fields(answer, work, task, payment);
        let answer = with_partial_amounts(answer, task);
        let invoice = self.session.as_ref().map(|session| session.invoice.clone()).unwrap_or_default();
        let answer = with_real_fields(answer, work, task, (payment, &invoice));
        let number = result_code(response);
        let approved = !DECLINES.contains(&number) && answer.get("TERMINATION_STATUS") == Some("SUCCESS");
        self.store_last_transaction(work, &answer, approved && matches!(number, 4 | 5));
        self.flash.remove(work, IN_FLIGHT);
        let text = response.get("RESPONSE_TEXT").unwrap_or_default().to_owned();
        self.show_outcome(work, approved, &text);
        if let Some(Holder { mut task, .. }) = self.holder.take() {
            task.assumed.push("A-36");
            task.assumed.extend(task.row.guess);
            task.answer(work, answer);
        }
        self.schedule_submission(work);
    }

    /// Stores the answer for LAST_TRAN and, if the payment was approved, for the duplicate rule.
    fn store_last_transaction(&mut self, work: &mut Work<'_>, answer: &Response, approved: bool) {
        let kept = answer.fields().iter().filter(|f| f.name != "COUNTER").map(|f| (f.name.clone(), f.text.clone()));
        let text = Response::new(kept.collect()).to_xml(Layout::Compact);
        self.flash.write(work, LAST_TRANSACTION, text.as_bytes());
        if approved && let Some((invoice, key)) = self.trace() {
            let mut lines: Vec<String> = self.flash.lines(HISTORY).map(str::to_owned).collect();
            lines.push(format!("{key} {invoice}"));
            let from = lines.len().saturating_sub(HISTORY_MAX);
            self.flash.write_lines(work, HISTORY, &lines[from..]);
        }
    }

    /// The values that the duplicate rule compares: the invoice; and command, amount and card combined.
    fn trace(&self) -> Option<(String, String)> {
        let Some(Holder { task, doing: Activity::Paying(payment) }) = &self.holder else { return None };
        let (card, _) = payment.card.filter(|_| task.row.command != "BALANCE")?;
        let invoice = self.session.as_ref()?.invoice.replace(char::is_control, " ");
        let total = task.get("TRANS_AMOUNT").and_then(parse_amount).filter(|total| *total != 0).map(amount)?;
        Some((invoice, format!("{} {total} {}", task.row.command, card.name)))
    }

    /// The code of a payment that duplicates an approved one, or is wrongly forced; otherwise `None`.
    fn duplicate(&mut self, work: &Work<'_>) -> Option<Code> {
        if work.settings.payment.duplicates == 0 {
            return None;
        }
        let (invoice, key) = self.trace()?;
        let same: Vec<&str> =
            self.flash.lines(HISTORY).filter_map(|l| l.strip_prefix(&key)?.strip_prefix(' ')).collect();
        let Some(Holder { task, .. }) = &mut self.holder else { return None };
        let forced = task.is_set("FORCE_FLAG");
        let code = match (same.contains(&invoice.as_str()), forced) {
            (true, false) => codes::DUPLICATE,
            (false, true) if !same.is_empty() => codes::INVOICE_MISMATCH,
            _ => return None,
        };
        task.assumed.push("A-42");
        Some(code)
    }

    fn approve_in_training(&mut self, work: &mut Work<'_>) {
        if let Some(Holder { task, .. }) = &mut self.holder {
            task.assumed.push("A-60");
            let done = task.row.done;
            self.end_payment(work, done, None, vec![("TRAINING_MODE", "ON".to_owned())]);
        }
    }

    /// Handles a host that cannot be reached and so knows nothing: small credit payments are approved and stored
    ///
    fn approve_offline(&mut self, work: &mut Work<'_>) {
        let Some(Holder { task, doing: Activity::Paying(payment) }) = &mut self.holder else { return };
        let total = task.get("TRANS_AMOUNT").and_then(parse_amount).unwrap_or(0);
        let limit = i64::try_from(work.settings.payment.offline_limit).unwrap_or(i64::MAX);
        let offline = payment.card.filter(|(card, _)| !card.pin && payment.tender.as_deref() == Some("CREDIT"));
        let code = match task.row.command {
            // A debit card used as credit has no PIN either, but its bank has to be asked.
            _ if offline.is_some_and(|(card, _)| card.tender != "CREDIT") => codes::HOST_NOT_AVAILABLE,
            "CAPTURE" | "CREDIT" => codes::CAPTURE_STORED,
            "AUTH" => codes::APPROVAL_STORED,
            _ => codes::HOST_NOT_AVAILABLE,
        };
        if offline.is_none() || total > limit || total == 0 || !code.success || !self.stored.has_room() {
            return self.end_payment(work, codes::HOST_NOT_AVAILABLE, None, Vec::new());
        }
        task.assumed.push("A-45");
        let task = task.clone();
        let text = self.host_request(work, &task);
        let number = self.stored.keep(total, text);
        self.stored.save(work, &mut self.flash);
        self.offer_at = Some(work.now.since_start + work.settings.payment.offline_interval);
        self.end_payment(
            work,
            code,
            None,
            vec![("APPROVED_AMOUNT", amount(total)), ("SAF_NUM", format!("{number:04}"))],
        );
    }

    /// Ends a payment with an outcome that the device decides.
    pub(crate) fn end_payment(
        &mut self,
        work: &mut Work<'_>,
        code: Code,
        text: Option<&str>,
        more: Vec<(&'static str, String)>,
    ) {
        let Some(Holder { task, doing: Activity::Paying(payment) }) = &mut self.holder else { return };
        let text = text.unwrap_or(code.text);
        let answer = task.outcome(work, code, text);
        let answer = more.into_iter().fold(answer, |answer, (name, value)| answer.with(name, value));
        let answer = with_card_fields(answer, work, task, payment);
        let approved = code.success;
        if approved {
            let captured = matches!(code.number, 4 | 5) && !answer.fields().iter().any(|f| f.name == "TRAINING_MODE");
            self.store_last_transaction(work, &answer, captured);
        }
        self.show_outcome(work, approved, text);
        if let Some(Holder { task, .. }) = self.holder.take() {
            task.answer(work, answer);
        }
    }

    /// Shows the outcome for a while, and asks for the removal of the card.
    fn show_outcome(&mut self, work: &mut Work<'_>, approved: bool, text: &str) {
        let name = if approved { ScreenName::Approved } else { ScreenName::Declined };
        let time = work.settings.payment.result_time;
        if !time.is_zero() {
            self.shown = Some((Screen::plain(name).saying(text.to_owned()), work.now.since_start + time));
        }
        if self.slot.is_some_and(|slot| slot.used) {
            self.notice(work, codes::REMOVE_CARD, &[]);
        }
    }

    /// Sends the POS a notice about the payment, if the settings ask for notices.
    pub(crate) fn notice(&mut self, work: &mut Work<'_>, code: Code, more: &[(&'static str, &str)]) {
        let Some(Holder { task, .. }) = &self.holder else { return };
        let rules = &work.settings.notices;
        let address = self.session.as_ref().and_then(|session| session.address.clone());
        if !rules.wanted || rules.way == "off" || (rules.need_address && address.is_none()) {
            return;
        }
        let response = crate::context::outcome(code, code.text);
        let response = more.iter().fold(response, |response, (name, value)| response.with(name, *value));
        self.send_unsolicited(work, task, response, address);
    }

    /// Reports a scanned code to the POS that started the asynchronous scan.
    pub(crate) fn report_scan(&self, work: &mut Work<'_>, fields: Vec<(&'static str, String)>) {
        let Some(Holder { task, .. }) = &self.holder else { return };
        let port = task.get("POS_PORT").and_then(|port| port.parse().ok());
        let address = task.get("POS_IP").map(str::to_owned).zip(port);
        let response = crate::context::outcome(codes::DONE, "Barcode Scanned");
        let response = fields.into_iter().fold(response, |response, (name, value)| response.with(name, value));
        self.send_unsolicited(work, task, response, address);
    }

    /// Sends a POS an unsolicited message, signed if it is registered: on the link, or by a call to the address it
    /// listens at.
    fn send_unsolicited(&self, work: &mut Work<'_>, task: &Task, response: Response, address: Option<(String, u16)>) {
        let mut assumed = Vec::new();
        let response = match task.get("MAC_LABEL").and_then(|label| Some((label, self.registrations.sign(label)?))) {
            Some((label, mac)) => {
                assumed.push("A-65");
                response.with("MAC_LABEL", label).with("MAC", mac)
            }
            None => response,
        };
        let on_link = matches!(task.origin, Origin::Link(_)) && work.settings.notices.way == "websocket";
        if on_link {
            assumed.push("A-47");
            task.send(work, &response, assumed);
        } else if let Some(address) = address {
            let text = task.text_of(work, &response);
            assumed.into_iter().for_each(|id| work.does(Effect::Assume(id)));
            work.does(Effect::CallBack { address, text });
        }
    }
}
