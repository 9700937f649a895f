//! The head of a transcript: title, headers, certificates and settings.

use sca_model::{Header, Row};
use sca_scenario::{Printer, quote};
use std::fmt::Write;

/// A row as a scenario.
#[must_use]
pub fn scenario(title: &str, header: &Header, row: &Row) -> String {
    let names: Vec<String> = row.cast.terminals.iter().map(|t| t.name.clone()).collect();
    let mut out = String::new();
    head(&mut out, title, header, row);
    let brokers = row.cast.broker_names();
    let printer = Printer::new(&names, &row.cast.pos).with_brokers(&brokers);
    row.steps.iter().for_each(|step| printer.step(&mut out, step, 0));
    out
}

pub(super) fn head(out: &mut String, title: &str, header: &Header, row: &Row) {
    let values = sca_model::shown_values(&row.values);
    let title = if values.is_empty() { title.to_owned() } else { format!("{title} ({values})") };
    // The title is quoted already, so the left-out values in it need no quotes.
    let title = crate::mask::masked_title(&title);
    let _ = writeln!(out, "scenario {}", quote(&title));
    if let Some(seed) = header.seed {
        let _ = writeln!(out, "seed     {seed}");
    }
    if let Some(clock) = header.clock {
        let _ = writeln!(out, "clock    {clock}");
    }
    for waive in &header.waives {
        let _ = writeln!(out, "waive    {} {}", waive.invariant, quote(&waive.reason));
    }
    let declares = |t: &sca_model::Terminal| t.name != "terminal" || !t.settings.is_empty() || !t.files.is_empty();
    let hosts = !row.cast.pos.is_empty() || !row.cast.host.is_empty() || !row.cast.vhq.is_empty();
    let any = row.cast.terminals.iter().any(declares)
        || !row.cast.broker.is_empty()
        || !row.cast.other_brokers.is_empty()
        || !row.cast.certificates.is_empty()
        || hosts;
    out.push_str(if any { "\n" } else { "" });
    for terminal in &row.cast.terminals {
        let model = terminal.settings.get("model").map(|m| format!(" {m}")).unwrap_or_default();
        let name = if terminal.name == "terminal" { String::new() } else { format!(" {}", terminal.name) };
        if !declares(terminal) {
            continue;
        }
        let _ = writeln!(out, "terminal{name}{model}");
        settings(out, terminal.settings.iter().filter(|(n, _)| *n != "model"));
        for (path, file) in &terminal.files {
            let _ = writeln!(out, "  file {} {}", quote(path), quote(file));
        }
    }
    for pos in &row.cast.pos {
        let _ = writeln!(out, "pos {pos}");
    }
    if !row.cast.broker.is_empty() {
        out.push_str("broker\n");
        settings(out, row.cast.broker.iter());
    }
    for broker in &row.cast.other_brokers {
        let _ = writeln!(out, "broker {}", broker.name);
        settings(out, broker.settings.iter());
    }
    for (name, host) in [("host", &row.cast.host), ("vhq", &row.cast.vhq)] {
        if !host.is_empty() {
            let _ = writeln!(out, "{name}");
            settings(out, host.iter());
        }
    }
    certificates(out, row);
    out.push('\n');
}

fn certificates(out: &mut String, row: &Row) {
    for (name, certificate) in &row.cast.certificates {
        let _ = writeln!(out, "certificate {name}");
        if let Some((from, to)) = certificate.valid {
            let _ = writeln!(out, "  valid {from}..{to}");
        }
        if let Some(flaw) = &certificate.flaw {
            let _ = writeln!(out, "  flaw {flaw}");
        }
        if !certificate.names.is_empty() {
            let _ = writeln!(out, "  names {}", certificate.names.join(" "));
        }
        if certificate.by_intermediate {
            out.push_str("  intermediate yes\n");
        }
    }
}

fn settings<'a>(out: &mut String, settings: impl Iterator<Item = (&'a String, &'a String)>) {
    for (name, value) in settings {
        let plain = !value.is_empty() && !value.contains([' ', '"', '#', '(', ')', '[', ']', ',', '{']);
        let value = if plain { value.clone() } else { quote(value) };
        let _ = writeln!(out, "  {name} {value}");
    }
}
