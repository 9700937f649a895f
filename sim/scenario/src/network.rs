//! Parser of changes of the network: listening brokers and host names.

use crate::cursor::Cursor;
use crate::names::Names;
use sca_model::Problem;
use sca_model::{NetworkAct, NetworkChange};

/// What a broker can do in the network.
pub(crate) const VERBS: &[&str] = &["stops", "listens"];

/// Parses `broker stops` or `Backup listens`.
pub(crate) fn listening(cursor: &mut Cursor<'_>, broker: usize) -> Result<NetworkAct, Problem> {
    let name = cursor.word("a broker")?.text.clone();
    let on = cursor.value("stops or listens", |text| match text {
        "stops" => Some(false),
        "listens" => Some(true),
        _ => None,
    })?;
    let verb = if on { "listens" } else { "stops" };
    Ok(NetworkAct { change: NetworkChange::Listens { broker, on }, said: format!("{name} {verb}") })
}

/// Parses `dns NAME is BROKER|unknown`.
pub(crate) fn name(cursor: &mut Cursor<'_>, names: &Names<'_>) -> Result<NetworkAct, Problem> {
    cursor.demand("dns")?;
    let word = cursor.word("a name, as in a url")?;
    let name = word.plain();
    if name.is_empty() || name.contains([':', '/']) {
        return Err(Problem::new("E021", word.span, "expected a host name without scheme and port"));
    }
    cursor.demand("is")?;
    let to = cursor.word("a broker, or `unknown`")?;
    let broker = match to.text.as_str() {
        "unknown" => None,
        other => Some(names.broker(other).ok_or_else(|| {
            let known = names.brokers.iter().map(String::as_str).chain(["broker", "unknown"]);
            Problem::new("E023", to.span, format!("there is no broker `{other}`")).suggest(other, known)
        })?),
    };
    let said = format!("dns {} is {}", word.text, to.text);
    Ok(NetworkAct { change: NetworkChange::Name { name, broker }, said })
}
