//! What is seen of a terminal, as one value: what it adds to the record, which standing rules it is held against, and
//! the lane in which expectations read it.

use std::rc::Rc;
use std::time::Duration;

use sca_core::{Display, LinkReport};
use sca_protocol::frame::Frame;
use sca_protocol::handshake::Head;
use sca_protocol::{Line, Request};
use sha2::{Digest, Sha256};

use crate::describe::{describe_control, describe_link, describe_to_host};
use crate::lanes::{Control, Data, Lanes, Observed};
use crate::record::Entry;

/// One observation of a terminal. A new kind is a variant here, and the compile errors after it.
#[derive(Debug, Clone)]
pub enum Observation {
    /// A message to a POS.
    Data(Rc<Data>),
    /// A report of the link.
    Link(LinkReport),
    /// A control frame, and the frame itself as it came.
    Control(Control, Frame),
    /// An upgrade request.
    Http {
        /// Its head.
        head: Head,
        /// The bytes as text.
        text: String,
        /// Whether it says what the one before said, but for the key; the record keeps the first only.
        repeats: bool,
    },
    /// A CONNECT request to the proxy.
    Proxied(String),
    /// A document to a host.
    ToHost(Line, Rc<Request>),
    /// The display has changed.
    Display(Display),
}

impl Observation {
    /// What it adds to the record; a display adds an entry for each of its parts that changed.
    #[must_use]
    pub fn entries(&self, who: usize, lanes: &Lanes) -> Vec<Entry> {
        match self {
            Self::Data(data) => vec![Entry::Data(who, data.clone())],
            Self::Link(report) => vec![Entry::Link(who, *report)],
            Self::Control(Control::Ping(_), _) => vec![Entry::Ping(who)],
            Self::Control(Control::Pong(payload), _) => vec![Entry::Pong(who, payload.clone())],
            Self::Control(Control::Close(code, _), _) => vec![Entry::Close(who, *code)],
            Self::Http { repeats: true, .. } => Vec::new(),
            Self::Http { text, .. } => vec![Entry::Http(who, text.clone())],
            Self::Proxied(text) => vec![Entry::Proxied(who, text.clone())],
            Self::ToHost(line, request) => vec![Entry::ToHost(who, *line, request.clone())],
            Self::Display(display) => display_entries(who, &lanes.face.what, display),
        }
    }

    /// The observation in one line of a failure. `label` is the text under the caret of the rule that it broke: of a
    /// display it tells whether icon or screen is meant.
    #[must_use]
    pub fn describe(&self, label: &str) -> String {
        match self {
            Self::Data(data) => data.brief(),
            Self::Link(report) => describe_link(*report),
            Self::Control(control, _) => describe_control(control),
            Self::Http { head, .. } => head.line.clone(),
            Self::Proxied(text) => text.lines().next().unwrap_or_default().to_owned(),
            Self::ToHost(line, request) => describe_to_host(*line, request),
            Self::Display(display) if label.starts_with("the icon") => icon(display).to_owned(),
            Self::Display(display) => format!("screen {}", display.screen.name),
        }
    }

    /// Puts it into its lane, where expectations read it.
    pub fn enter(self, lanes: &mut Lanes, at: Duration, sequence: u64) {
        match self {
            Self::Data(what) => lanes.data.push_back(Observed { at, sequence, what }),
            Self::Link(what) => lanes.link.push_back(Observed { at, sequence, what }),
            Self::Control(what, _) => lanes.control.push_back(Observed { at, sequence, what }),
            Self::Http { head, text, .. } => lanes.http.push_back(Observed { at, sequence, what: (head, text) }),
            Self::Proxied(what) => lanes.proxy.push_back(Observed { at, sequence, what }),
            Self::ToHost(line, request) => {
                lanes.hosts.push_back(Observed { at, sequence, what: (line, Rc::unwrap_or_clone(request)) });
            }
            Self::Display(what) => lanes.face = Observed { at, sequence, what },
        }
        lanes.trim();
    }
}

fn icon(display: &Display) -> &'static str {
    if display.connected { "icon connected" } else { "icon disconnected" }
}

fn display_entries(who: usize, before: &Display, now: &Display) -> Vec<Entry> {
    let screen = (now.screen != before.screen).then(|| Entry::Screen(who, now.screen.clone()));
    let icon = (now.connected != before.connected).then_some(Entry::Icon(who, now.connected));
    let picture = now.icon.as_ref().filter(|_| now.icon != before.icon).map(|picture| {
        let digest: String = Sha256::digest(picture).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        Entry::Comment(format!("icon file: {} bytes, sha256 {digest}", picture.len()))
    });
    [screen, icon, picture].into_iter().flatten().collect()
}
