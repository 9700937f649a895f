//! Queries: commands that are answered from the state of the terminal.

use sca_masking::secret;
use sca_masking::secret::Kind;
use sca_protocol::commands::{Tell, amount};
use sca_protocol::settings::{Settings, TerminalSettings, is_parameter};
use sca_protocol::{Line, Response, codes};

use crate::context::{Task, Work};
use crate::device::Device;
use crate::flash_files::{CONFIG, LAST_TRANSACTION};

impl Device {
    /// Answers a query.
    pub(crate) fn tell(&mut self, work: &mut Work<'_>, mut task: Task, what: Tell) {
        if what == Tell::Parameters {
            return self.query_parameters(work, task);
        }
        if what == Tell::Stored {
            return self.query_stored(work, task);
        }
        if what == Tell::LastTransaction {
            return self.query_last_transaction(work, task);
        }
        if what == Tell::DeviceName && work.settings.names_enabled == 0 {
            return task.refuse(work, codes::NOT_ALLOWED, Some("DEVICENAMEENABLED is 0"));
        }
        let response = task.done(work);
        let response = match what {
            Tell::Counter => response.with("COUNTER", self.query_counter(work, &mut task).to_string()),
            Tell::Status => {
                task.assumed.push("A-25");
                self.status(work, response)
            }
            Tell::Version => {
                let version = env!("CARGO_PKG_VERSION");
                response.with("VERSION_INFO", format!("APP=SCA-SIM|VERSION={version}|MODEL={}", work.settings.model))
            }
            Tell::DeviceName => response.with("DEVICENAME", self.parameter("DEVICENAME").unwrap_or_default()),
            Tell::PaymentTypes => response.with("PAYMENT_TYPES", "CREDIT|DEBIT|GIFT|EBT"),
            Tell::StoredAmount => response.with("TOTAL_AMOUNT", amount(self.stored.waiting())),
            Tell::UpdateStatus => {
                let state = if self.updating.is_some() {
                    "2"
                } else if self.offered {
                    "1"
                } else {
                    "0"
                };
                // The same fields as for STATUS, except that the serial number has another name.
                self.in_session(work, response.with("SECONDARY_DATA", state))
                    .with("DEVICENAME", self.parameter("DEVICENAME").unwrap_or_default())
                    .with("SERIALNUMBER", serial_number(work))
            }
            Tell::Parameters | Tell::Stored | Tell::LastTransaction => response,
        };
        task.answer(work, response);
    }

    /// The COUNTER of the last POS request; with registrations, that of the label (CNT-02 to CNT-04).
    fn query_counter(&mut self, work: &Work<'_>, task: &mut Task) -> u32 {
        if !work.settings.skips_authentication() {
            return task.get("MAC_LABEL").and_then(|label| self.registrations.counter(label)).unwrap_or(0);
        }
        task.assumed.extend(self.counter.assumptions_of_answer());
        self.counter.answer()
    }

    /// Adds the session's fields, the state and the serial number.
    fn status(&self, work: &Work<'_>, response: Response) -> Response {
        let response = response.with("SECONDARY_DATA", if self.session.is_some() { "14" } else { "10" });
        self.in_session(work, response).with("SERIAL_NUMBER", serial_number(work))
    }

    /// Adds the fields of an open session: label, duration, invoice.
    fn in_session(&self, work: &Work<'_>, response: Response) -> Response {
        let Some(session) = &self.session else { return response };
        let open = work.now.since_start.saturating_sub(session.since).as_secs();
        let duration = format!("{:02}:{:02}:{:02}", open / 3600, open / 60 % 60, open % 60);
        let label = match work.settings.skips_authentication() {
            true => &work.settings.messages.session_label,
            false => &session.label,
        };
        let response = if label.is_empty() { response } else { response.with("MACLABEL_IN_SESSION", label) };
        response.with("SESSION_DURATION", duration).with("INVOICE_SESSION", &session.invoice)
    }

    /// The value of a parameter in config.usr1; `None` if it is not set there.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let mut lines = self.flash.lines(CONFIG).filter_map(|line| line.split_once('='));
        lines.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
    }

    /// Answers with parameters by name, separated by bars: settings with capital names, and parameters that were
    /// written.
    fn query_parameters(&mut self, work: &mut Work<'_>, mut task: Task) {
        let names: Vec<String> =
            task.get("PARAM").unwrap_or_default().split('|').map(|name| name.trim().to_owned()).collect();
        let mut found = Vec::with_capacity(names.len());
        for name in names {
            let shown: String = name.chars().take(40).collect();
            if secret::kind(&name).is_some_and(Kind::is_withheld) {
                return task.refuse(work, codes::NOT_ALLOWED, Some(&format!("{shown} cannot be read")));
            }
            let setting = || {
                let row = TerminalSettings::row(&name).ok().filter(|row| is_parameter(row.name))?;
                Some(row.get(work.settings))
            };
            match self.parameter(&name).or_else(setting) {
                Some(value) => found.push(format!("{name}={value}")),
                None if work.settings.messages.unknown_parameters == "left-out" => task.assumed.push("A-77"),
                None => return task.refuse(work, codes::FIELD_ERROR, Some(&format!("PARAM {shown} is unknown"))),
            }
        }
        task.assumed.push("A-57");
        let response = task.done(work);
        let response =
            if work.settings.messages.parameters_order == "page" { status_first(&response) } else { response };
        let response = response.with("PARAM", found.join("|"));
        task.answer(work, response);
    }

    /// Answers with the selected stored transactions.
    fn query_stored(&mut self, work: &mut Work<'_>, mut task: Task) {
        match self.stored.named(&task) {
            Err(code) => task.refuse(work, code, None),
            Ok(numbers) => {
                let text = format!("{} {}", numbers.len(), task.row.text);
                let response = task
                    .outcome(work, codes::DONE, &text)
                    .with("RECORD_COUNT", numbers.len().to_string())
                    .with("TOTAL_AMOUNT", amount(self.stored.total(&numbers)));
                let group = self.stored.group(&numbers);
                let response = if group.children.is_empty() { response } else { response.with_group(group) };
                task.answer(work, response);
            }
        }
    }

    /// Answers with the last payment, from the host or from the flash (hithostforlasttran).
    fn query_last_transaction(&mut self, work: &mut Work<'_>, mut task: Task) {
        if work.settings.payment.last_from_host == 1 {
            let text = self.host_request(work, &task);
            return self.call_host_for(work, task, Line::Host, text);
        }
        let kept = self.flash.read(LAST_TRANSACTION).and_then(|bytes| std::str::from_utf8(bytes).ok());
        let kept = kept.and_then(|text| Response::parse(text, sca_protocol::xml::Limits::default()).ok());
        match kept {
            None => {
                task.assumed.push("A-48");
                task.refuse(work, codes::NOT_FOUND, Some("No transaction"));
            }
            Some(kept) => {
                task.assumed.push("A-55");
                let counter = task.counter.filter(|_| work.settings.echo_counter).map(|c| c.to_string());
                let mut fields: Vec<(String, String)> =
                    kept.fields().iter().map(|f| (f.name.clone(), f.text.clone())).collect();
                fields.insert(4.min(fields.len()), ("CLIENT_ID".to_owned(), work.settings.pinpad_id.clone()));
                if let Some(counter) = counter {
                    fields.insert(4.min(fields.len()), ("COUNTER".to_owned(), counter));
                }
                task.answer(work, Response::new(fields));
            }
        }
    }
}

fn serial_number(work: &Work<'_>) -> String {
    format!("SIM-{}", work.settings.pinpad_id)
}

/// The same response with TERMINATION_STATUS in front.
fn status_first(response: &Response) -> Response {
    let (status, rest): (Vec<_>, Vec<_>) =
        response.fields().iter().cloned().partition(|field| field.name == "TERMINATION_STATUS");
    status.into_iter().chain(rest).fold(Response::default(), Response::with_group)
}
