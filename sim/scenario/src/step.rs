//! Parser of the steps of a timeline: one statement per line.

use std::time::Duration;

use sca_protocol::settings::nearest;

use crate::cursor::{Cursor, SUFFIXES};
use crate::names::{Names, count};
use crate::observation::{link_observation, show};
use crate::suffix::{SEEN, only};
use crate::tree::{Line, Word, reject_block};
use crate::{action, arrow, host, network, parse_fault};
use sca_model::fault_table::kind_row;
use sca_model::{Action, Awaited, Expect, Step, TerminalIndex};
use sca_model::{Problem, Span};

/// The words that can begin a statement.
const WORDS: &[&str] = &[
    "wait",
    "end",
    "dns",
    "cardholder",
    "power",
    "set",
    "fault",
    "check",
    "call",
    "any",
    "either",
    "in",
    "optional",
    "or",
    "repeat",
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

/// The suffixes allowed after a link observation.
const LINK: &[&str] = &["after", "within", "as", "covers"];

/// Parses consecutive steps; an `or` adds a branch to the `either` before it. Each line comes with the position of the
/// call that inserted it.
pub(crate) fn steps<'a>(
    lines: impl Iterator<Item = (&'a Line, Option<Span>)>,
    names: &Names<'_>,
    problems: &mut Vec<Problem>,
) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut is_lost = false;
    for (line, called) in lines {
        if line.words[0].text != "or" {
            let step = step(line, names, problems);
            is_lost = step.is_none();
            steps.extend(step.map(|step| Step { called, ..step }));
            continue;
        }
        if let Some(word) = line.words.get(1) {
            problems.push(Problem::new("E014", word.span, "unexpected words after `or`"));
        }
        let branch = block(line, names, problems);
        match steps.last_mut().map(|step| &mut step.action) {
            Some(Action::Either(_, branches)) => branches.push(branch),
            _ if is_lost => {}
            _ => problems.push(
                Problem::new("E060", line.span(), "there is no `either` above this `or`")
                    .help("write `either` and each `or` in the same column, with their lines indented below them"),
            ),
        }
    }
    steps
}

/// Parses a step with its block.
fn step(line: &Line, names: &Names<'_>, problems: &mut Vec<Problem>) -> Option<Step> {
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
                | Action::Optional(_)
                | Action::Either(..)
        ))
    );
    match read {
        Ok((stamp, action)) => {
            if takes_block && line.lines().next().is_none() {
                problems.push(Problem::new("E004", line.span(), "this line needs a block"));
            }
            if !takes_block {
                problems.extend(reject_block(line).err());
            }
            Some(Step { span: line.span(), called: None, stamp, action })
        }
        Err(problem) => {
            // A terminal name at the wrong place was probably meant as the prefix of the line.
            let at = |word: &&Word| word.span == problem.span;
            let word = line.words.iter().find(at).map(|word| word.text.trim_end_matches(':'));
            let named = word.filter(|word| names.terminals.iter().any(|name| name == word));
            let rest = |name: &str| {
                let others =
                    line.words.iter().map(|word| word.text.as_str()).filter(|word| word.trim_end_matches(':') != name);
                others.collect::<Vec<_>>().join(" ")
            };
            problems.push(match named {
                Some(name) => problem.help(format!("write the terminal's name first: `{name}: {}`", rest(name))),
                None => problem,
            });
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

fn prefix(cursor: &mut Cursor<'_>, names: &Names<'_>) -> TerminalIndex {
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
    who: TerminalIndex,
    problems: &mut Vec<Problem>,
) -> Result<Action, Problem> {
    if cursor.peek_at(1) == Some("->") {
        return arrow::arrow(cursor, line, names);
    }
    let almost = |word: &str| matches!(word, "=>" | "<-" | "→" | "←" | "–>" | "-->" | "<=");
    let glued = |word: &str| word.contains("->") && word != "->";
    let odd = (0..2).find(|at| cursor.peek_at(*at).is_some_and(|word| glued(word) || (*at == 1 && almost(word))));
    if odd.is_some() {
        let problem = Problem::new("E013", cursor.whole(), "an arrow is `->` with a space on each side");
        return Err(problem.help("for example `pos -> terminal  ADMIN GET_COUNTER`"));
    }
    let link = ["connects", "attempts", "fails", "loses"];
    if cursor.peek_at(1).is_some_and(|w| link.contains(&w)) {
        let who = names.expect_terminal(cursor)?;
        let awaited = Awaited::Link(link_observation(cursor)?);
        return Ok(Action::Expect(Expect { who, awaited, suffix: only(cursor, names, LINK)? }));
    }
    if cursor.peek_at(1).is_some_and(|word| network::VERBS.contains(&word))
        && let Some(broker) = cursor.peek().and_then(|name| names.broker(name))
    {
        return network::listening(cursor, broker).map(Action::Network);
    }
    let span = cursor.next_span();
    let word = cursor.peek().unwrap_or_default();
    match word {
        "dns" => network::name(cursor, names).map(Action::Network),
        "screen" | "icon" => {
            let awaited = Awaited::Show(show(cursor)?);
            Ok(Action::Expect(Expect { who, awaited, suffix: only(cursor, names, SEEN)? }))
        }
        "throughout" | "without" | "any" | "in" | "together" | "optional" | "either" => {
            group(cursor, line, names, who, word, problems)
        }
        "cardholder" => action::cardholder(cursor).map(|act| Action::Cardholder { who, act }),
        "host" | "vhq" => host::act(cursor).map(Action::Host),
        "broker" | "proxy" => answers(cursor, line, word == "proxy"),
        "fault" => parse_fault::fault(cursor, names, who).map(Action::Fault),
        _ => plain(cursor, names, word, span),
    }
}

/// Parses a step that has a block.
fn group(
    cursor: &mut Cursor<'_>,
    line: &Line,
    names: &Names<'_>,
    who: TerminalIndex,
    word: &str,
    problems: &mut Vec<Problem>,
) -> Result<Action, Problem> {
    cursor.take(word);
    match word {
        "throughout" => {
            let show = show(cursor)?;
            let covers = only(cursor, names, &["covers"])?.covers;
            Ok(Action::Throughout(who, show, covers, block(line, names, problems)))
        }
        "without" => {
            let (source, pattern) = arrow::source(cursor, line, names)?;
            let covers = only(cursor, names, &["covers"])?.covers;
            Ok(Action::Without(source, pattern, covers, block(line, names, problems)))
        }
        "any" | "in" => {
            cursor.demand("order")?;
            let block = block(line, names, problems);
            Ok(if word == "any" { Action::AnyOrder(block) } else { Action::InOrder(block) })
        }
        "together" => Ok(Action::Together(block(line, names, problems))),
        "optional" => Ok(Action::Optional(block(line, names, problems))),
        _ => {
            let covers = only(cursor, names, &["covers"])?.covers;
            Ok(Action::Either(covers, vec![block(line, names, problems)]))
        }
    }
}

fn plain(cursor: &mut Cursor<'_>, names: &Names<'_>, word: &str, span: Span) -> Result<Action, Problem> {
    cursor.word("a statement")?;
    if let Some(odd) = cursor.peek_word().and_then(wrong_arrow) {
        return Err(odd);
    }
    match word {
        "wait" => Ok(Action::Wait(cursor.duration()?)),
        "end" => Ok(Action::End),
        "check" => action::check(cursor),
        "set" => action::set(cursor, names),
        "power" => {
            let on = cursor.value("on or off", |t| match t {
                "on" => Some(true),
                "off" => Some(false),
                _ => None,
            })?;
            let who = if cursor.peek().is_some() { names.expect_terminal(cursor)? } else { 0 };
            Ok(Action::Power { on, who })
        }
        _ if names.terminal(word).is_some() => Err(no_action(cursor, word)?),
        "pos" if cursor.peek_at(1) == Some("->") => {
            let name = cursor.peek().unwrap_or_default();
            let problem = Problem::new("E013", span, "a named POS is written with its name only");
            Err(problem.help(format!("`{name} -> terminal …`; declare it with `pos {name}` above the steps")))
        }
        "pos" | "broker" => {
            let problem = Problem::new("E013", span, format!("an arrow is missing after `{word}`"));
            Err(problem.help(format!("for example `{word} -> terminal …`")))
        }
        _ if is_parameter_of_terminal(word) => {
            let problem = Problem::new("E011", span, format!("`{word}` is a setting of the terminal"));
            Err(problem
                .help(format!("write it indented below `terminal`; from the first step on, `set terminal {word} …`")))
        }
        _ => Err(no_statement(names, word, span)),
    }
}

/// The problem of a statement that begins with the name of a terminal and has no action.
fn no_action(cursor: &mut Cursor<'_>, word: &str) -> Result<Problem, Problem> {
    let next = cursor.word("an action of the terminal")?;
    let problem = Problem::new("E011", next.span, format!("a terminal does not `{}`", next.text));
    if word == "terminal" && cursor.peek().is_none() && nearest(&next.text, LINK_WORDS.iter().copied()).is_none() {
        return Ok(problem.help("a name begins with a capital letter: `terminal Lane` above the steps"));
    }
    if WORDS.contains(&next.text.as_str()) {
        return Ok(problem.help(format!("write the terminal's name first: `{word}: {} …`", next.text)));
    }
    Ok(problem.suggest(&next.text, LINK_WORDS.iter().copied().chain(["->"])))
}

/// The problem of a statement whose first word is unknown.
fn no_statement(names: &Names<'_>, word: &str, span: Span) -> Problem {
    let mut known: Vec<&str> = WORDS.iter().copied().chain(names.terminals.iter().map(String::as_str)).collect();
    known.sort_unstable();
    known.dedup();
    if let Some(name) = word.strip_suffix(':') {
        return names.unknown_party(name, span);
    }
    let problem = Problem::new("E011", span, format!("no statement begins with `{word}`"));
    match suggestion(word) {
        Some(help) => problem.help(help),
        None => problem.suggest(word, known),
    }
}
/// The verbs of link observations.
const LINK_WORDS: &[&str] = &["connects", "attempts", "fails", "loses"];

/// Arrows of other languages, and arrows in the wrong direction.
const ODD_ARROWS: &[&str] = &["<-", "=>", "-->", "->>", ">", "<", "\u{2192}", "\u{21d2}", "\u{2190}", "<--", "<="];

/// Reports a word that looks like an arrow but is not `->`.
pub(crate) fn wrong_arrow(word: &Word) -> Option<Problem> {
    ODD_ARROWS.contains(&word.text.as_str()).then(|| {
        let problem = Problem::new("E013", word.span, format!("`{}` is not an arrow", word.text));
        problem.help("an arrow is `->` and follows the sender: `terminal -> pos …`")
    })
}

/// Suggests a statement for a word that other languages begin a statement with, or that is used at the wrong place.
fn suggestion(word: &str) -> Option<String> {
    if kind_row(word).is_some() {
        return Some(format!("did you mean `fault {word}`?"));
    }
    if SUFFIXES.contains(&word) {
        return Some(format!(
            "`{word}` is written at the end of a line, for example `terminal connects  within 5s  covers REC-01`"
        ));
    }
    if let Some(odd) = word.chars().find(|c| c.is_whitespace()) {
        let name = if odd == '\t' { "a tab".to_owned() } else { format!("U+{:04X}", u32::from(odd)) };
        return Some(format!("the words are separated by {name}, which looks like a space but is not one"));
    }
    let meant = match word {
        "connects" | "connect" | "attempts" | "fails" | "loses" | "disconnects" => "terminal connects",
        "link" | "connection" | "network" => "fault reset",
        "during" | "while" | "always" => "throughout screen session",
        "never" | "not" | "no" => "without terminal loses",
        "customer" | "user" | "card" | "tap" | "taps" => "cardholder taps visa",
        "else" | "otherwise" => "or",
        "if" | "maybe" | "perhaps" => "optional",
        "loop" | "for" | "times" => "repeat 3",
        "sleep" | "pause" | "delay" => "wait 5s",
        "expect" | "assert" | "receive" => "terminal -> pos  RESULT=OK  re LABEL",
        "send" | "request" => "pos -> terminal  ADMIN GET_COUNTER  as LABEL",
        "display" | "shows" => "screen idle",
        _ => return None,
    };
    Some(format!("did you mean `{meant}`?"))
}

fn is_parameter_of_terminal(word: &str) -> bool {
    use sca_protocol::settings::{Settings, TerminalSettings};
    TerminalSettings::row(word).is_ok()
}

fn block(line: &Line, names: &Names<'_>, problems: &mut Vec<Problem>) -> Vec<Step> {
    steps(line.lines().map(|inner| (inner, None)), names, problems)
}

fn answers(cursor: &mut Cursor<'_>, line: &Line, by_proxy: bool) -> Result<Action, Problem> {
    cursor.word("the answering party")?;
    cursor.demand("answers")?;
    let count = count(cursor)?;
    let lines = line.verbatim.as_ref().map(|v| v.lines.clone()).unwrap_or_default();
    if lines.is_empty() {
        return Err(Problem::new("E004", line.span(), "the answer is missing").help(
            "write its lines indented below, exactly as they are sent: first the status line, then the headers",
        ));
    }
    Ok(Action::Answers { by_proxy, count, lines })
}
