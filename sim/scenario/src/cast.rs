//! Parser of the parties and their settings above the steps, which are checked against the tables.

use std::collections::{BTreeMap, BTreeSet};

use sca_certs::Flaw;
use sca_protocol::UnixTime;
use sca_protocol::settings::{BrokerSettings, EstateSettings, HostSettings, SettingError, Settings, TerminalSettings};

use crate::cursor::{Cursor, range};
use crate::tree::{Line, Word};
use sca_model::{Cast, Certificate, OtherBroker, Terminal};
use sca_model::{Problem, Span};

const PARTIES: &[&str] = &["terminal", "broker", "pos", "host", "vhq", "certificate"];

/// Whether a top-level line declares a party rather than being a step.
pub(crate) fn is_setting(line: &Line) -> bool {
    let second = line.words.get(1).map_or("", |w| w.text.as_str());
    // A terminal's name begins with a capital and its model has a digit; any other second word is the verb of a step.
    let is_host = matches!(line.words[0].text.as_str(), "host" | "vhq");
    let is_doing = (second.starts_with(|c: char| c.is_lowercase()) || (is_host && second.starts_with('{')))
        && !second.contains(|c: char| c.is_ascii_digit());
    let is_certificate = line.words[0].text == "certificate";
    if line.words[0].text == "pos" && !(line.words.len() == 2 && second.starts_with(char::is_alphabetic)) {
        return false;
    }
    PARTIES.contains(&line.words[0].text.as_str()) && second != "->" && (is_certificate || !is_doing)
}

/// Parses the parties. A scenario that declares no terminal has one called `terminal`.
pub(crate) fn cast(lines: &[&Line], problems: &mut Vec<Problem>) -> Cast {
    let mut cast = Cast::default();
    let mut declared = BTreeSet::new();
    for line in lines {
        let word = line.words[0].text.as_str();
        let is_named = word == "broker" && line.words.len() > 1;
        if matches!(word, "broker" | "host" | "vhq") && !is_named && !declared.insert(word) {
            problems.push(Problem::new("E022", line.span(), format!("`{word}` is already declared above")));
            continue;
        }
        let read = match line.words[0].text.as_str() {
            "terminal" => terminal(line, &mut cast, problems),
            "broker" if is_named => other_broker(line, &mut cast, problems),
            "broker" => party::<BrokerSettings>(line, (&mut cast.broker, &mut cast.places), problems),
            "pos" => pos(line, &mut cast),
            "host" => party::<HostSettings>(line, (&mut cast.host, &mut cast.places), problems),
            "vhq" => party::<EstateSettings>(line, (&mut cast.vhq, &mut cast.places), problems),
            _ => certificate(line, &mut cast, problems),
        };
        problems.extend(read.err());
    }
    if cast.terminals.is_empty() {
        cast.terminals.push(Terminal {
            name: "terminal".to_owned(),
            settings: BTreeMap::new(),
            files: BTreeMap::new(),
        });
    }
    cast
}

/// Parses a broker with a name, in addition to the one called `broker`.
fn other_broker(line: &Line, cast: &mut Cast, problems: &mut Vec<Problem>) -> Result<(), Problem> {
    let mut cursor = Cursor::new(line);
    cursor.demand("broker")?;
    let name = cursor.word("a name")?;
    cursor.end()?;
    check_new_name(&name.text, name.span, cast)?;
    let mut settings = BTreeMap::new();
    options(&name.text, line.lines(), (&mut settings, &mut cast.places), problems, |name, value| {
        BrokerSettings::default().set_in_scenario(name, value)
    });
    cast.other_brokers.push(OtherBroker { name: name.text.clone(), settings });
    Ok(())
}

/// Checks the name of a POS or broker: it begins with a capital, and no other party has it.
fn check_new_name(name: &str, span: Span, cast: &Cast) -> Result<(), Problem> {
    let is_taken = cast.pos.iter().any(|pos| pos == name)
        || cast.terminals.iter().any(|terminal| terminal.name == name)
        || cast.other_brokers.iter().any(|broker| broker.name == name);
    if is_taken {
        return Err(Problem::new("E022", span, format!("the name `{name}` is already taken")));
    }
    if !name.starts_with(|c: char| c.is_ascii_uppercase()) {
        let capital: String = name.chars().take(1).flat_map(char::to_uppercase).chain(name.chars().skip(1)).collect();
        let problem = Problem::new("E022", span, format!("the name `{name}` does not begin with a capital letter"));
        return Err(problem.help(format!("for example `{capital}`")));
    }
    Ok(())
}

/// Parses a POS with a name, in addition to the one called `pos`.
fn pos(line: &Line, cast: &mut Cast) -> Result<(), Problem> {
    let mut cursor = Cursor::new(line);
    cursor.demand("pos")?;
    let name = cursor.word("a name")?;
    cursor.end()?;
    check_new_name(&name.text, name.span, cast)?;
    cast.pos.push(name.text.clone());
    Ok(())
}

fn terminal(line: &Line, cast: &mut Cast, problems: &mut Vec<Problem>) -> Result<(), Problem> {
    let mut cursor = Cursor::new(line);
    cursor.demand("terminal")?;
    let mut settings = BTreeMap::new();
    let mut words: Vec<_> = cursor.rest().iter().collect();
    // The last word is the model if it has a digit; the word before it is the name.
    if words.last().is_some_and(|w| w.text.contains(|c: char| c.is_ascii_digit())) {
        settings.extend(words.pop().map(|w| ("model".to_owned(), w.text.clone())));
    }
    if let Some(extra) = words.get(1) {
        return Err(Problem::new("E014", extra.span, "a terminal has one name and one model"));
    }
    let name = words.first().map_or("terminal", |w| &w.text).to_owned();
    if cast.terminals.iter().any(|t| t.name == name)
        || cast.pos.contains(&name)
        || cast.other_brokers.iter().any(|broker| broker.name == name)
    {
        return Err(Problem::new("E022", line.span(), format!("the name `{name}` is already taken"))
            .help("give each terminal its own name: `terminal A M400`"));
    }
    if matches!(name.as_str(), "pos" | "broker" | "host" | "vhq" | "proxy") {
        return Err(Problem::new("E022", words[0].span, format!("the name `{name}` belongs to another party")));
    }
    let mut files = BTreeMap::new();
    let is_file = |option: &&Line| option.words[0].text == "file";
    for option in line.lines().filter(is_file) {
        let mut cursor = Cursor::new(option);
        cursor.take("file");
        let span = cursor.next_span();
        match file(&mut cursor).and_then(|read| cursor.end().map(|()| read)) {
            Ok((path, Some(name))) => {
                if files.insert(path.clone(), name).is_some() {
                    problems.push(Problem::new("E022", span, format!("{path} is given twice")));
                }
            }
            Ok((_, None)) => problems.push(Problem::new("E021", span, "there is nothing to remove at the start")),
            Err(problem) => problems.push(problem),
        }
    }
    let plain = line.lines().filter(|option| !is_file(option));
    options(&name, plain, (&mut settings, &mut cast.places), problems, |name, value| {
        TerminalSettings::default().set_in_scenario(name, value)
    });
    cast.places.insert((name.clone(), "terminal".to_owned()), line.span());
    cast.terminals.push(Terminal { name, settings, files });
    Ok(())
}

/// Parses a path on a device's flash and the file to store there: the name of a file beside the scenario, or `none`.
pub(crate) fn file(cursor: &mut Cursor<'_>) -> Result<(String, Option<String>), Problem> {
    let span = cursor.next_span();
    let path = cursor.string("a path on the flash")?;
    let is_there = path.strip_prefix("/home/usr1/flash/").is_some_and(|rest| {
        !rest.is_empty() && rest.len() <= 200 && rest.split('/').all(|part| !part.is_empty() && !part.starts_with('.'))
    });
    if !is_there {
        return Err(Problem::new("E021", span, "expected a file below /home/usr1/flash").label("not there"));
    }
    if cursor.take("none") {
        return Ok((path, None));
    }
    let span = cursor.next_span();
    let name = cursor.string("the name of a file beside the scenario, or `none`")?;
    let is_beside = !name.is_empty()
        && !name.starts_with('/')
        && name.split('/').all(|part| !part.is_empty() && part != ".." && part != ".");
    if !is_beside {
        return Err(Problem::new("E021", span, "expected a path relative to the scenario, in or below its folder"));
    }
    Ok((path, Some(name)))
}

fn party<T: Settings + Default>(
    line: &Line,
    into: (&mut BTreeMap<String, String>, &mut Places),
    problems: &mut Vec<Problem>,
) -> Result<(), Problem> {
    let mut cursor = Cursor::new(line);
    let party = &cursor.word("a party")?.text;
    cursor.end()?;
    options(party, line.lines(), into, problems, |name, value| T::default().set_in_scenario(name, value));
    Ok(())
}

type Places = BTreeMap<(String, String), Span>;

fn options<'a>(
    whose: &str,
    lines: impl Iterator<Item = &'a Line>,
    (into, places): (&mut BTreeMap<String, String>, &mut Places),
    problems: &mut Vec<Problem>,
    check: impl Fn(&str, &str) -> Result<(), SettingError>,
) {
    for option in lines {
        let mut cursor = Cursor::new(option);
        let Ok(name) = cursor.word("a setting") else { continue };
        let span = cursor.next_span();
        let value = joined(cursor.rest());
        places.insert((whose.to_owned(), canonical(&name.text)), option.span());
        if let Err(error) = check(&name.text, &value) {
            problems.push(setting_problem(&error, name.span, span));
        } else if into.insert(canonical(&name.text), value).is_some() {
            problems.push(Problem::new("E022", name.span, format!("{} is set twice", name.text)));
        }
    }
}

/// Joins the words of a value with their original spacing, so that `[::1]:8443` stays as it was written.
pub(crate) fn joined(words: &[Word]) -> String {
    let mut value = String::new();
    for (at, word) in words.iter().enumerate() {
        let is_apart = at > 0 && words[at - 1].span.column + words[at - 1].span.length != word.span.column;
        value.push_str(if is_apart { " " } else { "" });
        value.push_str(&word.plain());
    }
    value
}

/// The problem for a setting that was rejected.
pub(crate) fn setting_problem(error: &SettingError, name: Span, value: Span) -> Problem {
    match error {
        SettingError::Unknown { suggestion, .. } => {
            let problem = Problem::new("E020", name, error.to_string());
            match suggestion {
                Some(near) => problem.help(format!("did you mean `{near}`?")),
                None => problem.help("`sca-sim settings` lists all settings"),
            }
        }
        SettingError::Value { .. } => Problem::new("E021", value, error.to_string()).label("invalid value"),
        SettingError::Idle { name: setting, place, instead } => {
            Problem::new("E021", name, format!("{setting} has no effect {place}")).help(*instead)
        }
    }
}

fn certificate(line: &Line, cast: &mut Cast, problems: &mut Vec<Problem>) -> Result<(), Problem> {
    let mut cursor = Cursor::new(line);
    cursor.demand("certificate")?;
    let name = cursor.word("a name")?;
    cursor.end()?;
    let mut made = Certificate::default();
    for option in line.lines() {
        problems.extend(certificate_option(option, &mut made).err());
    }
    cast.places.insert(("certificate".to_owned(), name.text.clone()), line.span());
    if cast.certificates.insert(name.text.clone(), made).is_some() {
        return Err(Problem::new("E022", name.span, format!("the certificate `{}` is already given above", name.text)));
    }
    Ok(())
}

fn certificate_option(line: &Line, made: &mut Certificate) -> Result<(), Problem> {
    const OPTIONS: &[&str] = &["valid", "flaw", "names", "intermediate"];
    let mut cursor = Cursor::new(line);
    let option = cursor.word("an option")?;
    match option.text.as_str() {
        "valid" => {
            let days = |text: &str| range(text, |day| UnixTime::parse(day).ok());
            let span = cursor.next_span();
            let (from, to) = cursor.value("two dates such as 2026-01-01..2026-02-01", days)?;
            if from > to {
                return Err(Problem::new("E021", span, "the validity ends before it begins"));
            }
            made.valid = Some((from, to));
        }
        "flaw" => {
            let word = cursor.word("a flaw")?;
            if Flaw::from_word(&word.text).is_none() {
                let problem = Problem::new("E021", word.span, format!("`{}` is not a flaw", word.text));
                return Err(problem.suggest(&word.text, sca_certs::FLAWS.iter().map(|(_, w)| *w)));
            }
            made.flaw = Some(word.text.clone());
        }
        "names" => made.names = cursor.rest().iter().map(|w| w.plain()).collect(),
        "intermediate" => {
            made.by_intermediate = cursor.value("yes or no", |t| match t {
                "yes" => Some(true),
                "no" => Some(false),
                _ => None,
            })?;
        }
        other => {
            let problem = Problem::new("E020", option.span, format!("a certificate has no option `{other}`"));
            return Err(problem.suggest(other, OPTIONS.iter().copied()));
        }
    }
    cursor.end()
}

/// The canonical name of a setting: a parameter without its optional ending `_` or `_1`.
fn canonical(name: &str) -> String {
    let bare = || name.trim_end_matches('1').trim_end_matches('_').to_owned();
    if sca_protocol::settings::is_parameter(name) { bare() } else { name.to_owned() }
}
