//! Lines of the log of a party in the open.

use std::fmt;
use std::time::Duration;

use sca_protocol::message::Layout;
use sca_protocol::secret::{self, Kind};
use sca_protocol::{Response, xml};

use crate::moment::stamp;

/// A line of the log of a party in the open.
///
/// Shown it is one line of at most some 200 characters behind the time: of a document its fields, but for what is secret.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    /// How long the party has been there.
    pub at: Duration,
    /// What happened, or who says something to whom.
    pub what: &'a str,
    /// What is said, whole, as it was; it may hold what is secret.
    pub document: Option<&'a str>,
}

impl Said<'_> {
    /// The document without what is secret.
    #[must_use]
    pub fn discreet(&self) -> Option<String> {
        self.document.map(without_secrets)
    }

    /// What happened, without what is secret.
    #[must_use]
    pub fn what(&self) -> String {
        without_secrets(self.what)
    }

    /// The whole line: the document on one line, but for what is secret, and nothing of it cut.
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

/// A document on one line: its fields but for what is secret.
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
    // One line is one line.
    fields.replace('\r', "\\r").replace('\n', "\\n")
}

/// A text as a log may have it: without what is secret, credentials of HTTP too.
fn without_secrets(text: &str) -> String {
    let text = secret::without(text, |kind| kind.is_withheld() || kind == Kind::Credential);
    crate::cards::discreet(&text).into_owned()
}
