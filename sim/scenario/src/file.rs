//! A file as a whole: a scenario with its headers, settings and steps, or a library of stories.

use std::collections::{BTreeMap, BTreeSet};

use crate::cast::{cast, is_setting};
use crate::check;
use crate::cursor::Cursor;
use crate::expand::{Calls, Each, Placed, ROWS_MAX, Story, Values, combinations, each, substitute};
use crate::model::{Header, INVARIANTS, Row, Scenario, Source, Waive};
use crate::problem::{Problem, Span};
use crate::step::{Names, source, step};
use crate::tree::{self, Item, Line, lines};

const HEADERS: &[&str] = &["tags", "seed", "clock", "use", "expect-fail", "waive", "ignore", "each"];

/// A scenario whose headers have been read and whose libraries are known by path only.
#[derive(Debug, Clone)]
pub struct Outline {
    title: String,
    header: Header,
    eaches: Vec<Each>,
    uses: Vec<(String, Span)>,
    ignores: Vec<Line>,
    headers: BTreeSet<String>,
    settings: Vec<Line>,
    steps: Vec<Line>,
    first: Span,
}

impl Outline {
    /// Reads the headers of a scenario and splits it into its parts.
    ///
    /// # Errors
    /// Every [`Problem`] that can be seen without its libraries.
    pub fn read(text: &str) -> Result<Self, Vec<Problem>> {
        let items = tree::read(text, 0)?;
        let mut top = lines(&items);
        let nothing = Span { line: 1, column: 1, length: 1, file: 0 };
        let first = top.next().ok_or_else(|| vec![Problem::new("E010", nothing, "the file says nothing")])?;
        let mut outline = Self {
            title: title(first, "scenario").map_err(|p| vec![p])?,
            header: Header::default(),
            eaches: Vec::new(),
            uses: Vec::new(),
            ignores: Vec::new(),
            headers: BTreeSet::new(),
            settings: Vec::new(),
            steps: Vec::new(),
            first: first.span(),
        };
        let mut problems = Vec::new();
        for line in top {
            problems.extend(outline.sort_in(line).err());
        }
        if problems.is_empty() { Ok(outline) } else { Err(problems) }
    }

    /// The paths of its libraries, relative to the file, with the place of each.
    #[must_use]
    pub fn uses(&self) -> &[(String, Span)] {
        &self.uses
    }

    fn sort_in(&mut self, line: &Line) -> Result<(), Problem> {
        let late = |what: &str| Err(Problem::new("E015", line.span(), format!("{what} stand above the steps")));
        if HEADERS.contains(&line.words[0].text.as_str()) {
            if !self.settings.is_empty() || !self.steps.is_empty() {
                return late("headers");
            }
            return self.header(line);
        }
        if is_setting(line) {
            if !self.steps.is_empty() {
                return late("settings").map_err(|p: Problem| p.help("from the first step on, `set` changes them"));
            }
            self.settings.push(line.clone());
        } else {
            self.steps.push(line.clone());
        }
        Ok(())
    }

    fn header(&mut self, line: &Line) -> Result<(), Problem> {
        let mut cursor = Cursor::new(line);
        let word = cursor.word("a header")?;
        let single = matches!(word.text.as_str(), "tags" | "seed" | "clock" | "expect-fail");
        if single && !self.headers.insert(word.text.clone()) {
            return Err(Problem::new("E022", word.span, format!("`{}` stands above already", word.text)));
        }
        match word.text.as_str() {
            "tags" => self.header.tags = cursor.rest().iter().map(|w| w.text.clone()).collect(),
            "seed" => self.header.seed = Some(cursor.value("a whole number", |t| t.parse().ok())?),
            "clock" => self.header.clock = Some(cursor.instant()?),
            "use" => {
                let span = cursor.here();
                self.uses.push((cursor.string("a path")?, span));
            }
            "expect-fail" => {
                let reason = cursor.string("the reason")?;
                cursor.demand("until")?;
                self.header.expect_fail = Some((reason, cursor.instant()?));
            }
            "waive" => {
                let span = cursor.here();
                let name = cursor.word("an invariant")?;
                if !INVARIANTS.iter().any(|(i, _)| *i == name.text) {
                    let problem = Problem::new("E053", name.span, format!("there is no invariant `{}`", name.text));
                    return Err(problem.suggest(&name.text, INVARIANTS.iter().map(|(i, _)| *i)));
                }
                let reason = cursor.string("the reason")?;
                self.header.waives.push(Waive { invariant: name.text.clone(), reason, span });
            }
            "each" => {
                self.eaches.push(each(line)?);
                return Ok(());
            }
            _ => {
                self.ignores.push(line.clone());
                return Ok(());
            }
        }
        cursor.end()
    }

    /// The scenario, with its rows made and its stories brought in. `clauses` are the known clause ids; none checks
    /// none.
    ///
    /// # Errors
    /// Every [`Problem`] of the file, in the order of its lines.
    pub fn scenario(mut self, libraries: &[Library], clauses: &[&'static str]) -> Result<Scenario, Vec<Problem>> {
        let mut stories = BTreeMap::new();
        for library in libraries {
            stories.extend(library.stories.iter().map(|(name, story)| (name.clone(), story.clone())));
        }
        let count = self.eaches.iter().map(|each| each.rows.len()).fold(1, usize::saturating_mul);
        if count > ROWS_MAX {
            let span = self.eaches[0].names[0].1;
            let message = format!("these `each` make {count} rows, {ROWS_MAX} are allowed");
            return Err(vec![Problem::new("E046", span, message)]);
        }
        let mut used = (BTreeSet::new(), BTreeSet::new());
        let mut rows = Vec::new();
        let mut problems = Vec::new();
        for values in combinations(&self.eaches) {
            let row = self.row(&values, &stories, clauses, &mut used, &mut problems);
            if !problems.is_empty() {
                break;
            }
            rows.push(row);
        }
        if problems.is_empty() {
            self.unused(libraries, &used, &mut problems);
        }
        if let (Some(row), true) = (rows.first(), problems.is_empty()) {
            let names: Vec<String> = row.cast.terminals.iter().map(|t| t.name.clone()).collect();
            let names = Names { terminals: &names, pos: &row.cast.pos, clauses };
            for line in &self.ignores {
                let mut cursor = Cursor::new(line);
                cursor.take("ignore");
                let read = source(&mut cursor, line, &names).and_then(|read| cursor.end().map(|()| read));
                let read = read.and_then(|read| match read.0 {
                    Source::ToPos(_) => Ok(read),
                    _ => Err(Problem::new(
                        "E054",
                        line.span(),
                        "only messages to the pos have to be listed, so only they can be ignored",
                    )),
                });
                match read {
                    Ok(ignored) => self.header.ignores.push(ignored),
                    Err(problem) => problems.push(problem),
                }
            }
        }
        if problems.is_empty() {
            Ok(Scenario { title: self.title, header: self.header, rows, assets: BTreeMap::new() })
        } else {
            problems.sort_by_key(|p| p.span);
            Err(problems)
        }
    }

    fn row(
        &self,
        values: &Values,
        stories: &BTreeMap<String, Story>,
        clauses: &[&'static str],
        used: &mut (BTreeSet<String>, BTreeSet<String>),
        problems: &mut Vec<Problem>,
    ) -> Row {
        let settings: Vec<Line> = self.settings.iter().map(|line| substitute(line, values, &mut used.0)).collect();
        let cast = cast(&settings.iter().collect::<Vec<_>>(), problems);
        let steps = self.steps.iter().map(|line| Placed { line: substitute(line, values, &mut used.0), called: None });
        let mut calls = Calls { stories, used: BTreeSet::new(), problems: Vec::new(), calls: 0 };
        let placed = calls.expand(steps.collect(), 0);
        used.1.append(&mut calls.used);
        problems.append(&mut calls.problems);
        let names: Vec<String> = cast.terminals.iter().map(|t| t.name.clone()).collect();
        let names = Names { terminals: &names, pos: &cast.pos, clauses };
        let steps: Vec<_> = placed
            .iter()
            .filter_map(|placed| {
                let mut step = step(&placed.line, &names, problems)?;
                step.called = placed.called;
                Some(step)
            })
            .collect();
        if problems.is_empty() {
            check::steps(&steps, &cast, self.first, problems);
        }
        let values = self.eaches.iter().flat_map(|each| &each.names).map(|(name, _)| {
            let words: Vec<&str> = values[name].iter().map(|w| w.text.as_str()).collect();
            (name.clone(), words.join(" "))
        });
        Row { values: values.collect(), cast, steps }
    }

    fn unused(&self, libraries: &[Library], used: &(BTreeSet<String>, BTreeSet<String>), problems: &mut Vec<Problem>) {
        let names = self.eaches.iter().flat_map(|each| &each.names);
        problems.extend(names.filter(|(name, _)| !used.0.contains(name)).map(|(name, span)| {
            Problem::new("E047", *span, format!("nothing uses `{name}`"))
                .help(format!("it is inserted by {{{{{name}}}}}"))
        }));
        for ((path, span), library) in self.uses.iter().zip(libraries) {
            if !library.stories.keys().any(|name| used.1.contains(name)) {
                problems.push(Problem::new("E044", *span, format!("no story of {path} is called")));
            }
        }
    }
}

/// A library of stories.
#[derive(Debug, Clone)]
pub struct Library {
    stories: BTreeMap<String, Story>,
}

impl Library {
    /// Reads a library. `file` is its place among the libraries of a scenario, from 1.
    ///
    /// # Errors
    /// Every [`Problem`] of its stories that can be seen without a call.
    pub fn read(text: &str, file: u16) -> Result<Self, Vec<Problem>> {
        let items = tree::read(text, file)?;
        let mut top = lines(&items);
        let nothing = Span { line: 1, column: 1, length: 1, file };
        let first = top.next().ok_or_else(|| vec![Problem::new("E010", nothing, "the file says nothing")])?;
        title(first, "library").map_err(|p| vec![p])?;
        let mut stories = BTreeMap::new();
        let mut problems = Vec::new();
        for line in top {
            match story(line) {
                Ok((name, story)) => {
                    let span = story.span;
                    if stories.insert(name.clone(), story).is_some() {
                        problems.push(Problem::new("E022", span, format!("a story called `{name}` stands above")));
                    }
                }
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(Self { stories }) } else { Err(problems) }
    }
}

/// Whether a text begins as a library does.
#[must_use]
pub fn is_library(text: &str) -> bool {
    let first = text.lines().map(str::trim_start).find(|line| !line.is_empty() && !line.starts_with('#'));
    first.is_some_and(|line| line.split(' ').next() == Some("library"))
}

fn story(line: &Line) -> Result<(String, Story), Problem> {
    let mut cursor = Cursor::new(line);
    cursor.demand("story")?;
    let name = cursor.word("a name")?;
    let parameters = match cursor.rest() {
        [open, inner @ .., close] if open.text == "(" && close.text == ")" => {
            inner.iter().filter(|w| w.text != ",").map(|w| w.text.clone()).collect()
        }
        _ => return Err(Problem::new("E012", line.span(), "a story has its parameters in brackets behind its name")),
    };
    let body: Vec<Line> = line.block.iter().filter_map(statement).collect();
    if body.is_empty() {
        return Err(Problem::new("E004", line.span(), "the steps of this story are missing"));
    }
    Ok((name.text.clone(), Story { parameters, body, span: name.span }))
}

fn statement(item: &Item) -> Option<Line> {
    match item {
        Item::Line(line) => Some(line.clone()),
        Item::Comment(_) | Item::Blank => None,
    }
}

fn title(line: &Line, kind: &str) -> Result<String, Problem> {
    let mut cursor = Cursor::new(line);
    let word = cursor.word("a title")?;
    if word.text != kind {
        let problem = Problem::new("E010", word.span, format!("expected `{kind}`, got `{}`", word.text));
        return Err(problem.help(format!("the first line is {kind} \"What it shows, in one sentence\"")));
    }
    let title = cursor.string("a title")?;
    if title.trim().is_empty() {
        return Err(
            Problem::new("E012", cursor.whole(), "the title is empty").help("say in one sentence what it shows")
        );
    }
    cursor.end()?;
    Ok(title)
}
