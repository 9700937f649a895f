//! Items for completion and hover, made from the tables of the language and the protocol.

use lsp_types::CompletionItemKind as Look;
use sca_model::INVARIANTS;
use sca_model::fault_table::{self, KINDS, KindRow};
use sca_protocol::clauses::CLAUSES;
use sca_protocol::commands::{self, Field, Kind, SessionRequirement};
use sca_protocol::settings::{BrokerSettings, EstateSettings, HostSettings, Row, Settings, TerminalSettings};
use sca_protocol::{HandshakeFailure, TlsFailure, assumptions, codes};

use crate::keyword_docs::{CARDHOLDER, CERTIFICATE, HEADERS, HOST, LINK, PARTIES, REASONS, STEPS, SUFFIXES};

/// A word of the language with its documentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fact {
    /// The word as it is inserted.
    pub(crate) word: String,
    /// A short description.
    pub(crate) detail: String,
    /// The full documentation with its source, in Markdown.
    pub(crate) text: String,
    /// The kind of completion item, which decides its icon.
    pub(crate) look: Look,
}

/// Creates an item whose documentation is one line.
pub(crate) fn fact(word: impl Into<String>, detail: impl Into<String>, look: Look) -> Fact {
    let (word, detail) = (word.into(), detail.into());
    Fact { text: format!("`{word}`: {detail}"), word, detail, look }
}

fn table(words: &[(&str, &str)], look: Look) -> Vec<Fact> {
    words.iter().map(|(word, says)| fact(*word, *says, look)).collect()
}

/// Whether a top-level line with these words is a step.
pub(crate) fn is_step(words: &[String]) -> bool {
    let first = words.first().map_or("", String::as_str);
    let second = words.get(1).map_or("", String::as_str);
    let is_party = PARTIES.iter().any(|(word, _)| *word == first) || matches!(first, "terminal" | "pos");
    let does = LINK.iter().any(|(word, _)| *word == second) || HOST.iter().any(|(word, _)| *word == second);
    let is_header = first == "scenario" || HEADERS.iter().any(|(word, _)| *word == first);
    !words.is_empty() && !is_header && (!is_party || does)
}

pub(crate) fn steps() -> Vec<Fact> {
    table(STEPS, Look::KEYWORD)
}

pub(crate) fn headers() -> Vec<Fact> {
    table(HEADERS, Look::PROPERTY)
}

pub(crate) fn parties() -> Vec<Fact> {
    table(PARTIES, Look::MODULE)
}

pub(crate) fn suffixes() -> Vec<Fact> {
    table(SUFFIXES, Look::KEYWORD)
}

/// The suffixes with these words.
pub(crate) fn suffixes_of(words: &[&str]) -> Vec<Fact> {
    suffixes().into_iter().filter(|fact| words.contains(&fact.word.as_str())).collect()
}

/// The models in the table.
pub(crate) fn models() -> Vec<Fact> {
    let models = sca_protocol::models::MODELS.iter();
    models
        .map(|model| {
            fact(model.name, format!("a model, its display {} by {}", model.width, model.height), Look::CONSTANT)
        })
        .collect()
}

pub(crate) fn link() -> Vec<Fact> {
    table(LINK, Look::EVENT)
}

pub(crate) fn reasons() -> Vec<Fact> {
    table(REASONS, Look::ENUM_MEMBER)
}

pub(crate) fn tls_words() -> Vec<Fact> {
    TlsFailure::ALL.iter().map(|(_, word, _)| fact(*word, "why TLS failed", Look::ENUM_MEMBER)).collect()
}

pub(crate) fn handshake_words() -> Vec<Fact> {
    let words = HandshakeFailure::ALL.iter();
    words.map(|(_, word, _)| fact(*word, "what is wrong with the 101 answer", Look::ENUM_MEMBER)).collect()
}

pub(crate) fn cardholder() -> Vec<Fact> {
    table(CARDHOLDER, Look::METHOD)
}

pub(crate) fn certificate() -> Vec<Fact> {
    table(CERTIFICATE, Look::PROPERTY)
}

pub(crate) fn flaws() -> Vec<Fact> {
    sca_certs::FLAWS.iter().map(|(_, word)| fact(*word, "a flaw of a certificate", Look::ENUM_MEMBER)).collect()
}

pub(crate) fn host() -> Vec<Fact> {
    table(HOST, Look::METHOD)
}

pub(crate) fn cards() -> Vec<Fact> {
    let cards = sca_protocol::cards::CARDS.iter();
    let chip =
        |card: &sca_protocol::cards::Card| if card.name == "stripe" { "no chip: swiped" } else { "tapped or inserted" };
    let told =
        |card: &sca_protocol::cards::Card| format!("{} {}, {}; {}", card.media, card.tender, card.masked, chip(card));
    cards.map(|card| fact(card.name, told(card), Look::VALUE)).collect()
}

pub(crate) fn screens() -> Vec<Fact> {
    let screens = sca_protocol::screens::SCREENS.iter();
    screens.map(|(_, word)| fact(*word, "a screen of the terminal", Look::ENUM_MEMBER)).collect()
}

pub(crate) fn invariants() -> Vec<Fact> {
    table(INVARIANTS, Look::CONSTANT)
}

pub(crate) fn clauses() -> Vec<Fact> {
    let one = |(id, says): &(&str, &str)| Fact {
        text: format!("**{id}** {says}\n\nA clause of the source document."),
        ..fact(*id, *says, Look::REFERENCE)
    };
    CLAUSES.iter().map(one).collect()
}

/// Kinds of faults by their first word, with their forms in scenarios.
pub(crate) fn faults() -> Vec<Fact> {
    let of = |row: &'static KindRow| {
        let word = row.word;
        let kinds: Vec<_> = fault_table::all().filter(|row| row.says.split(' ').nth(1) == Some(word)).collect();
        let says: Vec<String> = kinds.iter().map(|row| format!("- `{}`: {}", row.says, row.kind)).collect();
        let detail = kinds.first().map_or_else(String::new, |row| row.kind.to_owned());
        Fact { text: format!("A fault.\n\n{}", says.join("\n")), ..fact(word, detail, Look::EVENT) }
    };
    KINDS.iter().map(of).collect()
}

/// The settings of a party, given by its keyword.
pub(crate) fn settings(party: &str) -> Vec<Fact> {
    fn rows<T: Settings>() -> Vec<Fact> {
        T::table().iter().map(setting).collect()
    }
    match party {
        "broker" => rows::<BrokerSettings>(),
        "host" => rows::<HostSettings>(),
        "vhq" => rows::<EstateSettings>(),
        _ => rows::<TerminalSettings>(),
    }
}

fn setting<T>(row: &Row<T>) -> Fact {
    let default = if row.default.is_empty() { "empty".to_owned() } else { format!("`{}`", row.default) };
    let takes = row.kind.expected();
    let assumed = assumptions::find(row.source).map(|a| format!(" ({})", a.says)).unwrap_or_default();
    let text = format!(
        "**{}** {}\n\nTakes {takes}; {default} when absent.\n\nSource: {}{assumed}",
        row.name, row.meaning, row.source
    );
    Fact { text, ..fact(row.name, format!("{takes}; {default}"), Look::PROPERTY) }
}

/// The possible values of a setting, if it takes one of a few words; otherwise its default.
pub(crate) fn setting_values(party: &str, name: &str) -> Vec<Fact> {
    fn words<T: Settings>(name: &str) -> Vec<Fact> {
        use sca_protocol::settings::Kind;
        let Ok(row) = T::row(name) else { return Vec::new() };
        let words: &[&str] = match row.kind {
            Kind::Flag => &["yes", "no"],
            Kind::Choice(words) => words,
            _ => &[row.default],
        };
        let filled = words.iter().filter(|word| !word.is_empty());
        filled.map(|word| fact(*word, format!("a value of {}", row.name), Look::VALUE)).collect()
    }
    match party {
        "broker" => words::<BrokerSettings>(name),
        "host" => words::<HostSettings>(name),
        "vhq" => words::<EstateSettings>(name),
        _ => words::<TerminalSettings>(name),
    }
}

pub(crate) fn function_types() -> Vec<Fact> {
    let mut types: Vec<&str> = commands::all().map(|row| row.function_type).collect();
    types.dedup();
    types.sort_unstable();
    types.dedup();
    types.into_iter().map(|name| fact(name, "FUNCTION_TYPE", Look::CLASS)).collect()
}

/// The commands of a FUNCTION_TYPE.
pub(crate) fn commands(function_type: &str) -> Vec<Fact> {
    let rows = commands::all().filter(|row| row.function_type == function_type);
    let mut facts: Vec<Fact> = rows.map(command).collect();
    facts.dedup_by(|a, b| a.word == b.word);
    facts
}

fn command(row: &commands::Command) -> Fact {
    let needs = match row.needs {
        SessionRequirement::Session => "needs a session",
        SessionRequirement::NoSession => "needs no session to be open",
        SessionRequirement::Either => "with a session or without",
    };
    let fields: Vec<String> = row.fields.iter().copied().flatten().map(described).collect();
    let fields = if fields.is_empty() { String::new() } else { format!("\n\nFields:\n\n{}", fields.join("\n")) };
    let guess = row.guess.map(|id| format!("\n\nThis row is based on the assumption {id}.")).unwrap_or_default();
    let done = format!("answers {} {}", row.done.number, row.done.result);
    Fact {
        text: format!("**{} {}** {needs}, {done}.{fields}{guess}", row.function_type, row.command),
        ..fact(row.command, format!("{needs}, {done}"), Look::FUNCTION)
    }
}

fn described(field: &Field) -> String {
    let must = if field.required { ", required" } else { "" };
    format!("- `{}`: {}{must}", field.name, holds(field.kind))
}

/// Describes the values a field may have.
fn holds(kind: Kind) -> String {
    match kind {
        Kind::Text(from, to) if from == to => format!("{from} characters"),
        Kind::Text(from, to) => format!("{from} to {to} characters"),
        Kind::Digits(from, to) if from == to => format!("{from} digits"),
        Kind::Digits(from, to) => format!("{from} to {to} digits"),
        Kind::Number(from, to) => format!("a number from {from} to {to}"),
        Kind::Flag => "yes or no".to_owned(),
        Kind::Training => "ON or OFF".to_owned(),
        Kind::Amount => "an amount such as 12.40".to_owned(),
        Kind::NonZero => "an amount that is not zero".to_owned(),
        Kind::Zero => "0.00".to_owned(),
        Kind::Signed => "an amount, may be negative".to_owned(),
        Kind::One(words) => format!("one of {}", words.join(", ")),
        Kind::Some(words) => format!("some of {}, joined by |", words.join(", ")),
        Kind::Base64(to) => format!("at most {to} characters of base64"),
        Kind::Colour => "six hexadecimal digits".to_owned(),
        Kind::Day => "a date as YYYYMMDD".to_owned(),
        Kind::UsDay => "a date as MM/DD/YYYY".to_owned(),
        Kind::Time => "a time as hh:mm:ss".to_owned(),
        Kind::Clock => "YYYYMMDDhhmm, optionally with ss".to_owned(),
        Kind::Group => "a group of fields".to_owned(),
    }
}

/// The fields of a command, each as `FIELD=`.
pub(crate) fn fields(function_type: &str, command: &str) -> Vec<Fact> {
    let rows = commands::all().filter(|row| row.function_type == function_type && row.command == command);
    let own = rows.flat_map(|row| row.fields.iter().copied().flatten());
    let mut facts: Vec<Fact> = own.map(field_fact).collect();
    for (name, says) in [("COUNTER", "increases with every request"), ("POS_RECON", "is repeated in the answer")] {
        facts.push(fact(format!("{name}="), says, Look::FIELD));
    }
    facts
}

fn field_fact(field: &Field) -> Fact {
    let must = if field.required { "required, " } else { "" };
    Fact {
        text: format!("**{}** {must}{}", field.name, holds(field.kind)),
        ..fact(format!("{}=", field.name), format!("{must}{}", holds(field.kind)), Look::FIELD)
    }
}

/// The possible values of a field of a command, if it takes one of a few words.
pub(crate) fn field_values(function_type: &str, command: &str, name: &str) -> Vec<Fact> {
    let rows = commands::all().filter(|row| row.function_type == function_type && row.command == command);
    let field = rows.flat_map(|row| row.fields.iter().copied().flatten()).find(|field| field.name == name);
    let words: &[&str] = match field.map(|field| field.kind) {
        Some(Kind::One(words) | Kind::Some(words)) => words,
        Some(Kind::Training) => &["ON", "OFF"],
        Some(Kind::Flag) => &["1", "0"],
        _ => &[],
    };
    words.iter().map(|word| fact(*word, format!("a value of {name}"), Look::VALUE)).collect()
}

/// The fields of answers, each as `FIELD=`.
pub(crate) fn answer_fields() -> Vec<Fact> {
    const FIELDS: &[(&str, &str)] = &[
        ("RESULT=", "the outcome in a word"),
        ("RESULT_CODE=", "the outcome as a number"),
        ("RESPONSE_TEXT=", "the outcome as a text"),
        ("TERMINATION_STATUS=", "SUCCESS or FAILURE"),
        ("COUNTER=", "the counter, answered to GET_COUNTER"),
        ("POS_RECON=", "the value from the request"),
        ("APPROVED_AMOUNT=", "the amount the host approved"),
    ];
    table(FIELDS, Look::FIELD)
}

/// The value of an answer's field when the command succeeds.
pub(crate) fn answers_of(function_type: &str, command: &str, field: &str) -> Vec<Fact> {
    let rows = commands::all().filter(|row| row.function_type == function_type && row.command == command);
    let told = rows.map(|row| match field {
        "RESULT" => quoted(row.done.result),
        "RESULT_CODE" => row.done.number.to_string(),
        "TERMINATION_STATUS" => "SUCCESS".to_owned(),
        _ => String::new(),
    });
    told.filter(|word| !word.is_empty()).map(|word| fact(word, "on success", Look::VALUE)).collect()
}

/// The values of RESULT, RESULT_CODE and TERMINATION_STATUS in the tables.
pub(crate) fn answer_values(field: &str) -> Vec<Fact> {
    let all = || codes::DEVICE.iter().chain(codes::PLATFORM).chain(codes::NOTICES);
    let mut facts: Vec<Fact> = match field {
        "RESULT" => all().map(|code| fact(quoted(code.result), code.text, Look::VALUE)).collect(),
        "RESULT_CODE" => {
            let one = |code: &codes::Code| {
                fact(code.number.to_string(), format!("{} {}", code.result, code.text), Look::VALUE)
            };
            all().map(one).collect()
        }
        "TERMINATION_STATUS" => ["SUCCESS", "FAILURE"].map(|word| fact(word, "the outcome", Look::VALUE)).to_vec(),
        _ => Vec::new(),
    };
    facts.sort_by(|a, b| a.word.cmp(&b.word));
    facts.dedup_by(|a, b| a.word == b.word);
    facts
}

fn quoted(text: &str) -> String {
    if text.contains(' ') { sca_scenario::quote(text) } else { text.to_owned() }
}
