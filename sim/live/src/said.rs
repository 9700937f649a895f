//! Lines of the log of a party in the open.

use std::fmt;
use std::time::Duration;

use sca_masking::secret::{self, Kind};
use sca_protocol::message::Layout;
use sca_protocol::{Response, xml};

use sca_judge::time_format::stamp;

/// A line in the log of a party on a real port.
///
/// `Display` prints a single line with at most about 200 characters after the time: of a document its fields, without
/// secrets.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    /// Time since the party started.
    pub at: Duration,
    /// The event, or the sender and receiver of a message.
    pub what: &'a str,
    /// The complete document as sent; it may contain secrets.
    pub document: Option<&'a str>,
}

impl Said<'_> {
    /// The document with secrets removed.
    #[must_use]
    pub fn discreet(&self) -> Option<String> {
        self.document.map(without_secrets)
    }

    /// The description of what happened, with secrets removed.
    #[must_use]
    pub fn what(&self) -> String {
        without_secrets(self.what)
    }

    /// The complete line, not shortened: the document's fields on one line, with secrets removed.
    #[must_use]
    pub fn whole(&self) -> String {
        let document = self.document.map(fields).unwrap_or_default();
        format!("{:>12}  {}  {document}", stamp(self.at), self.what()).trim_end().to_owned()
    }
}

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>12}  {}", stamp(self.at), self.what())?;
        let Some(document) = self.document else { return Ok(()) };
        let fields = fields(document);
        match fields.char_indices().nth(200) {
            Some((at, _)) => write!(f, "  {} …", &fields[..at]),
            None => write!(f, "  {fields}"),
        }
    }
}

/// A document's fields on one line, with secrets removed.
fn fields(text: &str) -> String {
    let text = without_secrets(text);
    let fields = match xml::parse(&text, xml::Limits::default()) {
        Ok(root) => {
            let fields = root.children.into_iter();
            let fields = fields.fold(Response::default(), Response::with_group).to_xml(Layout::Compact);
            fields.replace("<RESPONSE>", "").replace("</RESPONSE>", "")
        }
        _ => text.split_whitespace().collect::<Vec<_>>().join(" "),
    };
    // Escapes line breaks, so that a log entry stays on one line.
    fields.replace('\r', "\\r").replace('\n', "\\n")
}

/// A text for the log, with secrets removed, HTTP credentials included.
fn without_secrets(text: &str) -> String {
    let text = secret::without(text, |kind| kind.is_withheld() || kind == Kind::Credential);
    sca_judge::mask::discreet(&text).into_owned()
}
