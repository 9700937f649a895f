//! The steps of the timeline: one statement a line.

use std::time::Duration;

use sca_protocol::Line as Wire;

use crate::act;
use crate::cursor::{Cursor, range};
use crate::fault;
use crate::host;
use crate::message;
use crate::model::{Action, Count, Expect, Message, Pattern, Send, Sight, Source, Speaker, Step, Who};
use crate::problem::{Problem, Span};
use crate::sight::{link_sight, show};
use crate::suffix::{SUFFIXES, only};
use crate::tree::Line;

/// Who can be named in a step.
pub(crate) struct Names<'a> {
    /// The terminals, in the order of the cast.
    pub(crate) terminals: &'a [String],
    /// POS beside the one called `pos`.
    pub(crate) pos: &'a [String],
    /// Clause ids, where they are known.
    pub(crate) clauses: &'a [&'static str],
}

/// The words a statement can begin with.
const WORDS: &[&str] = &[
    "wait",
    "end",
    "cardholder",
    "power",
    "set",
    "fault",
    "check",
    "call",
    "any",
    "in",
    "together",
    "throughout",
    "without",
    "screen",
    "icon",
    "host",
    "vhq",
    "proxy",
    "broker",
    "pos",
    "terminal",
];

/// What can follow something that is seen and is no message.
const SEEN: &[&str] = &["within", "as", "covers"];

/// An end of an arrow.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Terminal(Who),
    Pos(usize),
    Broker,
    Host(Wire),
    Proxy,
}

impl Names<'_> {
    /// The terminal of this name. `terminal` is the first one.
    pub(crate) fn terminal(&self, name: &str) -> Option<Who> {
        let declared = self.terminals.iter().position(|t| t == name);
        declared.or((name == "terminal" && self.terminals.len() == 1).then_some(0))
    }

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

    fn demand_place(&self, cursor: &mut Cursor<'_>) -> Result<Place, Problem> {
        let word = cursor.word("the other end")?;
        self.place(&word.text).ok_or_else(|| self.nobody(&word.text, word.span))
    }

    pub(crate) fn demand_terminal(&self, cursor: &mut Cursor<'_>) -> Result<Who, Problem> {
        let word = cursor.word("a terminal")?;
        self.terminal(&word.text).ok_or_else(|| self.nobody(&word.text, word.span))
    }

    fn nobody(&self, name: &str, span: Span) -> Problem {
        let names = self.terminals.iter().map(String::as_str).chain(["pos", "broker", "host", "vhq", "proxy"]);
        Problem::new("E023", span, format!("`{name}` takes no part")).suggest(name, names)
    }
}

/// Reads a step with its block.
pub(crate) fn step(line: &Line, names: &Names<'_>, problems: &mut Vec<Problem>) -> Option<Step> {
    let mut cursor = Cursor::new(line);
    let read = stamp(&mut cursor).and_then(|stamp| {
        let who = prefix(&mut cursor, names);
        let action = action(&mut cursor, line, names, who, problems)?;
        cursor.end()?;
        Ok((stamp, action))
    });
    let takes_block = matches!(
        &read,
        Ok((
            _,
            Action::AnyOrder(_)
                | Action::InOrder(_)
                | Action::Together(_)
                | Action::Throughout(..)
                | Action::Without(..)
        ))
    );
    match read {
        Ok((stamp, action)) => {
            if takes_block && line.lines().next().is_none() {
                problems.push(Problem::new("E004", line.span(), "the block of this line is missing"));
            }
            if let Some(inner) = line.lines().next().filter(|_| !takes_block) {
                problems.push(
                    Problem::new("E003", inner.span(), "nothing can be indented below the line before")
                        .help("begin it in the same column"),
                );
            }
            Some(Step { span: line.span(), called: None, stamp, action })
        }
        Err(problem) => {
            problems.push(problem);
            None
        }
    }
}

fn stamp(cursor: &mut Cursor<'_>) -> Result<Option<Duration>, Problem> {
    match cursor.peek() {
        Some(word) if word.starts_with('+') => cursor
            .value("a stamp such as +12.250", |text| {
                let (seconds, millis) = text.strip_prefix('+')?.split_once('.')?;
                let millis = (millis.len() == 3).then(|| millis.parse::<u32>().ok())??;
                Some(Duration::new(seconds.parse::<u32>().ok()?.into(), millis * 1_000_000))
            })
            .map(Some),
        _ => Ok(None),
    }
}

fn prefix(cursor: &mut Cursor<'_>, names: &Names<'_>) -> Who {
    let who = cursor.peek().and_then(|w| w.strip_suffix(':')).and_then(|name| names.terminal(name));
    if who.is_some() {
        drop(cursor.word("a terminal"));
    }
    who.unwrap_or(0)
}

fn action(
    cursor: &mut Cursor<'_>,
    line: &Line,
    names: &Names<'_>,
    who: Who,
    problems: &mut Vec<Problem>,
) -> Result<Action, Problem> {
    if cursor.peek_at(1) == Some("->") {
        return arrow(cursor, line, names);
    }
    let almost = |word: &str| matches!(word, "=>" | "<-" | "→" | "←" | "–>" | "-->" | "<=");
    let glued = |word: &str| word.contains("->") && word != "->";
    let odd = (0..2).find(|at| cursor.peek_at(*at).is_some_and(|word| glued(word) || (*at == 1 && almost(word))));
    if odd.is_some() {
        let problem = Problem::new("E013", cursor.whole(), "an arrow is `->` with a blank on each side");
        return Err(problem.help("for example `pos -> terminal  ADMIN GET_COUNTER`"));
    }
    let link = ["connects", "attempts", "fails", "loses"];
    if cursor.peek_at(1).is_some_and(|w| link.contains(&w)) {
        let who = names.demand_terminal(cursor)?;
        let sight = Sight::Link(link_sight(cursor)?);
        return Ok(Action::Expect(Expect { who, sight, suffix: only(cursor, names, SEEN)? }));
    }
    let span = cursor.here();
    let word = cursor.peek().unwrap_or_default();
    match word {
        "screen" | "icon" => {
            let sight = Sight::Show(show(cursor)?);
            Ok(Action::Expect(Expect { who, sight, suffix: only(cursor, names, SEEN)? }))
        }
        "throughout" => {
            cursor.take(word);
            let show = show(cursor)?;
            let covers = only(cursor, names, &["covers"])?.covers;
            Ok(Action::Throughout(who, show, covers, block(line, names, problems)))
        }
        "without" => {
            cursor.take(word);
            let (source, pattern) = source(cursor, line, names)?;
            let covers = only(cursor, names, &["covers"])?.covers;
            Ok(Action::Without(source, pattern, covers, block(line, names, problems)))
        }
        "any" | "in" => {
            cursor.take(word);
            cursor.demand("order")?;
            let block = block(line, names, problems);
            Ok(if word == "any" { Action::AnyOrder(block) } else { Action::InOrder(block) })
        }
        "together" => {
            cursor.take(word);
            Ok(Action::Together(block(line, names, problems)))
        }
        "cardholder" => act::cardholder(cursor).map(|act| Action::Cardholder { who, act }),
        "host" | "vhq" => host::act(cursor).map(Action::Host),
        "broker" | "proxy" => answers(cursor, line, word == "proxy"),
        "fault" => fault::fault(cursor, names, who).map(Action::Fault),
        _ => plain(cursor, names, word, span),
    }
}

fn plain(cursor: &mut Cursor<'_>, names: &Names<'_>, word: &str, span: Span) -> Result<Action, Problem> {
    cursor.word("a statement")?;
    match word {
        "wait" => Ok(Action::Wait(cursor.duration()?)),
        "end" => Ok(Action::End),
        "check" => act::check(cursor),
        "set" => act::set(cursor, names),
        "power" => {
            let on = cursor.value("on or off", |t| match t {
                "on" => Some(true),
                "off" => Some(false),
                _ => None,
            })?;
            let who = if cursor.peek().is_some() { names.demand_terminal(cursor)? } else { 0 };
            Ok(Action::Power { on, who })
        }
        _ if names.terminal(word).is_some() => {
            let next = cursor.word("what the terminal does")?;
            let problem = Problem::new("E011", next.span, format!("a terminal does not `{}`", next.text));
            Err(problem.suggest(&next.text, ["connects", "attempts", "fails", "loses", "->"]))
        }
        "pos" | "broker" => {
            let problem = Problem::new("E013", span, format!("after `{word}` an arrow is missing"));
            Err(problem.help(format!("for example `{word} -> terminal …`")))
        }
        _ if is_parameter_of_terminal(word) => {
            let problem = Problem::new("E011", span, format!("`{word}` is a setting of the terminal"));
            Err(problem
                .help(format!("it stands indented below `terminal`; from the first step on, `set terminal {word} …`")))
        }
        _ => {
            let mut known: Vec<&str> =
                WORDS.iter().copied().chain(names.terminals.iter().map(String::as_str)).collect();
            known.sort_unstable();
            known.dedup();
            Err(Problem::new("E011", span, format!("no statement begins with `{word}`")).suggest(word, known))
        }
    }
}

fn is_parameter_of_terminal(word: &str) -> bool {
    use sca_protocol::settings::{Settings, TerminalSettings};
    TerminalSettings::row(word).is_ok()
}

fn block(line: &Line, names: &Names<'_>, problems: &mut Vec<Problem>) -> Vec<Step> {
    line.lines().filter_map(|inner| step(inner, names, problems)).collect()
}

fn arrow(cursor: &mut Cursor<'_>, line: &Line, names: &Names<'_>) -> Result<Action, Problem> {
    let span = cursor.whole();
    let from = names.demand_place(cursor)?;
    cursor.demand("->")?;
    let to = names.demand_place(cursor)?;
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
    let misplaced = |help: &str| Err(Problem::new("E054", span, "this message does not travel this way").help(help));
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
            Message::Http(_) => Ok(Action::Expect(Expect { who, sight: Sight::ToProxy(message), suffix })),
            _ => misplaced("a proxy is asked by http"),
        },
        (Place::Terminal(who), Place::Host(line)) => match message {
            Message::Fields(_) => Ok(Action::Expect(Expect { who, sight: Sight::ToHost(line, message), suffix })),
            _ => misplaced("a host is told documents, which are expected by their fields"),
        },
        (Place::Terminal(who), Place::Pos(0) | Place::Broker) => {
            let to_pos = to == Place::Pos(0);
            if to_pos != is_data(&message) || matches!(message, Message::Frame(_)) {
                return misplaced(WHERE_TO);
            }
            let sight = if to_pos { Sight::ToPos(message) } else { Sight::ToBroker(message) };
            Ok(Action::Expect(Expect { who, sight, suffix }))
        }
        _ => misplaced("one end of an arrow is a terminal, the other the pos, the broker or a host"),
    }
}

const WHERE_TO: &str = "documents go to the pos; pings, pongs, closes and http requests to the broker";

fn is_data(message: &Message) -> bool {
    matches!(message, Message::Fields(_) | Message::Xml(_) | Message::Text(_) | Message::Binary(_))
}

/// Reads where an observation comes from, and which.
pub(crate) fn source(cursor: &mut Cursor<'_>, line: &Line, names: &Names<'_>) -> Result<(Source, Pattern), Problem> {
    let who = names.demand_terminal(cursor)?;
    if cursor.take("->") {
        let to = names.demand_place(cursor)?;
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
            return Err(Problem::new("E054", cursor.whole(), "this message does not travel this way").help(WHERE_TO));
        }
        let source = if to_pos { Source::ToPos(who) } else { Source::ToBroker(who) };
        return Ok((source, Pattern(message)));
    }
    Ok((Source::Link(who, link_sight(cursor)?), Pattern(None)))
}

fn answers(cursor: &mut Cursor<'_>, line: &Line, by_proxy: bool) -> Result<Action, Problem> {
    cursor.word("who answers")?;
    cursor.demand("answers")?;
    let count = count(cursor)?;
    let lines = line.verbatim.as_ref().map(|v| v.lines.clone()).unwrap_or_default();
    if lines.is_empty() {
        return Err(Problem::new("E004", line.span(), "the answer is missing")
            .help("write its lines below, indented, as they travel: first the status line, then the headers"));
    }
    Ok(Action::Answers { by_proxy, count, lines })
}

/// Reads `attempt 1..3` or `connection 2`.
pub(crate) fn count(cursor: &mut Cursor<'_>) -> Result<Count, Problem> {
    let of_connections = cursor.value("`attempt` or `connection`", |t| match t {
        "attempt" => Some(false),
        "connection" => Some(true),
        _ => None,
    })?;
    let numbers = |text: &str| range(text, |n| n.parse::<u32>().ok()).filter(|(from, to)| 0 < *from && from <= to);
    let (from, to) = cursor.value("a number or a range such as 1..3", numbers)?;
    Ok(Count { of_connections, from, to })
}
