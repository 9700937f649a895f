//! Changes of inputs and outputs that violations are made of.

use sca_core::{Display, Input, LinkEvent, LinkReport, Output, Screen, Target};
use sca_protocol::handshake::{self, Head};
use sca_protocol::screens::ScreenName;
use sca_protocol::{HandshakeFailure, Reason};

use crate::wrapper::{Reply, heard_as, text_in, with};

pub(super) fn hello(head: &Head, name: &str) -> String {
    head.get(name).unwrap_or_default().to_owned()
}

/// Whether an answer has status 101.
pub(super) fn is_101(head: &Head) -> bool {
    head.status == 101
}

pub(super) fn drop_line(request: &str, name: &str) -> String {
    request.split_inclusive("\r\n").filter(|line| !line.starts_with(name)).collect()
}

pub(super) fn fails_as(output: &Output, is_it: fn(Reason) -> bool, other: Reason) -> Option<Vec<Output>> {
    match output {
        Output::LinkReport(LinkReport::Fails(reason)) if is_it(*reason) && *reason != other => {
            Some(vec![Output::LinkReport(LinkReport::Fails(other))])
        }
        _ => None,
    }
}

pub(super) fn no_dial(output: &Output, when: bool) -> Option<Vec<Output>> {
    (when && matches!(output, Output::Dial { .. })).then(Vec::new)
}

pub(super) fn dial_of(output: &Output, change: impl FnOnce(&mut Target)) -> Option<Vec<Output>> {
    let other = dialled(output, |target, _, _| change(target));
    (matches!(output, Output::Dial { .. }) && other != *output).then(|| vec![other])
}

/// The dial with its target, its proxy or its file of roots changed.
pub(super) fn dialled(
    output: &Output,
    change: impl FnOnce(&mut Target, &mut Option<handshake::Proxy>, &mut String),
) -> Output {
    let mut other = output.clone();
    if let Output::Dial { target, via, roots, .. } = &mut other {
        change(target, via, roots);
    }
    other
}

pub(super) fn answered(input: &Input) -> Option<&Head> {
    match input {
        Input::Link { event: LinkEvent::Answered(head), .. } => Some(head),
        _ => None,
    }
}

/// Makes an attempt fail although the answer was right.
pub(super) fn refused(input: &Input, when: bool) -> Option<Vec<Input>> {
    let Input::Link { connection, event: LinkEvent::Answered(_) } = input else { return None };
    when.then(|| {
        vec![Input::Link {
            connection: *connection,
            event: LinkEvent::Failed(Reason::Handshake(HandshakeFailure::Garbage)),
        }]
    })
}

/// Drops a message before the terminal receives it.
pub(super) fn unheard(input: &Input, when: bool) -> Option<Vec<Input>> {
    (when && text_in(input).is_some()).then(Vec::new)
}

/// Drops an answer.
pub(super) fn unsaid(output: &Output, when: bool) -> Option<Vec<Output>> {
    (when && matches!(output, Output::Text { .. })).then(Vec::new)
}

/// Removes a field from a request.
pub(super) fn unread(input: &Input, command: &str, field: &str) -> Option<Vec<Input>> {
    let text = text_in(input)?;
    let (open, close) = (format!("<{field}>"), format!("</{field}>"));
    let (from, to) = (text.find(&open)?, text.find(&close)? + close.len());
    text.contains(command).then(|| heard_as(input, format!("{}{}", &text[..from], &text[to..])))?
}

/// Replaces the value of a field in a request.
pub(super) fn misread(input: &Input, command: &str, field: &str, value: &str) -> Option<Vec<Input>> {
    let text = text_in(input)?;
    let (open, close) = (format!("<{field}>"), format!("</{field}>"));
    let (from, to) = (text.find(&open)? + open.len(), text.find(&close)?);
    let is_other = text.contains(command) && &text[from..to] != value;
    is_other.then(|| heard_as(input, format!("{}{value}{}", &text[..from], &text[to..])))?
}

pub(super) fn xml(fields: &[(&str, &str)]) -> String {
    let made = fields.iter().fold(sca_protocol::Response::default(), |made, (name, value)| made.with(name, *value));
    made.to_xml(sca_protocol::message::Layout::Indented)
}

pub(super) fn is_secondary(request: &sca_protocol::Request) -> bool {
    request.function_type() == "SECONDARYPORT"
}

pub(super) fn is_counter(request: &sca_protocol::Request) -> bool {
    request.command() == "GET_COUNTER"
}

pub(super) fn is_good(response: &sca_protocol::Response) -> bool {
    response.get("RESULT_CODE") == Some("-1")
}

pub(super) fn counted(response: &sca_protocol::Response, change: impl FnOnce(u32) -> u32) -> Reply {
    let Some(counter) = response.get("COUNTER").and_then(|counter| counter.parse().ok()) else { return Reply::Sound };
    let other = change(counter);
    if other == counter { Reply::Sound } else { with(response, "COUNTER", &other.to_string()) }
}

pub(super) fn iff(when: bool, reply: impl FnOnce() -> Reply) -> Reply {
    if when { reply() } else { Reply::Sound }
}

pub(super) fn extra(output: &Output, is_it: bool, text: &str) -> Option<Vec<Output>> {
    match output {
        Output::Text { connection, .. } if is_it => {
            Some(vec![Output::Text { connection: *connection, text: text.to_owned() }, output.clone()])
        }
        _ => None,
    }
}

pub(super) fn text_of(output: &Output, change: impl FnOnce(&str) -> String) -> Option<Vec<Output>> {
    let Output::Text { connection, text } = output else { return None };
    let other = change(text);
    (other != *text).then(|| vec![Output::Text { connection: *connection, text: other }])
}

pub(super) fn icon(face: &Display, connected: bool, when: bool) -> Option<Display> {
    (when && face.connected != connected).then(|| Display { connected, ..face.clone() })
}

pub(super) fn is_trying(face: &Display) -> bool {
    matches!(face.screen.name, ScreenName::Connecting | ScreenName::Reconnecting | ScreenName::Error | ScreenName::Boot)
}

pub(super) fn saying(face: &Display, name: ScreenName, text: &str) -> Option<Display> {
    let is_it = face.screen.name == name && face.screen.text != text && !face.screen.text.is_empty();
    is_it.then(|| Display { screen: Screen { text: text.to_owned(), ..face.screen.clone() }, ..face.clone() })
}

pub(super) fn picture(face: &Display, other: &[u8]) -> Option<Display> {
    let other: std::sync::Arc<[u8]> = std::sync::Arc::from(other);
    (face.icon.is_some() && face.icon.as_ref() != Some(&other)).then(|| Display { icon: Some(other), ..face.clone() })
}

pub(super) fn no_picture(face: &Display, when: bool) -> Option<Display> {
    (when && face.icon.is_some()).then(|| Display { icon: None, ..face.clone() })
}
