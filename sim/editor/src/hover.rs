//! Documentation of the word under the cursor.

use std::path::Path;

use sca_protocol::settings::is_parameter;

use crate::complete::{labels, stories};
use crate::items::{self, Fact};
use crate::line::{AtCursor, word_at};

/// Returns the documentation of the word at a position in Markdown, with its first character and its length.
pub(crate) fn hover(path: &Path, text: &str, line: usize, at: usize) -> Option<(String, usize, usize)> {
    let whole = text.lines().nth(line)?;
    let (word, from) = word_at(whole, at)?;
    let length = word.chars().count();
    let fact = known(path, text, line, &word, from)?;
    Some((fact.text, from, length))
}

fn bare(name: &str) -> &str {
    name.trim_end_matches('1').trim_end_matches('_')
}

fn known(path: &Path, text: &str, line: usize, word: &str, from: usize) -> Option<Fact> {
    let at = AtCursor::new(text, line, from);
    let is = |fact: &Fact| {
        let known = fact.word.trim_end_matches('=');
        // The ending `_` or `_1` of a parameter's name is optional.
        known == word || (is_parameter(word) && bare(known) == bare(word))
    };
    let mut places: Vec<Vec<Fact>> = Vec::new();
    if let Some(parent) = at.parent.as_ref().filter(|parent| !items::is_step(parent)) {
        let party = parent.first().map_or("", String::as_str);
        places.push(if party == "certificate" { items::certificate() } else { items::settings(party) });
        places.push(items::flaws());
    }
    if let Some(arrow) = at.arrow() {
        let whole = AtCursor::new(text, line, usize::MAX);
        let all = |place: usize| whole.words.get(arrow + place).cloned().unwrap_or_else(|| whole.typed.clone());
        places.push(items::commands(&all(2)));
        places.push(items::fields(&all(2), &all(3)));
        places.push(items::function_types());
        places.push(items::answer_fields());
        // For the value of a field, the text before it is the field's name.
        let field = at.typed.trim_end_matches(['=', '!', '<', '>']);
        places.push(items::answer_values(field));
        places.push(items::field_values(&all(2), &all(3), field));
    }
    if at.word(0) == "terminal" {
        places.push(items::models());
    }
    match at.word(0) {
        "fault" => places.push(items::faults()),
        "set" => places.push(items::settings(at.word(1))),
        "screen" | "throughout" => places.push(items::screens()),
        "cardholder" => places.extend([items::cardholder(), items::cards()]),
        "waive" => places.push(items::invariants()),
        "call" => places.push(stories(path, text)),
        "host" | "vhq" => places.push(items::host()),
        _ => {}
    }
    places.push(items::clauses());
    if matches!(at.back(1), "re" | "of" | "as" | "to" | "at" | "before" | "after") || at.word(0) == "check" {
        places.push(labels(text));
    }
    if at.words.iter().any(|word| word == "fails") {
        places.extend([items::reasons(), items::tls_words(), items::handshake_words()]);
    }
    places.extend([items::link(), items::steps(), items::suffixes(), items::headers(), items::parties()]);
    places.into_iter().flatten().find(is)
}
