//! What can be typed where the cursor stands.

use std::path::Path;

use lsp_types::{CompletionItem, CompletionItemKind as Look, Documentation, MarkupContent, MarkupKind};
use sca_scenario::Library;

use crate::facts::{self, Fact, fact};
use crate::line::{AtCursor, words};

/// The items for a place in a text: a line, from 0, and characters before the cursor.
pub(crate) fn complete(path: &Path, text: &str, line: usize, before: usize) -> Vec<CompletionItem> {
    let at = AtCursor::new(text, line, before);
    let facts = if at.typed.contains("{{") { inserts(text, &at.typed) } else { words_at(path, text, &at) };
    facts.into_iter().map(item).collect()
}

fn item(fact: Fact) -> CompletionItem {
    let value = fact.text;
    CompletionItem {
        label: fact.word,
        kind: Some(fact.look),
        detail: Some(fact.detail),
        documentation: Some(Documentation::MarkupContent(MarkupContent { kind: MarkupKind::Markdown, value })),
        ..CompletionItem::default()
    }
}

fn words_at(path: &Path, text: &str, at: &AtCursor) -> Vec<Fact> {
    match at.back(1) {
        "covers" => return facts::clauses(),
        "re" | "of" | "to" | "before" | "after" | "at" if !at.words.is_empty() => return labels(text),
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
        return facts::clauses();
    }
    if let Some(parent) = at.parent.as_ref().filter(|parent| !facts::is_step(parent)) {
        return settings_at(parent, at);
    }
    if at.words.is_empty() {
        return first_words(text, at);
    }
    match at.arrow() {
        Some(arrow) => message(text, at, arrow),
        None => statement(path, text, at),
    }
}

/// What a line can begin with.
fn first_words(text: &str, at: &AtCursor) -> Vec<Fact> {
    if text.trim().is_empty()
        || (at.parent.is_none()
            && !text.lines().any(|line| line.starts_with("scenario") || line.starts_with("library")))
    {
        return vec![fact("scenario", "the title: what it shows, in one sentence", Look::KEYWORD)];
    }
    let mut all = Vec::new();
    if !at.after_steps && at.parent.is_none() {
        all.extend(facts::headers());
        all.extend(facts::parties());
    }
    all.extend(facts::steps());
    all.extend(terminals(text).into_iter().map(|name| fact(name, "a terminal", Look::VARIABLE)));
    let mut known = std::collections::BTreeSet::new();
    all.retain(|fact| known.insert(fact.word.clone()));
    all
}

/// Within the settings of a party.
fn settings_at(parent: &[String], at: &AtCursor) -> Vec<Fact> {
    let party = parent.first().map_or("", String::as_str);
    if party == "certificate" {
        return match at.word(0) {
            "" => facts::certificate(),
            "flaw" => facts::flaws(),
            "intermediate" => vec![fact("yes", "by an intermediate authority", Look::VALUE)],
            _ => Vec::new(),
        };
    }
    match at.words.len() {
        0 => facts::settings(party),
        1 => facts::setting_values(party, at.word(0)),
        _ => Vec::new(),
    }
}

fn statement(path: &Path, text: &str, at: &AtCursor) -> Vec<Fact> {
    let names = || terminals(text).into_iter().map(|name| fact(name, "a terminal", Look::VARIABLE));
    match (at.word(0), at.words.len()) {
        ("terminal", 1) => facts::link(),
        (name, 1) if terminals(text).iter().any(|known| known == name) => facts::link(),
        (_, 2) if at.back(1) == "fails" => facts::reasons(),
        (_, 3) if at.back(2) == "fails" && at.back(1) == "tls" => facts::tls_words(),
        (_, 3) if at.back(2) == "fails" && at.back(1) == "handshake" => facts::handshake_words(),
        ("screen", 1) => facts::screens(),
        ("throughout", 1) => vec![fact("screen", "a screen", Look::KEYWORD), fact("icon", "the icon", Look::KEYWORD)],
        ("throughout", 2) if at.word(1) == "screen" => facts::screens(),
        ("icon", 1) | ("throughout", 2) => {
            ["connected", "disconnected"].map(|word| fact(word, "what the icon says", Look::ENUM_MEMBER)).to_vec()
        }
        ("cardholder", 1) => facts::cardholder(),
        ("cardholder", 2) if matches!(at.word(1), "taps" | "inserts" | "swipes") => facts::cards(),
        ("fault", 1) => facts::faults(),
        ("fault", _) => after_fault(),
        ("set", 1) => facts::parties()
            .into_iter()
            .filter(|fact| fact.word != "certificate")
            .chain(names())
            .chain([fact("terminal", "the terminal", Look::VARIABLE)])
            .collect(),
        ("set", 2) => facts::settings(at.word(1)),
        ("set", 3) => facts::setting_values(at.word(1), at.word(2)),
        ("power", 1) => ["on", "off"].map(|word| fact(word, "the power", Look::VALUE)).to_vec(),
        ("host", 1) => facts::host(),
        ("host" | "vhq", 2) if at.word(1) == "is" => {
            ["up", "silent", "cut", "down"].map(|word| fact(word, "how it is", Look::VALUE)).to_vec()
        }
        ("vhq", 1) => ["offers", "is"].map(|word| fact(word, "the estate host", Look::METHOD)).to_vec(),
        ("broker", 1) => vec![
            fact("->", "the broker speaks itself", Look::OPERATOR),
            fact("answers", "an attempt, by the lines below", Look::METHOD),
        ],
        ("broker" | "proxy", 2) => ["attempt", "connection"].map(|word| fact(word, "which", Look::VALUE)).to_vec(),
        ("proxy", 1) => vec![fact("answers", "an attempt, by the lines below", Look::METHOD)],
        ("pos", 1) => vec![fact("->", "the POS sends a request", Look::OPERATOR)],
        ("check", 1) => ["rising", "differ", "same"].map(|word| fact(word, "how labels relate", Look::VALUE)).to_vec(),
        ("check", _) => labels(text),
        ("call", 1) => stories(path, text),
        ("use", 1) => libraries(path),
        ("waive", 1) => facts::invariants(),
        ("without" | "ignore", 1) => names().chain([fact("terminal", "the terminal", Look::VARIABLE)]).collect(),
        ("without", 2) => facts::link(),
        _ => facts::suffixes(),
    }
}

fn after_fault() -> Vec<Fact> {
    [
        ("for", "it stands for so long"),
        ("on", "at an attempt or a connection: `on attempt 1..3`"),
        ("before", "a point: a label, `reply to` a label, `request`, `answer` …"),
        ("after", "a point, or so many bytes of one"),
        ("at", "a point"),
    ]
    .map(|(word, says)| fact(word, says, Look::KEYWORD))
    .to_vec()
}

/// Behind an arrow: whom it goes to, then the message, then what follows it.
fn message(text: &str, at: &AtCursor, arrow: usize) -> Vec<Fact> {
    let (from, behind) = (at.word(0), at.words.len() - arrow - 1);
    let from_us = matches!(from, "pos" | "broker") || posses(text).iter().any(|name| name == from);
    match (behind, from_us) {
        (0, true) => {
            let names = terminals(text).into_iter().map(|name| fact(name, "a terminal", Look::VARIABLE));
            names.chain([fact("terminal", "the terminal", Look::VARIABLE)]).collect()
        }
        (0, false) => {
            ["pos", "broker", "host", "vhq", "proxy"].map(|word| fact(word, "whom it goes to", Look::MODULE)).to_vec()
        }
        (1, true) if from == "broker" => {
            ["ping", "pong", "close", "frame"].map(|word| fact(word, "what the broker says", Look::METHOD)).to_vec()
        }
        (1, true) => facts::function_types(),
        (2, true) => facts::commands(at.word(arrow + 2)),
        (_, true) => {
            let (function_type, command) = (at.word(arrow + 2), at.word(arrow + 3));
            match at.typed.split_once('=') {
                Some((field, _)) => values(&at.typed, facts::field_values(function_type, command, field)),
                None => facts::fields(function_type, command).into_iter().chain(facts::suffixes()).collect(),
            }
        }
        (_, false) => match at.typed.split_once('=') {
            Some((field, _)) => values(&at.typed, facts::answer_values(field)),
            None => {
                let notice = fact("notice", "it answers nothing", Look::KEYWORD);
                let http = fact("http", "a head of HTTP, below the line", Look::KEYWORD);
                facts::answer_fields().into_iter().chain([notice, http]).chain(facts::suffixes()).collect()
            }
        },
    }
}

/// Values of a field, with the field before them: an editor replaces the whole word.
fn values(typed: &str, facts: Vec<Fact>) -> Vec<Fact> {
    let field = typed.split_once('=').map_or("", |(field, _)| field);
    facts.into_iter().map(|fact| Fact { word: format!("{field}={}", fact.word), ..fact }).collect()
}

/// The labels that lines of the text give.
pub(crate) fn labels(text: &str) -> Vec<Fact> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let words = words(line);
        let given = words.windows(2).filter(|pair| pair[0] == "as").map(|pair| pair[1].clone());
        found.extend(given.map(|label| Fact {
            text: format!("The label of line {number}:\n\n```sca\n{}\n```", line.trim()),
            ..fact(label, line.trim(), Look::VARIABLE)
        }));
    }
    found
}

/// What `{{` can insert: captures, names of `each`, and what is computed.
fn inserts(text: &str, typed: &str) -> Vec<Fact> {
    let before = typed.rsplit_once("{{").map_or("", |(before, _)| before);
    let mut names: Vec<(String, &str)> =
        ["accept", "mac", "pos.key"].map(|name| (name.to_owned(), "computed")).to_vec();
    for line in text.lines() {
        let words = words(line);
        names.extend(
            words.iter().filter_map(|word| word.split_once("=?")).map(|(_, name)| (name.to_owned(), "captured above")),
        );
        if words.first().is_some_and(|word| word == "each") {
            let until = words.iter().position(|word| word == "in").unwrap_or(words.len());
            names.extend(words[1..until].iter().map(|name| (name.clone(), "a value of `each`")));
        }
    }
    names.into_iter().map(|(name, says)| fact(format!("{before}{{{{{name}}}}}"), says, Look::VARIABLE)).collect()
}

/// The terminals that the text declares by name.
fn terminals(text: &str) -> Vec<String> {
    declared(text, "terminal")
}

fn posses(text: &str) -> Vec<String> {
    declared(text, "pos")
}

fn declared(text: &str, party: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| line.starts_with(party));
    let names = lines.filter_map(|line| {
        let words = words(line);
        words.get(1).filter(|name| name.starts_with(|c: char| c.is_ascii_uppercase())).cloned()
    });
    names.filter(|name| !name.contains(|c: char| c.is_ascii_digit())).collect()
}

/// The stories of the libraries that the text names, with their parameters.
pub(crate) fn stories(path: &Path, text: &str) -> Vec<Fact> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut found = Vec::new();
    for line in text.lines().filter(|line| line.starts_with("use")) {
        let Some(name) = words(line).get(1).map(|word| sca_scenario::unquote(word)) else { continue };
        let Ok(library) = sca_runner::files::read_text(&folder.join(&name)) else { continue };
        for (story, span, parameters) in Library::read(&library, 0).stories() {
            let call = format!("{story}({})", parameters.join(", "));
            found.push(Fact {
                text: format!("A story of {name}, line {}: `call {call}`", span.line),
                ..fact(story, call, Look::FUNCTION)
            });
        }
    }
    found
}

/// Libraries near the scenario.
fn libraries(path: &Path) -> Vec<Fact> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut found = Vec::new();
    for near in ["", "lib", "../lib"] {
        for library in sca_runner::files::libraries(&folder.join(near)) {
            let name = Path::new(near).join(library.file_name().unwrap_or_default());
            found.push(fact(sca_scenario::quote(&name.to_string_lossy()), "a library", Look::FILE));
        }
    }
    found
}
