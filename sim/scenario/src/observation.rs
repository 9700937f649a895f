//! Parser of observations other than messages: the link, the screen and the icon.

use sca_protocol::screens::SCREENS;
use sca_protocol::{HandshakeFailure, TlsFailure};

use crate::cursor::{Cursor, SUFFIXES};
use crate::message;
use sca_model::Problem;
use sca_model::{LinkObservation, Show};

/// Parses an observation of the link.
pub(crate) fn link_observation(cursor: &mut Cursor<'_>) -> Result<LinkObservation, Problem> {
    match cursor.word("an action of the link")?.text.as_str() {
        "connects" => Ok(LinkObservation::Connects),
        "attempts" => Ok(LinkObservation::Attempts),
        "loses" => Ok(LinkObservation::Loses),
        // `fails` without a reason accepts any reason.
        "fails" if cursor.peek().is_none_or(|word| SUFFIXES.contains(&word)) => Ok(LinkObservation::FailsSomehow),
        _ => reason(cursor),
    }
}

/// Parses a reason from the fixed list.
fn reason(cursor: &mut Cursor<'_>) -> Result<LinkObservation, Problem> {
    const KINDS: &[&str] = &["dns", "refused", "timeout", "reset", "tls", "proxy", "http", "handshake", "config"];
    let word = cursor.word("a reason")?;
    if !KINDS.contains(&word.text.as_str()) {
        let problem = Problem::new("E053", word.span, format!("`{}` is not a reason", word.text));
        if TlsFailure::of_word(&word.text).is_some() {
            return Err(problem.help(format!("did you mean `tls {}`?", word.text)));
        }
        if HandshakeFailure::of_word(&word.text).is_some() {
            return Err(problem.help(format!("did you mean `handshake {}`?", word.text)));
        }
        return Err(problem.suggest(&word.text, KINDS.iter().copied()));
    }
    let details: Vec<&str> = match word.text.as_str() {
        "tls" => TlsFailure::ALL.iter().map(|row| row.1).collect(),
        "handshake" => HandshakeFailure::ALL.iter().map(|row| row.1).collect(),
        _ => Vec::new(),
    };
    let detail = match cursor.peek() {
        Some(next) if SUFFIXES.contains(&next) => None,
        Some(next) if matches!(word.text.as_str(), "http" | "proxy") && next.parse::<u16>().is_ok() => Some(next),
        Some(next) if details.contains(&next) => Some(next),
        Some(next) if !details.is_empty() => {
            let problem =
                Problem::new("E053", cursor.next_span(), format!("`{next}` is not a reason of `{}`", word.text));
            let all = details.join(", ");
            // The alert that a broker sends and the terminal's own finding are often confused.
            let inner = |known: &&&str| known.contains(next) || next.contains(**known);
            let near: Vec<String> = details.iter().filter(inner).map(|word| format!("`{word}`")).collect();
            if !near.is_empty() {
                return Err(problem.help(format!("did you mean {}? Expected one of: {all}", near.join(" or "))));
            }
            return Err(match sca_protocol::settings::nearest(next, details.iter().copied()) {
                Some(near) => problem.help(format!("did you mean `{near}`? Expected one of: {all}")),
                None => problem.help(format!("expected one of: {all}")),
            });
        }
        _ => None,
    };
    if detail.is_some() {
        cursor.word("a detail")?;
    }
    Ok(LinkObservation::Fails(word.text.clone(), detail.map(str::to_owned)))
}

/// Parses the state of the screen or the icon.
pub(crate) fn show(cursor: &mut Cursor<'_>) -> Result<Show, Problem> {
    if cursor.take("icon") {
        let word = cursor.word("connected or disconnected")?;
        let connected = match word.text.as_str() {
            "connected" => true,
            "disconnected" => false,
            other => {
                let problem = Problem::new("E013", word.span, format!("an icon cannot be `{other}`"));
                return Err(problem.suggest(other, ["connected", "disconnected"]));
            }
        };
        let file = match cursor.peek() {
            Some("default") => Some(cursor.word("a file")?.text.clone()),
            Some(word) if word.starts_with('"') => Some(cursor.string("the name of a file")?),
            _ => None,
        };
        return Ok(Show::Icon { connected, file });
    }
    cursor.demand("screen")?;
    let (mut name, mut text, mut pattern, mut tests) = (None, None, None, Vec::new());
    if let Some(word) =
        cursor.peek().filter(|w| !w.starts_with(['"', '~']) && !message::is_test(w) && !SUFFIXES.contains(w))
    {
        let found = SCREENS.iter().find(|(_, w)| *w == word).map(|(screen, _)| *screen);
        name = Some(found.ok_or_else(|| {
            Problem::new("E013", cursor.next_span(), format!("there is no screen `{word}`"))
                .suggest(word, SCREENS.iter().map(|(_, w)| *w))
        })?);
        cursor.word("a screen")?;
    }
    while let Some(word) = cursor.peek().filter(|w| !SUFFIXES.contains(w)) {
        if word.starts_with('"') {
            text = Some(cursor.string("a text")?);
        } else if let Some(quoted) = word.strip_prefix('~') {
            pattern = Some(message::regex(quoted, cursor.next_span())?);
            cursor.word("a pattern")?;
        } else {
            tests.push(message::test(cursor)?);
        }
    }
    Ok(Show::Screen { name, text, pattern, tests })
}
