//! Lines for the HTTP upgrade: request, response, and whether the terminal accepted it.

use std::time::Duration;

use sca_masking::secret::{self, Kind};
use sca_model::{Action, Awaited, Message};
use sca_protocol::handshake::{Head, Upgrade, judge};
use sca_protocol::{HandshakeFailure, Reason};

use super::lines::{expect, safe_text};
use super::state::{InvalidUpgrade, Phase, ScenarioGenerator};
use crate::frames::Frames;
use sca_import::Event;

impl ScenarioGenerator {
    pub(super) fn asked(&mut self, at: Duration, text: &str) {
        if !matches!(self.link.phase, Phase::Opening { .. }) {
            self.opened(at);
        }
        self.link.phase = Phase::Opening { asked: Some(text.to_owned()) };
        self.usual_certificates();
        if let Ok(Some((head, _))) = Head::parse_request(text.as_bytes()) {
            let id = head.get("x-vfi-pinpad-id").unwrap_or_default().trim().to_owned();
            let id = safe_text(&id);
            if !id.is_empty() && id != "1" && id.chars().count() <= 64 {
                self.set_terminal("pinpad-id", id);
            }
        }
        if !self.secure {
            self.use_ws_url();
        }
    }

    pub(super) fn answered(&mut self, at: Duration, text: &str) {
        let asked = match &self.link.phase {
            Phase::Opening { asked } => asked.clone().unwrap_or_default(),
            _ => String::new(),
        };
        let head = text.split_inclusive("\r\n\r\n").next().unwrap_or_default();
        let read = Head::parse_response(head.as_bytes());
        let key = Head::parse_request(asked.as_bytes()).ok().flatten();
        let key = key.and_then(|(head, _)| head.get("Sec-WebSocket-Key").map(str::to_owned)).unwrap_or_default();
        let verdict = match read {
            // Extensions are not judged.
            Ok(Some((mut head, _))) => {
                head.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("Sec-WebSocket-Extensions"));
                self.agree(&head);
                judge(&head, &key, false)
            }
            Ok(None) => Err(Reason::Handshake(HandshakeFailure::Truncated)),
            Err(error) => Err(error.into()),
        };
        match verdict {
            Ok(()) => {
                self.expect_upgrade_request(at, &asked);
                self.frames = Frames::open(text);
                self.up(at);
            }
            Err(reason) if text.split_whitespace().nth(1) == Some("101") => {
                self.link.doubtful = Some(InvalidUpgrade { at, reason, asked, text: text.to_owned() });
            }
            Err(reason) => self.refused(at, text, &key, reason),
        }
    }

    /// Adds an upgrade response that does not open a connection.
    fn refused(&mut self, at: Duration, text: &str, key: &str, reason: Reason) {
        let usual = sca_protocol::handshake::accept(key);
        let lines = text.trim_end().lines().map(|line| safe_text(line).replace(&usual, "{{accept}}"));
        let lines: Vec<String> = lines.take(60).collect();
        let count = self.attempt();
        if lines.first().is_none_or(|line| line.trim().is_empty() || line.starts_with(' ')) {
            return self.failed(at, Reason::Handshake(HandshakeFailure::Truncated));
        }
        self.step(None, Action::Answers { by_proxy: false, count, lines });
        self.fails(at, reason);
    }

    /// Resolves an invalid 101 by the next event: if a frame follows, the terminal accepted it.
    pub(super) fn resolve_doubtful_upgrade(&mut self, next: &Event) {
        if matches!(next, Event::Note(_) | Event::Lost { .. }) {
            return;
        }
        let Some(InvalidUpgrade { at, reason, asked, text }) = self.link.doubtful.take() else { return };
        if matches!(next, Event::Frame(..)) {
            self.expect_upgrade_request(at, &asked);
            self.comment(&format!(
                "this 101 is invalid ({}); the terminal accepted it, or the capture is incomplete",
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

    /// Sets the subprotocol that the broker selected.
    fn agree(&mut self, answer: &Head) {
        let named = answer.get("Sec-WebSocket-Protocol").filter(|_| answer.status == 101);
        if let Some(named) = named.filter(|named| *named == sca_protocol::handshake::SUBPROTOCOL) {
            self.set_broker("subprotocol", named.to_owned());
        }
    }

    /// Adds the upgrade request if it differs from the previous one: expects the lines that match the simulated
    /// terminal's, and comments on the others.
    fn expect_upgrade_request(&mut self, at: Duration, asked: &str) {
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
        // Of a credential only the name is kept.
        let shown = |line: &String| match line.split_once(':') {
            Some((name, _)) if secret::kind(name).is_some() => format!("`{name}: *`"),
            _ => format!("`{}`", secret::without(line, |kind| kind == Kind::Credential || kind.is_withheld())),
        };
        let beside: Vec<String> = beside.map(shown).collect();
        let name = |line: &String| line.split(':').next().unwrap_or_default().to_owned();
        let names: Vec<String> = mine.iter().map(|line| name(line).to_ascii_lowercase()).collect();
        let lacks = model.iter().filter(|line| !names.contains(&name(line).to_ascii_lowercase()));
        let lacks: Vec<String> = lacks.map(|line| format!("`{}`", name(line))).collect();
        if !beside.is_empty() {
            self.comment(&format!("the upgrade request of this terminal also has {}", beside.join(", ")));
        }
        if !lacks.is_empty() {
            self.comment(&format!("the upgrade request of this terminal lacks {}", lacks.join(", ")));
        }
        if !same.is_empty() {
            self.step(Some(at), expect(Awaited::ToBroker(Message::Http(same))));
        }
    }

    /// The upgrade request of the simulated terminal, line by line.
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
}
