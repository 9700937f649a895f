//! What the device answers to a message: pure over its session and its counter, and never silent.

use std::time::Duration;

use sca_protocol::codes::{self, Code};
use sca_protocol::commands::{self, Behaviour, Channel, Command};
use sca_protocol::counter::{self, Counter, Fate};
use sca_protocol::message::NotARequest;
use sca_protocol::settings::TerminalSettings;
use sca_protocol::xml::{self, Limits};
use sca_protocol::{Request, Response};

use crate::event::Cardholder;
use crate::prompt::{Asking, Ended};

/// The device behind the link.
#[derive(Debug, Clone, Default)]
pub(crate) struct Device {
    pub(crate) session: Option<Session>,
    pub(crate) counter: Counter,
    /// What holds the device, if anything does.
    pub(crate) asking: Option<Asking>,
    /// DEVICENAME.
    name: String,
}

/// From SESSION START to FINISH.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) invoice: String,
    pub(crate) training: bool,
    pub(crate) since: Duration,
}

/// An answer, and what it rests on.
pub(crate) struct Answer {
    pub(crate) response: Response,
    pub(crate) assumed: Vec<&'static str>,
}

impl Device {
    /// The answers to a text message: one, none as long as the cardholder is asked, two when CANCEL ends a prompt.
    pub(crate) fn answer(&mut self, settings: &TerminalSettings, since_start: Duration, text: &str) -> Vec<Answer> {
        let bytes_max = usize::try_from(settings.document_size_max).unwrap_or(usize::MAX);
        let limits = Limits { bytes_max, ..Limits::default() };
        let request = match Request::parse(text, limits) {
            Ok(request) => request,
            Err(error) => return vec![self.refuse_document(settings, text, limits, &error)],
        };
        let answer = self.carry_out(settings, since_start, &request);
        let recon = request.get("POS_RECON").filter(|r| (1..=30).contains(&r.chars().count()));
        let answer = answer.map(|mut answer| {
            if let Some(recon) = recon {
                answer.response = answer.response.with("POS_RECON", recon);
            }
            answer
        });
        let cancels = Command::find(request.function_type(), request.command())
            .is_some_and(|row| row.behaviour == Behaviour::Cancel);
        let ended = if cancels { self.end_prompt(settings, Ended::Cancelled(codes::CANCELLED.text)) } else { None };
        answer.into_iter().chain(ended).collect()
    }

    /// What the cardholder does may end the prompt that is shown, which is then answered.
    pub(crate) fn cardholder(&mut self, settings: &TerminalSettings, act: &Cardholder) -> Option<Answer> {
        let ended = self.asking.as_ref()?.react(act)?;
        self.end_prompt(settings, ended)
    }

    /// The prompt has waited too long.
    pub(crate) fn prompt_is_over(&mut self, settings: &TerminalSettings) -> Option<Answer> {
        let mut answer = self.end_prompt(settings, Ended::Cancelled("Cancelled by TIMEOUT"))?;
        answer.assumed.push("A-32");
        Some(answer)
    }

    /// Ends the prompt that is shown, and answers its request.
    fn end_prompt(&mut self, settings: &TerminalSettings, ended: Ended) -> Option<Answer> {
        let asking = self.asking.take()?;
        let (code, text, entered) = match ended {
            Ended::Done(entered) => (codes::DONE, asking.row.text, entered),
            Ended::Cancelled(text) => (codes::CANCELLED, text, None),
        };
        let mut response = outcome(code, text);
        if let Some(counter) = asking.counter.filter(|_| settings.echo_counter) {
            response = response.with("COUNTER", counter.to_string());
        }
        let mut assumed = Vec::new();
        if text == codes::CANCELLED.text {
            assumed.extend(codes::CANCELLED.assumption);
        }
        if let Some((field, value)) = entered {
            response = response.with(field, value);
            assumed.push("A-31");
        }
        if let Some(recon) = asking.recon {
            response = response.with("POS_RECON", recon);
        }
        Some(Answer { response, assumed })
    }

    /// The answer to a binary message.
    pub(crate) fn answer_binary() -> Answer {
        let response = outcome(codes::BAD_XML, "XML Format Incorrect: a binary message");
        Answer { response, assumed: vec!["A-26"] }
    }

    fn refuse_document(
        &mut self,
        settings: &TerminalSettings,
        text: &str,
        limits: Limits,
        error: &NotARequest,
    ) -> Answer {
        let counter = xml::parse(text, limits).ok().and_then(|root| {
            let field = root.children.iter().find(|c| c.name == "COUNTER")?;
            counter::parse(&field.text)
        });
        let mut assumed = vec!["A-20"];
        if let Some(counter) = counter {
            assumed.extend(self.counter.assumption(counter, Fate::Malformed));
            self.counter.saw(counter, Fate::Malformed, &settings.counter);
        }
        let response = outcome(codes::BAD_XML, &format!("{}: {error}", codes::BAD_XML.text));
        Answer { response, assumed }
    }

    fn carry_out(&mut self, settings: &TerminalSettings, since_start: Duration, request: &Request) -> Option<Answer> {
        let row = Command::find(request.function_type(), request.command());
        let asks_counter = row.is_some_and(|row| row.behaviour == Behaviour::Counter);
        // A COUNTER in a GET COUNTER is not looked at: the command itself never changes the counter (CNT-05).
        let carried = request.get("COUNTER").filter(|_| !asks_counter);
        let counter = carried.and_then(counter::parse);

        let (code, text) = match row {
            _ if request.function_type() == "SECURITY" => (codes::SECURITY_REFUSED, None),
            None => (codes::UNKNOWN_COMMAND, None),
            // One primary command at a time; the secondary ones are answered meanwhile (CH-02).
            Some(row) if row.channel == Channel::Primary && self.asking.is_some() => (codes::BUSY, None),
            Some(_) if carried.is_some() && counter.is_none() => {
                (codes::FIELD_ERROR, Some("COUNTER must be 1 to 4294967295".to_owned()))
            }
            Some(row) => match row.complaint(request) {
                Some(complaint) => (codes::FIELD_ERROR, Some(complaint)),
                None => (self.verdict_on(row.behaviour), None),
            },
        };
        let fate = match row {
            Some(row) if row.channel == Channel::Secondary => Fate::Secondary,
            _ if code.success => Fate::Done,
            _ => Fate::Refused,
        };
        let mut assumed: Vec<&'static str> = code.assumption.into_iter().collect();
        if let Some(counter) = counter {
            assumed.extend(self.counter.assumption(counter, fate));
            self.counter.saw(counter, fate, &settings.counter);
        }
        if let Some((row, Behaviour::Prompt(prompt))) = row.filter(|_| code.success).map(|row| (row, row.behaviour)) {
            let waits = settings.prompt_timeout;
            let until = (!waits.is_zero()).then(|| since_start + waits);
            self.asking = Some(Asking::new(row, prompt, request, counter, until));
            return None;
        }
        let done_text = row.filter(|_| code.success).map(|row| row.text);
        let mut response = outcome(code, text.as_deref().or(done_text).unwrap_or(code.text));
        if let Some(counter) = counter.filter(|_| settings.echo_counter) {
            response = response.with("COUNTER", counter.to_string());
        }
        if let Some(row) = row.filter(|_| code.success) {
            match row.behaviour {
                Behaviour::Status => assumed.push("A-25"),
                Behaviour::Counter => assumed.extend(self.counter.assumptions_of_answer()),
                _ => {}
            }
            response = self.behave(row.behaviour, settings, since_start, request, response);
        }
        Some(Answer { response, assumed })
    }

    /// Whether the state of the device allows a behaviour.
    fn verdict_on(&self, behaviour: Behaviour) -> Code {
        match (behaviour, &self.session) {
            (Behaviour::StartSession, Some(_)) => codes::SESSION_IN_PROGRESS,
            (Behaviour::FinishSession, None) => codes::NO_SESSION,
            (Behaviour::Cancel, _) if self.asking.is_none() => codes::NOTHING_TO_CANCEL,
            _ => codes::DONE,
        }
    }

    fn behave(
        &mut self,
        behaviour: Behaviour,
        settings: &TerminalSettings,
        since_start: Duration,
        request: &Request,
        response: Response,
    ) -> Response {
        match behaviour {
            Behaviour::StartSession => {
                let training = request.get("TRAINING_MODE").and_then(commands::training).unwrap_or(false);
                let invoice = request.get("INVOICE").unwrap_or_default().to_owned();
                self.session = Some(Session { invoice, training, since: since_start });
                response.with("TRAINING_MODE", if training { "ON" } else { "OFF" })
            }
            Behaviour::FinishSession => {
                self.session = None;
                response
            }
            Behaviour::DeviceName => response.with("DEVICENAME", self.name.clone()),
            Behaviour::NameDevice => {
                request.get("DEVICENAME").unwrap_or_default().clone_into(&mut self.name);
                response
            }
            // A prompt answers when it ends; what CANCEL ends is answered after it.
            Behaviour::Prompt(_) | Behaviour::Cancel => response,
            Behaviour::Counter => response.with("COUNTER", self.counter.answer().to_string()),
            Behaviour::Status => self.status(settings, since_start, response),
            Behaviour::Version => response.with(
                "VERSION_INFO",
                format!("APP=SCA-SIM|VERSION={}|MODEL={}", env!("CARGO_PKG_VERSION"), settings.model),
            ),
        }
    }

    fn status(&self, settings: &TerminalSettings, since_start: Duration, response: Response) -> Response {
        let response = response.with("SECONDARY_DATA", if self.session.is_some() { "14" } else { "10" });
        let response = match &self.session {
            Some(session) => {
                let open = since_start.saturating_sub(session.since).as_secs();
                let duration = format!("{:02}:{:02}:{:02}", open / 3600, open / 60 % 60, open % 60);
                response.with("SESSION_DURATION", duration).with("INVOICE_SESSION", &session.invoice)
            }
            None => response,
        };
        response.with("SERIAL_NUMBER", format!("SIM-{}", settings.pinpad_id))
    }
}

/// The four fields every response begins with, in the sample's order (MSG-04).
fn outcome(code: Code, text: &str) -> Response {
    let status = if code.success { "SUCCESS" } else { "FAILURE" };
    Response::default()
        .with("RESPONSE_TEXT", text)
        .with("RESULT", code.result)
        .with("RESULT_CODE", code.number.to_string())
        .with("TERMINATION_STATUS", status)
}
