//! The observations of each terminal that no line has read yet, lane by lane, and its current display.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use sca_core::{Display, LinkReport};
use sca_model::Awaited;
use sca_peers::RequestId;
use sca_protocol::handshake::Head;
use sca_protocol::xml::Element;
use sca_protocol::{Line, Request, Response};

use crate::mask::masked_field;

/// An observation with its time and its place in the order of the run.
#[derive(Debug, Clone)]
pub struct Observed<T> {
    /// When it was seen, counted from the start of the run.
    pub at: Duration,
    /// Its place in the order of all observations of the run.
    pub sequence: u64,
    /// What was seen.
    pub what: T,
}

/// A message from a terminal to a POS.
#[derive(Debug, Clone)]
pub struct Data {
    /// The document as the POS reads it, decrypted.
    pub text: String,
    /// The document as a response; `None` if it is none.
    pub response: Option<Response>,
    /// The request that it answers; `None` for a notice.
    pub answers: Option<RequestId>,
    /// Whether it travelled encrypted.
    pub encrypted: bool,
    /// Its number among the messages of the run, from 1.
    pub number: u32,
    /// The number of the connection on which it travelled, from 1.
    pub connection: u32,
    /// The plain TCP line on which it arrived; `None` for the link.
    pub line: Option<Line>,
}

impl Data {
    /// The message on one line, shortened: the fields of a response, or the text itself.
    pub fn brief(&self) -> String {
        let line: String = match &self.response {
            Some(response) => {
                let fields: Vec<Element> = response.fields().iter().cloned().map(masked_field).collect();
                let mut line = String::new();
                sca_scenario::fields_into(&mut line, fields.iter().map(|f| (f.name.as_str(), f.text.as_str())));
                line.trim_start().to_owned()
            }
            None => self.text.split_whitespace().collect::<Vec<_>>().join(" "),
        };
        match line.char_indices().nth(160) {
            Some((at, _)) => format!("{} …", &line[..at]),
            None => line,
        }
    }
}

/// A control frame sent by a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Control {
    /// A ping with its payload.
    Ping(Vec<u8>),
    /// A pong with its payload.
    Pong(Vec<u8>),
    /// A Close frame with its code and reason.
    Close(Option<u16>, String),
}

/// The unread observations of one terminal, by kind, and its current display.
#[derive(Debug, Clone)]
pub struct Lanes {
    /// The index of the terminal in the cast.
    pub who: usize,
    /// The terminal's name.
    pub name: String,
    /// Messages to a POS; each must be listed.
    pub data: VecDeque<Observed<Rc<Data>>>,
    /// Reports of the link; a connect must be listed.
    pub link: VecDeque<Observed<LinkReport>>,
    /// Control frames.
    pub control: VecDeque<Observed<Control>>,
    /// Upgrade requests: the head, and its text.
    pub http: VecDeque<Observed<(Head, String)>>,
    /// CONNECT requests to the proxy.
    pub proxy: VecDeque<Observed<String>>,
    /// Documents to hosts, with the port that was called.
    pub hosts: VecDeque<Observed<(Line, Request)>>,
    /// The current display, and since when it is shown.
    pub face: Observed<Display>,
}

impl Lanes {
    /// The lanes of a terminal of which nothing was seen yet.
    pub fn new(who: usize, name: String, face: Display) -> Self {
        Self {
            who,
            name,
            data: VecDeque::new(),
            link: VecDeque::new(),
            control: VecDeque::new(),
            http: VecDeque::new(),
            proxy: VecDeque::new(),
            hosts: VecDeque::new(),
            face: Observed { at: Duration::ZERO, sequence: 0, what: face },
        }
    }

    /// The sequence number of the observation that an expectation would read next, for the lanes in which nothing may
    /// be skipped and the display.
    pub fn next_sequence(&self, awaited: &Awaited) -> Option<u64> {
        match awaited {
            Awaited::ToPos(_) => self.data.front().map(|observed| observed.sequence),
            Awaited::Link(_) => self.link.front().map(|observed| observed.sequence),
            Awaited::Show(_) => Some(self.face.sequence),
            _ => None,
        }
    }

    /// A description of the first unread observation that a line must list: a message, else a connect. `None` if there
    /// is none.
    pub fn unread(&self) -> Option<String> {
        let stamp = crate::time_format::stamp;
        let data =
            self.data.front().map(|n| format!("message {} at {}: {}", n.what.number, stamp(n.at), n.what.brief()));
        let connected = self.link.iter().find(|n| n.what == LinkReport::Connects);
        data.or_else(|| connected.map(|n| format!("the terminal connected at {}", stamp(n.at))))
    }

    /// The scenario line that would list that observation.
    pub fn unread_line<'a>(&self, label: impl Fn(RequestId) -> Option<&'a str>) -> Option<String> {
        let Some(front) = self.data.front() else {
            let connected = self.link.iter().any(|observed| observed.what == LinkReport::Connects);
            return connected.then(|| format!("{} connects", self.name));
        };
        let data = &front.what;
        let mut line = format!("{} -> pos ", self.name);
        line.push_str(if data.answers.is_none() { " notice" } else { "" });
        let fields = data.response.as_ref()?.fields().iter();
        let told = fields.filter(|field| matches!(field.name.as_str(), "RESULT" | "RESULT_CODE"));
        sca_scenario::fields_into(&mut line, told.map(|field| (field.name.as_str(), field.text.as_str())));
        line.extend(data.answers.and_then(label).map(|label| format!("  re {label}")));
        Some(line)
    }

    /// Drops the oldest unread observations over a limit, so that a runaway world cannot fill the memory.
    pub fn trim(&mut self) {
        // Messages and connects must be listed, so they are never dropped.
        forget_oldest(&mut self.control);
        forget_oldest(&mut self.http);
        forget_oldest(&mut self.proxy);
        forget_oldest(&mut self.hosts);
        if self.link.front().is_some_and(|n| n.what != LinkReport::Connects) {
            forget_oldest(&mut self.link);
        }
    }
}

/// Drops the oldest entry of a lane that is over the limit.
fn forget_oldest<T>(lane: &mut VecDeque<Observed<T>>) {
    const UNREAD_MAX: usize = 4_096;
    if lane.len() > UNREAD_MAX {
        lane.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use sca_core::Screen;
    use sca_protocol::Reason;
    use sca_protocol::screens::ScreenName;

    use super::*;

    fn observed<T>(what: T) -> Observed<T> {
        Observed { at: Duration::ZERO, sequence: 0, what }
    }

    fn lanes() -> Lanes {
        let face = Display { screen: Screen::plain(ScreenName::Idle), connected: true, icon: None };
        Lanes::new(0, "terminal".to_owned(), face)
    }

    #[test]
    fn a_lane_that_reads_forward_keeps_so_many_and_no_more() {
        let mut lanes = lanes();
        let (head, _) = Head::parse_request(b"GET / HTTP/1.1\r\n\r\n").expect("it is a head").expect("it is whole");
        for _ in 0..4_097 {
            lanes.control.push_back(observed(Control::Ping(Vec::new())));
            lanes.proxy.push_back(observed(String::new()));
            lanes.http.push_back(observed((head.clone(), String::new())));
            lanes.link.push_back(observed(LinkReport::Fails(Reason::Reset)));
            lanes.hosts.push_back(observed((Line::Host, Request::new(Vec::new()))));
            lanes.trim();
        }
        assert_eq!(
            [lanes.control.len(), lanes.proxy.len(), lanes.http.len(), lanes.link.len(), lanes.hosts.len()],
            [4_096; 5]
        );
    }

    #[test]
    fn what_has_room_is_kept() {
        let mut lanes = lanes();
        for _ in 0..4_096 {
            lanes.hosts.push_back(observed((Line::Host, Request::new(Vec::new()))));
            lanes.proxy.push_back(observed(String::new()));
            lanes.control.push_back(observed(Control::Ping(Vec::new())));
        }
        lanes.trim();
        assert_eq!([lanes.control.len(), lanes.proxy.len(), lanes.hosts.len()], [4_096; 3]);
    }

    #[test]
    fn a_connection_that_nobody_has_read_is_never_forgotten() {
        let mut lanes = lanes();
        lanes.link.push_back(observed(LinkReport::Connects));
        for _ in 0..5_000 {
            lanes.link.push_back(observed(LinkReport::Fails(Reason::Reset)));
            lanes.trim();
        }
        assert_eq!(lanes.link.front().map(|observed| observed.what), Some(LinkReport::Connects));
    }
}
