//! What goes through a real broker, one way: what was put in, and what of it has come out.

use std::time::Duration;

use crate::moment::stamp;

/// A message that was put in.
#[derive(Debug)]
struct Put {
    at: Duration,
    /// What it is called: what it answers, or its label.
    what: String,
    text: String,
    /// When it came out.
    out: Option<Duration>,
    /// Its link has ended since, so that it may have been lost.
    excused: bool,
}

/// One way through a broker, for one terminal.
#[derive(Debug, Default)]
pub(super) struct Passage(Vec<Put>);

impl Passage {
    /// A message goes in.
    pub(super) fn goes_in(&mut self, at: Duration, what: String, text: &str) {
        self.0.push(Put { at, what, text: text.to_owned(), out: None, excused: false });
    }

    /// What has not come out and should have: what it is called, and since when it is in.
    pub(super) fn inside(&self) -> impl Iterator<Item = (&str, Duration)> {
        self.missing().map(|put| (put.what.as_str(), put.at))
    }

    fn missing(&self) -> impl Iterator<Item = &Put> {
        self.0.iter().filter(|put| put.out.is_none() && !put.excused)
    }

    /// Whether this text was put in here.
    pub(super) fn knows(&self, text: &str) -> bool {
        self.0.iter().any(|put| put.text == text)
    }

    /// The link has ended by which what is inside came, or by which it would leave.
    pub(super) fn link_is_over(&mut self) {
        self.0.iter_mut().for_each(|put| put.excused = true);
    }

    /// A message comes out. The error is what is wrong with that.
    pub(super) fn comes_out(&mut self, now: Duration, text: &str) -> Result<(), String> {
        if let Some(at) = self.0.iter().position(|put| put.out.is_none() && put.text == text) {
            self.0[at].out = Some(now);
            let overtaken = self.0[..at].iter().find(|put| put.out.is_none() && !put.excused);
            return overtaken.map_or(Ok(()), |put| Err(format!("{} has overtaken {}", self.0[at].what, put.what)));
        }
        if let Some(put) = self.0.iter().rev().find(|put| put.text == text) {
            let before = stamp(put.out.unwrap_or(put.at));
            return Err(format!("{} was passed on before, at {before}", put.what));
        }
        let changed = self.missing().find(|put| is_like(&put.text, text));
        Err(match changed {
            Some(put) => format!("{} was changed on the way, from byte {} on", put.what, same(&put.text, text) + 1),
            None => "nobody has said it".to_owned(),
        })
    }
}

/// Bytes that two texts begin with.
fn same(one: &str, other: &str) -> usize {
    one.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count()
}

/// Whether a text is what has become of another: they agree in half of it, counted from both ends without white space.
fn is_like(put: &str, out: &str) -> bool {
    let bare = |text: &str| text.split_whitespace().collect::<String>();
    let (put, out) = (bare(put), bare(out));
    let front = same(&put, &out);
    let back = put.bytes().rev().zip(out.bytes().rev()).take_while(|(one, other)| one == other).count();
    front + back >= put.len().max(out.len()) / 2
}
