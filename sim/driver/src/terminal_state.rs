//! The state of a run with external devices.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sca_network::Tag;
use sca_protocol::Reason;
use sca_protocol::handshake::Head;
use tokio::sync::mpsc;

use crate::link_ends::Ends;
use sca_environment::device::{Beside, Callers, Devices, Ended, ExternalTerminal, LOOKS};

/// The state of a run with external devices.
pub(crate) struct ExternalDevices {
    pub(crate) external: ExternalTerminal,
    pub(crate) callers: Callers,
    pub(crate) devices: Devices,
    /// Whether the scenario expects to see refused attempts.
    pub(super) shows_refusals: bool,
    /// Number of connections so far.
    pub(super) connections: u32,
    /// The terminal each connection belongs to, once known.
    pub(super) whose: BTreeMap<u32, usize>,
    /// Ends of connections whose device has not sent its pinpad id yet.
    pub(super) unplaced: BTreeMap<u32, Ends>,
    /// Connections whose upgrade answer has been sent: until when the device may hang up, and the reason it would
    /// have to.
    pub(super) judged: BTreeMap<Tag, (Duration, Option<Reason>)>,
    /// Connections that were up and undisturbed when the next one came, with the deadline by which they must be gone.
    pub(super) beside: BTreeMap<Tag, Duration>,
    /// The Sec-WebSocket-Key values of upgrade requests that have no answer yet.
    pub(super) keys: BTreeMap<Tag, String>,
    /// Connections whose TLS handshake is complete.
    pub(super) secured: BTreeSet<Tag>,
    /// The channel for an answer to the question the operator is being asked.
    pub(crate) question: Option<mpsc::Receiver<Option<bool>>>,
}

impl ExternalDevices {
    pub(crate) fn new(beside: Beside) -> Self {
        let Beside { external, callers, devices, shows_refusals, .. } = beside;
        Self {
            shows_refusals,
            external,
            callers,
            devices,
            connections: 0,
            whose: BTreeMap::new(),
            unplaced: BTreeMap::new(),
            judged: BTreeMap::new(),
            beside: BTreeMap::new(),
            keys: BTreeMap::new(),
            secured: BTreeSet::new(),
            question: None,
        }
    }
}

impl ExternalDevices {
    /// Records the key of a device's upgrade request.
    pub(super) fn is_asked(&mut self, tag: Tag, head: &Head) {
        self.keys.extend(head.get("Sec-WebSocket-Key").map(|key| (tag, key.to_owned())));
    }
}

/// An event that does not come from a connection.
pub(super) enum OutsideEvent {
    /// The operator's answer; `None` if nobody answers.
    Said(Option<bool>),
    /// A device program has exited by itself.
    Ended(usize, Ended),
}

/// Waits for the operator's answer or for a device program to exit; never returns if the run has no external devices.
pub(super) async fn news(state: Option<&mut ExternalDevices>) -> OutsideEvent {
    let Some(state) = state else { return std::future::pending().await };
    loop {
        if let Some((who, ended)) = state.devices.ended() {
            // Messages sent before the exit are handled first: the mailbox has priority in the driver's loop.
            tokio::time::sleep(LOOKS).await;
            return OutsideEvent::Ended(who, ended);
        }
        let said = async {
            match state.question.as_mut() {
                Some(answer) => answer.recv().await.flatten(),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            yes = said => return OutsideEvent::Said(yes),
            () = tokio::time::sleep(LOOKS) => {}
        }
    }
}
