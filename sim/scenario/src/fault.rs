//! Parser of faults: kind, trigger and duration.

use crate::cursor::{Cursor, SUFFIXES};
use crate::model::{
    Bytes, Carrier, DeadAddress, Fault, FaultKind, Place, Point, TLS_POINTS, TerminalIndex, Toward, Trigger,
};
use crate::names::{Names, count};
use crate::problem::{Problem, Span};
use crate::suffix::only;

/// The words that can follow `fault`.
pub const FAULT_WORDS: &[&str] = &[
    "refuse",
    "dns",
    "unanswered",
    "first-address",
    "reset",
    "fin",
    "silence",
    "latency",
    "jitter",
    "throttle",
    "segment",
    "lose",
    "duplicate",
    "swap",
    "late",
    "key-update",
    "corrupt",
    "tls",
];
/// The words for what a broker can send instead of its ServerHello.
const TLS_KINDS: &[&str] = &["alert", "garbage", "plain"];

/// Parses `fault …`.
pub(crate) fn fault(cursor: &mut Cursor<'_>, names: &Names<'_>, who: TerminalIndex) -> Result<Fault, Problem> {
    let span = cursor.whole();
    cursor.demand("fault")?;
    let kind = kind(cursor)?;
    if matches!(cursor.peek(), Some("to" | "from")) {
        let problem = Problem::new("E051", cursor.next_span(), "this fault has no direction");
        return Err(
            problem.help("silence, latency, jitter, throttle and segment have one: `to terminal`, `from terminal`")
        );
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

fn lasting(cursor: &mut Cursor<'_>) -> Result<Option<std::time::Duration>, Problem> {
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

/// Parses a duration that is not zero.
fn nonzero_duration(cursor: &mut Cursor<'_>) -> Result<std::time::Duration, Problem> {
    let span = cursor.next_span();
    let time = cursor.duration()?;
    if time.is_zero() { Err(Problem::new("E030", span, "a duration of zero has no effect")) } else { Ok(time) }
}

fn kind(cursor: &mut Cursor<'_>) -> Result<FaultKind, Problem> {
    let word = cursor.word("a fault")?;
    Ok(match word.text.as_str() {
        "refuse" => FaultKind::Refuse,
        "dns" => {
            cursor.demand("unknown")?;
            FaultKind::Dns
        }
        "unanswered" => FaultKind::Unanswered,
        "first-address" => FaultKind::FirstAddress(cursor.value("`refuses` or `unanswered`", |text| match text {
            "refuses" => Some(DeadAddress::Refuses),
            "unanswered" => Some(DeadAddress::Unanswered),
            _ => None,
        })?),
        "reset" => FaultKind::Reset,
        "fin" => FaultKind::Fin,
        "silence" => FaultKind::Silence(way(cursor)?),
        "latency" => FaultKind::Latency(cursor.duration()?, way(cursor)?),
        "jitter" => FaultKind::Jitter(nonzero_duration(cursor)?, way(cursor)?),
        "segment" => {
            let most = |text: &str| text.parse().ok().filter(|n| (1..=65_535).contains(n));
            FaultKind::Segment(cursor.value("bytes a segment, from 1 to 65535", most)?, way(cursor)?)
        }
        "throttle" => FaultKind::Throttle(cursor.value("bytes a second, from 1", size)?, way(cursor)?),
        "lose" => FaultKind::Lose,
        "duplicate" => FaultKind::Duplicate,
        "swap" => FaultKind::Swap,
        "late" => FaultKind::Late(nonzero_duration(cursor)?),
        "key-update" => FaultKind::KeyUpdate,
        "corrupt" => FaultKind::Corrupt,
        "tls" => {
            let word = cursor.word("what the broker sends instead of its ServerHello")?;
            if !TLS_KINDS.contains(&word.text.as_str()) {
                let problem = Problem::new("E013", word.span, format!("`{}` is not a TLS fault", word.text));
                return Err(problem.suggest(&word.text, TLS_KINDS.iter().copied()));
            }
            FaultKind::Tls(word.text.clone())
        }
        other => {
            let problem = Problem::new("E013", word.span, format!("`{other}` is not a fault"));
            return Err(problem.suggest(other, FAULT_WORDS.iter().copied()));
        }
    })
}

fn size(text: &str) -> Option<u64> {
    text.parse().ok().filter(|n| (1..=1_000_000_000).contains(n))
}

fn way(cursor: &mut Cursor<'_>) -> Result<Option<Toward>, Problem> {
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
fn misplaced(fault: &Fault) -> Option<&'static str> {
    use FaultKind as K;
    let (of_dial, of_message) = (fault.kind.decides_attempt(), fault.kind.affects_message());
    match &fault.arm {
        None if of_message || fault.kind == K::Corrupt => {
            Some("name the message it affects: `at LABEL`, `at reply to LABEL`")
        }
        _ if fault.kind == K::KeyUpdate && fault.lasting.is_some() => Some("a key update has no duration"),
        None if of_dial && fault.lasting.is_none() => Some("say when: `on attempt 1..3`, or `for 10s` beginning now"),
        None => None,
        Some(Trigger::On(count)) if fault.kind == K::KeyUpdate && !count.of_connections => {
            Some("keys are updated on a connection, not on an attempt")
        }
        Some(_) if fault.kind.shapes_traffic() => {
            Some("this fault begins now, perhaps with `for`: it takes no attempt and no message")
        }
        Some(Trigger::At(..)) if fault.kind == K::KeyUpdate => Some("keys are updated at once, or `on connection 2`"),
        Some(Trigger::At(..)) if of_message && fault.lasting.is_some() => Some("a fault on a message has no duration"),
        Some(Trigger::On(_)) if of_message => Some("this fault affects a message, not an attempt or a connection"),
        Some(Trigger::On(count)) if fault.lasting.is_some() && !count.of_connections => {
            Some("a fault on an attempt has no `for`; without `on` the fault begins now")
        }
        Some(Trigger::At(_, Point { carrier: Carrier::Tls(_), .. })) if fault.lasting.is_some() => {
            Some("a fault within a handshake has no `for`")
        }
        Some(Trigger::On(_)) if fault.kind == K::Corrupt => {
            Some("name the byte: `corrupt at 9 bytes of server-flight`")
        }
        Some(Trigger::On(_)) => None,
        Some(Trigger::At(..)) if of_dial => Some("this fault affects attempts: `on attempt 1..3`"),
        Some(Trigger::At(place, point)) => misplaced_at(fault, *place, point),
    }
}

fn misplaced_at(fault: &Fault, place: Place, point: &Point) -> Option<&'static str> {
    use FaultKind as K;
    let ends = matches!(fault.kind, K::Reset | K::Fin | K::Silence(None));
    match &point.carrier {
        Carrier::Tls(_) if ends || fault.kind == K::Corrupt => {
            (point.bytes == Some(Bytes::Each)).then_some("a TLS record is cut at a number of bytes, not at each byte")
        }
        Carrier::Upgrade | Carrier::Answer if ends && place != Place::At => None,
        Carrier::Upgrade | Carrier::Answer => {
            Some("only reset, fin and silence, `before` or `after` it or a number of its bytes")
        }
        Carrier::Request(_) | Carrier::Reply(_) if ends => {
            (place == Place::At && point.bytes.is_some()).then_some("use `before` or `after` with a number of bytes")
        }
        Carrier::Request(_) | Carrier::Reply(_) if fault.kind.affects_message() => (place != Place::At
            || point.bytes.is_some())
        .then_some("lose, duplicate, swap and late need `at` and the whole message"),
        _ => Some("messages take reset, fin, silence, lose, duplicate, swap and late; TLS takes corrupt"),
    }
}
