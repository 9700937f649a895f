//! Parser of the title line, the first line of a file.

use crate::cursor::Cursor;
use crate::tree::{Line, reject_block};
use sca_model::Problem;

/// Reads `scenario "…"` or `library "…"` and returns the title.
pub(crate) fn title(line: &Line, kind: &str) -> Result<String, Problem> {
    let mut cursor = Cursor::new(line);
    let word = cursor.word("a title")?;
    if word.text == "library" && kind == "scenario" {
        let problem = Problem::new("E010", word.span, "this is a library of stories, which cannot be run by itself");
        return Err(problem.help("run a scenario that uses it; `sca-sim check` also checks libraries"));
    }
    if word.text != kind {
        let problem = Problem::new("E010", word.span, format!("expected `{kind}`, got `{}`", word.text));
        return Err(problem.help(format!("write {kind} \"What it shows, in one sentence\" as the first line")));
    }
    let title = cursor.string("a title")?;
    if title.trim().is_empty() {
        return Err(
            Problem::new("E012", cursor.whole(), "the title is empty").help("write in one sentence what it shows")
        );
    }
    cursor.end()?;
    reject_block(line)?;
    Ok(title)
}
