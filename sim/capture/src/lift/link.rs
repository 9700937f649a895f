//! The link in a capture: attempts, the upgrade, ends.

use std::time::Duration;

use sca_protocol::Reason;
use sca_protocol::handshake::{Head, Upgrade, judge};
use sca_scenario::model::{
    Action, Arm, Count, Expect, Fault, FaultKind, LinkSight, Message, Party, Set, Sight, Suffix, Toward, Within,
};

use super::{Lift, expect};
use crate::frames::Frames;
use crate::session::{Ending, Event, Side};

/// How far the link is.
#[derive(Debug, Default)]
pub(super) struct Link {
    /// Attempts since it was last up.
    attempts: u32,
    /// How many of them have failed.
    failures: u32,
    phase: Phase,
    /// Whether TLS was spoken, so that the broker's url is a wss one.
    speaks_tls: bool,
    /// The request for the upgrade that was told last.
    told: String,
    /// The name of the terminal's certificate, and of the broker's, where they are not the usual ones.
    shown: [Option<String>; 2],
    /// When something last passed.
    pub(super) moved: Duration,
    /// The ping of the terminal that has no pong yet, and since when.
    pub(super) unanswered: Option<Duration>,
    /// Whether a close has been said, and by whom.
    pub(super) closed: Option<Side>,
    /// A 101 that the rules refuse: what follows tells whether the terminal did.
    doubtful: Option<Doubtful>,
}

/// An answer with the status 101 and something wrong in it.
#[derive(Debug)]
struct Doubtful {
    at: Duration,
    reason: Reason,
    /// What was asked, and the answer as it came.
    asked: String,
    text: String,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Down,
    Opening {
        /// What was asked, once it was.
        asked: Option<String>,
    },
    Up,
}

impl Link {
    /// There is no link that could be lost.
    pub(super) fn is_always_up(&mut self) {
        self.phase = Phase::Up;
    }

    /// It is over, nobody knows how.
    pub(super) fn is_down(&mut self) {
        self.phase = Phase::Down;
    }

    pub(super) fn is_up(&self) -> bool {
        self.phase == Phase::Up
    }
}

impl Lift {
    pub(super) fn opened(&mut self, at: Duration) {
        if self.link.is_up() && self.link.closed.is_none() {
            self.comment("the terminal dials while its connection is still up");
            self.ended(at, Side::Terminal, Ending::Fin);
        }
        self.link.attempts += 1;
        self.link.phase = Phase::Opening { asked: None };
        self.link.moved = at;
    }

    pub(super) fn asked(&mut self, at: Duration, text: &str) {
        if !matches!(self.link.phase, Phase::Opening { .. }) {
            self.opened(at);
        }
        self.link.phase = Phase::Opening { asked: Some(text.to_owned()) };
        self.usual_certificates();
        if let Ok(Some((head, _))) = Head::parse_request(text.as_bytes()) {
            let id = head.get("x-vfi-pinpad-id").unwrap_or_default().trim().to_owned();
            let id = sayable(&id);
            if !id.is_empty() && id != "1" && id.chars().count() <= 64 {
                self.set_terminal("pinpad-id", id);
            }
        }
        if !self.secure {
            self.is_plain();
        }
    }

    pub(super) fn answered(&mut self, at: Duration, text: &str) {
        let asked = match &self.link.phase {
            Phase::Opening { asked } => asked.clone().unwrap_or_default(),
            _ => String::new(),
        };
        let head = text.split_inclusive("\r\n\r\n").next().unwrap_or_default();
        let read = Head::parse_answer(head.as_bytes());
        let key = Head::parse_request(asked.as_bytes()).ok().flatten();
        let key = key.and_then(|(head, _)| head.get("Sec-WebSocket-Key").map(str::to_owned)).unwrap_or_default();
        let verdict = match read {
            // What the two agree on beyond the rules is theirs.
            Ok(Some((mut head, _))) => {
                head.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("Sec-WebSocket-Extensions"));
                self.agree(&head);
                judge(&head, &key, false)
            }
            Ok(None) => Err(Reason::Handshake("truncated")),
            Err(error) => Err(error.into()),
        };
        match verdict {
            Ok(()) => {
                self.tell_request(at, &asked);
                self.frames = Frames::open(text);
                self.up(at);
            }
            Err(reason) if text.split(' ').nth(1) == Some("101") => {
                self.link.doubtful = Some(Doubtful { at, reason, asked, text: text.to_owned() });
            }
            Err(reason) => self.refused(at, text, &key, reason),
        }
    }

    /// The broker's answer to the upgrade is none that opens a link.
    fn refused(&mut self, at: Duration, text: &str, key: &str, reason: Reason) {
        let usual = sca_protocol::handshake::accept(key);
        let lines = text.trim_end().lines().map(|line| sayable(line).replace(&usual, "{{accept}}"));
        let lines: Vec<String> = lines.take(60).collect();
        let count = self.attempt();
        if lines.first().is_none_or(|line| line.trim().is_empty() || line.starts_with(' ')) {
            return self.failed(at, Reason::Handshake("truncated"));
        }
        self.step(None, Action::Answers { by_proxy: false, count, lines });
        self.fails(at, reason);
    }

    /// What comes behind a doubtful 101 tells what the terminal made of it: where messages flow, the link was up.
    pub(super) fn settles(&mut self, next: &Event) {
        if matches!(next, Event::Note(_) | Event::Lost { .. }) {
            return;
        }
        let Some(Doubtful { at, reason, asked, text }) = self.link.doubtful.take() else { return };
        if matches!(next, Event::Frame(..)) {
            self.tell_request(at, &asked);
            self.comment(&format!(
                "by the rules this 101 is none ({}); the terminal took it, or not all of it is in the capture",
                reason.sentence()
            ));
            self.frames = Frames::open(&text);
            self.up(at);
        } else {
            let head = Head::parse_request(asked.as_bytes()).ok().flatten();
            let key = head.and_then(|(head, _)| head.get("Sec-WebSocket-Key").map(str::to_owned)).unwrap_or_default();
            self.refused(at, &text, &key, reason);
        }
    }

    /// The subprotocol that the broker has named.
    fn agree(&mut self, answer: &Head) {
        let named = answer.get("Sec-WebSocket-Protocol").filter(|_| answer.status == 101);
        if let Some(named) = named.filter(|named| *named == sca_protocol::handshake::SUBPROTOCOL) {
            self.set_broker("subprotocol", named.to_owned());
        }
    }

    /// Tells of the request for the upgrade, where it is another than before: as the model asks, and what differs.
    fn tell_request(&mut self, at: Duration, asked: &str) {
        let Ok(Some((head, _))) = Head::parse_request(asked.as_bytes()) else { return };
        let without_key = |head: &Head| {
            let lines = head.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("Sec-WebSocket-Key"));
            lines.map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>()
        };
        let mut mine = without_key(&head);
        mine.insert(0, head.line);
        let told = mine.join("\n");
        if std::mem::replace(&mut self.link.told, told.clone()) == told {
            return;
        }
        let model = self.model_request();
        let hosts = ["Host:", "Origin:"];
        let is_of_host = |line: &str| hosts.iter().any(|name| line.starts_with(name));
        let same: Vec<String> = model.iter().filter(|line| mine.contains(line)).cloned().collect();
        let beside = mine.iter().filter(|line| !model.contains(line) && !is_of_host(line));
        let beside: Vec<String> = beside.map(|line| format!("`{line}`")).collect();
        let name = |line: &String| line.split(':').next().unwrap_or_default().to_owned();
        let names: Vec<String> = mine.iter().map(|line| name(line).to_ascii_lowercase()).collect();
        let lacks = model.iter().filter(|line| !names.contains(&name(line).to_ascii_lowercase()));
        let lacks: Vec<String> = lacks.map(|line| format!("`{}`", name(line))).collect();
        if !beside.is_empty() {
            self.comment(&format!("this terminal asks for the upgrade with {} too", beside.join(", ")));
        }
        if !lacks.is_empty() {
            self.comment(&format!("this terminal asks for the upgrade without {}", lacks.join(", ")));
        }
        if !same.is_empty() {
            self.step(Some(at), expect(Sight::ToBroker(Message::Http(same))));
        }
    }

    /// The request of the simulated terminal, line by line.
    fn model_request(&self) -> Vec<String> {
        let pinpad_id = self.terminal.get("pinpad-id").cloned().unwrap_or_else(|| "1".to_owned());
        let upgrade = Upgrade {
            path: "/".to_owned(),
            host: "broker.test".to_owned(),
            secure: self.secure,
            key: String::new(),
            pinpad_id,
            space_before_colon: false,
        };
        let text = String::from_utf8_lossy(&upgrade.to_bytes()).into_owned();
        let lines = text.trim_end().split("\r\n").filter(|line| !line.starts_with("Sec-WebSocket-Key"));
        lines.map(str::to_owned).collect()
    }

    /// The link is up, and nobody saw how it came to be.
    pub(super) fn is_found_up(&mut self, at: Duration) {
        if !self.secure {
            self.is_plain();
        }
        self.frames = Frames::default();
        self.up(at);
        self.speech.unseen_behind = Some(self.speech.number);
    }

    fn up(&mut self, at: Duration) {
        (self.link.attempts, self.link.phase) = (0, Phase::Up);
        (self.link.moved, self.link.unanswered, self.link.closed) = (at, None, None);
        self.step(Some(at), self.in_its_time(LinkSight::Connects));
        self.link.failures = 0;
        self.speech.connected = Some(self.body.len());
    }

    /// The attempt that is under way, as faults count them.
    fn attempt(&self) -> Count {
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
            Reason::Tls(word) => return self.failed_in_tls(at, word),
            Reason::Handshake(_) => Some(FaultKind::Fin),
            Reason::Proxy(_) | Reason::Http(_) | Reason::Config => None,
        };
        if let Some(kind) = kind {
            self.arm(kind);
        }
        let told = if matches!(reason, Reason::Handshake(_)) { Reason::Handshake("truncated") } else { reason };
        self.fails(at, told);
    }

    /// The link is ws, unless TLS has been spoken on it before.
    fn is_plain(&mut self) {
        if !self.link.speaks_tls {
            self.set_broker("url", "ws://broker.test:80".to_owned());
        }
    }

    fn arm(&mut self, kind: FaultKind) {
        let arm = Some(Arm::On(self.attempt()));
        self.step(None, Action::Fault(Fault { arm, ..Fault::now(0, kind) }));
    }

    fn fails(&mut self, at: Duration, reason: Reason) {
        self.link.phase = Phase::Down;
        self.link.failures += 1;
        // How TLS failed in detail depends on the library that says it.
        let detail = match reason {
            Reason::Tls("eof" | "other" | "garbage" | "incompatible" | "version" | "alert-other") => None,
            reason => reason.detail(),
        };
        self.step(Some(at), self.in_its_time(LinkSight::Fails(reason.kind().to_owned(), detail)));
    }

    /// What the link does, within the longest pause there can be between two of many attempts.
    fn in_its_time(&self, sight: LinkSight) -> Action {
        const LONG: Within = Within { from: None, to: Duration::from_secs(130), of: None };
        let within = (self.link.failures >= 3).then_some(LONG);
        let suffix = Suffix { within, ..Suffix::default() };
        Action::Expect(Expect { who: 0, sight: Sight::Link(sight), suffix })
    }

    fn failed_in_tls(&mut self, at: Duration, word: &'static str) {
        self.link.speaks_tls = true;
        self.rewrites += u64::from(self.broker.remove("url").is_some());
        let flaw = flaw_of(word);
        match flaw {
            Some((is_broker, flaw)) => {
                self.show(is_broker, Some(flaw));
                self.fails(at, Reason::Tls(word));
            }
            None => {
                self.comment(&format!("TLS: {}", Reason::Tls(word).sentence()));
                self.arm(FaultKind::Tls("alert".to_owned()));
                self.link.phase = Phase::Down;
                self.link.failures += 1;
                self.step(Some(at), self.in_its_time(LinkSight::Fails("tls".to_owned(), None)));
            }
        }
    }

    /// From here on a side shows a certificate with a flaw, or the usual one.
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
                    Ending::Fin => Reason::Handshake("truncated"),
                    Ending::Reset => Reason::Reset,
                };
                self.failed(at, reason);
            }
            Phase::Up => self.link_ends(at, side, ending),
        }
        self.told_pings();
        self.answer_in_gaps();
        drop(self.speech.pairing.forget());
        self.speech.connected = None;
    }

    fn link_ends(&mut self, at: Duration, side: Side, ending: Ending) {
        // After a close the end of the connection is manners.
        if self.link.closed.is_some() {
            return;
        }
        if side == Side::Terminal {
            self.comment("the terminal ended the connection; nothing on the line says why");
        }
        let kind = match ending {
            Ending::Fin => FaultKind::Fin,
            Ending::Reset => FaultKind::Reset,
        };
        self.step(Some(at), Action::Fault(Fault::now(0, kind)));
    }

    /// The terminal says goodbye because a ping of it has no pong: nothing reaches it any more.
    pub(super) fn falls_silent(&mut self, at: Duration) {
        let waited = self.link.unanswered.take().map(|since| at.saturating_sub(since));
        if waited.is_some_and(|waited| waited >= Duration::from_secs(1)) {
            let silence = FaultKind::Silence(Some(Toward::Terminal));
            self.step(Some(at), Action::Fault(Fault::now(0, silence)));
        }
    }

    /// The usual certificates again, once an attempt has come through.
    fn usual_certificates(&mut self) {
        self.show(true, None);
        self.show(false, None);
    }

    /// An expectation with nothing but what is seen.
    pub(super) fn sees(&mut self, at: Duration, sight: Sight) {
        self.step(Some(at), Action::Expect(Expect { who: 0, sight, suffix: Suffix::default() }));
    }
}

/// A text as it can stand in a line: without card data, without what looks like an insert, without control characters.
pub(super) fn sayable(text: &str) -> String {
    let kept: String = text.trim_end().chars().filter(|c| !c.is_control()).collect();
    let text = crate::redacted(&kept);
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        out.push_str(if c == '{' && out.ends_with('{') { " " } else { "" });
        out.push(c);
        out
    })
}

/// The flaw that makes TLS fail so, and whether the broker's certificate has it.
fn flaw_of(word: &'static str) -> Option<(bool, &'static str)> {
    const BROKER: &[&str] =
        &["expired", "not-yet-valid", "wrong-name", "unknown-authority", "wrong-usage", "revoked", "name-constraints"];
    if BROKER.contains(&word) {
        return Some((true, word));
    }
    let flaw = match word {
        "alert-certificate-required" => "none",
        "alert-certificate-expired" => "expired",
        "alert-unknown-ca" => "unknown-authority",
        "alert-certificate-revoked" => "revoked",
        "alert-unsupported-certificate" => "wrong-usage",
        _ => return None,
    };
    Some((false, flaw))
}
