//! The projection of a record: its observations lane by lane, without times, in which all worlds must agree.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use sca_core::LinkReport;
use sca_model::LinkObservation;
use sca_protocol::Line;
use sca_protocol::message::Layout;
use sca_scenario::quote;

use crate::lanes::Data;
use crate::matching::TIMES;
use crate::record::Entry;
use crate::transcript::link;

/// Makes the projection of a record. Consecutive repetitions, such as retries, are collapsed; pings are left out.
pub fn projection(names: &[String], entries: &[(Duration, Entry)]) -> String {
    let mut lanes: BTreeMap<(usize, &str), Vec<String>> = BTreeMap::new();
    for (_, entry) in entries {
        let (who, lane, line) = match entry {
            Entry::Link(who, seen) => (*who, "link", link_line(*seen)),
            Entry::Screen(who, screen) => (*who, "screen", format!("{} {}", screen.name, quote(&screen.text))),
            Entry::Icon(who, connected) => {
                (*who, "icon", if *connected { "connected" } else { "disconnected" }.to_owned())
            }
            // Messages of different connections have no defined order, so each kind of connection has its own lane.
            Entry::Data(who, data) => {
                let lane = match data.line {
                    None => "data",
                    Some(Line::Notices) => "notices",
                    Some(Line::Secondary) => "secondary port",
                    Some(_) => "primary port",
                };
                (*who, lane, timeless(data))
            }
            Entry::Proxied(who, text) => (*who, "proxy", text.split("\r\n").next().unwrap_or_default().to_owned()),
            Entry::ToHost(who, line, request) => {
                (*who, if *line == Line::Estate { "vhq" } else { "host" }, request.to_xml(Layout::Compact))
            }
            Entry::Close(who, code) => {
                (*who, "control", code.map_or_else(|| "close".to_owned(), |code| format!("close {code}")))
            }
            Entry::Pong(who, payload) => (*who, "control", format!("pong {}", String::from_utf8_lossy(payload))),
            Entry::Http(who, text) => (*who, "http", text.split("\r\n").next().unwrap_or_default().to_owned()),
            _ => continue,
        };
        let lines = lanes.entry((who, lane)).or_default();
        lines.push(line);
        if !matches!(entry, Entry::Data(..)) {
            collapse(lines);
        }
    }
    let mut out = String::new();
    for ((who, lane), lines) in lanes {
        let _ = writeln!(out, "{} {lane}", names.get(who).map_or("terminal", String::as_str));
        for line in lines {
            let _ = writeln!(out, "  {line}");
        }
    }
    out
}

/// Removes a group of lines at the end that repeats the group before it.
fn collapse(lines: &mut Vec<String>) {
    for period in 1..=4 {
        let length = lines.len();
        if length >= 2 * period && lines[length - period..] == lines[length - 2 * period..length - period] {
            lines.truncate(length - period);
            return;
        }
    }
}

fn link_line(seen: LinkReport) -> String {
    match link(seen) {
        LinkObservation::Attempts => "attempts".to_owned(),
        LinkObservation::Connects => "connects".to_owned(),
        LinkObservation::Loses => "loses".to_owned(),
        LinkObservation::FailsSomehow => "fails".to_owned(),
        LinkObservation::Fails(kind, detail) => format!("fails {kind} {}", detail.unwrap_or_default()),
    }
}

/// A message without the fields that hold a time.
fn timeless(data: &Data) -> String {
    let Some(response) = &data.response else { return quote(&data.text) };
    let fields = response.fields().iter().filter(|f| !TIMES.contains(&f.name.as_str()));
    fields.map(|f| format!("{}={}", f.name, quote(&f.text))).collect::<Vec<_>>().join(" ")
}

/// Whether two projections are equal, lane by lane. A run that `end` stops may be cut off at any point of each lane, so
/// with `stops` one world may be ahead of the other.
pub fn agree(memory: &str, wire: &str, stops: bool) -> bool {
    let (one, other, nothing) = (lanes(memory), lanes(wire), Vec::new());
    let is_alike = |lane: &str| {
        let (a, b) = (one.get(lane).unwrap_or(&nothing), other.get(lane).unwrap_or(&nothing));
        a == b || (stops && (a.starts_with(b) || b.starts_with(a)))
    };
    one.keys().chain(other.keys()).all(|lane| is_alike(lane))
}

/// The lines of each lane of a projection.
fn lanes(projection: &str) -> BTreeMap<&str, Vec<&str>> {
    let (mut all, mut lane) = (BTreeMap::<&str, Vec<&str>>::new(), "");
    for line in projection.lines() {
        match line.strip_prefix("  ") {
            Some(line) => all.entry(lane).or_default().push(line),
            None => lane = line,
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::agree;

    #[test]
    fn a_run_that_stops_may_be_further_on_in_one_world() {
        let (further, behind) = ("t control\n  close 1000\nt link\n  loses\n", "t link\n  loses\n");
        assert!(agree(further, behind, true) && agree(behind, further, true));
        assert!(!agree(further, behind, false));
        assert!(!agree("t link\n  connects\n", "t link\n  loses\n", true));
    }
}
