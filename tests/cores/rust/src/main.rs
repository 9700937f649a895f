//! A client core in Rust, as a program of its own: it keeps one WebSocket connection to the broker for ever.
//!
//!     cargo build --release
//!     sca-sim core check --core target/release/client-core

use std::io::{BufRead, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha1::{Digest, Sha1};

const SECOND: u64 = 1_000_000_000;

#[derive(Clone, Copy, PartialEq)]
enum State {
    Off,
    Waiting,
    Dialling,
    Upgrading,
    Up,
}

struct Core {
    settings: Value,
    chance: u64,
    state: State,
    connection: u64,
    now: u64,
    /// When the current step ends, outside of `Up`.
    until: u64,
    pauses: u32,
    pings: u64,
    ping_due: Option<u64>,
    pong_due: Option<u64>,
    accept: String,
    out: Vec<Value>,
}

impl Core {
    fn new(init: &Value) -> Self {
        let seed = init["seed"].as_str().unwrap_or_default();
        Self {
            settings: init["settings"].clone(),
            chance: u64::from_str_radix(seed.get(..16).unwrap_or("1"), 16).unwrap_or(1) | 1,
            state: State::Off,
            connection: 0,
            now: 0,
            until: 0,
            pauses: 0,
            pings: 0,
            ping_due: None,
            pong_due: None,
            accept: String::new(),
            out: Vec::new(),
        }
    }

    fn number(&self, name: &str) -> u64 {
        self.settings[name].as_u64().unwrap_or_default()
    }

    fn text(&self, name: &str) -> &str {
        self.settings[name].as_str().unwrap_or_default()
    }

    /// A pseudorandom number (xorshift64*).
    fn draw(&mut self) -> u64 {
        self.chance ^= self.chance >> 12;
        self.chance ^= self.chance << 25;
        self.chance ^= self.chance >> 27;
        self.chance.wrapping_mul(2_685_821_657_736_338_717)
    }

    fn deadline(&self) -> Option<u64> {
        match self.state {
            State::Off => None,
            State::Up => self.ping_due.into_iter().chain(self.pong_due).min(),
            _ => Some(self.until),
        }
    }

    fn handle(&mut self, name: &str, value: &Value) {
        match name {
            "start" => {
                self.pauses = 0;
                self.wait(State::Waiting, self.number("boot-time"));
            }
            "stop" => self.leave(None),
            "leave" => self.leave(value["code"].as_u64()),
            "tick" if self.deadline().is_some_and(|at| at <= self.now) => self.tick(),
            "configure" => self.settings = value["settings"].clone(),
            "send" if self.state == State::Up => self.order("text", json!({ "text": value["text"] })),
            "link" if value["connection"] == self.connection => self.link(value),
            _ => {}
        }
    }

    fn tick(&mut self) {
        match self.state {
            State::Waiting => self.dial(),
            State::Dialling | State::Upgrading => {
                self.order("drop", json!({}));
                self.fail("timeout", 0);
            }
            State::Up if self.pong_due.is_some_and(|at| at <= self.now) => {
                self.order("close", json!({ "code": 1001 }));
                self.lose();
            }
            State::Up => {
                self.pings += 1;
                self.order("ping", json!({ "text": self.pings.to_string() }));
                self.pong_due = Some(self.now + self.number("pong-timeout"));
                self.ping_due = None;
            }
            State::Off => {}
        }
    }

    fn link(&mut self, value: &Value) {
        let attempt = matches!(self.state, State::Dialling | State::Upgrading);
        match (value["event"].as_str().unwrap_or_default(), self.state) {
            ("opened", State::Dialling) if self.settings["secure"] == true => {
                self.wait(State::Dialling, self.number("tls-timeout"));
            }
            ("opened" | "secured", State::Dialling) => self.request(),
            ("answered", State::Upgrading) => self.answered(value),
            ("failed", _) if attempt => self.fail(value["reason"].as_str().unwrap_or_default(), 0),
            ("text", State::Up) => {
                self.pauses = 0;
                self.order("received", json!({ "text": value["text"] }));
            }
            ("binary", State::Up) => self.order("received-binary", json!({})),
            ("pong", State::Up)
                if self.pong_due.is_some()
                    && value["text"].as_str().and_then(|text| text.parse().ok()) == Some(self.pings) =>
            {
                let sent = self.pong_due.take().unwrap_or(self.now) - self.number("pong-timeout");
                let interval = self.number("ping-interval");
                self.ping_due = (interval > 0).then(|| (sent + interval * SECOND).max(self.now));
            }
            ("violation", State::Up) => {
                self.order("close", json!({ "code": value["code"] }));
                self.lose();
            }
            ("failed" | "closed" | "lost", State::Up) => self.lose(),
            _ => {}
        }
    }

    fn answered(&mut self, value: &Value) {
        if let Some(why) = self.judge(value) {
            self.order("drop", json!({}));
            let asked = values(value, "retry-after").first().and_then(|after| after.parse::<u64>().ok());
            // Only the form in seconds; a date counts as none.
            let after = asked.unwrap_or_default().saturating_mul(SECOND);
            return self.fail(&why, after.min(self.number("retry-after-max")));
        }
        self.state = State::Up;
        let interval = self.number("ping-interval");
        self.ping_due = (interval > 0).then_some(self.now + interval * SECOND);
        self.pong_due = None;
        self.order("open", json!({}));
        self.out.push(json!({ "report": { "link": "connects" } }));
    }

    fn dial(&mut self) {
        self.connection += 1;
        self.out.push(json!({ "report": { "link": "attempts" } }));
        let settings = &self.settings;
        let dial = json!({ "host": settings["host"], "port": settings["port"], "secure": settings["secure"] });
        self.order("dial", dial);
        self.wait(State::Dialling, self.number("connect-timeout"));
    }

    fn request(&mut self) {
        let bytes = [self.draw().to_be_bytes(), self.draw().to_be_bytes()].concat();
        let key = STANDARD.encode(bytes);
        self.accept = STANDARD.encode(Sha1::digest(format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
        let secure = self.settings["secure"] == true;
        let (port, host) = (self.number("port"), self.text("host"));
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let is_default = port == if secure { 443 } else { 80 };
        let is_named = match self.text("host-port") {
            "always" => true,
            "auto" => !is_default,
            _ => false,
        };
        let address = if is_named { format!("{host}:{port}") } else { host };
        let scheme = if secure { "https" } else { "http" };
        let space = if self.settings["header-space-before-colon"] == true { " " } else { "" };
        let head = format!(
            "GET / HTTP/1.1\r\nPragma: no-cache\r\nCache-Control: no-cache\r\nHost: {address}\r\nOrigin: \
             {scheme}://{address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: \
             {key}\r\nSec-WebSocket-Protocol: sci\r\nSec-WebSocket-Version: 13\r\nx-vfi-pinpad-id{space}: {}\r\n\r\n",
            self.text("pinpad-id")
        );
        self.wait(State::Upgrading, self.number("upgrade-timeout"));
        self.order("request", json!({ "head": head }));
    }

    /// Why an answer is not acceptable (RFC 6455, section 4.1); none if it is.
    fn judge(&self, answer: &Value) -> Option<String> {
        let lists = |name: &str, word: &str| {
            values(answer, name).iter().any(|value| value.split(',').any(|part| part.trim().eq_ignore_ascii_case(word)))
        };
        let why = match values(answer, "sec-websocket-protocol")[..] {
            _ if answer["status"] != 101 => return Some(format!("http {}", answer["status"])),
            _ if answer["version"] != 1 => "version",
            _ if !lists("upgrade", "websocket") => "upgrade",
            _ if !lists("connection", "upgrade") => "connection",
            _ if values(answer, "sec-websocket-accept") != [self.accept.as_str()] => "accept",
            _ if !values(answer, "sec-websocket-extensions").is_empty() => "extension",
            [] if self.settings["subprotocol-required"] == true => "no-subprotocol",
            [] | ["sci"] => return None,
            _ => "subprotocol",
        };
        Some(format!("handshake {why}"))
    }

    fn fail(&mut self, reason: &str, after: u64) {
        self.out.push(json!({ "report": { "link": "fails", "reason": reason } }));
        self.pause(after);
    }

    fn lose(&mut self) {
        self.out.push(json!({ "report": { "link": "loses" } }));
        self.pause(0);
    }

    fn pause(&mut self, after: u64) {
        let jitter = self.number("retry-jitter");
        // The cap bounds the pause with its jitter.
        let most = self.number("retry-cap") * 100 / (100 + jitter);
        let growth = self.number("retry-growth").checked_pow(self.pauses).unwrap_or(u64::MAX);
        let span = self.number("retry-first").saturating_mul(growth).min(most);
        self.pauses += 1;
        let jitter = span * jitter / 100 / 1_000 * (self.draw() % 1_000);
        self.wait(State::Waiting, span.max(after) + jitter);
    }

    fn leave(&mut self, code: Option<u64>) {
        let was = std::mem::replace(&mut self.state, State::Off);
        match (was, code) {
            (State::Up, Some(code)) => self.order("close", json!({ "code": code })),
            (State::Dialling | State::Upgrading | State::Up, _) => self.order("drop", json!({})),
            (State::Off | State::Waiting, _) => {}
        }
        if was == State::Up {
            self.out.push(json!({ "report": { "link": "loses" } }));
        }
    }

    fn wait(&mut self, state: State, span: u64) {
        (self.state, self.until) = (state, self.now + span);
    }

    fn order(&mut self, name: &str, mut value: Value) {
        value["connection"] = self.connection.into();
        self.out.push(json!({ name: value }));
    }
}

/// The values of a header.
fn values<'a>(answer: &'a Value, name: &str) -> Vec<&'a str> {
    let headers = answer["headers"].as_array().into_iter().flatten();
    let named = headers.filter(|pair| pair[0].as_str().is_some_and(|it| it.eq_ignore_ascii_case(name)));
    named.filter_map(|pair| pair[1].as_str()).collect()
}

fn main() {
    let mut core = Core::new(&Value::Null);
    let mut to = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let question: Value = serde_json::from_str(&line).unwrap_or_default();
        let answer = if question["init"].is_null() {
            core.now = question["now"].as_u64().unwrap_or_default();
            for (name, value) in question["input"].as_object().into_iter().flatten() {
                core.handle(name, value);
            }
            json!({ "outputs": std::mem::take(&mut core.out), "deadline": core.deadline() })
        } else {
            core = Core::new(&question["init"]);
            let about =
                json!({ "name": "rust-sample", "version": "1", "level": "documents", "supports": ["proxy", "ping"] });
            json!({ "ok": about, "deadline": null })
        };
        if writeln!(to, "{answer}").and_then(|()| to.flush()).is_err() {
            return;
        }
    }
}
