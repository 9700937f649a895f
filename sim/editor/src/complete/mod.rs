//! Completion: the words that can be typed at the cursor.

mod message;
mod names;

use std::collections::BTreeSet;
use std::path::Path;

use lsp_types::{
    CompletionItem, CompletionItemKind as Look, CompletionTextEdit, Documentation, MarkupContent, MarkupKind, Range,
    TextEdit,
};
use sca_model::Span;
use sca_model::fault_table::{Argument, kind_row};

use message::message;
use names::{identities, inserts, libraries, requests, said, terminals};
pub(crate) use names::{labels, stories};

use crate::items::{self, Fact, fact};
use crate::line::AtCursor;
use crate::positions::range_of;

/// Returns the completion items at a position: `line` from 0, and `before` characters before the cursor. Each item
/// replaces the whole word being typed, including the `}}` after it if an insert is already closed.
pub(crate) fn complete(path: &Path, text: &str, line: usize, before: usize) -> Vec<CompletionItem> {
    let at = AtCursor::new(text, line, before);
    let is_insert = at.typed.contains("{{");
    let facts = if is_insert { inserts(text, &at.typed) } else { words_at(path, text, &at) };
    let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let rest: String = text.lines().nth(line).unwrap_or_default().chars().skip(before).collect();
    let behind = if is_insert && rest.starts_with("}}") { 2 } else { 0 };
    let typed = at.typed.chars().count();
    let column = small(before.saturating_sub(typed)) + 1;
    let mut range = range_of(text, Span { file: 0, line: small(line) + 1, column, length: small(typed + behind) });
    if typed + behind == 0 {
        range.end = range.start;
    }
    let mut seen = BTreeSet::new();
    let fresh = facts.into_iter().filter(|fact| seen.insert(fact.word.clone()));
    fresh.enumerate().map(|(place, fact)| item(fact, range, place)).collect()
}

fn item(fact: Fact, range: Range, place: usize) -> CompletionItem {
    let value = fact.text;
    CompletionItem {
        label: fact.word.clone(),
        kind: Some(fact.look),
        detail: Some(fact.detail),
        documentation: Some(Documentation::MarkupContent(MarkupContent { kind: MarkupKind::Markdown, value })),
        // Keep the order of the tables, which list the most relevant words first.
        sort_text: Some(format!("{place:04}")),
        filter_text: Some(fact.word.clone()),
        text_edit: Some(CompletionTextEdit::Edit(TextEdit::new(range, fact.word))),
        ..CompletionItem::default()
    }
}

fn words_at(path: &Path, text: &str, at: &AtCursor) -> Vec<Fact> {
    match at.back(1) {
        "covers" => return items::clauses(),
        "re" => return requests(text),
        "of" if at.words.iter().any(|word| word == "within") => return labels(text),
        "within" => return said(&["5s", "30s", "1m", "1s..5s"], "the time limit"),
        "as" => return Vec::new(),
        _ => {}
    }
    if at
        .words
        .iter()
        .rev()
        .take_while(|word| *word != "covers")
        .all(|word| word.contains('-') && word.chars().next().is_some_and(char::is_uppercase))
        && at.words.iter().any(|word| word == "covers")
    {
        return items::clauses();
    }
    if let Some(parent) = at.parent.as_ref().filter(|parent| !items::is_step(parent)) {
        return settings_at(text, parent, at);
    }
    if at.words.is_empty() {
        return first_words(text, at);
    }
    match at.arrow() {
        Some(arrow) => message(text, at, arrow),
        None => statement(path, text, at),
    }
}

/// The words that can begin a line.
fn first_words(text: &str, at: &AtCursor) -> Vec<Fact> {
    if text.trim().is_empty()
        || (at.parent.is_none()
            && !text.lines().any(|line| line.starts_with("scenario") || line.starts_with("library")))
    {
        return vec![fact("scenario", "the title: what it shows, in one sentence", Look::KEYWORD)];
    }
    let mut all = Vec::new();
    if !at.after_steps && at.parent.is_none() {
        all.extend(items::headers());
        all.extend(items::parties());
    }
    all.extend(items::steps());
    all.extend(terminals(text).into_iter().map(|name| fact(name, "a terminal", Look::VARIABLE)));
    let mut known = std::collections::BTreeSet::new();
    all.retain(|fact| known.insert(fact.word.clone()));
    all
}

/// Completion within the settings of a party.
fn settings_at(text: &str, parent: &[String], at: &AtCursor) -> Vec<Fact> {
    let party = parent.first().map_or("", String::as_str);
    if party == "certificate" {
        return match at.word(0) {
            "" => items::certificate(),
            "flaw" => items::flaws(),
            "intermediate" => vec![fact("yes", "signed by an intermediate authority", Look::VALUE)],
            _ => Vec::new(),
        };
    }
    match at.words.len() {
        0 => items::settings(party),
        1 if at.word(0) == "certificate" => identities(text),
        1 => items::setting_values(party, at.word(0)),
        _ => Vec::new(),
    }
}

fn statement(path: &Path, text: &str, at: &AtCursor) -> Vec<Fact> {
    match (at.word(0), at.words.len()) {
        ("terminal", 1) if !at.after_steps => items::link().into_iter().chain(items::models()).collect(),
        ("terminal", 1) => items::link(),
        ("terminal", 2) if at.word(1).starts_with(char::is_uppercase) => items::models(),
        (name, 1) if terminals(text).iter().any(|known| known == name) => items::link(),
        (_, 2) if at.back(1) == "fails" => items::reasons(),
        (_, 3) if at.back(2) == "fails" && at.back(1) == "tls" => items::tls_words(),
        (_, 3) if at.back(2) == "fails" && at.back(1) == "handshake" => items::handshake_words(),
        ("screen", 1) => items::screens(),
        ("throughout", 1) => vec![fact("screen", "a screen", Look::KEYWORD), fact("icon", "the icon", Look::KEYWORD)],
        ("throughout", 2) if at.word(1) == "screen" => items::screens(),
        ("cardholder", 2) if at.word(1) == "presses" => said(&["OK", "cancel"], "a button, by its label"),
        ("host", 2) if at.word(1) == "answers" => items::answer_values("RESULT_CODE"),
        ("host", 2..) if at.word(1) != "is" => said(&["after 2s"], "the delay of the answer"),
        ("clock", 1) => said(&["2026-01-15T09:00:00Z"], "the actual time at the start"),
        ("seed", 1) => said(&["1"], "the seed of all random choices"),
        ("each", _) if at.back(1) == "in" => said(&["[", "1..5", "\"table.csv\""], "the values"),
        ("each", 1) => Vec::new(),
        ("each", _) => said(&["in"], "followed by the values"),
        ("icon", 1) | ("throughout", 2) => {
            ["connected", "disconnected"].map(|word| fact(word, "the state of the icon", Look::ENUM_MEMBER)).to_vec()
        }
        ("cardholder", 1) => items::cardholder(),
        ("cardholder", 2) if matches!(at.word(1), "taps" | "inserts" | "swipes") => items::cards(),
        ("fault", 1) => items::faults(),
        ("fault", _) => after_fault(text, at),
        _ => action(path, text, at),
    }
}

/// Completion of a statement that is no observation: what parties do, and what is arranged.
fn action(path: &Path, text: &str, at: &AtCursor) -> Vec<Fact> {
    let names = || terminals(text).into_iter().map(|name| fact(name, "a terminal", Look::VARIABLE));
    match (at.word(0), at.words.len()) {
        ("set", 1) => items::parties()
            .into_iter()
            .filter(|fact| fact.word != "certificate")
            .chain(names())
            .chain([fact("terminal", "the terminal", Look::VARIABLE)])
            .collect(),
        ("set", 2) => items::settings(at.word(1)),
        ("set", 3) if at.word(2) == "certificate" => identities(text),
        ("set", 3) => items::setting_values(at.word(1), at.word(2)),
        ("power", 1) => ["on", "off"].map(|word| fact(word, "the power", Look::VALUE)).to_vec(),
        ("host", 1) => items::host(),
        ("host" | "vhq", 2) if at.word(1) == "is" => {
            ["up", "silent", "cut", "down"].map(|word| fact(word, "the state of the host", Look::VALUE)).to_vec()
        }
        ("vhq", 1) => ["offers", "is"].map(|word| fact(word, "the estate host", Look::METHOD)).to_vec(),
        ("broker", 1) => vec![
            fact("->", "the broker sends a message", Look::OPERATOR),
            fact("answers", "answers an attempt with the lines below", Look::METHOD),
        ],
        ("broker" | "proxy", 2) => ["attempt", "connection"].map(|word| fact(word, "the unit", Look::VALUE)).to_vec(),
        ("proxy", 1) => vec![fact("answers", "answers an attempt with the lines below", Look::METHOD)],
        ("pos", 1) => vec![fact("->", "the POS sends a request", Look::OPERATOR)],
        ("check", 1) => ["rising", "differ", "same"].map(|word| fact(word, "the relation", Look::VALUE)).to_vec(),
        ("check", _) => labels(text),
        ("call", 1) => stories(path, text),
        ("use", 1) => libraries(path),
        ("waive", 1) => items::invariants(),
        ("expect-fail", 1) | ("waive", 2) => said(&["\"why\""], "the reason"),
        ("expect-fail", 2) => said(&["until"], "followed by the last day"),
        ("wait", 1) => said(&["1s", "5s", "1m", "1h"], "the duration"),
        ("repeat", 1) => said(&["2", "3", "10"], "the number of rounds"),
        ("without" | "ignore", 1) => names().chain([fact("terminal", "the terminal", Look::VARIABLE)]).collect(),
        ("without", 2) => items::link(),
        ("screen" | "icon", _) => items::suffixes_of(&["within", "as", "covers"]),
        ("throughout" | "without" | "either", _) => items::suffixes_of(&["covers"]),
        (_, 2..) if items::link().iter().any(|fact| fact.word == at.word(1)) => {
            items::suffixes_of(&["within", "as", "covers"])
        }
        _ => Vec::new(),
    }
}

/// Completion after the kind of a fault: its trigger, its point and its duration.
fn after_fault(text: &str, at: &AtCursor) -> Vec<Fact> {
    let carriers = || {
        let fixed = ["request", "answer", "client-hello", "server-hello", "server-flight", "client-flight"];
        let fixed = said(&fixed, "a point of the handshake");
        said(&["reply to"], "a request's answer").into_iter().chain(requests(text)).chain(fixed).collect::<Vec<_>>()
    };
    let is_number = at.back(1).bytes().all(|b| b.is_ascii_digit()) && !at.back(1).is_empty();
    match at.back(1) {
        "on" => return said(&["attempt", "connection"], "what is counted, from 1"),
        "attempt" | "connection" => return said(&["1", "1..3"], "the number or range"),
        "before" | "at" => return carriers(),
        "after" => return carriers().into_iter().chain(said(&["each byte of"], "each byte in turn")).collect(),
        "of" => return carriers(),
        "to" if at.back(2) == "reply" => return requests(text),
        "reply" => return said(&["to"], "the request that is answered"),
        "to" | "from" => return said(&["terminal"], "one direction"),
        "for" => return said(&["5s", "1m"], "how long it lasts"),
        _ if is_number && at.back(2) == "after" => return said(&["bytes of"], "followed by the message"),
        _ => {}
    }
    let takes = kind_row(at.word(1)).map_or(&[][..], |row| row.takes);
    // The words of the kind itself come next, one after the other; a direction may be left out.
    match takes.get(at.words.len().saturating_sub(2)) {
        Some(Argument::Keyword(word)) => return said(&[word], "the cause"),
        Some(Argument::Choice(what, words)) => return said(words, what),
        Some(Argument::Time { .. }) => return said(&["100ms", "2s"], "the duration"),
        Some(Argument::Number { what, .. }) => return said(&["1"], what),
        Some(Argument::Direction) | None => {}
    }
    let way = match takes.contains(&Argument::Direction) {
        true => said(&["to terminal", "from terminal"], "one direction"),
        false => Vec::new(),
    };
    let when = [
        ("for", "how long it lasts"),
        ("on", "the attempts or connections: `on attempt 1..3`"),
        ("before", "before a point: a label, `reply to` a label, `request`, `answer` …"),
        ("after", "after a point, or after a number of its bytes"),
        ("at", "at a point"),
        ("as", "a label for the moment it occurs"),
    ];
    way.into_iter().chain(when.map(|(word, says)| fact(word, says, Look::KEYWORD))).collect()
}
