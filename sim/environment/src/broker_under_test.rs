//! A real broker under test: where it is, and how the harness reaches it.

use std::time::Duration;

use sca_core::Target;

use crate::credentials::Credentials;

/// A broker under test, and how the harness gets at it.
#[derive(Debug, Clone)]
pub struct ExternalBroker {
    /// Where terminals find it.
    pub broker: Target,
    /// Where POS find it: a url in which `{pinpad}` stands for the terminal they speak to.
    pub pos: String,
    /// Settings of the terminal that the way to it asks for.
    pub terminal: Vec<(String, String)>,
    /// Whom terminal and POS trust, and what they show.
    pub credentials: Credentials,
    /// How long the broker may take to let a POS in.
    pub patience: Duration,
    /// Scenarios that take longer are not played.
    pub longest: Duration,
    /// What every deadline is stretched by.
    pub slack: Duration,
}

impl ExternalBroker {
    /// Where the POS of a terminal finds the broker, and the path it asks for.
    pub fn pos_of(&self, pinpad_id: &str) -> (Target, String) {
        let url = self.pos.replace("{pinpad}", pinpad_id);
        let (front, path) = split_path(&url);
        let target = crate::target::parse_url(front).unwrap_or_else(|| self.broker.clone());
        (target, path.to_owned())
    }

    /// The url of the broker.
    pub fn url(&self) -> String {
        let Target { host, port, secure } = &self.broker;
        format!("{}://{host}:{port}", if *secure { "wss" } else { "ws" })
    }
}

/// A url parted before its path, which is `/` where it has none.
#[must_use]
pub fn split_path(url: &str) -> (&str, &str) {
    let begin = url.find("://").map_or(0, |at| at + 3);
    match url[begin..].find('/') {
        Some(at) => url.split_at(begin + at),
        None => (url, "/"),
    }
}
