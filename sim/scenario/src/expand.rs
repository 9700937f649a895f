//! Expansion of `each`: parsing its rows, combining them, and inserting their values before any statement is parsed.

use std::collections::{BTreeMap, BTreeSet};

use crate::tree::{Line, Word, lines, reject_block, unquote};
use sca_model::{Problem, Span, counted};

/// The values to insert by name: each one word or several.
pub(crate) type Values = BTreeMap<String, Vec<Word>>;

/// A parsed `each`: its names and its rows.
#[derive(Debug, Clone)]
pub(crate) struct Each {
    pub(crate) names: Vec<(String, Span)>,
    pub(crate) rows: Vec<Vec<Vec<Word>>>,
    /// The path and position of the table with its rows, if they are in a table.
    pub(crate) table: Option<(String, Span)>,
}

/// The maximum number of rows of a scenario.
pub(crate) const ROWS_MAX: usize = 10_000;

/// Parses an `each` line.
///
/// # Errors
/// A [`Problem`] of the line, or one for each of its invalid rows.
pub(crate) fn each(line: &Line) -> Result<Each, Vec<Problem>> {
    let each = read(line).map_err(|problem| vec![problem])?;
    let wrong: Vec<Problem> =
        each.rows.iter().filter_map(|row| wrong_row(row, each.names.len(), line.span())).collect();
    if wrong.is_empty() { Ok(each) } else { Err(wrong) }
}

fn wrong_row(row: &[Vec<Word>], names: usize, whole: Span) -> Option<Problem> {
    let span = row.iter().flatten().next().map_or(whole, |word| word.span);
    if row.iter().any(Vec::is_empty) {
        let problem = Problem::new("E046", span, "a value of this `each` is empty");
        return Some(problem.help("an empty value is written \"\""));
    }
    let message = format!("this row has {} for {}", counted(row.len(), "value"), counted(names, "name"));
    (row.len() != names).then(|| Problem::new("E046", span, message))
}

fn read(line: &Line) -> Result<Each, Problem> {
    let words = &line.words[1..];
    let at = words.iter().position(|w| w.text == "in").ok_or_else(|| {
        Problem::new("E012", line.span(), "`in` is missing")
            .help("each NAME in [VALUE, VALUE], each NAME in 1..5, or each NAME in \"table.csv\"")
    })?;
    let mark = |w: &&Word| !matches!(w.text.as_str(), "(" | ")" | ",");
    let names: Vec<(String, Span)> = words[..at].iter().filter(mark).map(|w| (w.text.clone(), w.span)).collect();
    let (mut below, mut comma) = (Vec::new(), None);
    for row in lines(&line.block) {
        below.extend(comma.replace(Word { text: ",".to_owned(), span: row.span() }));
        below.extend(row.words.iter().cloned());
    }
    let values = &words[at + 1..];
    if !values.is_empty() {
        reject_block(line)?;
    }
    if let [path] = values
        && path.is_string()
        && !names.is_empty()
    {
        return Ok(Each { names, rows: Vec::new(), table: Some((path.plain(), path.span)) });
    }
    let empty = || Problem::new("E046", line.span(), "this `each` has no rows");
    if names.is_empty() {
        return Err(Problem::new("E046", line.span(), "this `each` has no name").help("each NAME in [VALUE, VALUE]"));
    }
    let rows = match values {
        [] if !below.is_empty() => rows(&below, names.len()),
        [one] if one.text.contains("..") => numbers(one)?,
        [open, inner @ .., close] if open.text == "[" && close.text == "]" => rows(inner, names.len()),
        [open, ..] if open.text == "[" => {
            return Err(Problem::new("E046", line.span(), "`]` is missing at the end of the line"));
        }
        _ => return Err(empty().help("each NAME in [VALUE, VALUE], or each NAME in 1..5")),
    };
    if rows.is_empty() {
        return Err(empty());
    }
    Ok(Each { names, rows, table: None })
}

fn numbers(word: &Word) -> Result<Vec<Vec<Vec<Word>>>, Problem> {
    let read = |text: &str| text.parse::<u32>().ok();
    let range = word.text.split_once("..").and_then(|(from, to)| Some((read(from)?, read(to)?)));
    let (from, to) = range.ok_or_else(|| Problem::new("E046", word.span, "expected a range such as 1..5"))?;
    if from > to || to - from >= 1_000 {
        return Err(Problem::new("E046", word.span, "a range must have 1 to 1000 numbers"));
    }
    Ok((from..=to).map(|n| vec![vec![Word { text: n.to_string(), span: word.span }]]).collect())
}

/// Splits the words in brackets into rows and each row into cells. With a single name, `(tls alert)` is one cell.
fn rows(words: &[Word], wanted: usize) -> Vec<Vec<Vec<Word>>> {
    let mut rows = Vec::new();
    for group in split_at_commas(words) {
        let inner = match group {
            [open, inner @ .., close] if open.text == "(" && close.text == ")" => inner,
            other => other,
        };
        if wanted == 1 {
            rows.push(vec![inner.to_vec()]);
        } else {
            let cell = |words: &[Word]| words.iter().filter(|w| w.text != "(" && w.text != ")").cloned().collect();
            rows.push(split_at_commas(inner).into_iter().map(cell).collect());
        }
    }
    rows
}

pub(crate) fn split_at_commas(words: &[Word]) -> Vec<&[Word]> {
    let (mut depth, mut from, mut parts) = (0, 0, Vec::new());
    for (at, word) in words.iter().enumerate() {
        match word.text.as_str() {
            "(" => depth += 1,
            ")" => depth -= 1,
            "," if depth == 0 => {
                parts.push(&words[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&words[from..]);
    parts.retain(|part| !part.is_empty());
    parts
}

/// All combinations of the rows of all `each`.
pub(crate) fn combinations(eaches: &[Each]) -> Vec<Values> {
    let mut all = vec![Values::new()];
    for each in eaches {
        let with = |base: &Values, row: &Vec<Vec<Word>>| {
            let mut more = base.clone();
            more.extend(each.names.iter().map(|(n, _)| n.clone()).zip(row.iter().cloned()));
            more
        };
        all = all.iter().flat_map(|base| each.rows.iter().map(move |row| with(base, row))).collect();
    }
    all
}

/// Replaces `{{name}}` by its value throughout a line and its block, and collects the names used.
pub(crate) fn substitute(line: &Line, values: &Values, used: &mut BTreeSet<String>) -> Line {
    let mut words = Vec::with_capacity(line.words.len());
    for word in &line.words {
        let whole = word.text.strip_prefix("{{").and_then(|w| w.strip_suffix("}}")).filter(|n| values.contains_key(*n));
        match whole {
            Some(name) => {
                used.insert(name.to_owned());
                words.extend(values[name].iter().map(|value| Word { text: value.text.clone(), span: word.span }));
            }
            None => words.push(Word { text: inserted(&word.text, values, used, true), span: word.span }),
        }
    }
    if let (true, Some(first)) = (words.is_empty(), line.words.first()) {
        // A line needs at least one word, even if it is empty.
        words.push(Word { text: String::new(), span: first.span });
    }
    let block = line.block.iter().map(|item| match item {
        crate::tree::Item::Line(inner) => crate::tree::Item::Line(substitute(inner, values, used)),
        other => other.clone(),
    });
    let block = block.collect();
    let verbatim = line.verbatim.clone().map(|mut verbatim| {
        for text in &mut verbatim.lines {
            *text = inserted(text, values, used, false).trim_end().to_owned();
        }
        verbatim
    });
    Line { words, comment: None, block, verbatim }
}

/// The maximum size of one word or verbatim line after insertion, in bytes.
const INSERTED_MAX: usize = 1 << 20;

/// Marker among the used names: an inserted value exceeded [`INSERTED_MAX`].
pub(crate) const TOO_LONG: &str = "{{";

/// Fills in the inserts of a text. In a `word`, a value keeps its quotes unless it is inserted within a string.
fn inserted(text: &str, values: &Values, used: &mut BTreeSet<String>, word: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut rest, mut in_string) = (text, false);
    while let Some((before, after)) = rest.split_once("{{") {
        in_string ^= before.matches('"').count() % 2 == 1;
        out.push_str(before);
        let Some((name, behind)) = after.split_once("}}") else {
            // An unclosed insert: keep the rest unchanged.
            rest = &rest[before.len()..];
            break;
        };
        let Some(value) = values.get(name) else {
            out.push_str("{{");
            rest = after;
            continue;
        };
        used.insert(name.to_owned());
        // A value keeps its quotes only if it ends the word.
        let keeps = word && !in_string && behind.is_empty();
        let plain: Vec<String> = value.iter().map(|w| if keeps { w.text.clone() } else { unquote(&w.text) }).collect();
        out.push_str(&plain.join(" "));
        rest = behind;
        if out.len() > INSERTED_MAX {
            used.insert(TOO_LONG.to_owned());
            return out;
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(all: &[(&str, &str)]) -> Values {
        let word = |text: &str| vec![Word { text: text.to_owned(), span: Span::default() }];
        all.iter().map(|(name, text)| ((*name).to_owned(), word(text))).collect()
    }

    #[test]
    fn a_value_keeps_its_quotes_only_outside_of_a_string() {
        let values = values(&[("a", "1"), ("b", "\"b c\"")]);
        let filled = |text: &str| inserted(text, &values, &mut BTreeSet::new(), true);
        assert_eq!(filled("{{b}}"), "\"b c\"");
        assert_eq!(filled("\"x{{b}}"), "\"xb c");
        assert_eq!(filled("\"x{{a}}\"{{b}}"), "\"x1\"\"b c\"");
    }

    #[test]
    fn a_text_that_grows_without_end_is_given_up() {
        let long = values(&[("a", &"x".repeat(INSERTED_MAX / 4 + 1))]);
        let mut used = BTreeSet::new();
        assert!(inserted(&"{{a}}".repeat(9), &long, &mut used, false).len() < 2 * INSERTED_MAX);
        assert!(used.contains(TOO_LONG));
        let mut used = BTreeSet::new();
        inserted("{{a}}", &long, &mut used, false);
        assert!(!used.contains(TOO_LONG));
    }
}
