//! The TextMate grammar for highlighting, generated from the tables of the language.

use serde_json::{Value, json};

use crate::items::{self, Fact};

/// Returns the grammar as JSON, for `sca.tmLanguage.json`.
#[must_use]
pub fn grammar() -> Value {
    json!({
        "name": "SCA scenario",
        "scopeName": "source.sca",
        "fileTypes": ["sca"],
        "patterns": [{ "include": "#message" }, { "include": "#line" }],
        "repository": {
            "line": { "patterns": [{ "include": "#comment" }, { "include": "#begin" }, { "include": "#rest" }] },
            "message": message(),
            "verbatim": verbatim(),
            "comment": rule(r"(?:^|(?<=\s))#.*$", "comment.line.number-sign.sca"),
            "begin": { "patterns": begin() },
            "rest": { "patterns": rest() },
        },
    })
}

fn rule(pattern: &str, scope: &str) -> Value {
    json!({ "match": pattern, "name": scope })
}

fn captured(pattern: &str, scopes: &[(usize, &str)]) -> Value {
    let captures: serde_json::Map<String, Value> =
        scopes.iter().map(|(group, scope)| (group.to_string(), json!({ "name": scope }))).collect();
    json!({ "match": pattern, "captures": captures })
}

/// Joins words into an alternation, longer words before their prefixes.
fn any_of(facts: &[Fact]) -> String {
    let bare = |fact: &Fact| fact.word.trim_end_matches('1').trim_end_matches('_').to_owned();
    let mut words: Vec<String> = facts.iter().map(bare).collect();
    words.sort_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
    words.dedup();
    words.join("|").replace('.', r"\.").replace(' ', " +")
}

/// Lines indented below an arrow or an answer are verbatim.
fn message() -> Value {
    json!({
        "begin": r"^( *)(?!without\b|ignore\b|#)(?=[^#\n]*(?:->| answers ))",
        "while": r"^(?=\1 +\S|\s*$)",
        "patterns": [{ "include": "#verbatim" }, { "include": "#line" }],
    })
}

fn verbatim() -> Value {
    json!({ "patterns": [
        captured(r"^\s+(<[^\n]*)$", &[(1, "string.unquoted.document.sca")]),
        captured(r"^\s+((?:HTTP/\S+|[A-Z]+) [^\n]*)$(?<!->)", &[(1, "string.unquoted.http.sca")]),
        captured(r"^\s+([A-Za-z][\w-]*)(:)([^\n]*)$", &[
            (1, "entity.name.tag.header.sca"),
            (2, "punctuation.separator.sca"),
            (3, "string.unquoted.http.sca"),
        ]),
        captured(r"^\s+([^#\s][^\n]*)$", &[(1, "string.unquoted.document.sca")]),
    ] })
}

/// The words that can begin a line; other words are marked as illegal.
fn begin() -> Vec<Value> {
    let lead = r"^(\s*(?:\+\d+\.\d{3}\s+)?(?:[A-Z]\w*:\s+)?)";
    let mut settings = Vec::new();
    for party in ["terminal", "broker", "host", "vhq"] {
        settings.extend(items::settings(party));
    }
    settings.extend(items::certificate());
    let with_lead = |words: &str, scope: &str| {
        captured(&format!(r"{lead}({words})(?=\s|$)"), &[(1, "constant.numeric.stamp.sca"), (2, scope)])
    };
    vec![
        captured(r"^(scenario|library)(?=\s)", &[(1, "keyword.control.title.sca")]),
        captured(r"^(story)\s+([\w-]+)", &[(1, "keyword.control.story.sca"), (2, "entity.name.function.story.sca")]),
        captured(&format!(r"^({})(?=\s)", any_of(&items::headers())), &[(1, "keyword.other.header.sca")]),
        with_lead("terminal|pos|broker|host|vhq|proxy|certificate", "support.class.party.sca"),
        with_lead(&any_of(&items::steps()), "keyword.control.step.sca"),
        with_lead("end", "keyword.control.step.sca"),
        captured(
            &format!(r"{lead}([A-Z]\w*)(?=\s+(?:->|{}))", any_of(&items::link())),
            &[(1, "constant.numeric.stamp.sca"), (2, "support.class.party.sca")],
        ),
        captured(
            &format!(r"^\s+((?:{}|file|model)(?:_1?)?)(?=\s|$)", any_of(&settings)),
            &[(1, "variable.other.setting.sca")],
        ),
        rule(r"^\s+(?=[(])", "meta.row.sca"),
        captured(
            &format!(r#"{lead}([^\s#("]\S*)"#),
            &[(1, "constant.numeric.stamp.sca"), (2, "invalid.illegal.statement.sca")],
        ),
    ]
}

/// The patterns for the rest of a line.
fn rest() -> Vec<Value> {
    let fixed: Vec<Fact> = [items::screens(), items::reasons(), items::tls_words(), items::handshake_words()].concat();
    let doing: Vec<Fact> = [items::faults(), items::link(), items::cardholder(), items::host()].concat();
    let doing: Vec<Fact> = doing.into_iter().filter(|fact| fact.word != "->").collect();
    let word = |words: &str| format!(r"(?<![\w.-])({words})(?![\w.-])");
    vec![
        json!({
            "begin": "\"", "end": "\"|$", "name": "string.quoted.double.sca",
            "patterns": [
                rule(r"\\.", "constant.character.escape.sca"),
                rule(r"\{\{[^}]*\}\}", "variable.other.insert.sca"),
            ],
        }),
        rule(r"\{\{[^}]*\}\}", "variable.other.insert.sca"),
        rule(r"->", "keyword.operator.arrow.sca"),
        captured(r"(?<!\S)(as|re|of)\s+([\w.-]+)", &[(1, "keyword.other.suffix.sca"), (2, "entity.name.label.sca")]),
        rule(r"(?<![\w-])[A-Z]{2,5}-\d\d(?![\w-])", "constant.other.clause.sca"),
        captured(r"(!)([A-Z][A-Z0-9_]*)", &[(1, "keyword.operator.test.sca"), (2, "variable.parameter.field.sca")]),
        captured(
            r"([A-Z][A-Z0-9_]*)(!=|<=|>=|=|<|>|~)(\?[\w-]+|\*)?",
            &[(1, "variable.parameter.field.sca"), (2, "keyword.operator.test.sca"), (3, "variable.other.capture.sca")],
        ),
        captured(&word(&any_of(&items::suffixes())), &[(1, "keyword.other.suffix.sca")]),
        rule(
            r"(?<![\w-])\d+(?:\.\d+)?(?:ms|s|m|h|d)?(?:\.\.\d+(?:\.\d+)?(?:ms|s|m|h|d)?)?(?![\w-])",
            "constant.numeric.sca",
        ),
        rule(r"(?<![\w-])\d{4}-\d\d-\d\d(?:T[\d:]+Z)?", "constant.numeric.instant.sca"),
        captured(&word(&any_of(&doing)), &[(1, "support.function.doing.sca")]),
        captured(&word(&any_of(&fixed)), &[(1, "constant.language.sca")]),
        captured(&word("terminal|pos|broker|host|vhq|proxy"), &[(1, "support.class.party.sca")]),
        rule(r"(?<![\w-])[A-Z][A-Z0-9_]+(?![\w-])", "entity.name.function.command.sca"),
        rule(r"[\[\](),]", "punctuation.separator.sca"),
        rule(r"~", "keyword.operator.test.sca"),
        rule(r#"[^\s()\[\],#"~]+"#, "string.unquoted.word.sca"),
        rule(r"#", "string.unquoted.word.sca"),
    ]
}
