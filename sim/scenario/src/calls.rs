//! Expansion of `call` and `repeat` into lines, before any statement is parsed.

use std::collections::{BTreeMap, BTreeSet};

use crate::cursor::Cursor;
use crate::expand::{Values, split_at_commas, substitute};
use crate::tree::{Item, Line, Word, lines, reject_block};
use sca_model::{Problem, Span, counted};

/// A story of a library: its parameters and its lines.
#[derive(Debug, Clone)]
pub(crate) struct Story {
    pub(crate) parameters: Vec<String>,
    pub(crate) body: Vec<Line>,
    pub(crate) span: Span,
}

/// A line with the position of the call that inserted it, if it comes from a story.
#[derive(Debug, Clone)]
pub(crate) struct ExpandedLine {
    pub(crate) line: Line,
    pub(crate) called: Option<Span>,
}

const CALL_DEPTH_MAX: usize = 8;
const CALLS_MAX: usize = 1_000;
/// The maximum number of lines inserted by calls in one row.
const MADE_MAX: usize = 200_000;
/// The maximum number of lines inserted by `repeat` in one row.
const REPEATED_MAX: usize = 20_000;

/// The expansion of one row's lines: its state and its limits.
pub(crate) struct Calls<'a> {
    pub(crate) stories: &'a BTreeMap<String, Story>,
    pub(crate) used: BTreeSet<String>,
    /// Names of the stories being expanded, the outermost first.
    pub(crate) stack: Vec<String>,
    pub(crate) problems: Vec<Problem>,
    /// The number of calls so far. From the second call on, a story's labels are numbered, so that each call has its
    /// own.
    pub(crate) calls: usize,
    /// The number of lines inserted by calls so far.
    pub(crate) made: usize,
    /// The number of lines inserted by `repeat` so far.
    pub(crate) repeated: usize,
    /// Labels defined within a `repeat`; each round has its own.
    pub(crate) rounds: BTreeSet<String>,
    /// Whether every library was read without problems, so that an unknown story is an error.
    pub(crate) knows_all: bool,
}

impl Calls<'_> {
    /// Replaces every call by the lines of its story, and every `repeat` by its rounds.
    pub(crate) fn expand(&mut self, from: Vec<ExpandedLine>, depth: usize) -> Vec<ExpandedLine> {
        let mut out = Vec::with_capacity(from.len());
        for mut placed in from {
            if self.is_over(&placed.line) {
                break;
            }
            let at = usize::from(placed.line.words[0].text.starts_with('+'));
            let word = placed.line.words.get(at).map_or("", |w| w.text.as_str());
            let brought_in = match word {
                "repeat" => self.repeat(&placed.line, false).map(|body| (body, placed.called, depth)),
                "call" => {
                    let called = placed.called.or(Some(placed.line.span()));
                    self.call(&placed.line, at, depth).map(|body| (body, called, depth + 1))
                }
                _ => {
                    let inner = lines(&placed.line.block).cloned();
                    let inner = inner.map(|line| ExpandedLine { line, called: placed.called }).collect();
                    let inner = self.expand(inner, depth);
                    placed.line.block = inner.into_iter().map(|p| Item::Line(p.line)).collect();
                    out.push(placed);
                    continue;
                }
            };
            match brought_in {
                Ok((body, called, depth)) => {
                    let body = body.into_iter().map(|line| ExpandedLine { line, called }).collect();
                    let story = (word == "call").then(|| placed.line.words.get(at + 1).map(|name| name.text.clone()));
                    let inside = self.stack.len();
                    self.stack.extend(story.flatten());
                    let body = self.expand(body, depth);
                    self.stack.truncate(inside);
                    out.extend(body);
                }
                Err(problem) => self.problems.push(problem),
            }
        }
        out
    }

    /// Whether expansion has to stop: stories call each other recursively, or there are too many lines.
    fn is_over(&mut self, line: &Line) -> bool {
        let is_full = self.made > MADE_MAX;
        if is_full && !self.problems.iter().any(|problem| problem.code == "E046") {
            let message = format!("stories make more than {MADE_MAX} lines");
            self.problems.push(Problem::new("E046", line.span(), message));
        }
        is_full || self.problems.iter().any(|problem| problem.code == "E045")
    }

    /// The block of a `repeat`, repeated. From the second round on, its labels have the number of the round as a
    /// suffix; a nested `repeat` numbers them from the first round on.
    fn repeat(&mut self, line: &Line, is_inner: bool) -> Result<Vec<Line>, Problem> {
        let mut cursor = Cursor::new(line);
        cursor.demand("repeat")?;
        let span = cursor.next_span();
        let rounds = cursor
            .value("a number of rounds from 1 to 1000", |t| t.parse().ok().filter(|n| (1..=1_000).contains(n)))?;
        cursor.end()?;
        let body = self.unrolled(&line.block)?;
        if body.is_empty() {
            return Err(Problem::new("E004", line.span(), "this line needs a block"));
        }
        let size: usize = body.iter().map(Line::count).sum();
        self.repeated = self.repeated.saturating_add(size.saturating_mul(rounds));
        if self.repeated > REPEATED_MAX {
            return Err(Problem::new("E030", span, format!("`repeat` makes more than {REPEATED_MAX} lines")));
        }
        let mut labels = BTreeSet::new();
        body.iter().for_each(|line| labels_of(line, &mut labels));
        self.rounds.extend(labels.iter().cloned());
        let mut out = Vec::with_capacity(body.len() * rounds);
        for round in 1..=rounds {
            let number = vec![Word { text: round.to_string(), span }];
            let values = Values::from([("round".to_owned(), number)]);
            let mut body: Vec<Line> = body.iter().map(|line| substitute(line, &values, &mut BTreeSet::new())).collect();
            if round > 1 || is_inner {
                body.iter_mut().for_each(|line| number_labels(line, &labels, &format!(".{round}")));
            }
            out.append(&mut body);
        }
        Ok(out)
    }

    /// A block with every nested `repeat` expanded, so that `{{round}}` is the round of the innermost one.
    fn unrolled(&mut self, block: &[Item]) -> Result<Vec<Line>, Problem> {
        let mut out = Vec::new();
        for line in lines(block) {
            if line.words[0].text == "repeat" {
                out.append(&mut self.repeat(line, true)?);
                continue;
            }
            let block = self.unrolled(&line.block)?.into_iter().map(Item::Line).collect();
            out.push(Line { block, ..line.clone() });
        }
        Ok(out)
    }

    fn call(&mut self, line: &Line, at: usize, depth: usize) -> Result<Vec<Line>, Problem> {
        reject_block(line)?;
        let name = line.words.get(at + 1).ok_or_else(|| Problem::new("E012", line.span(), "a story is missing"))?;
        if !self.knows_all && !self.stories.contains_key(&name.text) {
            return Ok(Vec::new());
        }
        let story = self.stories.get(&name.text).ok_or_else(|| {
            let problem = Problem::new("E043", name.span, format!("there is no story `{}`", name.text));
            if self.stories.is_empty() {
                return problem
                    .help("stories are defined in a library; name it in a header: `use \"../lib/session.sca\"`");
            }
            problem.suggest(&name.text, self.stories.keys().map(String::as_str))
        })?;
        let is_in_itself = self.stack.contains(&name.text);
        if is_in_itself || depth >= CALL_DEPTH_MAX || self.calls >= CALLS_MAX {
            let what = match () {
                () if is_in_itself => "recursively".to_owned(),
                () if depth >= CALL_DEPTH_MAX => format!("more than {CALL_DEPTH_MAX} stories deep"),
                () => "too often".to_owned(),
            };
            return Err(Problem::new("E045", name.span, format!("`{}` is called {what}", name.text)));
        }
        self.used.insert(name.text.clone());
        let arguments = match line.words.get(at + 2..).unwrap_or_default() {
            [open, inner @ .., close] if open.text == "(" && close.text == ")" => split_at_commas(inner),
            _ => return Err(Problem::new("E012", line.span(), "a call ends with its arguments in brackets")),
        };
        if arguments.len() != story.parameters.len() {
            let (wanted, got) = (story.parameters.len(), arguments.len());
            return Err(Problem::new(
                "E043",
                name.span,
                format!("`{}` takes {}, got {got}", name.text, counted(wanted, "argument")),
            ));
        }
        let values: Values = story.parameters.iter().cloned().zip(arguments.iter().map(|a| a.to_vec())).collect();
        let mut body: Vec<Line> =
            story.body.iter().map(|line| substitute(line, &values, &mut BTreeSet::new())).collect();
        self.calls += 1;
        self.made += body.iter().map(Line::count).sum::<usize>();
        if self.calls > 1 {
            let mut labels = BTreeSet::new();
            body.iter().for_each(|line| labels_of(line, &mut labels));
            body.iter_mut().for_each(|line| number_labels(line, &labels, &format!("-{}", self.calls)));
        }
        Ok(body)
    }
}

/// Collects the labels that a line and its block define.
fn labels_of(line: &Line, labels: &mut BTreeSet<String>) {
    let given = line.words.windows(2).filter(|pair| pair[0].text == "as");
    labels.extend(given.map(|pair| pair[1].text.clone()));
    lines(&line.block).for_each(|inner| labels_of(inner, labels));
}

/// The indexes of the words of a line that may define a label or refer to one.
fn label_positions(line: &Line) -> Vec<usize> {
    const BEFORE: &[&str] = &["as", "re", "of", "to", "at", "before", "after"];
    let is_check = line.words[0].text == "check";
    (1..line.words.len()).filter(|at| is_check || BEFORE.contains(&line.words[at - 1].text.as_str())).collect()
}

/// Removes the number from labels of first rounds: `ask.1` means `ask` unless a line defines `ask.1`.
pub(crate) fn unnumber_first_rounds(placed: &mut [ExpandedLine], rounds: &BTreeSet<String>) {
    let mut given = BTreeSet::new();
    placed.iter().for_each(|placed| labels_of(&placed.line, &mut given));
    placed.iter_mut().for_each(|placed| name_first_round(&mut placed.line, rounds, &given));
}

fn name_first_round(line: &mut Line, rounds: &BTreeSet<String>, given: &BTreeSet<String>) {
    for at in label_positions(line) {
        let word = &mut line.words[at].text;
        while let Some(bare) = word.strip_suffix(".1")
            && !given.contains(word.as_str())
            && rounds.contains(bare)
        {
            *word = bare.to_owned();
        }
    }
    for item in &mut line.block {
        if let Item::Line(inner) = item {
            name_first_round(inner, rounds, given);
        }
    }
}

/// Appends a number to every one of these labels in a line and its block, at definitions and uses.
fn number_labels(line: &mut Line, labels: &BTreeSet<String>, number: &str) {
    for at in label_positions(line) {
        if labels.contains(&line.words[at].text) {
            line.words[at].text.push_str(number);
        }
    }
    for item in &mut line.block {
        if let Item::Line(inner) = item {
            number_labels(inner, labels, number);
        }
    }
}
