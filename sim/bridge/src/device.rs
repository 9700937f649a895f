//! Between the values of a whole device and the lines of the protocol, in both directions.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sca_core::{CallEvent, CallId, Cardholder, ConnectionId, Display, Flash, FlashChange, Input, Screen};
use sca_protocol::Line;
use sca_protocol::cards::{Card, Entry};
use sca_protocol::handshake::Proxy;
use sca_protocol::screens::SCREENS;
use sca_protocol::settings::{KeepAlive, Settings as _, TerminalSettings};

use crate::convert::{event_of, link_event, reason_of};
use crate::lines::{
    CallEventLine, CallLine, CardholderLine, DeviceLine, DeviceProxyLine, DisplayLine, FlashLine, InputLine, RouteLine,
};

/// The lines of plain connections, each with its word.
const LINES: &[(Line, &str)] = &[
    (Line::Primary, "primary"),
    (Line::Secondary, "secondary"),
    (Line::Notices, "notices"),
    (Line::Host, "host"),
    (Line::Estate, "estate"),
];
/// The ways in which a card is presented, each with its word.
const ENTRIES: &[(Entry, &str)] =
    &[(Entry::Tapped, "taps"), (Entry::Inserted, "inserts"), (Entry::Swiped, "swipes"), (Entry::Manual, "types")];

fn word<T: Copy + PartialEq>(of: T, words: &[(T, &'static str)]) -> String {
    words.iter().find(|(one, _)| *one == of).map_or("", |(_, word)| word).to_owned()
}

fn read<T: Copy>(text: &str, words: &[(T, &'static str)], what: &str) -> Result<T, String> {
    words.iter().find(|(_, word)| *word == text).map(|(one, _)| *one).ok_or_else(|| format!("`{text}` is no {what}"))
}

/// Bytes of a line.
pub(crate) fn bytes_of(text: &str) -> Result<Vec<u8>, String> {
    STANDARD.decode(text).map_err(|_| "the bytes are not base64".to_owned())
}

/// Every setting by its name.
pub(crate) fn settings_by_name(settings: &TerminalSettings) -> BTreeMap<String, String> {
    TerminalSettings::table().iter().map(|row| (row.name.to_owned(), row.get(settings))).collect()
}

/// The settings of a device, from every setting by its name.
pub(crate) fn settings_of(names: &BTreeMap<String, String>) -> Result<TerminalSettings, String> {
    let usual = TerminalSettings::default();
    // What stands at its default need not be a text that can be set: a port of 0 is none.
    let is_usual = |name: &str, value: &str| TerminalSettings::row(name).is_ok_and(|row| row.get(&usual) == value);
    let chosen = names.iter().filter(|(name, value)| !is_usual(name, value));
    let chosen = chosen.map(|(name, value)| (name.clone(), value.clone())).collect();
    sca_protocol::settings::with(&chosen).map_err(|error| error.to_string())
}

/// What a device is made with.
pub(crate) fn device(settings: &TerminalSettings, flash: &Flash) -> DeviceLine {
    let files = flash.files().map(|(path, bytes)| (path.to_owned(), STANDARD.encode(bytes)));
    DeviceLine { settings: settings_by_name(settings), flash: files.collect() }
}

/// The flash of a device at the start.
pub(crate) fn flash_of(line: &DeviceLine) -> Result<Flash, String> {
    let files = line.flash.iter().map(|(path, text)| Ok((path.clone(), bytes_of(text)?)));
    Ok(Flash::new(files.collect::<Result<_, String>>()?))
}

pub(crate) fn call(call: CallId) -> CallLine {
    CallLine { line: word(call.line, LINES), number: call.number }
}

pub(crate) fn call_of(call: &CallLine) -> Result<CallId, String> {
    Ok(CallId { line: read(&call.line, LINES, "line of plain connections")?, number: call.number })
}

/// An input of a device, as a line.
pub(crate) fn input(input: Input) -> InputLine {
    match input {
        Input::PowerOn => InputLine::Start {},
        Input::PowerOff => InputLine::Stop {},
        Input::Tick => InputLine::Tick {},
        Input::Cardholder(act) => InputLine::Cardholder(cardholder(act)),
        Input::File { path, bytes } => InputLine::File { path, bytes: bytes.map(|bytes| STANDARD.encode(bytes)) },
        Input::Call { call: id, event } => InputLine::Call { call: call(id), event: call_event(event) },
        Input::Link { connection, event } => InputLine::Link { connection: connection.0, event: link_event(event) },
    }
}

/// An input of a device, from its line.
pub(crate) fn input_of(line: InputLine) -> Result<Input, String> {
    Ok(match line {
        InputLine::Start {} => Input::PowerOn,
        InputLine::Stop {} => Input::PowerOff,
        InputLine::Tick {} => Input::Tick,
        InputLine::Cardholder(act) => Input::Cardholder(cardholder_of(act)?),
        InputLine::File { path, bytes } => Input::File { path, bytes: bytes.map(|text| bytes_of(&text)).transpose()? },
        InputLine::Call { call, event } => Input::Call { call: call_of(&call)?, event: call_event_of(event)? },
        InputLine::Link { connection, event } => {
            Input::Link { connection: ConnectionId(connection), event: event_of(event)? }
        }
        InputLine::Leave { .. } | InputLine::Send { .. } | InputLine::Configure { .. } => {
            return Err("no input of a whole device".to_owned());
        }
    })
}

fn cardholder(act: Cardholder) -> CardholderLine {
    match act {
        Cardholder::Presses(button) => CardholderLine::Presses { button },
        Cardholder::Enters(text) => CardholderLine::Enters { text },
        Cardholder::Presents(card, entry) => {
            CardholderLine::Presents { card: card.name.to_owned(), entry: word(entry, ENTRIES) }
        }
        Cardholder::Removes => CardholderLine::Removes {},
        Cardholder::Signs => CardholderLine::Signs {},
    }
}

fn cardholder_of(line: CardholderLine) -> Result<Cardholder, String> {
    Ok(match line {
        CardholderLine::Presses { button } => Cardholder::Presses(button),
        CardholderLine::Enters { text } => Cardholder::Enters(text),
        CardholderLine::Presents { card, entry } => {
            let found = Card::find(&card).ok_or_else(|| format!("`{card}` is no card"))?;
            Cardholder::Presents(found, read(&entry, ENTRIES, "way to present a card")?)
        }
        CardholderLine::Removes {} => Cardholder::Removes,
        CardholderLine::Signs {} => Cardholder::Signs,
    })
}

fn call_event(event: CallEvent) -> CallEventLine {
    match event {
        CallEvent::Opened => CallEventLine::Opened {},
        CallEvent::Document(text) => CallEventLine::Document { text },
        CallEvent::Broken(reason) => CallEventLine::Broken { reason },
        CallEvent::Failed(reason) => CallEventLine::Failed { reason: reason.to_string() },
        CallEvent::Ended => CallEventLine::Ended {},
    }
}

fn call_event_of(line: CallEventLine) -> Result<CallEvent, String> {
    Ok(match line {
        CallEventLine::Opened {} => CallEvent::Opened,
        CallEventLine::Document { text } => CallEvent::Document(text),
        CallEventLine::Broken { reason } => CallEvent::Broken(reason),
        CallEventLine::Failed { reason } => CallEvent::Failed(reason_of(&reason)?),
        CallEventLine::Ended {} => CallEvent::Ended,
    })
}

pub(crate) fn flash_change(change: &FlashChange) -> FlashLine {
    match change {
        FlashChange::Write { path, bytes } => FlashLine::Write { path: path.clone(), bytes: STANDARD.encode(bytes) },
        FlashChange::Rename { from, to } => FlashLine::Rename { from: from.clone(), to: to.clone() },
        FlashChange::Remove { path } => FlashLine::Remove { path: path.clone() },
    }
}

pub(crate) fn flash_change_of(line: FlashLine) -> Result<FlashChange, String> {
    Ok(match line {
        FlashLine::Write { path, bytes } => FlashChange::Write { path, bytes: bytes_of(&bytes)? },
        FlashLine::Rename { from, to } => FlashChange::Rename { from, to },
        FlashLine::Remove { path } => FlashChange::Remove { path },
    })
}

/// A display as a line.
pub(crate) fn display(display: &Display) -> DisplayLine {
    DisplayLine {
        screen: display.screen.name.to_string(),
        text: display.screen.text.clone(),
        fields: display.screen.fields.iter().map(|(name, value)| (name.to_string(), value.clone())).collect(),
        connected: display.connected,
        icon: display.icon.as_ref().map(|bytes| STANDARD.encode(bytes)),
    }
}

/// A display from its line.
pub(crate) fn display_of(line: DisplayLine) -> Result<Display, String> {
    Ok(Display {
        screen: Screen {
            name: read(&line.screen, SCREENS, "screen")?,
            text: line.text,
            fields: line.fields.into_iter().map(|(name, value)| (Cow::Owned(name), value)).collect(),
        },
        connected: line.connected,
        icon: line.icon.map(|text| bytes_of(&text)).transpose()?.map(Into::into),
    })
}

/// The way to a broker as a line.
pub(crate) fn route(via: Option<&Proxy>, roots: &str, keep_alive: KeepAlive) -> RouteLine {
    let proxy = via.map(|proxy| {
        let (user, password) = proxy.credentials.clone().unzip();
        DeviceProxyLine { host: proxy.host.clone(), port: proxy.port, user, password }
    });
    let KeepAlive { enabled, count, idle, interval } = keep_alive;
    RouteLine { proxy, roots: roots.to_owned(), keep_alive: [enabled, count, idle, interval] }
}

/// The way to a broker from its line: proxy, roots, keep-alive.
pub(crate) fn route_of(line: RouteLine) -> (Option<Proxy>, String, KeepAlive) {
    let proxy = line.proxy.map(|proxy| Proxy {
        host: proxy.host,
        port: proxy.port,
        credentials: proxy.user.map(|user| (user, proxy.password.unwrap_or_default())),
    });
    let [enabled, count, idle, interval] = line.keep_alive;
    (proxy, line.roots, KeepAlive { enabled, count, idle, interval })
}

/// A time of a question.
pub(crate) fn time_of(nanos: u64) -> Duration {
    Duration::from_nanos(nanos)
}
