//! The context in which the device handles one input, and a pending request.

use sca_protocol::chance::Stream;
use sca_protocol::codes::Code;
use sca_protocol::commands::Command;
use sca_protocol::keys::Key;
use sca_protocol::settings::TerminalSettings;
use sca_protocol::xml::Element;
use sca_protocol::{Chance, Now, Request, Response};

use sca_core::{CallId, ConnectionId, FlashChange, FlashLog};

/// The origin of a request, to which its answer is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The link.
    Link(ConnectionId),
    /// A connection on a classic port.
    Call(CallId),
}

impl Origin {
    /// Whether both origins are the same POS: all POS behind the link count as one.
    pub(crate) fn is_same_pos(self, other: Self) -> bool {
        match (self, other) {
            (Self::Link(_), Self::Link(_)) => true,
            (one, other) => one == other,
        }
    }
}

/// An effect that the device requests.
#[derive(Debug)]
pub(crate) enum Effect {
    /// Send a document to the POS.
    Send { to: Origin, text: String, assumed: Vec<&'static str> },
    /// Send a notice to the address at which the POS listens.
    CallBack { address: (String, u16), text: String },
    /// Connect to a host.
    Call(CallId),
    /// Send a document to a host.
    Say(CallId, String),
    /// Close a plain TCP connection.
    HangUp(CallId),
    /// Report a change of the flash that has been made.
    Flash(FlashChange),
    /// Report that the behaviour rests on this assumption.
    Assume(&'static str),
    /// Set the device's clock.
    Clock(sca_protocol::UnixTime),
    /// Restart the device.
    Reboot,
}

/// The context of handling one input.
#[derive(Debug)]
pub(crate) struct Work<'a> {
    pub(crate) settings: &'a TerminalSettings,
    pub(crate) now: Now,
    pub(crate) effects: Vec<Effect>,
    /// The power has failed: later effects are discarded.
    pub(crate) dark: bool,
    chance: Chance,
    index: u64,
    /// The number of the input, unique per terminal.
    serial: u64,
}

impl<'a> Work<'a> {
    pub(crate) fn new(settings: &'a TerminalSettings, now: Now, chance: Chance, index: u64, serial: u64) -> Self {
        Self { settings, now, effects: Vec::new(), dark: false, chance, index, serial }
    }

    /// Requests an effect, unless the power has failed.
    pub(crate) fn does(&mut self, effect: Effect) {
        if !self.dark {
            self.effects.push(effect);
        }
    }

    /// A random stream of this terminal.
    pub(crate) fn chance(&self, name: &str, number: u64) -> Stream {
        self.chance.stream(name, &[self.index, number])
    }
}

impl FlashLog for Work<'_> {
    fn power_cut_at_write(&self) -> u64 {
        self.settings.power_cut_at_flash_write
    }

    fn is_dark(&self) -> bool {
        self.dark
    }

    fn goes_dark(&mut self) {
        self.dark = true;
    }

    fn changed(&mut self, change: FlashChange) {
        self.does(Effect::Flash(change));
    }
}

/// A pending request with its context, from its arrival to its answer.
#[derive(Debug, Clone)]
pub(crate) struct Task {
    pub(crate) row: &'static Command,
    pub(crate) request: Request,
    pub(crate) origin: Origin,
    /// COUNTER, if it was sent and is valid.
    pub(crate) counter: Option<u32>,
    /// The key with which its answers are encrypted; `None` for a plain request.
    pub(crate) key: Option<Key>,
    pub(crate) assumed: Vec<&'static str>,
    /// Whether it has been answered but still occupies the device; it is not answered again.
    pub(crate) answered: bool,
}

/// Fields that a response repeats from its request.
const ECHOED: &[&str] =
    &["POS_RECON", "CDD_DATA", "COL_3", "COL_4", "COL_5", "COL_6", "COL_7", "COL_8", "COL_9", "COL_10"];

impl Task {
    /// The first fields of every response, in the sample's order (MSG-04), and the COUNTER.
    pub(crate) fn outcome(&mut self, work: &Work<'_>, code: Code, text: &str) -> Response {
        self.assumed.extend(code.assumption);
        let response = outcome(code, text);
        match self.counter.filter(|_| work.settings.echo_counter) {
            Some(counter) => response.with("COUNTER", counter.to_string()),
            None => response,
        }
    }

    /// The response to a command that succeeded.
    pub(crate) fn done(&mut self, work: &Work<'_>) -> Response {
        self.assumed.extend(self.row.guess);
        let (done, text) = (self.row.done, self.row.text);
        self.outcome(work, done, text)
    }

    /// The text of a field of the request.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.request.get(name)
    }

    /// Whether a yes/no field of the request is set to yes.
    pub(crate) fn is_set(&self, name: &str) -> bool {
        self.get(name).and_then(sca_protocol::commands::flag).unwrap_or(false)
    }

    /// Answers the request with a response, extended by the fields repeated from the request.
    pub(crate) fn answer(mut self, work: &mut Work<'_>, response: Response) {
        if self.answered {
            return;
        }
        let response = with_replaced_text(response, &work.settings.messages.texts);
        let fits = |name: &str, value: &str| name != "POS_RECON" || (1..=30).contains(&value.chars().count());
        let echoed = ECHOED.iter().filter_map(|name| Some((*name, self.request.get(name)?)));
        let response = echoed
            .filter(|(name, value)| fits(name, value))
            .fold(response, |response, (name, value)| response.with(name, value));
        let assumed = std::mem::take(&mut self.assumed);
        self.send(work, &response, assumed);
    }

    /// Sends a response that is not the final answer: a notice, or a card returned early.
    pub(crate) fn send(&self, work: &mut Work<'_>, response: &Response, assumed: Vec<&'static str>) {
        let text = self.text_of(work, response);
        work.does(Effect::Send { to: self.origin, text, assumed });
    }

    /// The text of a response, encrypted if its request was.
    pub(crate) fn text_of(&self, work: &Work<'_>, response: &Response) -> String {
        let text = response.to_xml(work.settings.layout());
        match &self.key {
            Some(key) => encrypted_packet(work, key, &text),
            None => text,
        }
    }

    /// Refuses the request with a code; `text` replaces the code's own text.
    pub(crate) fn refuse(mut self, work: &mut Work<'_>, code: Code, text: Option<&str>) {
        let response = self.outcome(work, code, text.unwrap_or(code.text));
        self.answer(work, response);
    }
}

/// A response whose RESPONSE_TEXT is replaced by another device's wording.
fn with_replaced_text(response: Response, texts: &str) -> Response {
    let said = response.get("RESPONSE_TEXT").unwrap_or_default();
    let theirs = texts.split('|').filter_map(|pair| pair.split_once('=')).find(|(ours, _)| *ours == said);
    let Some((_, theirs)) = theirs else { return response };
    let reworded = |field: &Element| match field.name.as_str() {
        "RESPONSE_TEXT" => Element { text: theirs.to_owned(), ..field.clone() },
        _ => field.clone(),
    };
    response.fields().iter().map(reworded).fold(Response::default(), Response::with_group)
}

/// The four fields that every response begins with.
pub(crate) fn outcome(code: Code, text: &str) -> Response {
    let status = if code.success { "SUCCESS" } else { "FAILURE" };
    Response::default()
        .with("RESPONSE_TEXT", text)
        .with("RESULT", code.result)
        .with("RESULT_CODE", code.number.to_string())
        .with("TERMINATION_STATUS", status)
}

/// The encrypted packet of a document.
fn encrypted_packet(work: &Work<'_>, key: &Key, text: &str) -> String {
    // The count of effects makes the IV unique among the packets of one input.
    let iv = work.chance.stream("iv", &[work.index, work.serial, work.effects.len() as u64]).bytes();
    let packet = key.close(text, iv);
    format!("<ERESPONSE><IV>{}</IV><PAYLOAD>{}</PAYLOAD></ERESPONSE>", packet.iv, packet.payload)
}
