//! Rows and stories: what `each` multiplies and what `call` brings in, done on lines before any statement is read.

use std::collections::{BTreeMap, BTreeSet};

use crate::problem::{Problem, Span};
use crate::tree::{Line, Word, lines, unquote};

/// A story: its parameters and its lines.
#[derive(Debug, Clone)]
pub(crate) struct Story {
    pub(crate) parameters: Vec<String>,
    pub(crate) body: Vec<Line>,
    pub(crate) span: Span,
}

/// A line with the place of the call that brought it in.
#[derive(Debug, Clone)]
pub(crate) struct Placed {
    pub(crate) line: Line,
    pub(crate) called: Option<Span>,
}

/// Names and what stands for each: one word or several.
pub(crate) type Values = BTreeMap<String, Vec<Word>>;

/// One name list and its rows, as `each` declares them.
#[derive(Debug, Clone)]
pub(crate) struct Each {
    pub(crate) names: Vec<(String, Span)>,
    pub(crate) rows: Vec<Vec<Vec<Word>>>,
}

const CALL_DEPTH_MAX: usize = 8;
/// Rows of one scenario.
pub(crate) const ROWS_MAX: usize = 10_000;
const CALLS_MAX: usize = 1_000;

/// Reads the words behind `each`.
pub(crate) fn each(line: &Line) -> Result<Each, Problem> {
    let words = &line.words[1..];
    let at = words.iter().position(|w| w.text == "in").ok_or_else(|| {
        Problem::new("E012", line.span(), "`in` is missing").help("each NAME in [VALUE, VALUE], or each NAME in 1..5")
    })?;
    let mark = |w: &&Word| !matches!(w.text.as_str(), "(" | ")" | ",");
    let names: Vec<(String, Span)> = words[..at].iter().filter(mark).map(|w| (w.text.clone(), w.span)).collect();
    let (mut below, mut comma) = (Vec::new(), None);
    for row in lines(&line.block) {
        below.extend(comma.replace(Word { text: ",".to_owned(), span: row.span() }));
        below.extend(row.words.iter().cloned());
    }
    let values = &words[at + 1..];
    let empty = || Problem::new("E046", line.span(), "this `each` has no rows");
    if names.is_empty() {
        return Err(Problem::new("E046", line.span(), "this `each` names nothing").help("each NAME in [VALUE, VALUE]"));
    }
    let rows = match values {
        [] if !below.is_empty() => rows(&below, names.len()),
        [one] if one.text.contains("..") => numbers(one)?,
        [open, inner @ .., close] if open.text == "[" && close.text == "]" => rows(inner, names.len()),
        [open, ..] if open.text == "[" => {
            return Err(Problem::new("E046", line.span(), "the `]` at the end of the line is missing"));
        }
        _ => return Err(empty().help("each NAME in [VALUE, VALUE], or each NAME in 1..5")),
    };
    if rows.is_empty() {
        return Err(empty());
    }
    if let Some(row) = rows.iter().find(|row| row.iter().any(Vec::is_empty)) {
        let span = row.iter().flatten().next().map_or(line.span(), |word| word.span);
        return Err(
            Problem::new("E046", span, "a value of this `each` is empty").help("an empty value is written \"\"")
        );
    }
    match rows.iter().find(|row| row.len() != names.len()) {
        Some(row) => {
            let span = row.first().and_then(|cell| cell.first()).map_or(line.span(), |w| w.span);
            let message = format!("this row has {} values for {} names", row.len(), names.len());
            Err(Problem::new("E046", span, message))
        }
        None => Ok(Each { names, rows }),
    }
}

fn numbers(word: &Word) -> Result<Vec<Vec<Vec<Word>>>, Problem> {
    let read = |text: &str| text.parse::<u32>().ok();
    let range = word.text.split_once("..").and_then(|(from, to)| Some((read(from)?, read(to)?)));
    let (from, to) = range.ok_or_else(|| Problem::new("E046", word.span, "expected a range such as 1..5"))?;
    if from > to || to - from >= 1_000 {
        return Err(Problem::new("E046", word.span, "a range has from 1 to 1000 numbers"));
    }
    Ok((from..=to).map(|n| vec![vec![Word { text: n.to_string(), span: word.span }]]).collect())
}

/// Splits the words in brackets into rows and each row into cells. `(tls alert)` is one cell where one is wanted.
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

fn split_at_commas(words: &[Word]) -> Vec<&[Word]> {
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

/// Every combination of the rows of all `each`.
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

/// Puts values in the place of `{{name}}` throughout a line and its block; notes which names were used.
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

/// A text with its inserts filled in. In a `word` a value keeps its quotes, unless the insert stands inside a string.
fn inserted(text: &str, values: &Values, used: &mut BTreeSet<String>, word: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        let known = after.split_once("}}").and_then(|(name, behind)| Some((name, behind, values.get(name)?)));
        let Some((name, behind, value)) = known else {
            out.push_str("{{");
            rest = after;
            continue;
        };
        used.insert(name.to_owned());
        let in_string = out.matches('"').count() % 2 == 1;
        let plain: Vec<String> =
            value.iter().map(|w| if word && !in_string { w.text.clone() } else { unquote(&w.text) }).collect();
        out.push_str(&plain.join(" "));
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// Brings the stories in where they are called.
pub(crate) struct Calls<'a> {
    pub(crate) stories: &'a BTreeMap<String, Story>,
    pub(crate) used: BTreeSet<String>,
    pub(crate) problems: Vec<Problem>,
    /// Calls so far: from the second on, a story's labels get a number, so that each call has its own.
    pub(crate) calls: usize,
}

impl Calls<'_> {
    /// The lines with every call replaced by its story.
    pub(crate) fn expand(&mut self, from: Vec<Placed>, depth: usize) -> Vec<Placed> {
        let mut out = Vec::with_capacity(from.len());
        for mut placed in from {
            let at = usize::from(placed.line.words[0].text.starts_with('+'));
            if placed.line.words.get(at).is_none_or(|w| w.text != "call") {
                let inner = lines(&placed.line.block).cloned();
                let inner = inner.map(|line| Placed { line, called: placed.called }).collect();
                let inner = self.expand(inner, depth);
                placed.line.block = inner.into_iter().map(|p| crate::tree::Item::Line(p.line)).collect();
                out.push(placed);
                continue;
            }
            if self.problems.iter().any(|problem| problem.code == "E045") {
                break;
            }
            match self.call(&placed.line, depth) {
                Ok(body) => {
                    let called = placed.called.or(Some(placed.line.span()));
                    let body = body.into_iter().map(|line| Placed { line, called }).collect();
                    let body = self.expand(body, depth + 1);
                    out.extend(body);
                }
                Err(problem) => self.problems.push(problem),
            }
        }
        out
    }

    fn call(&mut self, line: &Line, depth: usize) -> Result<Vec<Line>, Problem> {
        let name = line.words.get(1).ok_or_else(|| Problem::new("E012", line.span(), "a story is missing"))?;
        let story = self.stories.get(&name.text).ok_or_else(|| {
            let problem = Problem::new("E043", name.span, format!("there is no story `{}`", name.text));
            if self.stories.is_empty() {
                return problem
                    .help("stories stand in a library, which is named at the top: `use \"../lib/session.sca\"`");
            }
            problem.suggest(&name.text, self.stories.keys().map(String::as_str))
        })?;
        if depth >= CALL_DEPTH_MAX || self.calls >= CALLS_MAX {
            let what = if depth >= CALL_DEPTH_MAX { "in a circle" } else { "too often" };
            return Err(Problem::new("E045", name.span, format!("`{}` is called {what}", name.text)));
        }
        self.used.insert(name.text.clone());
        let arguments = match &line.words[2..] {
            [open, inner @ .., close] if open.text == "(" && close.text == ")" => split_at_commas(inner),
            _ => return Err(Problem::new("E012", line.span(), "a call ends with its arguments in brackets")),
        };
        if arguments.len() != story.parameters.len() {
            let (wanted, got) = (story.parameters.len(), arguments.len());
            return Err(Problem::new(
                "E043",
                name.span,
                format!("`{}` takes {wanted} arguments, got {got}", name.text),
            ));
        }
        let values: Values = story.parameters.iter().cloned().zip(arguments.iter().map(|a| a.to_vec())).collect();
        let mut body: Vec<Line> =
            story.body.iter().map(|line| substitute(line, &values, &mut BTreeSet::new())).collect();
        self.calls += 1;
        if self.calls > 1 {
            let mut labels = BTreeSet::new();
            body.iter().for_each(|line| labels_of(line, &mut labels));
            body.iter_mut().for_each(|line| number_labels(line, &labels, self.calls));
        }
        Ok(body)
    }
}

/// The labels that a line and its block give.
fn labels_of(line: &Line, labels: &mut BTreeSet<String>) {
    let given = line.words.windows(2).filter(|pair| pair[0].text == "as");
    labels.extend(given.map(|pair| pair[1].text.clone()));
    lines(&line.block).for_each(|inner| labels_of(inner, labels));
}

/// Numbers every label of a line and its block, where it is given and where it is used.
fn number_labels(line: &mut Line, labels: &BTreeSet<String>, number: usize) {
    const BEFORE: &[&str] = &["as", "re", "of", "to", "at", "before", "after"];
    let is_check = line.words[0].text == "check";
    for at in 1..line.words.len() {
        let refers = is_check || BEFORE.contains(&line.words[at - 1].text.as_str());
        if refers && labels.contains(&line.words[at].text) {
            line.words[at].text.push_str(&format!("-{number}"));
        }
    }
    for item in &mut line.block {
        if let crate::tree::Item::Line(inner) = item {
            number_labels(inner, labels, number);
        }
    }
}
