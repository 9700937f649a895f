//! How the script looks at the lanes: what an expectation finds there, what it passes over, and how that is told.

use std::rc::Rc;
use std::time::Duration;

use sca_core::{Display, LinkReport};
use sca_model::{Awaited, Expect, LinkObservation, Message, Show};
use sca_protocol::Line;

use super::state::Script;
use crate::describe::{describe_control, describe_link, describe_to_host};
use crate::lanes::{Data, Lanes, Observed};
use crate::matching;
use crate::matching::{Captured, Mismatch};
use crate::time_format::stamp;

/// What an expectation finds.
pub enum Look {
    Met {
        at: Duration,
        sequence: u64,
        captured: Captured,
    },
    Not(Mismatch, String),
    /// Nothing yet; of a state, how it differs.
    Nothing(Option<Mismatch>),
}

impl Look {
    fn met<T>(observed: Option<Observed<T>>, captured: Captured) -> Self {
        match observed {
            Some(observed) => Self::Met { at: observed.at, sequence: observed.sequence, captured },
            None => Self::Nothing(None),
        }
    }
}

impl Script {
    /// Looks for what an expectation demands, and takes it out of its lane.
    pub fn look(&mut self, expect: &Expect, lanes: &mut Lanes) -> Look {
        match &expect.awaited {
            Awaited::ToPos(message) => {
                let Some(front) = lanes.data.front() else { return Look::Nothing(None) };
                match matching::data(message, &expect.suffix, &front.what, expect.who, &self.names) {
                    Ok(captured) => Look::met(lanes.data.pop_front(), captured),
                    Err(mismatch) => Look::Not(mismatch, self.describe(expect.who, front)),
                }
            }
            Awaited::ToBroker(Message::Http(lines)) => {
                while let Some(observed) = lanes.http.pop_front() {
                    let found = matching::http::http(lines, expect.suffix.exactly, &observed.what.1, &self.names);
                    if let Some(captured) = self.head(found, observed.at, "another request for the upgrade") {
                        return Look::met(Some(observed), captured);
                    }
                }
                Look::Nothing(None)
            }
            Awaited::ToBroker(message) => {
                while let Some(observed) = lanes.control.pop_front() {
                    if matching::control(message, &observed.what) {
                        return Look::met(Some(observed), Captured::new());
                    }
                    self.pass_over(describe_control(&observed.what), observed.at);
                }
                Look::Nothing(None)
            }
            Awaited::ToProxy(Message::Http(lines)) => {
                while let Some(observed) = lanes.proxy.pop_front() {
                    let found = matching::http::http(lines, expect.suffix.exactly, &observed.what, &self.names);
                    if let Some(captured) = self.head(found, observed.at, "another request to the proxy") {
                        return Look::met(Some(observed), captured);
                    }
                }
                Look::Nothing(None)
            }
            Awaited::ToProxy(_) => Look::Nothing(None),
            Awaited::ToHost(line, message) => self.look_at_hosts(*line, message, lanes),
            Awaited::Link(wanted) => self.look_at_link(wanted, expect.suffix.after_failures, lanes),
            Awaited::Show(show) => match matching::shows(show, &lanes.face.what, &self.names) {
                Ok(captured) => {
                    Look::Met { at: lanes.face.at.max(self.since), sequence: lanes.face.sequence, captured }
                }
                Err(mismatch) => {
                    self.shown_instead(show, &mismatch, &lanes.face);
                    Look::Nothing(Some(mismatch))
                }
            },
        }
    }

    /// What a head captures, if it is the one demanded; else it is passed over and remembered.
    fn head(&mut self, found: Result<Captured, Mismatch>, at: Duration, what: &str) -> Option<Captured> {
        match found {
            Ok(captured) => Some(captured),
            Err(why) => {
                self.pass_over(format!("{what}: {}", why.label), at);
                self.near = self.near.take().or(Some(why));
                None
            }
        }
    }

    /// Looks for an event of the link. Failed attempts are passed over only if the line says so.
    fn look_at_link(&mut self, wanted: &LinkObservation, passes_failures: bool, lanes: &mut Lanes) -> Look {
        while let Some(observed) = lanes.link.front() {
            if matching::link(wanted, observed.what) {
                return Look::met(lanes.link.pop_front(), Captured::new());
            }
            if observed.what == LinkReport::Connects {
                let came = format!("the terminal connected at {}, and no line says so", stamp(observed.at));
                return Look::Not(Mismatch::new("it connected instead"), came);
            }
            let other = matching::other_reason(wanted, observed.what);
            if matches!(observed.what, LinkReport::Fails(_)) && !passes_failures {
                let mismatch = other.unwrap_or_else(|| Mismatch::new(describe_link(observed.what)));
                let at = stamp(observed.at);
                let came = format!(
                    "the attempt that ended at {at} failed, and no line says so; `after failures` passes over such"
                );
                return Look::Not(mismatch, came);
            }
            self.near = self.near.take().or(other);
            self.pass_over(describe_link(observed.what), observed.at);
            lanes.link.pop_front();
        }
        Look::Nothing(None)
    }

    /// Looks for what is told to a host; one that is nearly it is remembered.
    fn look_at_hosts(&mut self, line: Line, message: &Message, lanes: &mut Lanes) -> Look {
        while let Some(observed) = lanes.hosts.pop_front() {
            let (to, request) = &observed.what;
            let mut what = describe_to_host(*to, request);
            if *to == line {
                match matching::to_host(message, request, &self.names) {
                    Ok(captured) => return Look::met(Some(observed), captured),
                    Err(mismatch) => {
                        // Of another command its name says it all.
                        if !mismatch.label.starts_with("it is ") {
                            what.push_str(&format!(": {}", mismatch.label));
                        }
                        // One of the same name is nearer than another.
                        self.near = self.near.take().or_else(|| mismatch.span.is_some().then_some(mismatch));
                    }
                }
            }
            self.pass_over(what, observed.at);
        }
        Look::Nothing(None)
    }

    /// A face that is not the one demanded; each counts once, and only by what the line looks at. One of the name that is
    /// demanded is nearer than another, else the first that came since the line became current.
    fn shown_instead(&mut self, show: &Show, mismatch: &Mismatch, face: &Observed<Display>) {
        if self.looked_at.as_ref().is_some_and(|before| before.sequence == face.sequence) {
            return;
        }
        let before = self.looked_at.replace(face.clone());
        let is_same = |before: &Observed<Display>| match show {
            Show::Icon { .. } => before.what.connected == face.what.connected && before.what.icon == face.what.icon,
            Show::Screen { .. } => before.what.screen == face.what.screen,
        };
        let is_named = matches!(show, Show::Screen { name: Some(name), .. } if *name == face.what.screen.name);
        let is_new = before.as_ref().map_or(face.at > self.since, |before| !is_same(before));
        if is_new {
            self.pass_over(mismatch.label.clone(), face.at);
        }
        let is_nearer = is_named && self.near.as_ref().is_none_or(Mismatch::is_of_another_screen);
        if is_nearer || (is_new && self.near.is_none()) {
            self.near = Some(mismatch.clone());
        }
    }

    fn pass_over(&mut self, what: String, at: Duration) {
        const KINDS_MAX: usize = 8;
        let has_place = self.passed.len() < KINDS_MAX;
        match self.passed.iter_mut().find(|(known, _, _)| *known == what) {
            Some((_, times, last)) => (*times, *last) = (*times + 1, at),
            None if has_place => self.passed.push((what, 1, at)),
            None => {}
        }
    }

    fn describe(&self, who: usize, observed: &Observed<Rc<Data>>) -> String {
        let data = &observed.what;
        let answered = match data.answers.map(|id| self.names.label_of(who, id)) {
            Some(Some(label)) => format!("the answer to `{label}`"),
            Some(None) => "an answer".to_owned(),
            None => "no answer to any request".to_owned(),
        };
        let (at, connection) = (stamp(observed.at), data.connection);
        format!("this is message {}, {answered}, at {at}, connection {connection}: {}", data.number, data.brief())
    }
}
