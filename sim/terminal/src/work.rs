//! What the device works with while it handles one input: the settings, the time, its chance, and what it wants done.

use sca_protocol::chance::Stream;
use sca_protocol::codes::Code;
use sca_protocol::commands::Command;
use sca_protocol::keys::Key;
use sca_protocol::settings::TerminalSettings;
use sca_protocol::xml::Element;
use sca_protocol::{Chance, Now, Request, Response};

use crate::event::{CallId, ConnectionId, FlashOp};

/// Where a message came from, and where its answer goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The link.
    Link(ConnectionId),
    /// A call on a classic port.
    Call(CallId),
}

impl Origin {
    /// Whether the same POS speaks: behind the link it is always the broker's.
    pub(crate) fn is_same_pos(self, other: Self) -> bool {
        match (self, other) {
            (Self::Link(_), Self::Link(_)) => true,
            (one, other) => one == other,
        }
    }
}

/// What the device wants done.
#[derive(Debug)]
pub(crate) enum Deed {
    /// Send this to the POS.
    Send { to: Origin, text: String, assumed: Vec<&'static str> },
    /// Send this to where the POS listens for notices.
    CallBack { address: (String, u16), text: String },
    /// Call a host.
    Call(CallId),
    /// Say this to a host.
    Say(CallId, String),
    /// End a call.
    HangUp(CallId),
    /// A write to the flash has happened.
    Flash(FlashOp),
    /// Say that what was done rests on this assumption.
    Assume(&'static str),
    /// Set the device's clock.
    Clock(sca_protocol::UnixTime),
    /// Start anew.
    Reboot,
}

/// The circumstances of one input.
#[derive(Debug)]
pub(crate) struct Work<'a> {
    pub(crate) settings: &'a TerminalSettings,
    pub(crate) now: Now,
    pub(crate) deeds: Vec<Deed>,
    /// The power has failed: nothing that follows happens.
    pub(crate) dark: bool,
    chance: Chance,
    index: u64,
    /// The number of the input; none has the same.
    serial: u64,
}

impl<'a> Work<'a> {
    pub(crate) fn new(settings: &'a TerminalSettings, now: Now, chance: Chance, index: u64, serial: u64) -> Self {
        Self { settings, now, deeds: Vec::new(), dark: false, chance, index, serial }
    }

    pub(crate) fn does(&mut self, deed: Deed) {
        if !self.dark {
            self.deeds.push(deed);
        }
    }

    /// A stream of this terminal's chance.
    pub(crate) fn chance(&self, name: &str, number: u64) -> Stream {
        self.chance.stream(name, &[self.index, number])
    }
}

/// A request with its circumstances, from its arrival to its answer.
#[derive(Debug, Clone)]
pub(crate) struct Task {
    pub(crate) row: &'static Command,
    pub(crate) request: Request,
    pub(crate) origin: Origin,
    /// COUNTER, where it was sent and can be read.
    pub(crate) counter: Option<u32>,
    /// The key that its answers are encrypted with.
    pub(crate) key: Option<Key>,
    pub(crate) assumed: Vec<&'static str>,
    /// It has its answer, and holds the device on: nothing more answers it.
    pub(crate) answered: bool,
}

/// Fields that a response repeats where its request has them.
const ECHOED: &[&str] =
    &["POS_RECON", "CDD_DATA", "COL_3", "COL_4", "COL_5", "COL_6", "COL_7", "COL_8", "COL_9", "COL_10"];

impl Task {
    /// The beginning of every response, in the sample's order (MSG-04), and the COUNTER.
    pub(crate) fn outcome(&mut self, work: &Work<'_>, code: Code, text: &str) -> Response {
        self.assumed.extend(code.assumption);
        let response = outcome(code, text);
        match self.counter.filter(|_| work.settings.echo_counter) {
            Some(counter) => response.with("COUNTER", counter.to_string()),
            None => response,
        }
    }

    /// The outcome of a command that did what it should.
    pub(crate) fn done(&mut self, work: &Work<'_>) -> Response {
        self.assumed.extend(self.row.guess);
        let (done, text) = (self.row.done, self.row.text);
        self.outcome(work, done, text)
    }

    /// A field of the request.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.request.get(name)
    }

    /// A yes or no of the request.
    pub(crate) fn is_set(&self, name: &str) -> bool {
        self.get(name).and_then(sca_protocol::commands::flag).unwrap_or(false)
    }

    /// Sends a response, after the fields that it repeats of the request.
    pub(crate) fn answer(mut self, work: &mut Work<'_>, response: Response) {
        if self.answered {
            return;
        }
        let response = in_their_words(response, &work.settings.messages.texts);
        let fits = |name: &str, value: &str| name != "POS_RECON" || (1..=30).contains(&value.chars().count());
        let echoed = ECHOED.iter().filter_map(|name| Some((*name, self.request.get(name)?)));
        let response = echoed
            .filter(|(name, value)| fits(name, value))
            .fold(response, |response, (name, value)| response.with(name, value));
        let assumed = std::mem::take(&mut self.assumed);
        self.send(work, &response, assumed);
    }

    /// Sends a response that is not the answer: a notice, or a card that is returned early.
    pub(crate) fn send(&self, work: &mut Work<'_>, response: &Response, assumed: Vec<&'static str>) {
        let text = self.text_of(work, response);
        work.does(Deed::Send { to: self.origin, text, assumed });
    }

    /// A response as it travels: encrypted where its request was.
    pub(crate) fn text_of(&self, work: &Work<'_>, response: &Response) -> String {
        let text = response.to_xml(work.settings.layout());
        match &self.key {
            Some(key) => sealed(work, key, &text),
            None => text,
        }
    }

    /// Answers with a code of the table.
    pub(crate) fn refuse(mut self, work: &mut Work<'_>, code: Code, text: Option<&str>) {
        let response = self.outcome(work, code, text.unwrap_or(code.text));
        self.answer(work, response);
    }
}

/// A response whose RESPONSE_TEXT is spelled as another device spells it.
fn in_their_words(response: Response, texts: &str) -> Response {
    let said = response.get("RESPONSE_TEXT").unwrap_or_default();
    let theirs = texts.split('|').filter_map(|pair| pair.split_once('=')).find(|(ours, _)| *ours == said);
    let Some((_, theirs)) = theirs else { return response };
    let reworded = |field: &Element| match field.name.as_str() {
        "RESPONSE_TEXT" => Element { text: theirs.to_owned(), ..field.clone() },
        _ => field.clone(),
    };
    response.fields().iter().map(reworded).fold(Response::default(), Response::with_group)
}

/// The four fields every response begins with.
pub(crate) fn outcome(code: Code, text: &str) -> Response {
    let status = if code.success { "SUCCESS" } else { "FAILURE" };
    Response::default()
        .with("RESPONSE_TEXT", text)
        .with("RESULT", code.result)
        .with("RESULT_CODE", code.number.to_string())
        .with("TERMINATION_STATUS", status)
}

/// A document as an encrypted packet.
fn sealed(work: &Work<'_>, key: &Key, text: &str) -> String {
    // No two packets of one input have the same number of deeds before them.
    let iv = work.chance.stream("iv", &[work.index, work.serial, work.deeds.len() as u64]).bytes();
    let packet = key.close(text, iv);
    format!("<ERESPONSE><IV>{}</IV><PAYLOAD>{}</PAYLOAD></ERESPONSE>", packet.iv, packet.payload)
}
