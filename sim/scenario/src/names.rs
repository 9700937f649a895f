//! The names that steps may refer to, and the parser of attempt and connection numbers.

use crate::cursor::{Cursor, range};
use sca_model::{Count, TerminalIndex};
use sca_model::{Problem, Span};

/// The parties and clauses that steps can refer to by name.
pub(crate) struct Names<'a> {
    /// The terminals, in the order of the cast.
    pub(crate) terminals: &'a [String],
    /// Names of the POS in addition to `pos`.
    pub(crate) pos: &'a [String],
    /// Names of the brokers in addition to `broker`.
    pub(crate) brokers: &'a [String],
    /// The known clause ids; if empty, clause ids are not checked.
    pub(crate) clauses: &'a [&'static str],
}

impl Names<'_> {
    /// The index of the terminal with this name. A sole terminal can also be called `terminal`.
    pub(crate) fn terminal(&self, name: &str) -> Option<TerminalIndex> {
        let declared = self.terminals.iter().position(|t| t == name);
        declared.or((name == "terminal" && self.terminals.len() == 1).then_some(0))
    }

    /// The index of the broker with this name; `broker` is 0.
    pub(crate) fn broker(&self, name: &str) -> Option<usize> {
        let other = self.brokers.iter().position(|broker| broker == name).map(|at| at + 1);
        other.or((name == "broker").then_some(0))
    }

    pub(crate) fn expect_terminal(&self, cursor: &mut Cursor<'_>) -> Result<TerminalIndex, Problem> {
        let word = cursor.word("a terminal")?;
        self.terminal(&word.text).ok_or_else(|| self.unknown_party(&word.text, word.span))
    }

    pub(crate) fn unknown_party(&self, name: &str, span: Span) -> Problem {
        let names = self.terminals.iter().map(String::as_str).chain(["pos", "broker", "host", "vhq", "proxy"]);
        Problem::new("E023", span, format!("there is no party `{name}`")).suggest(name, names)
    }
}

/// Parses `attempt 1..3` or `connection 2`.
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
