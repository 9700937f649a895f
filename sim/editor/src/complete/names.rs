//! Names defined by a text and by the files beside it: labels, terminals, certificates, captures, stories, libraries.

use std::path::Path;

use lsp_types::CompletionItemKind as Look;
use sca_scenario::Library;

use crate::items::{Fact, fact};
use crate::line::words;

/// The certificates that a party can present.
pub(super) fn identities(text: &str) -> Vec<Fact> {
    let declared = text.lines().filter_map(|line| {
        let words = words(line);
        (words.first()? == "certificate").then(|| words.get(1).cloned())?
    });
    let own = declared.map(|name| fact(name, "a certificate of this file", Look::VARIABLE));
    own.chain(said(&["broker", "terminal", "none"], "built in")).collect()
}

/// The labels of sent messages, which `re` can refer to.
pub(super) fn requests(text: &str) -> Vec<Fact> {
    let is_sent = |label: &Fact| {
        let line = label.detail.trim_start();
        line.contains(" -> ") && !line.contains("-> pos") && !line.contains("-> host") && !line.contains("-> broker")
    };
    let all = labels(text);
    let sent: Vec<Fact> = all.iter().filter(|label| is_sent(label)).cloned().collect();
    if sent.is_empty() { all } else { sent }
}

/// The labels that the lines of a text define.
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

/// The names that `{{` can insert: captures, names of `each`, and computed values.
pub(super) fn inserts(text: &str, typed: &str) -> Vec<Fact> {
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

/// The terminals that a text declares with a name.
pub(super) fn terminals(text: &str) -> Vec<String> {
    declared(text, "terminal")
}

pub(super) fn pos_names(text: &str) -> Vec<String> {
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

/// The stories of the libraries that a text names, with their parameters.
pub(crate) fn stories(path: &Path, text: &str) -> Vec<Fact> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut found = Vec::new();
    for line in text.lines().filter(|line| line.starts_with("use")) {
        let Some(name) = words(line).get(1).map(|word| sca_scenario::unquote(word)) else { continue };
        let Ok(library) = sca_files::read_text(&folder.join(&name)) else { continue };
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

/// The libraries near the scenario.
pub(super) fn libraries(path: &Path) -> Vec<Fact> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut found = Vec::new();
    for near in ["", "lib", "../lib"] {
        for library in sca_files::libraries(&folder.join(near)) {
            let name = Path::new(near).join(library.file_name().unwrap_or_default());
            found.push(fact(sca_scenario::quote(&name.to_string_lossy()), "a library", Look::FILE));
        }
    }
    found
}

/// Creates items for words that are offered at one place only.
pub(super) fn said(words: &[&str], says: &str) -> Vec<Fact> {
    words.iter().map(|word| fact(*word, says, Look::VALUE)).collect()
}
