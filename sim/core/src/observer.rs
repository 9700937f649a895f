//! What a check of the laws knows of a core: the phase of its link, judged by the outputs alone.

use std::collections::BTreeSet;

use sca_protocol::handshake::{Head, accept, is_key};

use crate::client_core::{CoreInput, CoreOutput};
use crate::connection::{ConnectionId, LinkEvent, LinkReport};

/// A law, and what was seen instead.
pub(crate) type Verdict = Result<(), (&'static str, String)>;

/// The phase of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Phase {
    /// Not started.
    #[default]
    Stopped,
    /// Boot or a pause.
    Waiting,
    /// An attempt.
    Dialling(ConnectionId),
    /// Up.
    Up(ConnectionId),
}

/// Follows a core by its inputs and outputs.
#[derive(Debug, Default)]
pub(crate) struct Observer {
    phase: Phase,
    /// Whether an attempt has been reported whose dial has not come yet.
    attempts: bool,
    /// Whether `Open` has come and `Connects` not yet.
    opens: bool,
    /// Whether TCP is connected.
    opened: bool,
    /// Whether the connection has ended by itself, or was dropped or closed.
    ended: bool,
    /// The key of the upgrade request.
    key: Option<String>,
    used: BTreeSet<ConnectionId>,
}

impl Observer {
    pub(crate) fn phase(&self) -> Phase {
        self.phase
    }

    pub(crate) fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    pub(crate) fn has_opened(&self) -> bool {
        self.opened
    }

    pub(crate) fn connection(&self) -> Option<ConnectionId> {
        match self.phase {
            Phase::Dialling(connection) | Phase::Up(connection) => Some(connection),
            Phase::Stopped | Phase::Waiting => None,
        }
    }

    /// Judges the outputs of one input.
    pub(crate) fn judge(&mut self, input: &CoreInput, outputs: &[CoreOutput]) -> Verdict {
        self.judge_input(input, outputs)?;
        match input {
            CoreInput::Start if self.phase == Phase::Stopped => self.phase = Phase::Waiting,
            CoreInput::Link { connection, event } if Some(*connection) == self.connection() => {
                self.opened |= *event == LinkEvent::Opened;
                self.ended = matches!(event, LinkEvent::Closed | LinkEvent::Lost | LinkEvent::Failed(_));
            }
            _ => {}
        }
        outputs.iter().try_for_each(|output| self.follow(output))?;
        if self.attempts || self.opens {
            return Err(("a report comes together with its order", format!("{outputs:?}")));
        }
        if matches!(input, CoreInput::Stop | CoreInput::Leave(_)) {
            if matches!(self.phase, Phase::Up(_)) || (matches!(self.phase, Phase::Dialling(_)) && !self.ended) {
                return Err(("no connection outlives the power or a restart", format!("{outputs:?}")));
            }
            self.phase = Phase::Stopped;
        }
        Ok(())
    }

    /// What an input demands in the phase in which it comes.
    fn judge_input(&self, input: &CoreInput, outputs: &[CoreOutput]) -> Verdict {
        let seen = || format!("{outputs:?}");
        let connects = outputs.contains(&CoreOutput::Report(LinkReport::Connects));
        match (input, self.phase) {
            (CoreInput::Send(text), Phase::Up(connection)) => {
                let sent = [CoreOutput::Text { connection, text: text.clone() }];
                demand(outputs == sent, "a document is sent at once while the link is up", seen)
            }
            (CoreInput::Send(_), _) => demand(outputs.is_empty(), "nothing is sent while the link is down", seen),
            (CoreInput::Link { connection, .. }, _) if Some(*connection) != self.connection() => {
                demand(outputs.is_empty(), "events of a connection that was given up are ignored", seen)
            }
            (CoreInput::Link { connection, event: LinkEvent::Text(text) }, Phase::Up(_)) => {
                let passed = CoreOutput::Received { connection: *connection, text: text.clone() };
                demand(outputs.contains(&passed), "a document that arrives is passed on as it is", seen)
            }
            (CoreInput::Link { event: LinkEvent::Answered(head), .. }, Phase::Dialling(_)) => {
                let is_right = self.key.as_deref().is_some_and(|key| answers(head, key));
                demand(connects == is_right, "the link is up exactly after the right answer to the upgrade", seen)
            }
            (CoreInput::Link { event: LinkEvent::Closed | LinkEvent::Lost, .. }, Phase::Up(_)) => {
                let loses = outputs.contains(&CoreOutput::Report(LinkReport::Loses));
                demand(loses, "the end of a connection is a loss of the link", seen)
            }
            (CoreInput::Link { event: LinkEvent::Failed(reason), .. }, Phase::Dialling(_)) => {
                let fails = outputs.contains(&CoreOutput::Report(LinkReport::Fails(*reason)));
                demand(fails, "a failed attempt is reported with its reason", seen)
            }
            _ => demand(!connects, "the link is up exactly after the right answer to the upgrade", seen),
        }
    }

    /// Follows one output; each is legal in its phase alone.
    fn follow(&mut self, output: &CoreOutput) -> Verdict {
        let phase = self.phase;
        let seen = || format!("{output:?} in phase {phase:?}");
        match (output, phase) {
            (CoreOutput::Assumed(_), _) => Ok(()),
            (CoreOutput::Report(LinkReport::Attempts), Phase::Waiting) => {
                self.attempts = true;
                Ok(())
            }
            (CoreOutput::Dial { connection, .. }, Phase::Waiting) if self.attempts => {
                self.attempts = false;
                (self.opened, self.ended, self.key) = (false, false, None);
                self.phase = Phase::Dialling(*connection);
                demand(self.used.insert(*connection), "a connection has a number of its own", seen)
            }
            (CoreOutput::Request { connection, bytes }, Phase::Dialling(now)) if *connection == now => {
                self.key = key_of(bytes);
                demand(self.key.is_some(), "the upgrade request is one of WebSocket, with a key", seen)
            }
            (CoreOutput::Open { connection }, Phase::Dialling(now)) if *connection == now => {
                self.opens = true;
                Ok(())
            }
            (CoreOutput::Report(LinkReport::Connects), Phase::Dialling(now)) if self.opens => {
                self.opens = false;
                self.phase = Phase::Up(now);
                Ok(())
            }
            (CoreOutput::Report(LinkReport::Fails(_)), Phase::Dialling(_))
            | (CoreOutput::Report(LinkReport::Loses), Phase::Up(_)) => {
                self.phase = Phase::Waiting;
                demand(self.ended, "a connection that does not end by itself is dropped or closed first", seen)
            }
            (CoreOutput::Drop { connection }, Phase::Dialling(now) | Phase::Up(now))
            | (CoreOutput::Close { connection, .. }, Phase::Up(now))
                if *connection == now =>
            {
                self.ended = true;
                Ok(())
            }
            (
                CoreOutput::Text { connection, .. }
                | CoreOutput::Ping { connection, .. }
                | CoreOutput::Received { connection, .. }
                | CoreOutput::ReceivedBinary { connection },
                Phase::Up(now),
            ) if *connection == now => Ok(()),
            _ => Err(("each output is legal in its phase alone", seen())),
        }
    }
}

fn demand(holds: bool, law: &'static str, seen: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err((law, seen())) }
}

/// Whether a head is the right answer to the upgrade with this key.
fn answers(head: &Head, key: &str) -> bool {
    head.status == 101 && head.get("Sec-WebSocket-Accept") == Some(accept(key).as_str())
}

/// The key of an upgrade request; `None` if it is none.
fn key_of(bytes: &[u8]) -> Option<String> {
    let (head, _) = Head::parse_request(bytes).ok()??;
    let key = head.get("Sec-WebSocket-Key")?.to_owned();
    let upgrades = head.get("Upgrade").is_some_and(|value| value.eq_ignore_ascii_case("websocket"));
    (head.method() == "GET" && upgrades && is_key(&key)).then_some(key)
}
