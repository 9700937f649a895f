//! Parser of host behaviour: each line sets several settings of a host at once.

use sca_protocol::codes;
use sca_protocol::commands::parse_amount;
use sca_protocol::settings::format_duration;

use crate::cursor::Cursor;
use crate::tree::quote;
use sca_model::Problem;
use sca_model::{HostAct, Party};

/// Parses lines such as `host approves 10.00 after 2s` or `vhq is down`.
pub(crate) fn act(cursor: &mut Cursor<'_>) -> Result<HostAct, Problem> {
    if cursor.take("vhq") {
        return vhq(cursor);
    }
    const DOES: &[&str] = &["approves", "declines", "errors", "answers", "decides", "is"];
    cursor.demand("host")?;
    let word = cursor.word("an action of the host")?;
    let mut said = format!("host {}", word.text);
    let mut sets = vec![("state", "up".to_owned()), ("text", String::new()), ("amount", String::new())];
    let mut code = String::new();
    match word.text.as_str() {
        "is" => return state(cursor, Party::Host, &["up", "silent", "cut", "down"]),
        "approves" => {
            if cursor.peek().is_some_and(|w| w.starts_with(|c: char| c.is_ascii_digit())) {
                let amount = |t: &str| parse_amount(t).filter(|n| *n > 0).map(|_| t.to_owned());
                sets[2].1 = cursor.value("an amount such as 10.00", amount)?;
                said.push_str(&format!(" {}", sets[2].1));
            }
        }
        "answers" => {
            let known = |t: &str| t.parse().ok().filter(|n| codes::find_code(*n).is_some());
            code = cursor.value("a result code from the tables", known)?.to_string();
            said.push_str(&format!(" {code}"));
        }
        "declines" | "errors" | "decides" => {}
        other => {
            let problem = Problem::new("E013", word.span, format!("a host cannot `{other}`"));
            return Err(problem.suggest(other, DOES.iter().copied()));
        }
    }
    if cursor.peek().is_some_and(|w| w.starts_with('"')) {
        sets[1].1 = cursor.string("a text")?;
        said.push_str(&format!(" {}", quote(&sets[1].1)));
    }
    let decision = match word.text.as_str() {
        "decides" => "card",
        "answers" => "approves",
        other => other,
    };
    sets.extend([("decision", decision.to_owned()), ("code", code), ("delay", "0ms".to_owned())]);
    if cursor.take("after") {
        let delay = format_duration(cursor.duration()?);
        said.push_str(&format!(" after {delay}"));
        sets.pop();
        sets.push(("delay", delay));
    }
    Ok(HostAct { party: Party::Host, sets, said })
}

fn vhq(cursor: &mut Cursor<'_>) -> Result<HostAct, Problem> {
    let word = cursor.word("an action of the estate host")?;
    match word.text.as_str() {
        "is" => state(cursor, Party::Vhq, &["up", "silent", "down"]),
        "offers" => {
            let version =
                if cursor.take("nothing") { String::new() } else { cursor.string("a version, or `nothing`")? };
            let said = if version.is_empty() { "nothing".to_owned() } else { quote(&version) };
            let sets = vec![("state", "up".to_owned()), ("offers", version)];
            Ok(HostAct { party: Party::Vhq, sets, said: format!("vhq offers {said}") })
        }
        other => {
            let problem = Problem::new("E013", word.span, format!("the estate host cannot `{other}`"));
            Err(problem.suggest(other, ["offers", "is"]))
        }
    }
}

fn state(cursor: &mut Cursor<'_>, party: Party, states: &[&str]) -> Result<HostAct, Problem> {
    let word = cursor.word("a state")?;
    if !states.contains(&word.text.as_str()) {
        let problem = Problem::new("E013", word.span, format!("a host cannot be `{}`", word.text));
        return Err(problem.suggest(&word.text, states.iter().copied()));
    }
    let name = if party == Party::Host { "host" } else { "vhq" };
    Ok(HostAct { party, sets: vec![("state", word.text.clone())], said: format!("{name} is {}", word.text) })
}
