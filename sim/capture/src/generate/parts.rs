//! Splits a long capture into parts: each is a scenario of its own that repeats the exchanges its requests refer to.

use std::rc::Rc;
use std::time::Duration;

use regex::Regex;
use sca_model::{Awaited, LinkObservation};
use sca_protocol::commands::{Command, SessionRequirement};

use super::lines::{expect, request_in};
use super::state::{Asked, ProducingExchange, ScenarioGenerator};
use crate::fields::BROUGHT_BACK;
use sca_import::{Event, Session};

/// Maximum number of values kept for later parts, and of bytes per exchange.
const CARRIED_MAX: (usize, usize) = (256, 8 << 10);

/// Longer silences are shortened to this.
const SILENCE_MAX: Duration = Duration::from_secs(2 * 3_600);

impl ScenarioGenerator {
    /// Turns a whole session into scenarios: one, or several if it is too long or if the end of a connection is not in
    /// the capture.
    #[must_use]
    pub fn whole(title: &str, session: &Session) -> Vec<String> {
        let lift = Self::new(title, session.secure);
        let mut lift = if session.classic { lift.on_classic_ports() } else { lift };
        let (mut all, mut began) = (Vec::new(), Duration::ZERO);
        let mut before = Duration::ZERO;
        for (at, event) in &session.events {
            // A silence of days shows no more than one of two hours, and takes days to play.
            let silence = at.saturating_sub(before);
            if silence > SILENCE_MAX {
                lift.comment(&format!("{} h of silence left out here", silence.as_secs() / 3_600));
                began += silence - SILENCE_MAX;
            }
            before = *at;
            lift.event(at.saturating_sub(began), event);
            let is_parted = lift.has_begun() && matches!(event, Event::Vanished);
            if is_parted || lift.is_long_enough() {
                let next = lift.continued();
                lift.finish(lift.last);
                all.push(lift);
                (lift, began) = (next, *at);
            }
        }
        if all.is_empty() || lift.has_begun() {
            lift.finish(lift.last);
            all.push(lift);
        }
        let count = all.len();
        for (number, part) in (1..).zip(&mut all).filter(|_| count > 1) {
            part.part = (number, Some(count));
        }
        all.iter().map(Self::text).collect()
    }

    /// Continues in another scenario: keeps the known state, but not the text.
    #[must_use]
    pub fn continued(&mut self) -> Self {
        self.goes_on = true;
        let mut next = Self::new(&self.title, self.secure);
        next.part = (self.part.0 + 1, None);
        next.terminal.clone_from(&self.terminal);
        next.broker.clone_from(&self.broker);
        next.certificates.clone_from(&self.certificates);
        next.classic = self.classic;
        next.link = std::mem::take(&mut self.link);
        next.frames = std::mem::take(&mut self.frames);
        next.speech.number = self.speech.number;
        next.speech.named = self.speech.named;
        next.speech.carried = std::mem::take(&mut self.speech.carried);
        // Requests answered in the next part have their lines in this one.
        for asked in self.speech.pairing.open_mut() {
            let request = asked.request.clone();
            let elsewhere =
                Asked { request: request.clone(), at: Duration::ZERO, is_elsewhere: true, ..Asked::default() };
            next.speech.pairing.asked(request.as_ref(), elsewhere);
        }
        if next.classic {
            next.speech.connected = Some(0);
        } else if next.link.is_up() {
            next.step(Some(Duration::ZERO), expect(Awaited::Link(LinkObservation::Connects)));
            next.speech.connected = Some(next.body.len());
        }
        next.prelude = next.body.len();
        next
    }

    /// Adds the end of a connection that is not in the capture.
    pub(super) fn vanished(&mut self) {
        self.flush_ping_count();
        self.comment("the end of this connection is not in the capture");
        self.link.is_down();
        self.speech.connected = None;
    }

    /// Keeps the lines of an exchange that produced values, for later parts.
    pub(super) fn keep_exchange(&mut self, asked: &Asked, names: Vec<(String, String)>) {
        let Some(lines) = self.body.get(asked.lines.start..).filter(|_| !asked.is_elsewhere) else { return };
        let is_alone = lines.matches(" as ").count() == 1 && lines.matches(" re ").count() == 1;
        if names.is_empty() || !is_alone || lines.len() > CARRIED_MAX.1 || !lines.contains("pos -> terminal  ") {
            return;
        }
        let needs = asked.request.as_ref().and_then(Command::find).map(|row| row.needs);
        let brings = ProducingExchange {
            lines: without_stamps(lines),
            names,
            needs_session: needs == Some(SessionRequirement::Session),
        };
        let brings = Rc::new(brings);
        let carried = &mut self.speech.carried;
        for (value, _) in &brings.names {
            carried.values.insert(value.clone(), brings.clone());
            carried.order.push(value.clone());
        }
        let over = carried.order.len().saturating_sub(CARRIED_MAX.0);
        for value in carried.order.drain(..over).collect::<Vec<_>>() {
            carried.values.remove(&value);
        }
    }

    /// If a request uses a value from an earlier part, repeats the exchange that produced it at the start of this part.
    pub(super) fn repeat_producing_exchange(&mut self, text: &str) {
        let Some(request) = request_in(text) else { return };
        for name in BROUGHT_BACK {
            let Some(value) = request.get(name).filter(|value| !self.speech.captured.contains_key(*value)) else {
                continue;
            };
            let brings = self.speech.carried.values.get(value).cloned();
            let Some((brings, place)) = brings.zip(self.speech.connected) else { continue };
            if brings.needs_session && !self.speech.has_session {
                self.insert_session_start();
                self.speech.has_session = true;
            }
            let place = self.speech.connected.unwrap_or(place);
            let lines = format!("# from an earlier part:\n{}", brings.lines);
            self.insert(place, &lines);
            for (value, name) in &brings.names {
                self.speech.captured.insert(value.clone(), name.clone());
            }
        }
    }

    /// Inserts lines at a position and shifts all later positions.
    pub(super) fn insert(&mut self, place: usize, lines: &str) {
        self.body.insert_str(place, lines);
        for open in self.speech.pairing.open_mut() {
            if open.lines.start >= place {
                open.lines = open.lines.start + lines.len()..open.lines.end + lines.len();
            }
            open.gap = open.gap.map(|gap| if gap >= place { gap + lines.len() } else { gap });
        }
        self.speech.connected = self.speech.connected.map(|place| place + lines.len());
        self.rewrites += 1;
    }
}

/// Removes time stamps and COUNTER fields from lines.
fn without_stamps(lines: &str) -> String {
    let counter = Regex::new(r#" COUNTER=("[^"]*"|\S+)"#).ok();
    let mut out = String::with_capacity(lines.len());
    for line in lines.lines() {
        let line = match line.strip_prefix('+').and_then(|rest| rest.split_once(' ')) {
            Some((_, line)) => line.trim_start(),
            None => line,
        };
        match &counter {
            Some(counter) => out.push_str(&counter.replace_all(line, "")),
            None => out.push_str(line),
        }
        out.push('\n');
    }
    out
}
