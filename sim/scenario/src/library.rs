//! Libraries: files with stories that scenarios call.

use std::collections::BTreeMap;

use crate::calls::Story;
use crate::cursor::Cursor;
use crate::title_line::title;
use crate::tree::{self, Line, lines};
use sca_model::{Problem, Span};

/// A library of stories, with the problems found while reading it.
#[derive(Debug, Clone)]
pub struct Library {
    pub(crate) stories: BTreeMap<String, Story>,
    pub(crate) problems: Vec<Problem>,
}

impl Library {
    /// Reads a library as far as possible. `file` is its number among the libraries of a scenario, from 1.
    #[must_use]
    pub fn read(text: &str, file: u16) -> Self {
        let (items, mut problems) = tree::read(text, file);
        let mut top = lines(&items);
        let nothing = Span { line: 1, column: 1, length: 1, file };
        match top.next() {
            Some(first) if first.words[0].text == "scenario" => {
                let problem =
                    Problem::new("E010", first.words[0].span, "`use` takes a library, but this is a scenario");
                return Self::unreadable(problem.help("a library begins with `library \"…\"` and has only stories"));
            }
            Some(first) => problems.extend(title(first, "library").err()),
            None => problems.push(Problem::new("E010", nothing, "the file is empty")),
        }
        let mut stories = BTreeMap::new();
        for line in top {
            match story(line) {
                Ok((name, story)) => {
                    let span = story.span;
                    if stories.insert(name.clone(), story).is_some() {
                        problems.push(Problem::new("E022", span, format!("the story `{name}` is already given above")));
                    }
                }
                Err(problem) => problems.push(problem),
            }
        }
        Self { stories, problems }
    }

    /// A library that could not be read, with the reason.
    #[must_use]
    pub fn unreadable(problem: Problem) -> Self {
        Self { stories: BTreeMap::new(), problems: vec![problem] }
    }

    /// The [`Problem`]s of the library that can be found without calling its stories.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The stories by name, each with its position and parameters.
    pub fn stories(&self) -> impl Iterator<Item = (&str, Span, &[String])> {
        self.stories.iter().map(|(name, story)| (name.as_str(), story.span, story.parameters.as_slice()))
    }
}

/// Whether a text begins like a library.
#[must_use]
pub fn is_library(text: &str) -> bool {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
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
        _ => return Err(Problem::new("E012", line.span(), "a story needs its parameters in brackets after its name")),
    };
    let body: Vec<Line> = line.lines().cloned().collect();
    if body.is_empty() {
        return Err(Problem::new("E004", line.span(), "this story has no steps"));
    }
    Ok((name.text.clone(), Story { parameters, body, span: name.span }))
}
