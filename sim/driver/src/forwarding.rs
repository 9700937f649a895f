//! Checks what an external broker forwards in one direction: messages that went in against messages that came out.

use std::time::Duration;

use sca_judge::time_format::stamp;

/// A message that went in.
#[derive(Debug)]
struct ForwardedMessage {
    at: Duration,
    /// How messages refer to it: by the request it answers, or by its label.
    what: String,
    text: String,
    /// When it came out, if it has.
    out: Option<Duration>,
    /// Whether its link has ended since, so that it may have been lost.
    excused: bool,
}

/// The messages of one terminal through a broker, in one direction.
#[derive(Debug, Default)]
pub(super) struct Forwarding(Vec<ForwardedMessage>);

impl Forwarding {
    /// Records a message that goes in.
    pub(super) fn goes_in(&mut self, at: Duration, what: String, text: &str) {
        self.0.push(ForwardedMessage { at, what, text: text.to_owned(), out: None, excused: false });
    }

    /// The messages that should have come out and have not, each with its name and the time it went in.
    pub(super) fn inside(&self) -> impl Iterator<Item = (&str, Duration)> {
        self.missing().map(|put| (put.what.as_str(), put.at))
    }

    fn missing(&self) -> impl Iterator<Item = &ForwardedMessage> {
        self.0.iter().filter(|put| put.out.is_none() && !put.excused)
    }

    /// Whether a message with this text went in here.
    pub(super) fn knows(&self, text: &str) -> bool {
        self.0.iter().any(|put| put.text == text)
    }

    /// Excuses all messages inside, because a link on their path has ended.
    pub(super) fn link_is_over(&mut self) {
        self.0.iter_mut().for_each(|put| put.excused = true);
    }

    /// Records a message that comes out. The error says what is wrong with it.
    pub(super) fn comes_out(&mut self, now: Duration, text: &str) -> Result<(), String> {
        if let Some(at) = self.0.iter().position(|put| put.out.is_none() && put.text == text) {
            self.0[at].out = Some(now);
            let overtaken = self.0[..at].iter().find(|put| put.out.is_none() && !put.excused);
            return overtaken.map_or(Ok(()), |put| Err(format!("{} arrived before {}", self.0[at].what, put.what)));
        }
        if let Some(put) = self.0.iter().rev().find(|put| put.text == text) {
            let before = stamp(put.out.unwrap_or(put.at));
            return Err(format!("{} was already forwarded at {before}", put.what));
        }
        let changed = self.missing().find(|put| is_like(&put.text, text));
        Err(match changed {
            Some(put) => format!("{} was modified in transit from byte {} on", put.what, same(&put.text, text) + 1),
            None => "nobody sent it".to_owned(),
        })
    }
}

/// The length of the common prefix of two texts, in bytes.
fn same(one: &str, other: &str) -> usize {
    one.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count()
}

/// Whether a text looks like a modified copy of another: without white space, common prefix and suffix cover at least
/// half of it.
fn is_like(put: &str, out: &str) -> bool {
    let bare = |text: &str| text.split_whitespace().collect::<String>();
    let (put, out) = (bare(put), bare(out));
    let front = same(&put, &out);
    let back = put.bytes().rev().zip(out.bytes().rev()).take_while(|(one, other)| one == other).count();
    front + back >= put.len().max(out.len()) / 2
}
