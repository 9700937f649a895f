//! The simulated terminal with a planted violation: a wrapper at the seam of the client core.

use std::time::Duration;

use sca_core::{Display, Input, LinkEvent, LinkReport, Output, Screen, Terminal, TerminalConfig};
use sca_judge::Pairing;
use sca_protocol::handshake::Head;
use sca_protocol::message::Layout;
use sca_protocol::screens::ScreenName;
use sca_protocol::settings::{Settings, TerminalSettings};
use sca_protocol::xml::{Element, Limits};
use sca_protocol::{Line, Now, Reason, Request, Response, handshake};
use sca_terminal::{SimulatedTerminal, simulated};

/// What a violation does to an answer.
pub(crate) enum Reply {
    /// It is sent unchanged; this is not an opportunity.
    Sound,
    /// It is never sent.
    Swallowed,
    /// This text is sent instead.
    Text(String),
    /// These texts are sent instead, in this order.
    Texts(Vec<String>),
}

/// The history of a terminal, as violations see it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct History {
    /// Number of dials since the start, and since power-on.
    pub(crate) dials: u32,
    pub(crate) dials_since_power: u32,
    /// Number of connects, of losses, and of consecutive failed attempts.
    pub(crate) connects: u32,
    pub(crate) losses: u32,
    pub(crate) failures: u32,
    /// Number of failures in TLS, at the proxy, and in HTTP.
    pub(crate) tls_failures: u32,
    pub(crate) proxy_failures: u32,
    pub(crate) http_failures: u32,
    pub(crate) starts: u32,
    /// Requests received on the link in all and on this connection, and answers sent on this connection.
    pub(crate) heard: u32,
    pub(crate) heard_here: u32,
    pub(crate) said_here: u32,
    pub(crate) is_up: bool,
    /// Whether TCP is connected, and whether an attempt is running.
    pub(crate) is_open: bool,
    pub(crate) is_dialling: bool,
    pub(crate) last_failure: Option<Reason>,
    pub(crate) now: Duration,
    /// The COUNTER of the last request that carried one, and the highest COUNTER so far.
    pub(crate) last_counter: u32,
    pub(crate) highest_counter: u32,
    /// How often GET_COUNTER was asked.
    pub(crate) asked_counter: u32,
}

type HttpOf = fn(&str) -> String;
type ReplyOf = fn(&Request, &Response, &History) -> Reply;
type HearOf = fn(&Input, &History) -> Option<Vec<Input>>;
type SayOf = fn(&Output, &History) -> Option<Vec<Output>>;
type FaceOf = fn(&Display, &History) -> Option<Display>;

/// The effect of a violation.
#[derive(Clone, Copy)]
pub(crate) enum Does {
    /// Changes the upgrade request. Each dial is an opportunity.
    Http(HttpOf),
    /// Changes an answer. Each changed answer is an opportunity.
    Reply(ReplyOf),
    /// Replaces an input by another, several or none.
    Hear(HearOf),
    /// Replaces an output by another, several or none.
    Say(SayOf),
    /// Changes the display. Each changed display that follows another one is an opportunity.
    Show(FaceOf),
    /// Overrides one setting from the start.
    Set(&'static str, &'static str),
    /// Overrides settings from the start.
    Setup(fn(&mut TerminalSettings)),
    /// Accepts a wrong upgrade answer. Each such answer is an opportunity.
    Takes(fn(&Head, &str) -> bool),
}

/// The terminal with its violation.
pub(crate) struct Violator {
    terminal: SimulatedTerminal,
    does: Does,
    /// The opportunity from which on the violation happens, counted from 1.
    begin: u32,
    opportunities: u32,
    past: History,
    pairing: Pairing<Request>,
    key: String,
    /// The last display and its changes, because displays are read more often than they change.
    shown: std::cell::RefCell<(Option<Display>, u32)>,
}

/// A terminal with a violation that begins at this opportunity.
pub(crate) fn violator(does: Does, begin: u32, mut config: TerminalConfig) -> Violator {
    set_up(does, &mut config.settings);
    Violator {
        terminal: simulated(config),
        does,
        begin,
        opportunities: 0,
        past: History::default(),
        pairing: Pairing::default(),
        key: String::new(),
        shown: Default::default(),
    }
}

fn set_up(does: Does, settings: &mut TerminalSettings) {
    match does {
        Does::Set(name, value) => settings.set(name, value).expect("the setting can be made"),
        Does::Setup(change) => change(settings),
        _ => {}
    }
}

impl Violator {
    /// Counts an opportunity. Returns whether the violation happens now.
    fn is_taken(&mut self) -> bool {
        self.opportunities += 1;
        self.opportunities >= self.begin
    }

    fn notes_input(&mut self, now: Now, input: &Input) {
        self.past.now = now.since_start;
        match input {
            Input::PowerOn => (self.past.starts, self.past.dials_since_power) = (self.past.starts + 1, 0),
            Input::PowerOff => (self.past.is_up, self.past.is_open, self.past.is_dialling) = (false, false, false),
            Input::Link { event: LinkEvent::Opened, .. } => self.past.is_open = true,
            Input::Link { event: LinkEvent::Text(text), .. } => {
                let request = Request::parse(text, Limits { bytes_max: usize::MAX, ..Limits::default() }).ok();
                self.past.heard += 1;
                self.past.heard_here += 1;
                if let Some(request) = &request {
                    let asks = request.command() == "GET_COUNTER";
                    self.past.asked_counter += u32::from(asks);
                    let counter = request.get("COUNTER").and_then(|c| c.parse().ok()).filter(|_| !asks);
                    if let Some(counter) = counter {
                        self.past.last_counter = counter;
                        self.past.highest_counter = self.past.highest_counter.max(counter);
                    }
                }
                let kept = request.clone().unwrap_or_else(|| Request::new(Vec::new()));
                self.pairing.asked(request.as_ref(), kept);
            }
            _ => {}
        }
    }

    fn notes_output(&mut self, output: &Output) {
        let past = &mut self.past;
        match output {
            Output::Dial { .. } => {
                past.dials += 1;
                past.dials_since_power += 1;
                (past.is_dialling, past.is_open) = (true, false);
            }
            Output::Request { bytes, .. } => {
                let text = String::from_utf8_lossy(bytes);
                let key = text.split("\r\n").find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
                self.key = key.unwrap_or_default().to_owned();
            }
            Output::LinkReport(LinkReport::Connects) => {
                (past.is_up, past.is_dialling, past.failures) = (true, false, 0);
                (past.connects, past.heard_here, past.said_here) = (past.connects + 1, 0, 0);
                drop(self.pairing.forget());
            }
            Output::LinkReport(LinkReport::Loses) => {
                (past.is_up, past.is_open, past.losses) = (false, false, past.losses + 1);
            }
            Output::LinkReport(LinkReport::Fails(reason)) => {
                (past.is_dialling, past.is_open, past.failures) = (false, false, past.failures + 1);
                past.last_failure = Some(*reason);
                past.tls_failures += u32::from(matches!(reason, Reason::Tls(_)));
                past.proxy_failures += u32::from(matches!(reason, Reason::Proxy(_)));
                past.http_failures += u32::from(matches!(reason, Reason::Http(_)));
            }
            Output::Text { .. } => past.said_here += 1,
            _ => {}
        }
    }

    fn heard(&mut self, input: Input) -> Vec<Input> {
        match self.does {
            Does::Hear(hear) => match hear(&input, &self.past) {
                Some(others) if self.is_taken() => others,
                _ => vec![input],
            },
            Does::Takes(is_taken) => {
                let Input::Link { connection, event: LinkEvent::Answered(head) } = &input else { return vec![input] };
                if !is_taken(head, &self.key) || !self.is_taken() {
                    return vec![input];
                }
                let right = format!(
                    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                     Sec-WebSocket-Accept: {}\r\n\r\n",
                    handshake::accept(&self.key)
                );
                let head = Head::parse_response(right.as_bytes()).ok().flatten().expect("it is a head").0;
                vec![Input::Link { connection: *connection, event: LinkEvent::Answered(head) }]
            }
            _ => vec![input],
        }
    }

    fn said(&mut self, output: Output) -> Vec<Output> {
        match (self.does, &output) {
            (Does::Http(change), Output::Request { connection, bytes }) => {
                let text = String::from_utf8_lossy(bytes).into_owned();
                let changed = change(&text);
                match changed != text && self.is_taken() {
                    true => vec![Output::Request { connection: *connection, bytes: changed.into_bytes() }],
                    false => vec![output],
                }
            }
            (Does::Reply(change), Output::Text { connection, text }) => {
                let (response, request) = self.pairing.answered(text);
                let (Some(response), Some(request)) = (response, request) else { return vec![output] };
                let connection = *connection;
                let reply = change(&request, &response, &self.past);
                match reply {
                    Reply::Sound => vec![output],
                    _ if !self.is_taken() => vec![output],
                    Reply::Swallowed => Vec::new(),
                    Reply::Text(text) => vec![Output::Text { connection, text }],
                    Reply::Texts(texts) => texts.into_iter().map(|text| Output::Text { connection, text }).collect(),
                }
            }
            (Does::Say(change), output) => match change(output, &self.past) {
                Some(others) if self.is_taken() => others,
                _ => vec![output.clone()],
            },
            _ => vec![output],
        }
    }
}

impl Terminal for Violator {
    fn handle(&mut self, now: Now, input: Input) -> Vec<Output> {
        self.notes_input(now, &input);
        let mut all = Vec::new();
        for input in self.heard(input) {
            for output in self.terminal.handle(now, input) {
                for output in self.said(output) {
                    self.notes_output(&output);
                    all.push(output);
                }
            }
        }
        all
    }

    fn deadline(&self) -> Option<Duration> {
        self.terminal.deadline()
    }

    fn display(&self) -> Display {
        let sound = self.terminal.display();
        let Does::Show(show) = self.does else { return sound };
        let mut shown = self.shown.borrow_mut();
        let Some(changed) = show(&sound, &self.past) else {
            shown.0 = None;
            return sound;
        };
        if shown.0.as_ref() != Some(&sound) {
            (shown.0, shown.1) = (Some(sound.clone()), shown.1 + 1);
        }
        if shown.1 >= self.begin { changed } else { sound }
    }

    fn configure(&mut self, mut settings: TerminalSettings) {
        set_up(self.does, &mut settings);
        self.terminal.configure(settings);
    }
}

/// A response with the value of one field replaced.
pub(crate) fn with(response: &Response, name: &str, value: &str) -> Reply {
    let change = |field: &Element| match field.name == name {
        true => Element { text: value.to_owned(), ..field.clone() },
        false => field.clone(),
    };
    Reply::Text(document(response.fields().iter().map(change).collect()))
}

/// A response without a field.
pub(crate) fn without(response: &Response, name: &str) -> Reply {
    Reply::Text(document(response.fields().iter().filter(|field| field.name != name).cloned().collect()))
}

/// A response with these fields.
pub(crate) fn document(fields: Vec<Element>) -> String {
    fields.into_iter().fold(Response::default(), Response::with_group).to_xml(Layout::Indented)
}

/// A refusal with this text, result and code.
pub(crate) fn refusal(request: &Request, text: &str, result: &str, code: &str) -> Reply {
    let made = Response::default()
        .with("RESPONSE_TEXT", text)
        .with("RESULT", result)
        .with("RESULT_CODE", code)
        .with("TERMINATION_STATUS", "FAILURE");
    let made = match request.get("COUNTER").filter(|_| request.command() != "GET_COUNTER") {
        Some(counter) => made.with("COUNTER", counter),
        None => made,
    };
    let made = match request.get("POS_RECON") {
        Some(recon) => made.with("POS_RECON", recon),
        None => made,
    };
    Reply::Text(made.to_xml(Layout::Indented))
}

/// A successful response.
pub(crate) fn success(request: &Request, text: &str) -> Reply {
    let made = Response::default()
        .with("RESPONSE_TEXT", text)
        .with("RESULT", "OK")
        .with("RESULT_CODE", "-1")
        .with("TERMINATION_STATUS", "SUCCESS");
    let made = match request.get("COUNTER") {
        Some(counter) => made.with("COUNTER", counter),
        None => made,
    };
    Reply::Text(made.to_xml(Layout::Indented))
}

/// The text of a message received on the link.
pub(crate) fn text_in(input: &Input) -> Option<&str> {
    match input {
        Input::Link { event: LinkEvent::Text(text), .. } => Some(text),
        _ => None,
    }
}

/// The same message with another text.
pub(crate) fn heard_as(input: &Input, text: String) -> Option<Vec<Input>> {
    let Input::Link { connection, .. } = input else { return None };
    Some(vec![Input::Link { connection: *connection, event: LinkEvent::Text(text) }])
}

/// The display with another screen.
pub(crate) fn showing(face: &Display, name: ScreenName) -> Option<Display> {
    (face.screen.name != name).then(|| Display { screen: Screen::plain(name), ..face.clone() })
}

/// The display with a field removed or replaced.
pub(crate) fn with_field(face: &Display, name: &str, value: Option<&str>) -> Option<Display> {
    face.screen.get(name)?;
    let mut screen = face.screen.clone();
    screen.fields.retain(|(field, _)| *field != name || value.is_some());
    for (field, text) in &mut screen.fields {
        if *field == name {
            value.unwrap_or_default().clone_into(text);
        }
    }
    Some(Display { screen, ..face.clone() }).filter(|changed| changed != face)
}

/// The text of an output sent to a host.
pub(crate) fn is_to_host(output: &Output) -> Option<&str> {
    match output {
        Output::Say { call, text } if matches!(call.line, Line::Host | Line::Estate) => Some(text),
        _ => None,
    }
}
