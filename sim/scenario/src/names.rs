//! The names that steps may use, and the numbers of attempts and connections.

use crate::cursor::{Cursor, range};
use crate::model::{Count, Who};
use crate::problem::{Problem, Span};

/// Who can be named in a step.
pub(crate) struct Names<'a> {
    /// The terminals, in the order of the cast.
    pub(crate) terminals: &'a [String],
    /// POS beside the one called `pos`.
    pub(crate) pos: &'a [String],
    /// Brokers beside the one called `broker`.
    pub(crate) brokers: &'a [String],
    /// Clause ids, where they are known.
    pub(crate) clauses: &'a [&'static str],
}

impl Names<'_> {
    /// The terminal of this name. `terminal` is the first one.
    pub(crate) fn terminal(&self, name: &str) -> Option<Who> {
        let declared = self.terminals.iter().position(|t| t == name);
        declared.or((name == "terminal" && self.terminals.len() == 1).then_some(0))
    }

    /// The broker of this name. `broker` is the first one.
    pub(crate) fn broker(&self, name: &str) -> Option<usize> {
        let other = self.brokers.iter().position(|broker| broker == name).map(|at| at + 1);
        other.or((name == "broker").then_some(0))
    }

    pub(crate) fn demand_terminal(&self, cursor: &mut Cursor<'_>) -> Result<Who, Problem> {
        let word = cursor.word("a terminal")?;
        self.terminal(&word.text).ok_or_else(|| self.nobody(&word.text, word.span))
    }

    pub(crate) fn nobody(&self, name: &str, span: Span) -> Problem {
        let names = self.terminals.iter().map(String::as_str).chain(["pos", "broker", "host", "vhq", "proxy"]);
        Problem::new("E023", span, format!("`{name}` takes no part")).suggest(name, names)
    }
}

/// Reads `attempt 1..3` or `connection 2`.
pub(crate) fn count(cursor: &mut Cursor<'_>) -> Result<Count, Problem> {
    let of_connections = cursor.value("`attempt` or `connection`", |t| match t {
        "attempt" => Some(false),
        "connection" => Some(true),
        _ => None,
    })?;
    let numbers = |text: &str| range(text, |n| n.parse::<u32>().ok()).filter(|(from, to)| 0 < *from && from <= to);
    let (from, to) = cursor.value("a number or a range such as 1..3", numbers)?;
    Ok(Count { of_connections, from, to })
}
