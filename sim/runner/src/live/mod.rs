//! The simulated terminal, broker and POS in the open: real sockets, real time, nobody's script.

mod askers;
mod broker;
mod calls;
mod guests;
mod host;
mod pos;
mod terminal;

pub use broker::{BrokerPlan, serve};
pub use host::{HostPlan, host};
pub use pos::{PosError, PosPlan, converse};
pub use terminal::{Act, LiveError, TerminalPlan, connect};

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sca_certs::Identity;
use sca_network::tls::{self, ClientTls, Clock, Demand, ServerTls, Shown, TlsError, Trust, Trusted};
use sca_protocol::message::Layout;
use sca_protocol::secret::{self, Kind};
use sca_protocol::{Response, UnixTime, xml};

use crate::clock::{Clock as WorldClock, DeviceClock};
use crate::moment::stamp;

/// Limits of a party that listens on a real port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at one time.
    pub connections: usize,
    /// Bytes that may wait: read and not passed on, or not taken.
    pub memory: usize,
    /// How long somebody may hold a connection and do nothing with it.
    pub patience: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: 1_000, memory: 16 << 20, patience: Duration::from_secs(15) }
    }
}

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

/// Says once that nobody can be taken in, until somebody is.
#[derive(Debug, Default)]
pub struct Shortage {
    is_told: bool,
}

impl Shortage {
    /// What there is to say of this error.
    pub fn of(&mut self, error: &std::io::Error) -> Option<String> {
        let is_new = !std::mem::replace(&mut self.is_told, true);
        is_new.then(|| format!("nobody can be taken in for now: {error}"))
    }

    /// Somebody was taken in.
    pub fn is_over(&mut self) {
        self.is_told = false;
    }
}

/// After an error that lasts the next try waits, or the loop would spin.
pub const SHORTAGE_PAUSE: Duration = Duration::from_millis(50);

/// Who is trusted, and what is shown.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    /// Trusted roots, DER.
    pub roots: Vec<Vec<u8>>,
    /// Revocation lists, DER.
    pub lists: Vec<Vec<u8>>,
    /// What is shown to the other side.
    pub identity: Option<Arc<Identity>>,
}

impl Credentials {
    /// The side that is dialled, which demands a certificate of whoever dials; validity is judged by the real date.
    ///
    /// # Errors
    /// [`TlsError`], if they cannot be used.
    pub fn server(&self) -> Result<Arc<ServerTls>, TlsError> {
        tls::server(&self.trust((false, "both", "all"))?, wall(&real_clock(None).1), Demand::Required)
    }

    /// The side that dials.
    ///
    /// # Errors
    /// [`TlsError`], if they cannot be used.
    pub fn client(&self) -> Result<Arc<ClientTls>, TlsError> {
        tls::client(&self.trust((false, "both", "all"))?, wall(&real_clock(None).1), None)
    }

    /// Trust with what settings say of resumption, versions and groups.
    fn trust(&self, (resumption, versions, groups): (bool, &str, &str)) -> Result<Trust, TlsError> {
        let shown = match &self.identity {
            Some(identity) => Shown::new(identity)?,
            None => None,
        };
        let trusted = Arc::new(Trusted::new(&self.roots, &self.lists)?);
        Ok(Trust { trusted, shown, resumption, versions: versions.to_owned(), groups: groups.to_owned() })
    }
}

/// The real clock, for those who check validity; theirs shows something else where a setting says so.
fn real_clock(shows: Option<UnixTime>) -> (WorldClock, DeviceClock) {
    let clock = WorldClock::start(1);
    (clock, DeviceClock::new(clock, shows.unwrap_or_else(crate::clock::today)))
}

fn wall(clock: &DeviceClock) -> Arc<Clock<impl Fn() -> i64 + Send + Sync + 'static>> {
    let clock = clock.clone();
    Arc::new(Clock(move || clock.shows().0))
}
