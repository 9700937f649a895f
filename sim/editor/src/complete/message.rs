//! Completion after an arrow: the receiver, the command or answer, fields and their values, and suffixes.

use lsp_types::CompletionItemKind as Look;

use super::names::{pos_names, terminals};
use crate::items::{self, Fact, fact};
use crate::line::{AtCursor, words};

/// FUNCTION_TYPE and COMMAND of the request that a line answers, if the line refers to one with `re`.
pub(super) fn asked(text: &str, line: &[String]) -> Option<(String, String)> {
    let label = line.windows(2).find(|pair| pair[0] == "re").map(|pair| pair[1].clone())?;
    text.lines().map(words).find_map(|words| {
        let given = words.windows(2).any(|pair| pair[0] == "as" && pair[1] == label);
        let arrow = words.iter().position(|word| word == "->")?;
        given.then(|| Some((words.get(arrow + 2)?.clone(), words.get(arrow + 3)?.clone())))?
    })
}

/// Completion after an arrow: the receiver, then the message, then its suffixes.
pub(super) fn message(text: &str, at: &AtCursor, arrow: usize) -> Vec<Fact> {
    let (from, behind) = (at.word(0), at.words.len() - arrow - 1);
    let from_us = matches!(from, "pos" | "broker") || pos_names(text).iter().any(|name| name == from);
    match (behind, from_us) {
        (0, true) => {
            let names = terminals(text).into_iter().map(|name| fact(name, "a terminal", Look::VARIABLE));
            names.chain([fact("terminal", "the terminal", Look::VARIABLE)]).collect()
        }
        (0, false) => {
            ["pos", "broker", "host", "vhq", "proxy"].map(|word| fact(word, "the receiver", Look::MODULE)).to_vec()
        }
        (1, true) if from == "broker" => {
            ["ping", "pong", "close", "frame"].map(|word| fact(word, "a frame of the broker", Look::METHOD)).to_vec()
        }
        (1, true) => items::function_types(),
        (2, true) => items::commands(at.word(arrow + 2)),
        (_, true) => {
            let (function_type, command) = (at.word(arrow + 2), at.word(arrow + 3));
            match at.typed.split_once('=') {
                Some((field, _)) => values(&at.typed, items::field_values(function_type, command, field)),
                None => left(at, items::fields(function_type, command)).chain(items::suffixes_of(&["as"])).collect(),
            }
        }
        (_, false) => behind_answer(text, at, arrow, behind),
    }
}

/// Completion of a message from a terminal: a command and its fields to a host, the fields of an answer to others.
pub(super) fn behind_answer(text: &str, at: &AtCursor, arrow: usize, behind: usize) -> Vec<Fact> {
    let to_host = matches!(at.word(arrow + 1), "host" | "vhq");
    let whole = words(text.lines().nth(at.line).unwrap_or_default());
    let (function_type, command) = match (to_host, asked(text, &whole)) {
        (true, _) => (at.word(arrow + 2).to_owned(), at.word(arrow + 3).to_owned()),
        (false, Some(asked)) => asked,
        (false, None) => (String::new(), String::new()),
    };
    match (at.typed.split_once('='), to_host, behind) {
        (Some((field, _)), ..) => {
            let own = items::field_values(&function_type, &command, field);
            let known = items::answers_of(&function_type, &command, field).into_iter().chain(own);
            values(&at.typed, known.chain(items::answer_values(field)).collect())
        }
        (None, true, 1) => items::function_types(),
        (None, true, 2) => items::commands(&function_type),
        (None, true, _) => {
            let mode = fact("CARD_ENTRY_MODE=", "how the card was read", Look::FIELD);
            let own = left(at, items::fields(&function_type, &command)).chain([mode]);
            own.chain(items::suffixes_of(&["within", "covers"])).collect()
        }
        (None, false, _) => match at.word(arrow + 1) {
            "broker" | "proxy" => {
                let frames = [
                    ("ping", "a ping"),
                    ("pong", "a pong"),
                    ("close", "a close"),
                    ("http", "an HTTP head, below the line"),
                ];
                let frames = frames.map(|(word, says)| fact(word, says, Look::METHOD));
                frames.into_iter().chain(items::suffixes_of(&["within", "exactly", "as", "covers"])).collect()
            }
            _ => {
                let notice = fact("notice", "a message that answers no request", Look::KEYWORD);
                let own = left(at, items::answer_fields());
                own.chain([notice]).chain(items::suffixes()).collect()
            }
        },
    }
}

/// The fields that are not on the line yet.
pub(super) fn left(at: &AtCursor, facts: Vec<Fact>) -> impl Iterator<Item = Fact> {
    let there: Vec<String> =
        at.words.iter().filter_map(|word| word.split_once('=')).map(|(name, _)| format!("{name}=")).collect();
    facts.into_iter().filter(move |fact| !there.contains(&fact.word))
}

/// Field values with the field name before them, because an editor replaces the whole word.
pub(super) fn values(typed: &str, facts: Vec<Fact>) -> Vec<Fact> {
    let field = typed.split_once('=').map_or("", |(field, _)| field);
    facts.into_iter().map(|fact| Fact { word: format!("{field}={}", fact.word), ..fact }).collect()
}
