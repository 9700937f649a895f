//! Parser of actions: the cardholder, settings, files, checks.

use sca_protocol::cards::{CARDS, Card, Entry};
use sca_protocol::settings::{BrokerSettings, EstateSettings, HostSettings, Settings, TerminalSettings};

use crate::cursor::Cursor;
use crate::names::Names;
use sca_model::Problem;
use sca_model::{Action, CardholderAct, Party, Relation, Set};

/// Parses an action of the cardholder.
pub(crate) fn cardholder(cursor: &mut Cursor<'_>) -> Result<CardholderAct, Problem> {
    const ACTS: &[&str] = &["presses", "enters", "taps", "inserts", "swipes", "removes", "signs"];
    cursor.demand("cardholder")?;
    let word = cursor.word("an action of the cardholder")?;
    match word.text.as_str() {
        "presses" => Ok(CardholderAct::Presses(cursor.word("a button")?.plain())),
        "enters" => Ok(CardholderAct::Enters(cursor.string("a text")?)),
        "taps" => card(cursor, Entry::Tapped),
        "inserts" => card(cursor, Entry::Inserted),
        "swipes" => card(cursor, Entry::Swiped),
        "removes" => Ok(CardholderAct::Removes),
        "signs" => Ok(CardholderAct::Signs),
        other => {
            let problem = Problem::new("E013", word.span, format!("a cardholder cannot `{other}`"));
            Err(problem.suggest(other, ACTS.iter().copied()))
        }
    }
}

fn card(cursor: &mut Cursor<'_>, entry: Entry) -> Result<CardholderAct, Problem> {
    let word = cursor.word("a card")?;
    let card = Card::find(&word.text).ok_or_else(|| {
        Problem::new("E013", word.span, format!("there is no card `{}`", word.text))
            .suggest(&word.text, CARDS.iter().map(|card| card.name))
    })?;
    Ok(CardholderAct::Presents(card, entry))
}

/// Parses a comparison of labels.
pub(crate) fn check(cursor: &mut Cursor<'_>) -> Result<Action, Problem> {
    let relation = cursor.value("rising, differ or same", |t| match t {
        "rising" => Some(Relation::Rising),
        "differ" => Some(Relation::Differ),
        "same" => Some(Relation::Same),
        _ => None,
    })?;
    let names: Vec<String> = cursor.rest().iter().map(|w| w.text.clone()).collect();
    if names.len() < 2 {
        return Err(Problem::new("E012", cursor.whole(), "`check` needs at least two labels"));
    }
    Ok(Action::Check(relation, names))
}

/// Parses a change of a setting or of a file on a flash.
pub(crate) fn set(cursor: &mut Cursor<'_>, names: &Names<'_>) -> Result<Action, Problem> {
    let party = match cursor.peek() {
        Some(name) if names.broker(name).is_some() => Party::Broker(names.broker(name).unwrap_or_default()),
        Some("host") => Party::Host,
        Some("vhq") => Party::Vhq,
        _ => Party::Terminal(names.expect_terminal(cursor)?),
    };
    if !matches!(party, Party::Terminal(_)) {
        cursor.word("a party")?;
    }
    if let Party::Terminal(who) = party
        && cursor.take("file")
    {
        let (path, name) = crate::cast::file(cursor)?;
        return Ok(Action::File { who, path, name });
    }
    let name = cursor.word("a setting")?;
    let first = cursor.next_span();
    let value = crate::cast::joined(cursor.rest());
    if matches!(party, Party::Broker(_)) && name.text == "url" {
        let problem = Problem::new("E021", name.span, "a broker's url cannot be changed during a run");
        return Err(problem.help("`dns NAME is BROKER` makes a name resolve to another broker"));
    }
    let checked = match party {
        Party::Broker(_) => BrokerSettings::default().set_in_scenario(&name.text, &value),
        Party::Host => HostSettings::default().set_in_scenario(&name.text, &value),
        Party::Vhq => EstateSettings::default().set_in_scenario(&name.text, &value),
        Party::Terminal(_) => TerminalSettings::default().set_in_scenario(&name.text, &value),
    };
    checked.map_err(|error| crate::cast::setting_problem(&error, name.span, first))?;
    Ok(Action::Set(Set { party, name: name.text.clone(), value }))
}
