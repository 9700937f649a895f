//! A scenario file as a whole: its headers, settings and steps, read in two stages because libraries and tables are
//! loaded by the caller.

mod header;

use crate::arrow::source;
use crate::calls::{Calls, ExpandedLine, Story, unnumber_first_rounds};
use crate::cast::{cast, is_setting};
use crate::cursor::Cursor;
use crate::expand::{Each, ROWS_MAX, TOO_LONG, Values, combinations, substitute};
use crate::library::Library;
use crate::names::Names;
use crate::step::steps;
use crate::title_line::title;
use crate::tree::{Line, lines};
use crate::{check, suppressed, table, tree};
use sca_model::{Header, Pattern, Row, Scenario, Source};
use sca_model::{Problem, Span};
use sca_protocol::plain::is_invisible;
use std::collections::{BTreeMap, BTreeSet};

/// No further rows are checked once a file has more problems than this.
const PROBLEMS_MAX: usize = 200;
/// The maximum number of lines of all rows together.
const LINES_MAX: usize = 2_000_000;

const HEADERS: &[&str] = &["tags", "seed", "clock", "use", "expect-fail", "waive", "ignore", "each"];

/// A scenario whose headers have been read, but whose libraries and tables are only known by path.
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
    problems: Vec<Problem>,
    /// Words on lines with problems; they are not reported as missing or unused.
    doubtful: BTreeSet<String>,
    /// Whether an `each` could not be read, so that the values of its names are unknown.
    lost_each: bool,
}

/// The data a scenario needs in addition to its own text.
#[derive(Debug, Clone, Copy, Default)]
pub struct Beside<'a> {
    /// The libraries, in the order of [`Outline::uses`].
    pub libraries: &'a [Library],
    /// The texts of the tables, in the order of [`Outline::tables`]; none for a table that could not be loaded.
    pub tables: &'a [Option<String>],
    /// The known clause ids; if empty, clause ids are not checked.
    pub clauses: &'a [&'static str],
}

impl Outline {
    /// Reads the headers of a scenario and splits the rest into settings and steps. Problems are kept and reported by
    /// [`Outline::scenario`].
    #[must_use]
    pub fn read(text: &str) -> Self {
        let (items, problems) = tree::read(text, 0);
        let nothing = Span { line: 1, column: 1, length: 1, file: 0 };
        let mut outline = Self {
            title: String::new(),
            header: Header::default(),
            eaches: Vec::new(),
            uses: Vec::new(),
            ignores: Vec::new(),
            headers: BTreeSet::new(),
            settings: Vec::new(),
            steps: Vec::new(),
            first: nothing,
            doubtful: suppressed::words(text, &problems),
            lost_each: false,
            problems,
        };
        let is_empty = outline.problems.is_empty();
        outline.problems.extend(invisible(text));
        let mut top = lines(&items).peekable();
        match top.peek() {
            None if is_empty => {
                outline.problems.push(Problem::new("E010", nothing, "the file is empty"));
            }
            None => {}
            Some(first) if first.words[0].text == "library" => {
                outline.problems.extend(title(first, "scenario").err());
                return outline;
            }
            Some(first) => {
                outline.first = first.span();
                let is_title = first.words[0].text == "scenario";
                // If the title is missing, the first line is probably the one that should follow it.
                match title(first, "scenario") {
                    Ok(title) => outline.title = title,
                    Err(problem) => outline.problems.push(problem),
                }
                if is_title || !outline.is_statement(first) {
                    top.next();
                }
            }
        }
        for line in top {
            let problem = outline.assign_line(line).err();
            outline.problems.extend(problem);
        }
        outline
    }

    /// Whether a line is a header, a setting or a message, judging by its first words.
    fn is_statement(&self, line: &Line) -> bool {
        let word = line.words[0].text.as_str();
        HEADERS.contains(&word) || is_setting(line) || line.words.iter().any(|word| word.text == "->")
    }

    /// The paths of its libraries, relative to the file, with the position of each.
    #[must_use]
    pub fn uses(&self) -> &[(String, Span)] {
        &self.uses
    }

    /// The paths of its tables, relative to the file, with the position of each.
    #[must_use]
    pub fn tables(&self) -> Vec<(String, Span)> {
        self.eaches.iter().filter_map(|each| each.table.clone()).collect()
    }

    /// Builds the scenario: expands the rows and the stories, reads every step and checks the result.
    ///
    /// # Errors
    /// Every [`Problem`] of the file, sorted by position.
    pub fn scenario(mut self, beside: &Beside<'_>) -> Result<Scenario, Vec<Problem>> {
        let mut problems = std::mem::take(&mut self.problems);
        self.fill(beside, &mut problems);
        let has_lost_rows =
            self.lost_each || problems.iter().any(|problem| matches!(problem.code, "E046" | "E055" | "E058"));
        let mut stories = BTreeMap::new();
        for library in beside.libraries {
            stories.extend(library.stories.iter().map(|(name, story)| (name.clone(), story.clone())));
            problems.extend(library.problems.iter().cloned());
        }
        let mut used = (BTreeSet::new(), BTreeSet::new());
        let mut rows = Vec::new();
        let mut lines = 0;
        let of_file = problems.len();
        for values in combinations(&self.eaches) {
            // Problems of one row must not suppress those of the next.
            let mut own = problems[..of_file].to_vec();
            let (row, size) = self.row(&values, &stories, beside, &mut used, &mut own);
            let mut own = own.split_off(of_file);
            self.add_row_values(&row, &mut own);
            own.sort_by(|a, b| (a.span, a.code, &a.message).cmp(&(b.span, b.code, &b.message)));
            own.dedup_by(|a, b| (a.span, a.code) == (b.span, b.code));
            problems.append(&mut own);
            rows.push(row);
            lines += size;
            if lines > LINES_MAX {
                let message = format!("the rows have more than {LINES_MAX} lines in total");
                problems.push(Problem::new("E046", self.first, message));
            }
            if problems.len() > PROBLEMS_MAX || lines > LINES_MAX {
                break;
            }
        }
        self.unused(beside.libraries, &used, &mut problems);
        if let Some(row) = rows.first() {
            self.header.ignores = self.ignored(row, beside.clauses, &mut problems);
        }
        if problems.iter().all(Problem::is_warning) {
            return Ok(Scenario {
                title: self.title,
                header: self.header,
                rows,
                assets: BTreeMap::new(),
                stories_called: used.1,
                warnings: problems,
            });
        }
        if has_lost_rows {
            let mut filled = BTreeSet::new();
            self.settings.iter().chain(&self.steps).for_each(|line| inserts(line, &mut filled));
            problems.retain(|problem| !filled.contains(&(problem.span.file, problem.span.line)));
        }
        // Warnings are reported beside errors, but not for the same line.
        let wrong: BTreeSet<(u16, u32)> =
            problems.iter().filter(|p| !p.is_warning()).map(|p| (p.span.file, p.span.line)).collect();
        problems.retain(|p| !p.is_warning() || !wrong.contains(&(p.span.file, p.span.line)));
        let others = crate::lints::of_rows(&rows).into_iter();
        problems.extend(others.filter(|p| !wrong.contains(&(p.span.file, p.span.line))));
        // Report a problem that several rows share only once.
        problems.sort_by(|a, b| (a.span, a.code, &a.message).cmp(&(b.span, b.code, &b.message)));
        problems.dedup_by(|a, b| (a.span, a.code, &a.message) == (b.span, b.code, &b.message));
        Err(problems)
    }

    /// Adds the values of the row to the help of problems on lines with inserts.
    fn add_row_values(&self, row: &Row, problems: &mut [Problem]) {
        if row.values.is_empty() || problems.is_empty() {
            return;
        }
        let mut filled = BTreeSet::new();
        self.settings.iter().chain(&self.steps).for_each(|line| inserts(line, &mut filled));
        let values = sca_model::shown_values(&row.values);
        for problem in problems.iter_mut().filter(|p| filled.contains(&(p.span.file, p.span.line))) {
            let help = problem.help.take().map(|help| format!("{help}; ")).unwrap_or_default();
            problem.help = Some(format!("{help}in the row {values}"));
        }
    }

    /// Reads the rows of every `each` that names a table, and limits the number of rows.
    fn fill(&mut self, beside: &Beside<'_>, problems: &mut Vec<Problem>) {
        let mut tables = beside.tables.iter();
        for each in &mut self.eaches {
            let Some((path, span)) = each.table.clone() else { continue };
            if let Some(Some(text)) = tables.next() {
                problems.extend(table::fill(each, &path, text, span));
            }
        }
        let count = self.eaches.iter().map(|each| each.rows.len()).fold(1, usize::saturating_mul);
        if count > ROWS_MAX {
            let span = self.eaches[0].names[0].1;
            problems.push(Problem::new(
                "E046",
                span,
                format!("the `each` headers make {count} rows, at most {ROWS_MAX} are allowed"),
            ));
            self.eaches.iter_mut().for_each(|each| each.rows.truncate(1));
        }
    }

    fn ignored(&self, row: &Row, clauses: &[&'static str], problems: &mut Vec<Problem>) -> Vec<(Source, Pattern)> {
        let names: Vec<String> = row.cast.terminals.iter().map(|t| t.name.clone()).collect();
        let brokers = row.cast.broker_names();
        let names = Names { terminals: &names, pos: &row.cast.pos, brokers: &brokers, clauses };
        let mut ignores = Vec::new();
        for line in &self.ignores {
            let mut cursor = Cursor::new(line);
            cursor.take("ignore");
            let read = source(&mut cursor, line, &names).and_then(|read| cursor.end().map(|()| read));
            match read {
                Ok(read) if matches!(read.0, Source::ToPos(_)) => ignores.push(read),
                Ok(_) => problems.push(Problem::new(
                    "E054",
                    line.span(),
                    "only messages to the pos can be ignored, because only they have to be listed",
                )),
                Err(problem) => problems.push(problem),
            }
        }
        ignores
    }

    /// Builds one row; returns it with its number of lines.
    fn row(
        &self,
        values: &Values,
        stories: &BTreeMap<String, Story>,
        beside: &Beside<'_>,
        used: &mut (BTreeSet<String>, BTreeSet<String>),
        problems: &mut Vec<Problem>,
    ) -> (Row, usize) {
        let settings: Vec<Line> = self.settings.iter().map(|line| substitute(line, values, &mut used.0)).collect();
        let cast = cast(&settings.iter().collect::<Vec<_>>(), problems);
        let lines =
            self.steps.iter().map(|line| ExpandedLine { line: substitute(line, values, &mut used.0), called: None });
        let knows_all = beside.libraries.iter().all(|library| library.problems.is_empty());
        let mut calls = Calls {
            stories,
            used: BTreeSet::new(),
            stack: Vec::new(),
            problems: Vec::new(),
            calls: 0,
            made: 0,
            repeated: 0,
            rounds: BTreeSet::new(),
            knows_all,
        };
        let mut placed = calls.expand(lines.collect(), 0);
        unnumber_first_rounds(&mut placed, &calls.rounds);
        used.1.append(&mut calls.used);
        problems.append(&mut calls.problems);
        if used.0.remove(TOO_LONG) {
            problems.push(Problem::new("E030", self.first, "an inserted value makes a line longer than a megabyte"));
        }
        let names: Vec<String> = cast.terminals.iter().map(|t| t.name.clone()).collect();
        let brokers = cast.broker_names();
        let names = Names { terminals: &names, pos: &cast.pos, brokers: &brokers, clauses: beside.clauses };
        let steps = steps(placed.iter().map(|placed| (&placed.line, placed.called)), &names, problems);
        // Names on lines that could not be read must not be reported as missing or unused.
        let mut doubtful = self.doubtful.clone();
        for line in self.steps.iter().chain(placed.iter().map(|placed| &placed.line)) {
            suppressed::below(line, problems, &mut doubtful);
        }
        check::steps(&steps, &cast, (self.first, &doubtful), problems);
        let values = self.eaches.iter().flat_map(|each| &each.names).map(|(name, _)| {
            let words: Vec<&str> = values[name].iter().map(|w| w.text.as_str()).collect();
            (name.clone(), words.join(" "))
        });
        (Row { values: values.collect(), cast, steps }, placed.iter().map(|placed| placed.line.count()).sum())
    }

    fn unused(&self, libraries: &[Library], used: &(BTreeSet<String>, BTreeSet<String>), problems: &mut Vec<Problem>) {
        let names = self.eaches.iter().filter(|each| !each.rows.is_empty()).flat_map(|each| &each.names);
        let is_unused = |name: &String| !used.0.contains(name) && !self.doubtful.contains(name);
        problems.extend(names.filter(|(name, _)| is_unused(name)).map(|(name, span)| {
            Problem::new("E047", *span, format!("`{name}` is never used"))
                .help(format!("insert it with {{{{{name}}}}}"))
        }));
        for ((path, span), library) in self.uses.iter().zip(libraries) {
            let is_called = |name: &String| used.1.contains(name) || self.doubtful.contains(name);
            if !library.stories.keys().any(is_called) && library.problems.is_empty() {
                problems.push(Problem::new("E044", *span, format!("no story of {path} is called")));
            }
        }
    }
}

/// Collects the positions of lines with an insert, in a line and its block.
fn inserts(line: &Line, filled: &mut BTreeSet<(u16, u32)>) {
    if line.words.iter().any(|word| word.text.contains("{{")) {
        filled.insert((line.span().file, line.span().line));
    }
    line.lines().for_each(|inner| inserts(inner, filled));
}

/// Warnings for characters that cannot be seen, one for each line that has some.
fn invisible(text: &str) -> Vec<Problem> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        // Byte order marks are written on purpose: devices have to take them.
        let is_unmeant = |c: &char| is_invisible(*c) && *c != '\u{feff}';
        let Some((at, c)) = line.chars().enumerate().find(|(_, c)| is_unmeant(c)) else { continue };
        let column = u32::try_from(at + 1).unwrap_or(u32::MAX);
        let span = Span { line: number, column, length: 1, file: 0 };
        let code = u32::from(c);
        let problem = Problem::new("W012", span, format!("invisible character U+{code:04X}"));
        found.push(problem.help("delete it, and type the text around it again"));
    }
    found
}
