//! Parser of messages: contents to send, and conditions on received messages.

use regex::Regex;
use sca_protocol::frame::LengthForm;

use sca_protocol::settings::nearest;

use crate::cursor::{Cursor, SUFFIXES};
use crate::tree::{Line, unquote};
use sca_model::{Demand, Fields, Message, Op, RawFrame, Test};
use sca_model::{Problem, Span};

const OPCODES: &[(&str, u8)] = &[("continue", 0), ("text", 1), ("binary", 2), ("close", 8), ("ping", 9), ("pong", 10)];
/// The maximum size of a payload that a scenario may write out or repeat, in bytes.
const PAYLOAD_MAX: usize = 1 << 24;

/// Parses a message.
pub(crate) fn message(cursor: &mut Cursor<'_>, line: &Line) -> Result<Message, Problem> {
    let first = cursor.peek().unwrap_or_default();
    if !matches!(first, "http") && line.verbatim.is_some() {
        return document(line);
    }
    match first {
        "text" => {
            cursor.take("text");
            Ok(Message::Text(repeated_string(cursor)?))
        }
        "binary" => {
            cursor.take("binary");
            Ok(Message::Binary(cursor.value("bytes such as 0aff", hex)?))
        }
        "http" => {
            cursor.take("http");
            http(cursor, line)
        }
        "ping" | "pong" => {
            cursor.take(first);
            let has_payload = cursor.peek().is_some_and(|word| word.starts_with('"'));
            let payload = if has_payload { Some(repeated_string(cursor)?) } else { None };
            Ok(if first == "ping" { Message::Ping(payload) } else { Message::Pong(payload) })
        }
        "close" => close(cursor),
        "frame" => frame(cursor),
        _ => fields(cursor).map(Message::Fields),
    }
}

/// Parses the lines of an HTTP head, with conditions on its headers: `Name: value`, `Name: *`, `Name: ?capture`,
/// `Name: ~"regex"`, `!Name`.
fn http(cursor: &Cursor<'_>, line: &Line) -> Result<Message, Problem> {
    let lines = line.verbatim.as_ref().map(|v| v.lines.clone()).unwrap_or_default();
    for (at, text) in (0u32..).zip(&lines) {
        let place =
            line.verbatim.as_ref().map_or(cursor.whole(), |v| Span { line: v.span.line + at, length: 1, ..v.span });
        if let Some(quoted) = text.split_once(": ").and_then(|(_, value)| value.strip_prefix('~')) {
            regex(quoted, place)?;
        }
        if text.starts_with('!') && text.contains(':') {
            let problem = Problem::new("E031", place, format!("`{text}` is not a test of a header"));
            return Err(problem.help("`!Header` expects it to be absent, `Header: *` to be present"));
        }
    }
    Ok(Message::Http(lines))
}

/// Whether a text matches a quoted pattern, as it is written after `~`.
#[must_use]
pub fn matches(quoted: &str, text: &str) -> bool {
    regex::Regex::new(&unquote(quoted)).is_ok_and(|regex| regex.is_match(text))
}

fn document(line: &Line) -> Result<Message, Problem> {
    let Some(verbatim) = &line.verbatim else { return Ok(Message::Xml(String::new())) };
    let text = verbatim.lines.join("\n").trim_end().to_owned();
    if text.starts_with('<') {
        return Ok(Message::Xml(text));
    }
    Err(Problem::new("E033", verbatim.span, "expected a document that begins with `<`")
        .help("use `text \"…\"` for anything else"))
}

/// Parses a string and its optional repeat count: `text "ab" *3` is `ababab`.
fn repeated_string(cursor: &mut Cursor<'_>) -> Result<String, Problem> {
    let text = cursor.string("a text")?;
    let Some(count) = cursor.peek().and_then(|w| w.strip_prefix('*')).and_then(|n| n.parse::<usize>().ok()) else {
        return Ok(text);
    };
    let word = cursor.word("a count")?;
    if text.len().saturating_mul(count) > PAYLOAD_MAX {
        return Err(Problem::new("E030", word.span, format!("a payload may have {PAYLOAD_MAX} bytes at most")));
    }
    Ok(text.repeat(count))
}

fn close(cursor: &mut Cursor<'_>) -> Result<Message, Problem> {
    cursor.take("close");
    let code = match cursor.peek() {
        Some(word) if word.bytes().all(|b| b.is_ascii_digit()) => {
            Some(cursor.value("a close code from 0 to 65535", |t| t.parse().ok())?)
        }
        _ => None,
    };
    let reason = match cursor.peek() {
        Some(word) if word.starts_with('"') && code.is_some() => Some(repeated_string(cursor)?),
        _ => None,
    };
    Ok(Message::Close(code, reason))
}

fn frame(cursor: &mut Cursor<'_>) -> Result<Message, Problem> {
    cursor.take("frame");
    let names = || OPCODES.iter().map(|(word, _)| *word);
    let word = cursor.word("an opcode")?;
    let by_number = word.text.parse().ok().filter(|n| *n < 16);
    let opcode = OPCODES.iter().find(|(name, _)| *name == word.text).map(|(_, code)| *code).or(by_number);
    let opcode = opcode.ok_or_else(|| {
        Problem::new("E013", word.span, format!("`{}` is not an opcode", word.text)).suggest(&word.text, names())
    })?;
    let last = match cursor.word("`more` or `last`")? {
        word if word.text == "last" => true,
        word if word.text == "more" => false,
        word => return Err(Problem::new("E013", word.span, "expected `more` or `last`")),
    };
    let mut frame = RawFrame {
        opcode,
        last,
        masked: false,
        reserved: 0,
        length: None,
        length_form: None,
        payload: Vec::new(),
        has_inserts: false,
    };
    if cursor.take("masked") {
        frame.masked = true;
    } else {
        cursor.take("unmasked");
    }
    if cursor.take("rsv") {
        frame.reserved = cursor.value("reserved bits from 0 to 7", |t| t.parse().ok().filter(|n| *n < 8))?;
    }
    if cursor.take("length") {
        frame.length = Some(cursor.value("a length in bytes", |t| t.parse().ok())?);
        frame.length_form = length_form(cursor)?;
    }
    frame.payload = match cursor.peek() {
        Some(word) if word.starts_with('"') => {
            let text = repeated_string(cursor)?;
            frame.has_inserts = text.contains("{{");
            text.into_bytes()
        }
        Some(word) if !SUFFIXES.contains(&word) => cursor.value("a payload: a text in quotes, or bytes", hex)?,
        _ => Vec::new(),
    };
    Ok(Message::Frame(frame))
}

/// Parses `in 2 bytes` or `in 8 bytes`: the encoding of a length that is not the shortest one.
fn length_form(cursor: &mut Cursor<'_>) -> Result<Option<LengthForm>, Problem> {
    if !cursor.take("in") {
        return Ok(None);
    }
    let form = cursor.value("`2` or `8`", |text| match text {
        "2" => Some(LengthForm::Two),
        "8" => Some(LengthForm::Eight),
        _ => None,
    })?;
    cursor.demand("bytes")?;
    Ok(Some(form))
}

/// Parses bytes written as pairs of hexadecimal digits.
pub(crate) fn hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.len().is_multiple_of(2) && text.bytes().all(|b| b.is_ascii_hexdigit());
    let pairs = (0..text.len()).step_by(2);
    digits.then(|| pairs.filter_map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect())
}

fn fields(cursor: &mut Cursor<'_>) -> Result<Fields, Problem> {
    let mut fields = Fields { notice: cursor.take("notice"), encrypted: cursor.take("encrypted"), ..Fields::default() };
    while let Some(word) = cursor.peek().filter(|w| !SUFFIXES.contains(w)) {
        let is_name = word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        if is_name && fields.tests.is_empty() && fields.routing.len() < 2 {
            fields.routing.push(word.to_owned());
            cursor.word("a word")?;
        } else {
            fields.tests.push(test(cursor)?);
        }
    }
    Ok(fields)
}

const OPS: &[(&str, Op)] =
    &[("!=", Op::Unequal), ("<=", Op::AtMost), (">=", Op::AtLeast), ("=", Op::Equal), ("<", Op::Less), (">", Op::More)];

/// Whether a word looks like a test: a name in capitals with an operator or a leading `!`.
pub(crate) fn is_test(word: &str) -> bool {
    let name = word.trim_start_matches('!');
    name.starts_with(|c: char| c.is_ascii_uppercase()) && (word.starts_with('!') || name.contains(['=', '~', '<', '>']))
}

/// The suffix word that resembles this word.
fn near_suffix(word: &str) -> Option<&'static str> {
    let is_small = !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
    is_small.then(|| nearest(word, SUFFIXES.iter().copied())).flatten()
}

/// Parses a test of a field.
pub(crate) fn test(cursor: &mut Cursor<'_>) -> Result<Test, Problem> {
    let word = cursor.word("a test such as RESULT=OK")?;
    let (text, span) = (&word.text, word.span);
    let broken = || {
        Problem::new("E031", span, format!("`{text}` is not a test"))
            .label("expected FIELD=VALUE")
            .help("a test is FIELD, then one of = != ~ < <= > >=, then a value; or !FIELD for a field that is absent")
    };
    let is_field = |name: &str| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
    };
    if let Some(name) = text.strip_prefix('!').filter(|name| is_field(name)) {
        return Ok(Test { field: name.to_owned(), demand: Demand::Absent, span });
    }
    let at = text.find(|c| "=!~<>".contains(c)).ok_or_else(|| match text.as_str() {
        "for" | "to" | "answers" => broken().help("`re LABEL` says which request a message answers"),
        "," => broken().help("write amounts with a point: 12.40"),
        word if near_suffix(word).is_some() => {
            broken().help(format!("did you mean `{}`?", near_suffix(word).unwrap_or_default()))
        }
        word if !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase()) => {
            broken().help("write commands and fields in capitals, as in the document: SESSION START INVOICE=7")
        }
        _ => broken(),
    })?;
    if text.starts_with("=") || (text.len() == at + 1 && text.ends_with('=')) {
        return Err(broken().help("write no spaces around the operator: RESULT=OK"));
    }
    let (field, rest) = text.split_at(at);
    if !is_field(field) {
        return Err(broken().help("write fields in capitals, as in the document"));
    }
    let field = field.to_owned();
    if let Some(pattern) = rest.strip_prefix('~') {
        return Ok(Test { field, demand: Demand::Matches(regex(pattern, span)?), span });
    }
    let (op, value) = OPS.iter().find_map(|(sign, op)| rest.strip_prefix(sign).map(|v| (*op, v))).ok_or_else(broken)?;
    if value.starts_with(['=', '<', '>']) {
        return Err(broken());
    }
    let compares = matches!(op, Op::Less | Op::AtMost | Op::More | Op::AtLeast);
    if compares && unquote(value).parse::<f64>().is_err() && !value.contains("{{") {
        return Err(broken().help("< <= > >= compare numbers"));
    }
    if value.is_empty() {
        return Err(broken().help("write an empty value as \"\""));
    }
    let demand = match value {
        "*" if op == Op::Equal => Demand::Any,
        name if op == Op::Equal && name.starts_with('?') => Demand::Capture(name[1..].to_owned()),
        value => Demand::Is(op, unquote(value)),
    };
    Ok(Test { field, demand, span })
}

/// Parses a regular expression in quotes.
pub(crate) fn regex(quoted: &str, span: Span) -> Result<Regex, Problem> {
    if !quoted.starts_with('"') {
        return Err(Problem::new("E032", span, "expected a regular expression in quotes after `~`"));
    }
    Regex::new(&unquote(quoted)).map_err(|error| {
        let why = error.to_string().lines().last().unwrap_or_default().trim().trim_start_matches("error: ").to_owned();
        Problem::new("E032", span, format!("invalid regular expression: {why}"))
    })
}
