//! The payment host: decides as its settings say, keeps a ledger of its decisions, and answers after a set delay.
//!
//! It identifies terminals by the id they send and never sees a full card number.

use std::collections::BTreeMap;
use std::time::Duration;

use sca_protocol::cards::{Card, Standing};
use sca_protocol::codes::{self, Code};
use sca_protocol::commands::{Command, amount, parse_amount};
use sca_protocol::message::Layout;
use sca_protocol::settings::HostSettings;
use sca_protocol::xml::Limits;
use sca_protocol::{Request, Response};

/// The identity of one connection from a terminal to a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostConnection {
    /// The terminal's index in the world.
    pub terminal: u16,
    /// The number of the connection.
    pub call: u32,
}

/// An input of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostInput {
    /// A document arrived.
    Document {
        /// The connection it arrived on.
        caller: HostConnection,
        /// The document.
        text: String,
    },
    /// A connection ended.
    Ended {
        /// The connection.
        caller: HostConnection,
    },
    /// The time of [`Host::deadline`] has come.
    Tick,
}

/// An output of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostOutput {
    /// Send this document.
    Say {
        /// The connection to send it on.
        caller: HostConnection,
        /// The document.
        text: String,
    },
    /// Close the connection.
    HangUp {
        /// The connection.
        caller: HostConnection,
    },
}

/// The state of a payment in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Approved,
    Completed,
    Declined,
    Voided,
    Reversed,
}

#[derive(Debug, Clone)]
struct Entry {
    terminal: String,
    sequence: String,
    number: u32,
    state: State,
    answer: Response,
    /// The number of the payment that this one changed, and that payment's state before.
    changed: Option<(u32, State)>,
}

/// The payment host.
#[derive(Debug)]
pub struct Host {
    settings: HostSettings,
    ledger: Vec<Entry>,
    /// Answers that are sent later, by due time and connection.
    waiting: BTreeMap<(Duration, HostConnection), String>,
}

/// The most payments that the ledger keeps.
const LEDGER_MAX: usize = 5_000;

impl Host {
    /// A host with an empty ledger.
    #[must_use]
    pub fn new(settings: HostSettings) -> Self {
        Self { settings, ledger: Vec::new(), waiting: BTreeMap::new() }
    }

    /// Replaces the settings; the ledger is kept.
    pub fn configure(&mut self, settings: HostSettings) {
        self.settings = settings;
    }

    /// Whether it can be reached.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.settings.state != "down"
    }

    /// Handles an input and returns the outputs, in order.
    pub fn handle(&mut self, now: Duration, input: HostInput) -> Vec<HostOutput> {
        match input {
            HostInput::Document { caller, text } => self.document(now, caller, &text),
            HostInput::Ended { caller } => {
                self.waiting.retain(|(_, who), _| *who != caller);
                Vec::new()
            }
            HostInput::Tick => {
                let later =
                    self.waiting.split_off(&(now + Duration::from_nanos(1), HostConnection { terminal: 0, call: 0 }));
                let due = std::mem::replace(&mut self.waiting, later);
                due.into_iter().map(|((_, caller), text)| HostOutput::Say { caller, text }).collect()
            }
        }
    }

    /// The time since the start at which the host needs a [`HostInput::Tick`]; `None` if no answer is waiting.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        self.waiting.keys().next().map(|(at, _)| *at)
    }

    fn document(&mut self, now: Duration, caller: HostConnection, text: &str) -> Vec<HostOutput> {
        let answer = match Request::parse(text, Limits::default()) {
            Ok(request) => self.decide(&request),
            Err(_) => words(codes::BAD_XML, codes::BAD_XML.text),
        };
        let text = answer.to_xml(Layout::Compact);
        match self.settings.state.as_str() {
            // A silent host decides and records, but does not answer.
            "silent" => Vec::new(),
            "cut" => vec![HostOutput::HangUp { caller }],
            _ if self.settings.delay.is_zero() => vec![HostOutput::Say { caller, text }],
            _ => {
                self.waiting.insert((now + self.settings.delay, caller), text);
                Vec::new()
            }
        }
    }

    fn decide(&mut self, request: &Request) -> Response {
        match request.command() {
            "REVERSAL" => self.reverse(request),
            "LAST_TRAN" => self.last(request),
            "VOID" | "DELETE_TAB" => self.follow(request, Some(State::Voided)),
            "ADD_TIP" | "RESET_TIP" => self.follow(request, None),
            _ if request.function_type() != "PAYMENT" => self.report(request),
            _ => self.pay(request),
        }
    }

    fn pay(&mut self, request: &Request) -> Response {
        let Some(row) = Command::find(request) else { return self.with_overrides(codes::UNKNOWN_COMMAND) };
        let follows = request.get("CTROUTD").and_then(|n| n.parse::<u32>().ok());
        if follows.is_some() && self.open_entry(follows).is_none() {
            return words(codes::DECLINED, "NO SUCH TRANSACTION");
        }
        let card = request.get("ACCT_NUM").and_then(Card::of_number);
        let standing = card.map_or(Standing::Good, |card| card.standing);
        let asked = request.get("TRANS_AMOUNT").and_then(parse_amount).unwrap_or(0);
        let done = if follows.is_some() && row.command == "CAPTURE" { codes::COMPLETED } else { row.done };
        let (code, most) = match (self.settings.decision.as_str(), standing) {
            ("declines", _) | ("card", Standing::Declined) => (codes::DECLINED, None),
            ("errors", _) => (codes::HOST_ERROR, None),
            ("card", Standing::Half) => (done, Some(asked / 2)),
            _ => (done, parse_amount(&self.settings.amount)),
        };
        let answer = self.with_overrides(code);
        let number: i32 = answer.get("RESULT_CODE").and_then(|n| n.parse().ok()).unwrap_or(0);
        if !matches!(number, 4 | 5 | 10 | 1 | 8 | 9 | 20 | 30) {
            self.enter(request, State::Declined, answer.clone());
            return answer;
        }
        let serial = u32::try_from(self.ledger.len() + 1).unwrap_or(u32::MAX);
        let approved = most.map_or(asked, |most| most.min(asked));
        let answer = answer
            .with("AUTH_CODE", format!("SIM{serial:03}"))
            .with("TROUTD", (900_000 + serial).to_string())
            .with("CTROUTD", serial.to_string());
        let answer = match (request.command(), card) {
            ("TOKEN_QUERY", Some(card)) => answer.with("CARD_TOKEN", card.token()),
            ("BALANCE", _) => answer.with("AVAILABLE_BALANCE", "50.00"),
            ("DEACTIVATE", _) => answer.with("AVAILABLE_BALANCE", "0.00"),
            _ if request.get("TRANS_AMOUNT").is_some() => answer.with("APPROVED_AMOUNT", amount(approved)),
            _ => answer,
        };
        let state = if matches!(number, 4 | 10) { State::Completed } else { State::Approved };
        self.enter(request, state, answer.clone());
        answer
    }

    fn enter(&mut self, request: &Request, state: State, answer: Response) {
        let text = |name: &str| request.get(name).unwrap_or_default().to_owned();
        let number = answer.get("CTROUTD").and_then(|n| n.parse().ok()).unwrap_or(0);
        if self.ledger.len() < LEDGER_MAX {
            let (terminal, sequence) = (text("TERMINAL"), text("TRANS_SEQ_NUM"));
            self.ledger.push(Entry { terminal, sequence, number, state, answer, changed: None });
        }
    }

    fn open_entry(&mut self, number: Option<u32>) -> Option<&mut Entry> {
        let is_open = |e: &&mut Entry| matches!(e.state, State::Approved | State::Completed) && e.changed.is_none();
        self.ledger.iter_mut().filter(is_open).find(|e| Some(e.number) == number)
    }

    /// Handles VOID, DELETE_TAB and tips, which refer to an earlier payment and may change its state.
    fn follow(&mut self, request: &Request, becomes: Option<State>) -> Response {
        let done = Command::find(request).map_or(codes::VOIDED, |row| row.done);
        let code = match self.settings.decision.as_str() {
            "declines" => codes::DECLINED,
            "errors" => codes::HOST_ERROR,
            _ => done,
        };
        let answer = self.with_overrides(code);
        let number = request.get("CTROUTD").and_then(|n| n.parse::<u32>().ok());
        let Some(entry) = self.open_entry(number) else {
            return words(codes::DECLINED, "NO SUCH TRANSACTION");
        };
        let (serial, before) = (entry.number, entry.state);
        let answer = answer.with("CTROUTD", serial.to_string());
        if code.number == done.number {
            entry.state = becomes.unwrap_or(before);
            self.enter(request, State::Completed, answer.clone());
            self.ledger.last_mut().into_iter().for_each(|entry| entry.changed = Some((serial, before)));
        }
        answer
    }

    fn reverse(&mut self, request: &Request) -> Response {
        if self.settings.decision == "errors" {
            return words(codes::HOST_ERROR, codes::HOST_ERROR.text);
        }
        let (terminal, sequence) = (request.get("TERMINAL"), request.get("TRANS_SEQ_NUM"));
        let fits = |e: &&mut Entry| Some(e.terminal.as_str()) == terminal && Some(e.sequence.as_str()) == sequence;
        if let Some(entry) = self.ledger.iter_mut().rev().find(fits) {
            entry.state = State::Reversed;
            if let Some((number, before)) = entry.changed
                && let Some(changed) = self.ledger.iter_mut().find(|e| e.number == number && e.changed.is_none())
            {
                changed.state = before;
            }
        }
        words(codes::REVERSED, codes::REVERSED.text)
    }

    fn last(&self, request: &Request) -> Response {
        let terminal = request.get("TERMINAL").unwrap_or_default();
        match self.ledger.iter().rev().find(|e| e.terminal == terminal) {
            None => words(codes::NOT_FOUND, "No transaction"),
            Some(entry) => {
                let reversed = entry.state == State::Reversed;
                let answer = if reversed { words(codes::REVERSED, codes::REVERSED.text) } else { entry.answer.clone() };
                answer.with("CLIENT_ID", terminal).with("TRANS_SEQ_NUM", entry.sequence.clone())
            }
        }
    }

    fn report(&self, request: &Request) -> Response {
        let row = Command::find(request);
        let code = row.map_or(codes::UNKNOWN_COMMAND, |row| Code { text: row.text, ..row.done });
        let answer = self.with_overrides(code);
        match request.command() {
            "TAB_REPORT" | "TERMPARAMS" => {
                answer.with("FUNCTION_TYPE", request.function_type()).with("COMMAND", request.command())
            }
            _ if code == codes::UNKNOWN_COMMAND => answer,
            _ => answer.with("RECORD_COUNT", self.ledger.len().to_string()),
        }
    }

    /// A response with this outcome, or with the code and text that the settings put in its place.
    fn with_overrides(&self, code: Code) -> Response {
        let number: Option<i32> = self.settings.code.parse().ok();
        // Several codes may share a number; the text then selects one.
        let mut named = codes::PLATFORM.iter().filter(|code| Some(code.number) == number);
        let wanted = named.find(|code| code.text == self.settings.text).copied();
        let wanted = wanted.or_else(|| number.and_then(codes::find_code).copied());
        let code = wanted.unwrap_or(code);
        let text = if self.settings.text.is_empty() { code.text } else { self.settings.text.as_str() };
        words(code, text)
    }
}

fn words(code: Code, text: &str) -> Response {
    Response::default()
        .with("RESPONSE_TEXT", text)
        .with("RESULT", code.result)
        .with("RESULT_CODE", code.number.to_string())
}
