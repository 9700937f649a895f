//! Reader of `each` rows from a file of comma-separated values, whose first line names the columns.

use std::collections::BTreeSet;

use crate::expand::Each;
use crate::tree::{Word, split};
use sca_model::{Problem, Span};

/// Fills the rows of an `each` from a table, and returns the problems found. `name` is the file name for messages.
///
/// Every [`Problem`] is reported at the position of the `each`; its message names the line of the table.
pub(crate) fn fill(each: &mut Each, name: &str, text: &str, span: Span) -> Vec<Problem> {
    match read(each, name, text, span) {
        Ok(problems) => problems,
        Err(problem) => vec![problem],
    }
}

/// Reads the rows. Problems of single rows are returned; a problem of the whole table is an error.
fn read(each: &mut Each, name: &str, text: &str, span: Span) -> Result<Vec<Problem>, Problem> {
    let mut problems = Vec::new();
    let wrong = |message: String| Problem::new("E058", span, message);
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(text.strip_prefix('\u{feff}').unwrap_or(text).as_bytes());
    let heads = reader.headers().map_err(|error| wrong(format!("{name}: {error}")))?.clone();
    let mut columns = Vec::with_capacity(each.names.len());
    for (wanted, _) in &each.names {
        let place = heads.iter().position(|head| head == wanted);
        columns.push(place.ok_or_else(|| {
            if heads.len() == 1 && heads[0].contains([';', '\t', '|']) {
                return wrong(format!("{name} has no column `{wanted}`")).help("its columns are separated by commas");
            }
            let known: BTreeSet<&str> = heads.iter().collect();
            wrong(format!("{name} has no column `{wanted}`")).suggest(wanted, known)
        })?);
    }
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let csv::ErrorKind::UnequalLengths { pos, expected_len, len } = error.kind() else {
                    return Err(wrong(format!("{name}: {error}")));
                };
                let line = pos.as_ref().map_or(0, csv::Position::line);
                problems.push(wrong(format!("{name}, line {line}: {len} values for {expected_len} columns")));
                continue;
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        let mut row = Vec::with_capacity(columns.len());
        for column in &columns {
            match cell(record.get(*column).unwrap_or_default(), span) {
                Ok(words) => row.push(words),
                Err(why) => {
                    let problem = wrong(format!("{name}, line {line}: {why}"));
                    problems.push(problem.help("write a value as in a scenario"));
                }
            }
        }
        each.rows.extend((row.len() == columns.len()).then_some(row));
    }
    if each.rows.is_empty() && problems.is_empty() {
        return Err(wrong(format!("{name} has no rows")));
    }
    Ok(problems)
}

/// The words of one cell; an empty cell has none and inserts nothing.
fn cell(text: &str, span: Span) -> Result<Vec<Word>, String> {
    let (words, comment) = split(text, 0, span.line, 0).map_err(|problem| problem.message)?;
    if comment.is_some() {
        return Err("a value cannot have a comment".to_owned());
    }
    Ok(words.into_iter().map(|word| Word { span, ..word }).collect())
}
