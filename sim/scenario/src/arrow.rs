//! Parser of messages between two parties (`A -> B …`), and of the observations that `without` and `ignore` name.

use sca_protocol::Line as Wire;

use crate::cursor::{Cursor, SUFFIXES};
use crate::message;
use crate::names::Names;
use crate::observation::link_observation;
use crate::suffix::{SEEN, only};
use crate::tree::Line;
use sca_model::Problem;
use sca_model::{Action, Awaited, Expect, Message, Pattern, Send, Source, Speaker, TerminalIndex};

/// The party at one end of an arrow.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Terminal(TerminalIndex),
    Pos(usize),
    Broker,
    Host(Wire),
    Proxy,
}

impl Names<'_> {
    fn place(&self, name: &str) -> Option<Place> {
        match name {
            "pos" => Some(Place::Pos(0)),
            "broker" => Some(Place::Broker),
            "proxy" => Some(Place::Proxy),
            "host" => Some(Place::Host(Wire::Host)),
            "vhq" => Some(Place::Host(Wire::Estate)),
            name => {
                let pos = || self.pos.iter().position(|pos| pos == name).map(|at| Place::Pos(at + 1));
                self.terminal(name).map(Place::Terminal).or_else(pos)
            }
        }
    }

    fn expect_endpoint(&self, cursor: &mut Cursor<'_>) -> Result<Place, Problem> {
        let word = cursor.word("a party")?;
        self.place(&word.text).ok_or_else(|| self.unknown_party(&word.text, word.span))
    }
}

/// Parses a message between two parties, as a message to send or an expectation.
pub(crate) fn arrow(cursor: &mut Cursor<'_>, line: &Line, names: &Names<'_>) -> Result<Action, Problem> {
    let span = cursor.whole();
    let from = names.expect_endpoint(cursor)?;
    cursor.demand("->")?;
    let to = names.expect_endpoint(cursor)?;
    let message = message::message(cursor, line)?;
    let allowed: &[&str] = match (from, &message) {
        (Place::Pos(_) | Place::Broker, _) => &["as"],
        _ if matches!(to, Place::Host(_)) => SEEN,
        (_, Message::Xml(_)) => &["within", "exactly", "bytes", "as", "re", "covers"],
        (_, Message::Fields(_)) => &["within", "exactly", "as", "re", "covers"],
        (_, Message::Text(_) | Message::Binary(_)) => &["within", "as", "re", "covers"],
        (_, Message::Http(_)) => &["within", "exactly", "as", "covers"],
        _ => SEEN,
    };
    let suffix = only(cursor, names, allowed)?;
    let misplaced = |help: &str| Err(Problem::new("E054", span, "this message is not allowed here").help(help));
    match (from, to) {
        (Place::Pos(_) | Place::Broker, Place::Terminal(to)) => {
            let by = match from {
                Place::Pos(which) => Speaker::Pos(which),
                _ => Speaker::Broker,
            };
            let from_pos = by != Speaker::Broker;
            let fits = match &message {
                Message::Fields(fields) => from_pos && !fields.notice,
                Message::Xml(_) | Message::Text(_) | Message::Binary(_) => true,
                Message::Http(_) => false,
                Message::Ping(_) | Message::Pong(_) | Message::Close(..) | Message::Frame(_) => !from_pos,
            };
            if !fits {
                return misplaced("the POS sends documents; frames, pings and closes come from the broker");
            }
            Ok(Action::Send(Send { by, to, message, label: suffix.label }))
        }
        (Place::Terminal(who), Place::Proxy) => match message {
            Message::Http(_) => Ok(Action::Expect(Expect { who, awaited: Awaited::ToProxy(message), suffix })),
            _ => misplaced("a proxy receives `http` only"),
        },
        (Place::Terminal(who), Place::Host(line)) => match message {
            Message::Fields(_) => Ok(Action::Expect(Expect { who, awaited: Awaited::ToHost(line, message), suffix })),
            _ => misplaced("a host receives documents, which are expected by their fields"),
        },
        (Place::Terminal(who), Place::Pos(0) | Place::Broker) => {
            let to_pos = to == Place::Pos(0);
            if to_pos != is_data(&message) || matches!(message, Message::Frame(_)) {
                return misplaced(WHERE_TO);
            }
            let awaited = if to_pos { Awaited::ToPos(message) } else { Awaited::ToBroker(message) };
            Ok(Action::Expect(Expect { who, awaited, suffix }))
        }
        _ => misplaced("one end of an arrow is a terminal, the other the pos, the broker or a host"),
    }
}

const WHERE_TO: &str = "documents go to the pos; pings, pongs, closes and http requests go to the broker";

fn is_data(message: &Message) -> bool {
    matches!(message, Message::Fields(_) | Message::Xml(_) | Message::Text(_) | Message::Binary(_))
}

/// Parses the source of an observation, and the message that is meant if there is one.
pub(crate) fn source(cursor: &mut Cursor<'_>, line: &Line, names: &Names<'_>) -> Result<(Source, Pattern), Problem> {
    let who = names.expect_terminal(cursor)?;
    if cursor.take("->") {
        let to = names.expect_endpoint(cursor)?;
        let message = match cursor.peek() {
            Some(word) if !SUFFIXES.contains(&word) => Some(message::message(cursor, line)?),
            _ => None,
        };
        if let Place::Host(line) = to {
            return Ok((Source::ToHost(who, line), Pattern(message)));
        }
        let to_pos = to == Place::Pos(0);
        let fits =
            message.as_ref().is_none_or(|message| is_data(message) == to_pos && !matches!(message, Message::Frame(_)));
        if !fits || matches!(to, Place::Terminal(_) | Place::Proxy | Place::Pos(1..)) {
            return Err(Problem::new("E054", cursor.whole(), "this message is not allowed here").help(WHERE_TO));
        }
        let source = if to_pos { Source::ToPos(who) } else { Source::ToBroker(who) };
        return Ok((source, Pattern(message)));
    }
    Ok((Source::Link(who, link_observation(cursor)?), Pattern(None)))
}
