//! What the device answers to a message: pure over its session and its counter, and never silent.

use std::time::Duration;

use sca_protocol::codes::{self, Code};
use sca_protocol::commands::{self, Behaviour, Channel, Command};
use sca_protocol::counter::{self, Counter, Fate};
use sca_protocol::message::NotARequest;
use sca_protocol::settings::TerminalSettings;
use sca_protocol::xml::{self, Limits};
use sca_protocol::{Request, Response};

/// The device behind the link.
#[derive(Debug, Clone, Default)]
pub(crate) struct Device {
    pub(crate) session: Option<Session>,
    pub(crate) counter: Counter,
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
    /// The answer to a text message.
    pub(crate) fn answer(&mut self, settings: &TerminalSettings, since_start: Duration, text: &str) -> Answer {
        let bytes_max = usize::try_from(settings.document_size_max).unwrap_or(usize::MAX);
        let limits = Limits { bytes_max, ..Limits::default() };
        let request = match Request::parse(text, limits) {
            Ok(request) => request,
            Err(error) => return self.refuse_document(settings, text, limits, &error),
        };
        let mut answer = self.carry_out(settings, since_start, &request);
        if let Some(recon) = request.get("POS_RECON").filter(|r| (1..=30).contains(&r.chars().count())) {
            answer.response = answer.response.with("POS_RECON", recon);
        }
        answer
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

    fn carry_out(&mut self, settings: &TerminalSettings, since_start: Duration, request: &Request) -> Answer {
        let row = Command::find(request.function_type(), request.command());
        let asks_counter = row.is_some_and(|row| row.behaviour == Behaviour::Counter);
        // A COUNTER in a GET COUNTER is not looked at: the command itself never changes the counter (CNT-05).
        let carried = request.get("COUNTER").filter(|_| !asks_counter);
        let counter = carried.and_then(counter::parse);

        let (code, text) = match row {
            _ if request.function_type() == "SECURITY" => (codes::SECURITY_REFUSED, None),
            None => (codes::UNKNOWN_COMMAND, None),
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
        Answer { response, assumed }
    }

    /// Whether the state of the device allows a behaviour.
    fn verdict_on(&self, behaviour: Behaviour) -> Code {
        match (behaviour, &self.session) {
            (Behaviour::StartSession, Some(_)) => codes::SESSION_IN_PROGRESS,
            (Behaviour::FinishSession, None) => codes::NO_SESSION,
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
