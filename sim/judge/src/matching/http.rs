//! Comparison of HTTP heads, line by line.

use super::{Captured, Mismatch, Names};

/// Compares an HTTP head with an expectation: all listed lines must be present and no header banned by `!`; with
/// `exactly`, the head must consist of these lines.
pub fn http(wanted: &[String], exactly: bool, got: &str, names: &Names) -> Result<Captured, Mismatch> {
    let got: Vec<&str> = got.trim_end().split("\r\n").collect();
    let wanted: Vec<String> = wanted.iter().map(|line| names.interpolate(line)).collect();
    let (absent, wanted): (Vec<&String>, Vec<&String>) = wanted.iter().partition(|line| line.starts_with('!'));
    let is_banned = |line: &&str| absent.iter().any(|name| name[1..].trim().eq_ignore_ascii_case(header_name(line)));
    if let Some(there) = got.iter().skip(1).copied().find(is_banned) {
        return Err(Mismatch::new(format!("`{there}` must not be present")));
    }
    let mut captured = Captured::new();
    for (at, line) in wanted.iter().enumerate() {
        let found = if exactly {
            got.get(at).and_then(|got| http_line(line, got))
        } else {
            got.iter().find_map(|got| http_line(line, got))
        };
        let Some(found) = found else { return Err(other_line(line, &got, exactly.then_some(at))) };
        captured.extend(found);
    }
    match got.get(wanted.len()).filter(|_| exactly) {
        Some(more) => Err(Mismatch::new(format!("unexpected extra line `{more}`"))),
        None => Ok(captured),
    }
}

fn header_name(line: &str) -> &str {
    line.split_once(':').map_or("", |(name, _)| name).trim()
}

/// The mismatch for a demanded line: the line at its place, or the header of the same name.
fn other_line(wanted: &str, got: &[&str], at: Option<usize>) -> Mismatch {
    let name = header_name(wanted);
    let here = match at {
        Some(at) => got.get(at),
        None if name.is_empty() => got.first(),
        None => got.iter().find(|got| header_name(got).eq_ignore_ascii_case(name)),
    };
    Mismatch::new(match here {
        Some(here) => format!("`{here}` instead of `{wanted}`"),
        None => format!("`{wanted}` is missing"),
    })
}

fn http_line(wanted: &str, got: &str) -> Option<Captured> {
    if wanted == got {
        return Some(Captured::new());
    }
    let ((name, value), (got_name, got_value)) = (wanted.split_once(": ")?, got.split_once(": ")?);
    if name != got_name {
        return None;
    }
    match (value.strip_prefix('?'), value.strip_prefix('~')) {
        (Some(capture), _) => Some(vec![(capture.to_owned(), got_value.to_owned())]),
        (_, Some(quoted)) => sca_scenario::matches(quoted, got_value).then(Captured::new),
        _ => (value == "*").then(Captured::new),
    }
}
