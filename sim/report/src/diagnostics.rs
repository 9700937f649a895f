//! Problems and failures as shown to people: the line, a caret, the expectation, and a hint.

use std::path::PathBuf;

use annotate_snippets::{AnnotationKind, Element, Group, Level, Renderer, Snippet};
use sca_model::{Problem, Span};

use sca_files::Loaded;
use sca_judge::verdict::Failure;

/// Renders with colours or without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Painter {
    /// Whether to use colours.
    pub colours: bool,
}

impl Painter {
    fn renderer(self) -> Renderer {
        if self.colours { Renderer::styled() } else { Renderer::plain() }
    }
}

/// Renders a problem of a file.
#[must_use]
pub fn problem(painter: Painter, texts: &[(PathBuf, String)], problem: &Problem) -> String {
    let level = if problem.is_warning() { Level::WARNING } else { Level::ERROR };
    let title = level.primary_title(problem.message.as_str()).id(problem.code);
    let group = title.elements(snippets(texts, &[(problem.span, problem.label.as_str())]));
    let group = match &problem.help {
        Some(help) => group.element(Level::HELP.message(help.as_str())),
        None => group,
    };
    sca_judge::mask::told(&painter.renderer().render(&[group])).into_owned()
}

/// Renders a failure of a scenario, with the command that replays it.
#[must_use]
pub fn failure(painter: Painter, loaded: &Loaded, failure: &Failure, replay: &str) -> String {
    let mut places = vec![(failure.span, failure.label.as_str())];
    places
        .extend(failure.called.filter(|called| called.file != failure.span.file).map(|called| (called, "called here")));
    let title = Level::ERROR.primary_title(failure.headline.as_str());
    let group = title.elements(snippets(&loaded.texts, &places));
    let notes = failure.notes.iter().map(|note| Element::from(Level::NOTE.message(note.trim_end())));
    let replay = Element::from(Level::NOTE.with_name("replay").message(replay));
    let group: Group<'_> = group.elements(notes).element(replay);
    sca_judge::mask::told(&painter.renderer().render(&[group])).into_owned()
}

fn snippets<'a>(texts: &'a [(PathBuf, String)], places: &[(Span, &'a str)]) -> Vec<Element<'a>> {
    let one = |(span, label): &(Span, &'a str)| {
        let (path, text) = texts.get(usize::from(span.file))?;
        let range = range(text, *span);
        let annotation = AnnotationKind::Primary.span(range).label(*label);
        let path = path.display().to_string();
        Some(Element::from(Snippet::source(text.as_str()).path(path).annotation(annotation)))
    };
    places.iter().filter_map(one).collect()
}

/// The byte range of a place in a text.
fn range(text: &str, span: Span) -> std::ops::Range<usize> {
    let mut start = 0;
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        if number == span.line {
            let bytes = |chars: u32| {
                let at = usize::try_from(chars).unwrap_or(usize::MAX);
                line.char_indices().nth(at).map_or(line.trim_end_matches('\n').len(), |(at, _)| at)
            };
            let from = bytes(span.column.saturating_sub(1));
            return start + from..start + bytes(span.column.saturating_sub(1) + span.length).max(from);
        }
        start += line.len();
    }
    text.len()..text.len()
}

/// A place as `line 5`, with its file name if it is in a library.
pub(crate) fn where_is(loaded: &Loaded, span: Span) -> String {
    match loaded.texts.get(usize::from(span.file)) {
        Some((path, _)) if span.file > 0 => {
            format!("{} line {}", path.file_name().unwrap_or_default().to_string_lossy(), span.line)
        }
        _ => format!("line {}", span.line),
    }
}
