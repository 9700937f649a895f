//! Parser of faults: kind, trigger and duration.

use std::borrow::Cow;
use std::time::Duration;

use crate::cursor::{Cursor, SUFFIXES};
use crate::names::{Names, count};
use crate::suffix::only;
use sca_model::fault_table::{Affects, Argument, FaultKind, KINDS, Toward, Values, kind_row, words_where};
use sca_model::{Bytes, Carrier, Count, Fault, Place, Point, TLS_POINTS, TerminalIndex, Trigger};
use sca_model::{Problem, Span};

/// Parses `fault …`.
pub(crate) fn fault(cursor: &mut Cursor<'_>, names: &Names<'_>, who: TerminalIndex) -> Result<Fault, Problem> {
    let span = cursor.whole();
    cursor.demand("fault")?;
    let kind = kind(cursor)?;
    if matches!(cursor.peek(), Some("to" | "from")) {
        let problem = Problem::new("E051", cursor.next_span(), "this fault has no direction");
        let directed = words_where(|row| row.takes.contains(&Argument::Direction));
        return Err(problem.help(format!("{directed} have one: `to terminal`, `from terminal`")));
    }
    let mut lasting = lasting(cursor)?;
    let arm = arm(cursor)?;
    if lasting.is_none() {
        lasting = self::lasting(cursor)?;
    }
    let suffix = only(cursor, names, &["as"])?;
    let fault = Fault { who, kind, arm, lasting, label: suffix.label, span };
    match misplaced(&fault) {
        Some(help) => Err(Problem::new("E051", span, "this fault cannot be injected there").help(help)),
        None => Ok(fault),
    }
}

fn lasting(cursor: &mut Cursor<'_>) -> Result<Option<Duration>, Problem> {
    let span = cursor.next_span();
    if !cursor.take("for") {
        return Ok(None);
    }
    let lasting = cursor.duration()?;
    if lasting.is_zero() {
        return Err(Problem::new("E030", span, "a fault that lasts no time has no effect"));
    }
    Ok(Some(lasting))
}

fn kind(cursor: &mut Cursor<'_>) -> Result<FaultKind, Problem> {
    let word = cursor.word("a fault")?;
    let Some(row) = kind_row(&word.text) else {
        let problem = Problem::new("E013", word.span, format!("`{}` is not a fault", word.text));
        return Err(problem.suggest(&word.text, KINDS.iter().map(|row| row.word)));
    };
    let mut values = Values::default();
    for argument in row.takes {
        match argument {
            Argument::Keyword(word) => cursor.demand(word)?,
            Argument::Choice(what, words) => values.choice = choice(cursor, what, words)?,
            Argument::Time { may_be_zero, .. } => values.time = time(cursor, *may_be_zero)?,
            Argument::Number { what, most, .. } => {
                values.number = cursor.value(what, |text| text.parse().ok().filter(|n| (1..=*most).contains(n)))?;
            }
            Argument::Direction => values.toward = toward(cursor)?,
        }
    }
    Ok((row.make)(values))
}

fn choice(cursor: &mut Cursor<'_>, what: &str, words: &[&'static str]) -> Result<&'static str, Problem> {
    let word = cursor.word(what)?;
    words.iter().find(|known| **known == word.text).copied().ok_or_else(|| {
        let problem = Problem::new("E013", word.span, format!("`{}` is not {what}", word.text));
        problem.suggest(&word.text, words.iter().copied())
    })
}

fn time(cursor: &mut Cursor<'_>, may_be_zero: bool) -> Result<Duration, Problem> {
    let span = cursor.next_span();
    let time = cursor.duration()?;
    if time.is_zero() && !may_be_zero {
        return Err(Problem::new("E030", span, "a duration of zero has no effect"));
    }
    Ok(time)
}

fn toward(cursor: &mut Cursor<'_>) -> Result<Option<Toward>, Problem> {
    let to = match cursor.peek() {
        Some("to") => true,
        Some("from") => false,
        _ => return Ok(None),
    };
    cursor.word("a direction")?;
    let terminal = cursor.value("`terminal` or `broker`", |t| match t {
        "terminal" => Some(true),
        "broker" => Some(false),
        _ => None,
    })?;
    Ok(Some(if to == terminal { Toward::Terminal } else { Toward::Broker }))
}

fn arm(cursor: &mut Cursor<'_>) -> Result<Option<Trigger>, Problem> {
    if cursor.take("on") {
        return Ok(Some(Trigger::On(count(cursor)?)));
    }
    let place = match cursor.peek() {
        Some("before") => Place::Before,
        Some("after") => Place::After,
        Some("at") => Place::At,
        _ => return Ok(None),
    };
    cursor.word("a place")?;
    Ok(Some(Trigger::At(place, point(cursor)?)))
}

fn point(cursor: &mut Cursor<'_>) -> Result<Point, Problem> {
    let bytes = match cursor.peek() {
        Some("each") => {
            cursor.take("each");
            cursor.demand("byte")?;
            cursor.demand("of")?;
            Some(Bytes::Each)
        }
        Some(number) if number.bytes().all(|b| b.is_ascii_digit()) => {
            let count = cursor.value("a number of bytes", |t| t.parse().ok().filter(|n| *n < 1 << 24))?;
            if !cursor.take("bytes") {
                cursor.demand("byte")?;
            }
            cursor.demand("of")?;
            Some(Bytes::Count(count))
        }
        _ => None,
    };
    let word = cursor.word("a message or a step of the handshake")?;
    let carrier = match word.text.as_str() {
        "reply" => {
            cursor.demand("to")?;
            Carrier::Reply(cursor.word("a label")?.text.clone())
        }
        "request" => Carrier::Upgrade,
        "answer" => Carrier::Answer,
        other => match TLS_POINTS.iter().find(|p| **p == other) {
            Some(point) => Carrier::Tls(point),
            None if SUFFIXES.contains(&other) => return Err(no_point(word.span)),
            None => Carrier::Request(other.to_owned()),
        },
    };
    Ok(Point { carrier, bytes })
}

fn no_point(span: Span) -> Problem {
    Problem::new("E012", span, "the point is missing").help("name a label, `reply to` a label, or a step of TLS")
}

/// Why a fault cannot be injected where the scenario wants it; none if it can.
fn misplaced(fault: &Fault) -> Option<Cow<'static, str>> {
    let affects = fault.kind.row().affects;
    let help = match &fault.arm {
        Some(Trigger::On(count)) => misplaced_on(affects, *count, fault.lasting.is_some()),
        Some(Trigger::At(place, point)) => return misplaced_at(fault, *place, point),
        None => match affects {
            Affects::Message | Affects::Record => Some("name the message it affects: `at LABEL`, `at reply to LABEL`"),
            Affects::Keys if fault.lasting.is_some() => Some(NO_DURATION),
            Affects::Attempt if fault.lasting.is_none() => {
                Some("say when: `on attempt 1..3`, or `for 10s` beginning now")
            }
            _ => None,
        },
    };
    help.map(Cow::Borrowed)
}

const NO_DURATION: &str = "a key update has no duration";
const BEGINS_NOW: &str = "this fault begins now, perhaps with `for`: it takes no attempt and no message";

/// Why a fault cannot begin on an attempt or a connection.
fn misplaced_on(affects: Affects, count: Count, lasts: bool) -> Option<&'static str> {
    match affects {
        Affects::Keys if lasts => Some(NO_DURATION),
        Affects::Keys if !count.of_connections => Some("keys are updated on a connection, not on an attempt"),
        Affects::Traffic => Some(BEGINS_NOW),
        Affects::Message => Some("this fault affects a message, not an attempt or a connection"),
        _ if lasts && !count.of_connections => {
            Some("a fault on an attempt has no `for`; without `on` the fault begins now")
        }
        Affects::Record => Some("name the byte: `corrupt at 9 bytes of server-flight`"),
        _ => None,
    }
}

/// Why a fault cannot begin at a point.
fn misplaced_at(fault: &Fault, place: Place, point: &Point) -> Option<Cow<'static, str>> {
    let (affects, lasts) = (fault.kind.row().affects, fault.lasting.is_some());
    let ends = affects == Affects::Connection && fault.kind.values().toward.is_none();
    let help =
        match (&point.carrier, affects) {
            (_, Affects::Keys) if lasts => Some(NO_DURATION),
            (_, Affects::Traffic) => Some(BEGINS_NOW),
            (_, Affects::Keys) => Some("keys are updated at once, or `on connection 2`"),
            (_, Affects::Message) if lasts => Some("a fault on a message has no duration"),
            (Carrier::Tls(_), _) if lasts => Some("a fault within a handshake has no `for`"),
            (_, Affects::Attempt) => Some("this fault affects attempts: `on attempt 1..3`"),
            (Carrier::Tls(_), _) if ends || affects == Affects::Record => (point.bytes == Some(Bytes::Each))
                .then_some("a TLS record is cut at a number of bytes, not at each byte"),
            (Carrier::Upgrade | Carrier::Answer, _) if ends && place != Place::At => None,
            (Carrier::Upgrade | Carrier::Answer, _) => {
                Some("only reset, fin and silence, `before` or `after` it or a number of its bytes")
            }
            (Carrier::Request(_) | Carrier::Reply(_), _) if ends => (place == Place::At && point.bytes.is_some())
                .then_some("use `before` or `after` with a number of bytes"),
            (Carrier::Request(_) | Carrier::Reply(_), Affects::Message) => {
                let fits = place == Place::At && point.bytes.is_none();
                let messages = words_where(|row| row.affects == Affects::Message);
                return (!fits).then(|| format!("{messages} need `at` and the whole message").into());
            }
            _ => {
                let takes = words_where(|row| matches!(row.affects, Affects::Connection | Affects::Message));
                let records = words_where(|row| row.affects == Affects::Record);
                return Some(format!("messages take {takes}; TLS takes {records}").into());
            }
        };
    help.map(Cow::Borrowed)
}
