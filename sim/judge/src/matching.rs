//! Comparison of observations with the expectations of the script, and the first difference if they do not match.

pub mod http;

use crate::lanes::{Control, Data};
use crate::verdict::Fix;
use sca_core::{Display, LinkReport, Screen};
use sca_masking::secret;
use sca_masking::secret::Kind;
use sca_model::Span;
use sca_model::{Demand, Fields, LinkObservation, Message, Op, Show, Suffix, Test};
use sca_peers::RequestId;
use sca_protocol::xml::{Element, Limits};
use sca_protocol::{HandshakeFailure, Reason, Request, Response, TlsFailure};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The names that earlier lines have defined: captured values, labelled moments, labelled requests.
#[derive(Debug, Default)]
pub struct Names {
    /// Values captured by name.
    pub captures: BTreeMap<String, String>,
    /// Requests that were sent while no terminal was connected, by label, with the time.
    pub unheard: BTreeMap<String, Duration>,
    /// Why requests reached another terminal, by label.
    pub astray: BTreeMap<String, String>,
    /// The captures whose values are secret and must not appear in any artefact.
    pub secrets: BTreeSet<String>,
    /// When a labelled line was met.
    pub moments: BTreeMap<String, Duration>,
    /// Labelled requests: the terminal asked, and the request.
    pub requests: BTreeMap<String, (usize, RequestId)>,
    /// The files that the scenario names, with their bytes.
    pub assets: BTreeMap<String, Vec<u8>>,
}

impl Names {
    /// A text in which every `{{name}}` is replaced by the captured value, and every `{{name+N}}` by that value plus N.
    pub fn interpolate(&self, text: &str) -> String {
        let (mut out, mut rest) = (String::with_capacity(text.len()), text);
        while let Some((before, after)) = rest.split_once("{{") {
            out.push_str(before);
            let inserted = after.split_once("}}").and_then(|(name, behind)| Some((self.inserted(name)?, behind)));
            match inserted {
                Some((value, behind)) => {
                    out.push_str(&value);
                    rest = behind;
                }
                None => {
                    out.push_str("{{");
                    rest = after;
                }
            }
        }
        out.push_str(rest);
        out
    }

    fn inserted(&self, name: &str) -> Option<Cow<'_, str>> {
        if let Some(value) = self.captures.get(name) {
            return Some(Cow::Borrowed(value));
        }
        let (name, by) = sca_scenario::split_sum(name)?;
        let number: u64 = self.captures.get(name)?.parse().ok()?;
        Some(Cow::Owned(number.saturating_add(by).to_string()))
    }

    /// The name of the asset whose bytes the icon shows; `default` for the device's own icon, which is also shown in
    /// place of bytes that are not a picture.
    pub fn file_of(&self, face: &Display) -> String {
        let Some(bytes) = face.icon.as_deref().filter(|bytes| sca_display::is_picture(bytes)) else {
            return "default".to_owned();
        };
        let found = self.assets.iter().find(|(_, asset)| asset.as_slice() == bytes);
        found.map_or_else(|| "another file".to_owned(), |(name, _)| name.clone())
    }

    /// The label of a request, if it has one.
    pub fn label_of(&self, who: usize, id: RequestId) -> Option<&str> {
        self.requests.iter().find(|(_, request)| **request == (who, id)).map(|(label, _)| label.as_str())
    }
}

/// Why an observation does not match: the text under the caret, and its place if that is not the whole line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The text under the caret.
    pub label: String,
    /// The place of the word that does not match; `None` for the whole line.
    pub span: Option<Span>,
    /// The old word (empty for the whole place) and the text that would make the line match.
    fix: Option<(String, String)>,
}

impl Mismatch {
    /// Whether a screen of another name was shown. Depends on the label's text.
    pub fn is_of_another_screen(&self) -> bool {
        self.label.starts_with("the screen is ")
    }

    /// A mismatch of the whole line.
    pub fn new(label: impl Into<String>) -> Self {
        Self { label: label.into(), span: None, fix: None }
    }

    /// The change that would make the line match, if one is known.
    pub fn fix_of(&self, line: Span) -> Option<Fix> {
        let (from, text) = self.fix.clone()?;
        Some(Fix { span: self.span.unwrap_or(line), from, text })
    }

    /// Whether only a field that holds a time differs. Depends on the label's text.
    pub fn is_of_time(&self) -> bool {
        TIMES.iter().any(|field| self.label.starts_with(&format!("{field} is ")))
    }
}

/// Fields that hold a time or a duration.
pub const TIMES: &[&str] = &["SESSION_DURATION", "TRANS_DATE", "TRANS_TIME", "TIME"];

fn mismatch<T>(label: impl Into<String>, span: Option<Span>) -> Result<T, Mismatch> {
    Err(Mismatch { span, ..Mismatch::new(label) })
}

/// A mismatch with the word to replace and its replacement.
fn replaced_word<T>(label: String, from: &str, text: &str) -> Result<T, Mismatch> {
    Err(Mismatch { fix: Some((from.to_owned(), text.to_owned())), ..Mismatch::new(label) })
}

/// Values captured by a match, by name.
pub type Captured = Vec<(String, String)>;

/// Compares a message to a POS with an expectation.
pub fn data(message: &Message, suffix: &Suffix, data: &Data, who: usize, names: &Names) -> Result<Captured, Mismatch> {
    if let Some((label, span)) = &suffix.re {
        let wanted = names.requests.get(label).copied();
        if wanted.is_none() || data.answers.map(|id| (who, id)) != wanted {
            let answered = data.answers.and_then(|id| names.label_of(who, id));
            let text = match (data.answers, answered) {
                (_, Some(other)) => format!("this answers `{other}`"),
                (Some(_), None) => "this answers a different request".to_owned(),
                (None, _) => "this answers no request".to_owned(),
            };
            return mismatch(text, Some(*span));
        }
    }
    match message {
        Message::Fields(wanted) => fields(wanted, suffix, data, names),
        Message::Xml(text) => document(&names.interpolate(text), suffix, data),
        Message::Text(text) if names.interpolate(text) == data.text => Ok(Captured::new()),
        Message::Text(wanted) => {
            mismatch(format!("different text: {}", first_difference(&names.interpolate(wanted), &data.text)), None)
        }
        _ => mismatch("a document was received", None),
    }
}

fn fields(wanted: &Fields, suffix: &Suffix, data: &Data, names: &Names) -> Result<Captured, Mismatch> {
    let Some(response) = &data.response else { return mismatch("not a response", None) };
    if wanted.encrypted != data.encrypted {
        return mismatch(
            if data.encrypted { "the message is encrypted" } else { "the message is not encrypted" },
            None,
        );
    }
    match (wanted.notice, data.answers) {
        (true, Some(_)) => return mismatch("this is an answer, not a notice", None),
        (false, None) if suffix.re.is_none() => return mismatch("this answers no request", None),
        _ => {}
    }
    let mut captured = Captured::new();
    for test in &wanted.tests {
        captured.extend(field(test, response.get(&test.field), names)?);
    }
    if suffix.exactly {
        let got: Vec<&str> = response.fields().iter().map(|f| f.name.as_str()).collect();
        let want: Vec<&str> = wanted.tests.iter().map(|t| t.field.as_str()).collect();
        if got != want {
            return mismatch(format!("the fields are {}", got.join(" ")), None);
        }
    }
    Ok(captured)
}

/// Compares one field with its expectation; returns the captured value, if it captures one.
fn field(test: &Test, got: Option<&str>, names: &Names) -> Result<Option<(String, String)>, Mismatch> {
    let is_met = match (&test.demand, got) {
        (Demand::Absent, got) => got.is_none(),
        (_, None) => false,
        (Demand::Any, Some(_)) => true,
        (Demand::Capture(name), Some(value)) => return Ok(Some((name.clone(), value.to_owned()))),
        (Demand::Matches(regex), Some(value)) => regex.is_match(value),
        (Demand::Is(op, wanted), Some(value)) => compares(*op, value, &names.interpolate(wanted)),
    };
    if is_met {
        return Ok(None);
    }
    if got.is_some() && is_secret(&test.field) {
        return mismatch(format!("{} is different", test.field), Some(test.span));
    }
    let (label, text) = match got {
        // No fix is offered: a line should not demand that a field is absent only because it was missing once.
        None => return mismatch(format!("{} is missing", test.field), Some(test.span)),
        Some(value) => {
            let mut text = String::new();
            sca_scenario::fields_into(&mut text, [(test.field.as_str(), value)]);
            (format!("{} is {}", test.field, shown(value)), text.trim_start().to_owned())
        }
    };
    Err(Mismatch { label, span: Some(test.span), fix: Some((String::new(), text)) })
}

/// Whether the value of a field must not appear in any artefact.
pub fn is_secret(field: &str) -> bool {
    secret::kind(field).is_some_and(Kind::is_withheld)
}

fn shown(value: &str) -> String {
    match value.char_indices().nth(60) {
        Some((at, _)) => format!("{} …", sca_scenario::quote(&value[..at])),
        None if value.is_empty() => "empty".to_owned(),
        None if value.chars().all(char::is_alphanumeric) => value.to_owned(),
        None => sca_scenario::quote(value),
    }
}

fn compares(op: Op, got: &str, wanted: &str) -> bool {
    let numbers = || Some((got.parse::<f64>().ok()?, wanted.parse::<f64>().ok()?));
    match op {
        Op::Equal => got == wanted,
        Op::Unequal => got != wanted,
        Op::Less => numbers().is_some_and(|(a, b)| a < b),
        Op::AtMost => numbers().is_some_and(|(a, b)| a <= b),
        Op::More => numbers().is_some_and(|(a, b)| a > b),
        Op::AtLeast => numbers().is_some_and(|(a, b)| a >= b),
    }
}

fn document(wanted: &str, suffix: &Suffix, data: &Data) -> Result<Captured, Mismatch> {
    if suffix.bytes {
        let same = wanted == data.text;
        let other = || mismatch(format!("different bytes: {}", first_difference(wanted, &data.text)), None);
        return if same { Ok(Captured::new()) } else { other() };
    }
    let limits = Limits { bytes_max: usize::MAX, ..Limits::default() };
    let (Ok(wanted), Some(got)) = (Response::parse(wanted, limits), &data.response) else {
        return mismatch("not a response", None);
    };
    let order = |fields: &[Element]| fields.iter().map(|f| f.name.clone()).collect::<Vec<_>>();
    if suffix.exactly && order(wanted.fields()) != order(got.fields()) {
        return mismatch(format!("the fields are {}", order(got.fields()).join(" ")), None);
    }
    for element in wanted.fields() {
        if !got.fields().contains(element) {
            let told = |value: &str| if is_secret(&element.name) { "different".to_owned() } else { shown(value) };
            let is = got.get(&element.name).map_or("missing".to_owned(), told);
            return mismatch(format!("{} is {is}", element.name), None);
        }
    }
    Ok(Captured::new())
}

/// The first line in which two texts differ, without secrets.
fn first_difference(wanted: &str, got: &str) -> String {
    let told = |line: &str| shown(&crate::mask::withheld(line));
    let (mut ours, mut theirs, mut number) = (wanted.split('\n'), got.split('\n'), 0);
    loop {
        number += 1;
        match (ours.next(), theirs.next()) {
            (None, None) => return "only the endings differ".to_owned(),
            (one, other) if one == other => {}
            (None, Some(more)) => return format!("line {number} is extra: {}", told(more)),
            (Some(_), None) => return format!("line {number} is missing"),
            (Some(_), Some(other)) => return format!("line {number} is {}", told(other)),
        }
    }
}

/// Compares a document sent to a host with an expectation.
pub fn to_host(message: &Message, request: &Request, names: &Names) -> Result<Captured, Mismatch> {
    let Message::Fields(wanted) = message else { return mismatch("a document was received", None) };
    let routing = [request.function_type(), request.command()];
    if wanted.routing.iter().zip(routing).any(|(wanted, got)| wanted != got) {
        return mismatch(format!("it is {} {}", routing[0], routing[1]), None);
    }
    let mut captured = Captured::new();
    for test in &wanted.tests {
        captured.extend(field(test, request.get(&test.field), names)?);
    }
    Ok(captured)
}

/// Whether a control frame matches an expectation.
pub fn control(message: &Message, got: &Control) -> bool {
    let payload = |wanted: &Option<String>, got: &[u8]| wanted.as_ref().is_none_or(|w| w.as_bytes() == got);
    match (message, got) {
        (Message::Ping(wanted), Control::Ping(bytes)) | (Message::Pong(wanted), Control::Pong(bytes)) => {
            payload(wanted, bytes)
        }
        (Message::Close(code, reason), Control::Close(got, text)) => {
            (code.is_none() || code == got) && reason.as_ref().is_none_or(|r| r == text)
        }
        _ => false,
    }
}

/// Whether a link event matches an expectation.
pub fn link(wanted: &LinkObservation, got: LinkReport) -> bool {
    match (wanted, got) {
        (LinkObservation::Connects, LinkReport::Connects)
        | (LinkObservation::Attempts, LinkReport::Attempts)
        | (LinkObservation::Loses, LinkReport::Loses) => true,
        (LinkObservation::FailsSomehow, LinkReport::Fails(_)) => true,
        (LinkObservation::Fails(kind, detail), LinkReport::Fails(reason)) => fails(kind, detail.as_deref(), reason),
        _ => false,
    }
}

/// Whether a failure is the expected one. A core that does not say why TLS or the upgrade failed is held to the kind alone.
fn fails(kind: &str, detail: Option<&str>, reason: Reason) -> bool {
    let is_unsaid = matches!(reason, Reason::Tls(TlsFailure::Unsaid) | Reason::Handshake(HandshakeFailure::Unsaid));
    kind == reason.kind() && (is_unsaid || detail.is_none_or(|wanted| reason.detail().as_deref() == Some(wanted)))
}

/// The mismatch for an attempt that failed for a reason other than the expected one.
pub fn other_reason(wanted: &LinkObservation, got: LinkReport) -> Option<Mismatch> {
    let (LinkObservation::Fails(kind, detail), LinkReport::Fails(reason)) = (wanted, got) else { return None };
    let (from, to) = match detail {
        Some(detail) if kind == reason.kind() => (detail.clone(), reason.detail().unwrap_or_default()),
        _ => (kind.clone(), reason.kind().to_owned()),
    };
    replaced_word::<()>(format!("it fails {reason}"), &from, &to).err()
}

/// Compares a display with an expectation.
pub fn shows(show: &Show, face: &Display, names: &Names) -> Result<Captured, Mismatch> {
    match show {
        Show::Icon { connected, file } if *connected == face.connected => {
            let shown = file.as_ref().map(|_| names.file_of(face));
            match (file, shown) {
                (Some(wanted), Some(shown)) if *wanted != shown => mismatch(format!("the icon is {shown}"), None),
                _ => Ok(Captured::new()),
            }
        }
        Show::Icon { .. } => {
            let words = ["disconnected", "connected"];
            let (now, wanted) = (words[usize::from(face.connected)], words[usize::from(!face.connected)]);
            replaced_word(format!("the icon shows {now}"), wanted, now)
        }
        Show::Screen { .. } => screen_matches(show, &face.screen, names),
    }
}

/// Compares a screen with an expectation.
pub fn screen_matches(show: &Show, screen: &Screen, names: &Names) -> Result<Captured, Mismatch> {
    let Show::Screen { name, text, pattern, tests } = show else { return mismatch("not a screen", None) };
    if let Some(wanted) = name.filter(|name| *name != screen.name) {
        let said = format!("the screen is {}", screen.name);
        return replaced_word(said, &wanted.to_string(), &screen.name.to_string());
    }
    let has_text = text.as_ref().is_none_or(|t| screen.text.contains(names.interpolate(t).as_str()));
    if !has_text || pattern.as_ref().is_some_and(|p| !p.is_match(&screen.text)) {
        return mismatch(format!("the screen {} shows {}", screen.name, shown(&screen.text)), None);
    }
    let mut captured = Captured::new();
    for test in tests {
        captured.extend(field(test, screen.get(&test.field), names)?);
    }
    Ok(captured)
}

#[cfg(test)]
mod tests;
