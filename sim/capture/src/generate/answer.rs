//! Lines for messages of the terminal: which request each answers, and which of its fields are expected.

use std::time::Duration;

use sca_masking::secret;
use sca_model::Span;
use sca_model::{Action, Awaited, Demand, Expect, Fields, Message, Op, Send, Speaker, Suffix, Test};
use sca_protocol::commands::{Command, SessionRequirement};
use sca_protocol::frame::opcode;
use sca_protocol::xml::Element;
use sca_protocol::{Request, Response};

use super::lines::{is_start, test};
use super::state::{Asked, ScenarioGenerator};
use crate::fields;
use crate::fields::{BROUGHT_BACK, REFERENCE, VARYING};

impl ScenarioGenerator {
    /// Adds a message of the terminal: a response or a notice.
    pub(super) fn answer(&mut self, at: Duration, opcode: u8, payload: &[u8]) {
        let said = crate::redact::redacted_bytes(payload);
        let text = match (opcode, std::str::from_utf8(&said)) {
            (opcode::TEXT, Ok(text)) => text.to_owned(),
            _ => {
                self.comment(&format!("the terminal sent a binary message of {} bytes", payload.len()));
                return;
            }
        };
        let (response, asked) = self.speech.pairing.answered(&text);
        let suffix =
            Suffix { re: asked.as_ref().map(|asked| (asked.label.clone(), Span::default())), ..Suffix::default() };
        if text.contains("{{") {
            return self.comment("the terminal sent a text with `{{` in it, which no line can expect");
        }
        let Some(response) = &response else {
            self.step(Some(at), told(sca_judge::verbatim(&text), suffix));
            return;
        };
        let names_another = response.get("COUNTER").is_some();
        if asked.is_none() && (self.speech.unseen_behind.is_some() || names_another) && !is_notice(response) {
            return self.comment(
                "response to a request that is not in the capture: sent in a gap, before it began, or elsewhere",
            );
        }
        // The answered request came after the gap, so no request from the gap is open any more.
        let is_behind = |number: u32| asked.as_ref().is_some_and(|asked| asked.number > number);
        self.speech.unseen_behind = self.speech.unseen_behind.filter(|number| !is_behind(*number));
        if asked.as_ref().is_some_and(|asked| asked.is_elsewhere) {
            return self.comment("response to a request in the previous part, or one that was left out");
        }
        if let Some(asked) = &asked {
            self.detect_open_session(asked, response);
            self.before_the_answer(at, asked, response);
        }
        let before = self.speech.captured.len();
        let message = self.answer_of(asked.as_ref(), response, &text);
        self.step(Some(at), told(message, suffix));
        if let Some(asked) = &asked {
            self.after_the_answer(asked, response);
            if self.speech.captured.len() > before {
                let brought = response.fields().iter().filter(|field| fields::holds(BROUGHT_BACK, &field.name));
                let named = brought.filter_map(|field| {
                    let name = self.speech.captured.get(&field.text)?;
                    Some((field.text.clone(), name.clone()))
                });
                let named = named.collect();
                self.keep_exchange(asked, named);
            }
        }
    }

    fn answer_of(&mut self, asked: Option<&Asked>, response: &Response, text: &str) -> Message {
        let is_word = |name: &str| name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        if response.fields().iter().any(|field| !is_word(&field.name)) || response.fields().is_empty() {
            return sca_judge::verbatim(text);
        }
        let asks_counter = asked.and_then(|asked| asked.request.as_ref()).filter(|r| r.command() == "GET_COUNTER");
        let mut tests: Vec<Test> = Vec::new();
        for field in response.fields() {
            if tests.iter().any(|test| test.field == field.name) {
                self.comment(&format!("{} occurs more than once", field.name));
                continue;
            }
            let demand = self.demand_of(field, asks_counter, response);
            tests.push(test(&field.name, demand));
        }
        Message::Fields(Fields { notice: asked.is_none(), tests, ..Fields::default() })
    }

    /// The expectation for a field of a response: its value, unless that differs in every run.
    fn demand_of(&mut self, field: &Element, asks_counter: Option<&Request>, response: &Response) -> Demand {
        let name = field.name.as_str();
        if name == "COUNTER" {
            if let Some(request) = asks_counter
                && self.counts(request, Some(&field.text))
            {
                return Demand::Capture("counter".to_owned());
            }
            return Demand::Is(Op::Equal, self.counter_of(&field.text));
        }
        if fields::holds(BROUGHT_BACK, name) && !field.text.is_empty() {
            if let Some(known) = self.speech.captured.get(&field.text) {
                return Demand::Is(Op::Equal, format!("{{{{{known}}}}}"));
            }
            self.speech.named += 1;
            let name = format!("{}-{}", name.to_lowercase().replace('_', "-"), self.speech.named);
            if field.name == "MAC_LABEL" && response.get("MAC_KEY").is_some() {
                self.speech.registered.push(field.text.clone());
            }
            self.speech.captured.insert(field.text.clone(), name.clone());
            return Demand::Capture(name);
        }
        // Implementations describe errors in a document in different words.
        let is_detail = name == "RESPONSE_TEXT" && response.get("RESULT_CODE") == Some("-2");
        let differs = is_detail || fields::holds(VARYING, name) || secret::kind(name).is_some();
        // A literal `{{` is not an insert, and an unescaped value may turn out to be a card number.
        let is_odd = field.text.contains("{{") || !sca_masking::pan::find(field.text.as_bytes()).is_empty();
        let is_odd = is_odd && !fields::holds(REFERENCE, name);
        match differs || is_odd || !field.children.is_empty() {
            true => Demand::Any,
            false => Demand::Is(Op::Equal, self.inserted(&field.text)),
        }
    }

    /// Detects a session that was open before the capture began: a command that needs one succeeded, or a START was
    /// refused because one is open.
    fn detect_open_session(&mut self, asked: &Asked, response: &Response) {
        let Some(request) = &asked.request else { return };
        let command = Command::find(request);
        let is_start = is_start(request);
        let is_refused = response.get("RESULT_CODE") == Some("59003");
        let needs = command.is_some_and(|command| command.needs == SessionRequirement::Session);
        let is_done = !matches!(response.get("TERMINATION_STATUS"), Some("FAILURE"));
        let is_finish = request.function_type() == "SESSION" && request.command() == "FINISH";
        let was_open = (is_start && is_refused) || ((needs || is_finish) && is_done);
        // An earlier START whose response is not in the capture may have opened it.
        let may_be_new = self.speech.starts > usize::from(is_start);
        if was_open && !self.speech.has_session && !may_be_new {
            self.insert_session_start();
        }
        self.speech.has_session |= is_start || was_open;
    }

    /// On the classic ports, a POS that uses a MAC label registered earlier: adds a registration at the start, with a
    /// key of the simulated POS.
    pub(super) fn insert_registration(&mut self, request: &Request) {
        let Some(label) = request.get("MAC_LABEL").filter(|_| self.classic && request.get("MAC").is_some()) else {
            return;
        };
        if self.speech.registered.iter().any(|known| known == label) {
            return;
        }
        self.speech.named += 1;
        let number = self.speech.named;
        let lines = format!(
            "# the POS was registered when the capture began\n\
             pos -> terminal  SECURITY REGISTER ENTRY_CODE=1234 KEY={{{{pos.key}}}}  as registered-{number}\n\
             terminal -> pos  RESULT=OK MAC_LABEL=?mac-label-{number} MAC_KEY=*  re registered-{number}\n"
        );
        self.set_terminal("AUTOPAIR", "1".to_owned());
        self.speech.registered.push(label.to_owned());
        self.speech.captured.insert(label.to_owned(), format!("mac-label-{number}"));
        self.insert(self.speech.connected.unwrap_or_default(), &lines);
    }

    /// Adds the start of a session at the beginning of the current connection.
    pub(super) fn insert_session_start(&mut self) {
        let Some(place) = self.speech.connected else { return };
        let behind = self.body.split_off(place);
        self.comment("a session was open when the capture began");
        let routing = vec!["SESSION".to_owned(), "START".to_owned()];
        let tests = vec![test("INVOICE", Demand::Is(Op::Equal, "1".to_owned()))];
        let start = Message::Fields(Fields { routing, tests, ..Fields::default() });
        let label = Some("opened".to_owned());
        self.step(None, Action::Send(Send { by: Speaker::Pos(0), to: 0, message: start, label }));
        let tests = vec![test("RESULT", Demand::Is(Op::Equal, "OK".to_owned()))];
        let suffix = Suffix { re: Some(("opened".to_owned(), Span::default())), ..Suffix::default() };
        self.step(None, told(Message::Fields(Fields { tests, ..Fields::default() }), suffix));
        let lines = self.body.split_off(place);
        self.body.push_str(&behind);
        self.insert(place, &lines);
    }
}

/// Whether a response is a notice, judging by its fields.
fn is_notice(response: &Response) -> bool {
    let field = |name: &str| response.get(name).unwrap_or_default();
    let is_echo = response.get("COUNTER").is_some() || response.get("POS_RECON").is_some();
    !is_echo && sca_protocol::codes::is_notice(field("RESULT_CODE"), field("RESULT"), field("RESPONSE_TEXT"))
}

fn told(message: Message, suffix: Suffix) -> Action {
    Action::Expect(Expect { who: 0, awaited: Awaited::ToPos(message), suffix })
}
