//! Lines for the link: attempts, failures, and ends of connections.

use std::time::Duration;

use sca_model::fault_table::{FaultKind, Toward};
use sca_model::{Action, Awaited, Count, Expect, Fault, LinkObservation, Party, Set, Suffix, Trigger, Within};
use sca_protocol::{HandshakeFailure, Reason, TlsFailure};

use super::state::{Phase, ScenarioGenerator};
use crate::frames::Frames;
use sca_import::{Ending, Side};

impl ScenarioGenerator {
    pub(super) fn opened(&mut self, at: Duration) {
        if self.link.is_up() && self.link.closed.is_none() {
            self.comment("the terminal connects while its connection is still up");
            self.ended(at, Side::Terminal, Ending::Fin);
        }
        self.link.attempts += 1;
        self.link.phase = Phase::Opening { asked: None };
        self.link.moved = at;
    }

    /// Adds a link that is up without a handshake in the capture.
    pub(super) fn is_found_up(&mut self, at: Duration) {
        if !self.secure {
            self.use_ws_url();
        }
        self.frames = Frames::default();
        self.up(at);
        self.speech.unseen_behind = Some(self.speech.number);
    }

    pub(super) fn up(&mut self, at: Duration) {
        (self.link.attempts, self.link.phase) = (0, Phase::Up);
        (self.link.moved, self.link.unanswered, self.link.closed) = (at, None, None);
        self.step(Some(at), self.in_its_time(LinkObservation::Connects));
        self.link.failures = 0;
        self.speech.connected = Some(self.body.len());
    }

    /// The number of the current attempt, as faults count them.
    pub(super) fn attempt(&self) -> Count {
        let number = self.link.attempts.max(1);
        Count { of_connections: false, from: number, to: number }
    }

    pub(super) fn failed(&mut self, at: Duration, reason: Reason) {
        if self.link.phase == Phase::Down {
            self.link.attempts += 1;
        }
        let kind = match reason {
            Reason::Refused => Some(FaultKind::Refuse),
            Reason::Dns => Some(FaultKind::Dns),
            Reason::Timeout => Some(FaultKind::Unanswered),
            Reason::Reset => Some(FaultKind::Reset),
            Reason::Tls(failure) => return self.failed_in_tls(at, failure),
            Reason::Handshake(_) => Some(FaultKind::Fin),
            Reason::Proxy(_) | Reason::Http(_) | Reason::Config => None,
        };
        if let Some(kind) = kind {
            self.arm(kind);
        }
        let told = if matches!(reason, Reason::Handshake(_)) {
            Reason::Handshake(HandshakeFailure::Truncated)
        } else {
            reason
        };
        self.fails(at, told);
    }

    /// Sets the broker's URL to ws, unless TLS was used before.
    pub(super) fn use_ws_url(&mut self) {
        if !self.link.speaks_tls {
            self.set_broker("url", "ws://broker.test:80".to_owned());
        }
    }

    fn arm(&mut self, kind: FaultKind) {
        let arm = Some(Trigger::On(self.attempt()));
        self.step(None, Action::Fault(Fault { arm, ..Fault::now(0, kind) }));
    }

    pub(super) fn fails(&mut self, at: Duration, reason: Reason) {
        self.link.phase = Phase::Down;
        self.link.failures += 1;
        // These details of a TLS failure depend on the TLS library.
        let detail = match reason {
            Reason::Tls(
                TlsFailure::Eof
                | TlsFailure::Other
                | TlsFailure::Garbage
                | TlsFailure::Incompatible
                | TlsFailure::Version
                | TlsFailure::AlertOther,
            ) => None,
            reason => reason.detail(),
        };
        self.step(Some(at), self.in_its_time(LinkObservation::Fails(reason.kind().to_owned(), detail)));
    }

    /// An expectation of the link; after several failures with a window that covers the longest possible retry pause.
    fn in_its_time(&self, awaited: LinkObservation) -> Action {
        const LONG: Within = Within { from: None, to: Duration::from_secs(130), of: None };
        let within = (self.link.failures >= 3).then_some(LONG);
        let suffix = Suffix { within, ..Suffix::default() };
        Action::Expect(Expect { who: 0, awaited: Awaited::Link(awaited), suffix })
    }

    fn failed_in_tls(&mut self, at: Duration, failure: TlsFailure) {
        self.link.speaks_tls = true;
        self.rewrites += u64::from(self.broker.remove("url").is_some());
        let flaw = flaw_of(failure);
        match flaw {
            Some((is_broker, flaw)) => {
                self.show(is_broker, Some(flaw));
                self.fails(at, Reason::Tls(failure));
            }
            None => {
                self.comment(&format!("TLS: {}", Reason::Tls(failure).sentence()));
                self.arm(FaultKind::Tls("alert"));
                self.link.phase = Phase::Down;
                self.link.failures += 1;
                self.step(Some(at), self.in_its_time(LinkObservation::Fails("tls".to_owned(), None)));
            }
        }
    }

    /// Switches the certificate of a side to one with a flaw, or back to the default (`None`).
    fn show(&mut self, is_broker: bool, flaw: Option<&'static str>) {
        let name = flaw.map(|flaw| match flaw {
            "none" => "none".to_owned(),
            flaw => format!("{}-{flaw}", if is_broker { "broker" } else { "terminal" }),
        });
        if self.link.shown[usize::from(is_broker)] == name {
            return;
        }
        if let (Some(name), Some(flaw)) = (&name, flaw.filter(|flaw| *flaw != "none"))
            && self.certificates.insert(name.clone(), flaw).is_none()
        {
            self.rewrites += 1;
        }
        let party = if is_broker { Party::Broker(0) } else { Party::Terminal(0) };
        let usual = if is_broker { "broker" } else { "terminal" };
        let value = name.clone().unwrap_or_else(|| usual.to_owned());
        self.link.shown[usize::from(is_broker)] = name;
        self.step(None, Action::Set(Set { party, name: "certificate".to_owned(), value }));
    }

    pub(super) fn ended(&mut self, at: Duration, side: Side, ending: Ending) {
        match std::mem::take(&mut self.link.phase) {
            Phase::Down => {}
            Phase::Opening { .. } => {
                self.link.phase = Phase::Opening { asked: None };
                let reason = match ending {
                    Ending::Fin => Reason::Handshake(HandshakeFailure::Truncated),
                    Ending::Reset => Reason::Reset,
                };
                self.failed(at, reason);
            }
            Phase::Up => self.link_ends(at, side, ending),
        }
        self.flush_ping_count();
        self.add_responses_in_gaps();
        drop(self.speech.pairing.forget());
        self.speech.connected = None;
    }

    fn link_ends(&mut self, at: Duration, side: Side, ending: Ending) {
        // After a close frame the end of the connection is expected.
        if self.link.closed.is_some() {
            return;
        }
        if side == Side::Terminal {
            self.comment("the terminal ended the connection; the capture does not show why");
        }
        let kind = match ending {
            Ending::Fin => FaultKind::Fin,
            Ending::Reset => FaultKind::Reset,
        };
        self.step(Some(at), Action::Fault(Fault::now(0, kind)));
    }

    /// Adds a one-way silence if the terminal closes because its ping got no pong: nothing reaches it any more.
    pub(super) fn add_silence_before_close(&mut self, at: Duration) {
        let waited = self.link.unanswered.take().map(|since| at.saturating_sub(since));
        if waited.is_some_and(|waited| waited >= Duration::from_secs(1)) {
            let silence = FaultKind::Silence(Some(Toward::Terminal));
            self.step(Some(at), Action::Fault(Fault::now(0, silence)));
        }
    }

    /// Switches back to the default certificates, once an attempt has succeeded.
    pub(super) fn usual_certificates(&mut self) {
        self.show(true, None);
        self.show(false, None);
    }

    /// Adds an expectation without modifiers.
    pub(super) fn sees(&mut self, at: Duration, awaited: Awaited) {
        self.step(Some(at), Action::Expect(Expect { who: 0, awaited, suffix: Suffix::default() }));
    }
}

/// The certificate flaw that causes a TLS failure, and whether it is the broker's certificate that has it.
fn flaw_of(failure: TlsFailure) -> Option<(bool, &'static str)> {
    use TlsFailure as F;
    let flaw = match failure {
        F::Expired
        | F::NotYetValid
        | F::WrongName
        | F::UnknownAuthority
        | F::WrongUsage
        | F::Revoked
        | F::NameConstraints => return Some((true, failure.word())),
        F::AlertCertificateRequired => "none",
        F::AlertCertificateExpired => "expired",
        F::AlertUnknownAuthority => "unknown-authority",
        F::AlertCertificateRevoked => "revoked",
        F::AlertUnsupportedCertificate => "wrong-usage",
        _ => return None,
    };
    Some((false, flaw))
}
