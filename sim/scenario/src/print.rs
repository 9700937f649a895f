//! Printer of steps in the normal form, which transcripts use and the parser reads back.

use std::fmt::Write;
use std::time::Duration;

use sca_protocol::Line;
use sca_protocol::cards::Entry;
use sca_protocol::settings::format_duration;

use crate::print_parts::{bare_into, count, fault, indent, link, message, show, suffixes, verbatim};
use crate::tree::{quote, quote_into};
use sca_model::{Action, Awaited, CardholderAct, Expect, Party, Pattern, Source, Speaker, Step, Suffix, TerminalIndex};

/// Prints steps, with the names of the parties they refer to.
#[derive(Debug)]
pub struct Printer<'a> {
    names: &'a [String],
    pos: &'a [String],
    brokers: &'a [String],
}

impl<'a> Printer<'a> {
    /// Creates a printer with the names of the terminals and of the POS in addition to `pos`.
    #[must_use]
    pub fn new(names: &'a [String], pos: &'a [String]) -> Self {
        Self { names, pos, brokers: &[] }
    }

    /// Sets the names of the brokers in addition to `broker`.
    #[must_use]
    pub fn with_brokers(self, brokers: &'a [String]) -> Self {
        Self { brokers, ..self }
    }

    /// Appends a step with its block, indented by `depth` levels.
    pub fn step(&self, out: &mut String, step: &Step, depth: usize) {
        indent(out, depth);
        if let Some(stamp) = step.stamp {
            stamp_into(out, stamp);
        }
        self.action(out, &step.action, depth);
    }

    fn name(&self, who: TerminalIndex) -> &str {
        self.names.get(who).map_or("terminal", String::as_str)
    }

    fn party(&self, party: Party) -> &str {
        match party {
            Party::Broker(0) => "broker",
            Party::Broker(which) => self.brokers.get(which - 1).map_or("broker", String::as_str),
            Party::Host => "host",
            Party::Vhq => "vhq",
            Party::Terminal(who) => self.name(who),
        }
    }

    fn prefix(&self, out: &mut String, who: TerminalIndex) {
        if self.names.len() > 1 {
            out.extend([self.name(who), ": "]);
        }
    }

    fn action(&self, out: &mut String, action: &Action, depth: usize) {
        match action {
            Action::Send(send) => {
                let from = match send.by {
                    Speaker::Broker => "broker",
                    Speaker::Pos(0) => "pos",
                    Speaker::Pos(which) => self.pos.get(which - 1).map_or("pos", String::as_str),
                };
                out.extend([from, " -> ", self.name(send.to)]);
                let suffix = Suffix { label: send.label.clone(), ..Suffix::default() };
                return message(out, &send.message, &suffix, depth);
            }
            Action::Expect(expect) => return self.expect(out, expect, depth),
            Action::Check(relation, labels) => {
                out.extend(["check ", relation.word(), " ", &labels.join(" ")]);
            }
            Action::Wait(span) => out.extend(["wait ", &format_duration(*span)]),
            Action::End => out.push_str("end"),
            Action::Power { on, who } => {
                out.push_str(if *on { "power on" } else { "power off" });
                if self.names.len() > 1 {
                    out.extend([" ", self.name(*who)]);
                }
            }
            Action::Cardholder { who, act } => {
                self.prefix(out, *who);
                cardholder(out, act);
            }
            Action::Set(set) => {
                out.extend(["set ", self.party(set.party), " ", &set.name, " "]);
                bare_into(out, &set.value);
            }
            Action::File { who, path, name } => {
                out.extend(["set ", self.name(*who), " file ", &quote(path), " "]);
                out.push_str(&name.as_ref().map_or_else(|| "none".to_owned(), |name| quote(name)));
            }
            Action::Host(act) => out.push_str(&act.said),
            Action::Network(act) => out.push_str(&act.said),
            Action::Fault(f) => {
                self.prefix(out, f.who);
                fault(out, f);
            }
            Action::Answers { by_proxy, count: c, lines } => {
                out.push_str(if *by_proxy { "proxy answers " } else { "broker answers " });
                count(out, *c);
                out.push('\n');
                return verbatim(out, lines, depth);
            }
            Action::AnyOrder(_)
            | Action::InOrder(_)
            | Action::Together(_)
            | Action::Optional(_)
            | Action::Either(..)
            | Action::Throughout(..)
            | Action::Without(..) => return self.group(out, action, depth),
        }
        out.push('\n');
    }

    /// Appends a statement that has a block.
    fn group(&self, out: &mut String, action: &Action, depth: usize) {
        match action {
            Action::AnyOrder(block) => self.block(out, "any order", block, depth),
            Action::InOrder(block) => self.block(out, "in order", block, depth),
            Action::Together(block) => self.block(out, "together", block, depth),
            Action::Optional(block) => self.block(out, "optional", block, depth),
            Action::Either(covers, branches) => {
                let mut head = String::from("either");
                suffixes(&mut head, &Suffix { covers: covers.clone(), ..Suffix::default() });
                for (at, branch) in branches.iter().enumerate() {
                    if at > 0 {
                        indent(out, depth);
                    }
                    self.block(out, if at == 0 { &head } else { "or" }, branch, depth);
                }
            }
            Action::Throughout(who, state, covers, block) => {
                self.prefix(out, *who);
                let mut head = String::from("throughout ");
                show(&mut head, state);
                suffixes(&mut head, &Suffix { covers: covers.clone(), ..Suffix::default() });
                self.block(out, &head, block, depth);
            }
            Action::Without(source, pattern, covers, block) => {
                let head = self.without(source, pattern, covers, depth);
                self.block(out, &head, block, depth);
            }
            _ => {}
        }
    }

    /// Formats the source of an observation and the message that is meant, on one line.
    pub(crate) fn ignored(&self, source: &Source, pattern: &Pattern) -> String {
        self.without(source, pattern, &[], 0).trim_start_matches("without ").to_owned()
    }

    fn without(&self, source: &Source, pattern: &Pattern, covers: &[String], depth: usize) -> String {
        let mut head = String::from("without ");
        match source {
            Source::ToPos(who) => head.extend([self.name(*who), " -> pos"]),
            Source::ToBroker(who) => head.extend([self.name(*who), " -> broker"]),
            Source::ToHost(who, line) => head.extend([self.name(*who), " -> ", host(*line)]),
            Source::Link(who, awaited) => {
                head.extend([self.name(*who), " "]);
                link(&mut head, awaited);
            }
        }
        if let Some(pattern) = &pattern.0 {
            let mut text = String::new();
            message(&mut text, pattern, &Suffix::default(), depth);
            head.push_str(text.trim_end());
        }
        suffixes(&mut head, &Suffix { covers: covers.to_vec(), ..Suffix::default() });
        head
    }

    fn block(&self, out: &mut String, head: &str, block: &[Step], depth: usize) {
        out.extend([head, "\n"]);
        block.iter().for_each(|inner| self.step(out, inner, depth + 1));
    }

    fn expect(&self, out: &mut String, expect: &Expect, depth: usize) {
        match &expect.awaited {
            Awaited::ToPos(m) => {
                out.extend([self.name(expect.who), " -> pos"]);
                return message(out, m, &expect.suffix, depth);
            }
            Awaited::ToBroker(m) => {
                out.extend([self.name(expect.who), " -> broker"]);
                return message(out, m, &expect.suffix, depth);
            }
            Awaited::ToProxy(m) => {
                out.extend([self.name(expect.who), " -> proxy"]);
                return message(out, m, &expect.suffix, depth);
            }
            Awaited::ToHost(line, m) => {
                out.extend([self.name(expect.who), " -> ", host(*line)]);
                return message(out, m, &expect.suffix, depth);
            }
            Awaited::Link(awaited) => {
                out.extend([self.name(expect.who), " "]);
                link(out, awaited);
            }
            Awaited::Show(state) => {
                self.prefix(out, expect.who);
                show(out, state);
            }
        }
        suffixes(out, &expect.suffix);
        out.push('\n');
    }
}

/// Appends ` FIELD=VALUE` for each field, as in messages and screens.
pub fn fields_into<'a>(out: &mut String, fields: impl IntoIterator<Item = (&'a str, &'a str)>) {
    for (name, value) in fields {
        out.extend([" ", name, "="]);
        bare_into(out, value);
    }
}

fn cardholder(out: &mut String, act: &CardholderAct) {
    out.push_str("cardholder ");
    match act {
        CardholderAct::Presses(key) => {
            out.push_str("presses ");
            bare_into(out, key);
        }
        CardholderAct::Enters(text) => {
            out.push_str("enters ");
            quote_into(out, text);
        }
        CardholderAct::Presents(card, entry) => {
            let word = match entry {
                Entry::Tapped => "taps ",
                Entry::Inserted => "inserts ",
                Entry::Swiped | Entry::Manual => "swipes ",
            };
            out.extend([word, card.name]);
        }
        CardholderAct::Removes => out.push_str("removes"),
        CardholderAct::Signs => out.push_str("signs"),
    }
}

fn host(line: Line) -> &'static str {
    if line == Line::Estate { "vhq" } else { "host" }
}

/// Appends a time stamp and a space.
pub fn stamp_into(out: &mut String, stamp: Duration) {
    let _ = write!(out, "+{}.{:03} ", stamp.as_secs(), stamp.subsec_millis());
}
