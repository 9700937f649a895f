//! The documents that a device receives: each is read, or refused with the reason.

use super::Device;
use crate::context::{Effect, Origin, Task, Work, outcome};
use sca_protocol::codes::Code;
use sca_protocol::commands::Command;
use sca_protocol::counter::RequestOutcome;
use sca_protocol::message::{DuplicateFields, MessageError};
use sca_protocol::xml::{Element, Limits};
use sca_protocol::{Request, codes, commands, counter, xml};

impl Device {
    /// Handles a document from a POS.
    pub(crate) fn message(&mut self, work: &mut Work<'_>, origin: Origin, text: &str) {
        let bytes_max = usize::try_from(work.settings.document_size_max).unwrap_or(usize::MAX);
        let limits = Limits { bytes_max, ..Limits::default() };
        let packet = (!work.settings.skips_authentication()).then(|| encrypted_children(text, limits)).flatten();
        let (text, key) = match packet.map(|packet| self.registrations.open(&packet)) {
            None => (text.to_owned(), None),
            Some(Ok((text, key))) => (text, Some(key)),
            Some(Err((code, _))) => return refuse_undecrypted(work, origin, code),
        };
        let duplicates = match work.settings.messages.duplicate_fields.as_str() {
            "first" => DuplicateFields::First,
            "last" => DuplicateFields::Last,
            _ => DuplicateFields::Refused,
        };
        let mut request = match Request::read(&text, limits, duplicates) {
            Ok(request) => request,
            Err(error) => return self.refuse_document(work, origin, &text, limits, &error),
        };
        let row = Command::find(&request).unwrap_or(&commands::UNKNOWN);
        if work.settings.messages.empty_fields == "absent" {
            let is_empty = |field: &Element| field.text.trim().is_empty() && field.children.is_empty();
            request.retain(|field| !(is_empty(field) && row.may_be_absent_not_empty(&field.name)));
        }
        let counter = request.get("COUNTER").and_then(counter::parse);
        let task = Task { row, request, origin, counter, key, assumed: Vec::new(), answered: false };
        self.take(work, task);
    }

    /// Answers data that is not a document: a binary message, or unreadable bytes on a classic port.
    pub(crate) fn refuse_unreadable(work: &mut Work<'_>, origin: Origin, what: &str, assumption: &'static str) {
        let response = outcome(codes::BAD_XML, &format!("{}: {what}", codes::BAD_XML.text));
        let text = response.to_xml(work.settings.layout());
        work.does(Effect::Send { to: origin, text, assumed: vec![assumption] });
    }

    fn refuse_document(
        &mut self,
        work: &mut Work<'_>,
        origin: Origin,
        text: &str,
        limits: Limits,
        error: &MessageError,
    ) {
        let counter = xml::parse(text, limits).ok().and_then(|root| {
            let field = root.children.iter().find(|c| c.name == "COUNTER")?;
            counter::parse(&field.text)
        });
        // A well-formed document that lacks what makes it a request is refused like a request with a missing field.
        let missing = match error {
            MessageError::Missing(name) => Some(*name),
            _ => None,
        };
        let (counted, assumption) =
            if missing.is_some() { (RequestOutcome::Refused, "A-23") } else { (RequestOutcome::Malformed, "A-20") };
        let mut assumed = vec![assumption];
        if let Some(counter) = counter {
            assumed.extend(self.counter.assumption(counter, counted));
            self.counter.saw(counter, counted, &work.settings.counter);
        }
        let response = match missing {
            Some(name) => outcome(codes::FIELD_ERROR, &format!("{name} is missing")),
            None => outcome(codes::BAD_XML, &format!("{}: {error}", codes::BAD_XML.text)),
        };
        let response = match counter.filter(|_| missing.is_some() && work.settings.echo_counter) {
            Some(counter) => response.with("COUNTER", counter.to_string()),
            None => response,
        };
        let text = response.to_xml(work.settings.layout());
        work.does(Effect::Send { to: origin, text, assumed });
    }
}

/// The child elements of an encrypted document; `None` if the text is not one.
fn encrypted_children(text: &str, limits: Limits) -> Option<Vec<Element>> {
    // Encrypted documents are rare: checking the first characters saves parsing.
    let begins = text.trim_start().starts_with("<ETRANSACTION");
    begins.then(|| xml::parse(text, limits).ok()).flatten().filter(|r| r.name == "ETRANSACTION").map(|r| r.children)
}

/// Refuses a document that could not be decrypted.
fn refuse_undecrypted(work: &mut Work<'_>, origin: Origin, code: Code) {
    let text = outcome(code, code.text).to_xml(work.settings.layout());
    work.does(Effect::Send { to: origin, text, assumed: code.assumption.into_iter().collect() });
}
