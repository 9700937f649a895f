//! Diagnostics of a text: the problems that `check` reports, in the editor's form.

use std::path::Path;

use lsp_types::{Diagnostic, DiagnosticSeverity, NumberOrString};

use sca_model::{Problem, Span};
use sca_scenario::Library;

use crate::positions::range_of;

/// Returns the errors and warnings of a text. `open` returns the possibly unsaved text of another file that is open.
pub(crate) fn diagnose(
    path: &Path,
    text: &str,
    clauses: &[&'static str],
    open: &dyn Fn(&Path) -> Option<String>,
) -> Vec<Diagnostic> {
    if sca_scenario::is_library(text) {
        let library = Library::read(text, 0);
        return library.problems().iter().map(|problem| shown(text, problem)).collect();
    }
    let loaded = sca_files::parse_with_open_files(path, text.to_owned(), clauses, open);
    let problems = match &loaded.scenario {
        Ok(scenario) => sca_scenario::warnings(scenario),
        Err(problems) => problems.clone(),
    };
    let at_home = |problem: &Problem| {
        // A problem in a library is shown at the `use` line that names the library.
        let file = usize::from(problem.span.file);
        if file == 0 {
            return shown(text, problem);
        }
        let name = loaded.texts.get(file).map_or_else(String::new, |(path, _)| path.display().to_string());
        let span = use_line(text, file).unwrap_or(Span { line: 1, column: 1, length: 1, file: 0 });
        let message = format!("{name}, line {}: {}", problem.span.line, problem.message);
        shown(text, &Problem { span, message, ..problem.clone() })
    };
    problems.iter().map(at_home).collect()
}

/// The position of the n-th `use` line of a text.
fn use_line(text: &str, number: usize) -> Option<Span> {
    let mut uses = (1..).zip(text.lines()).filter(|(_, line)| line.starts_with("use "));
    let (line, words) = uses.nth(number - 1)?;
    Some(Span { line, column: 1, length: u32::try_from(words.chars().count()).unwrap_or(1), file: 0 })
}

fn shown(text: &str, problem: &Problem) -> Diagnostic {
    let help = problem.help.as_ref().map(|help| format!("\n{help}")).unwrap_or_default();
    let severity = if problem.is_warning() { DiagnosticSeverity::WARNING } else { DiagnosticSeverity::ERROR };
    Diagnostic {
        range: range_of(text, problem.span),
        severity: Some(severity),
        code: Some(NumberOrString::String(problem.code.to_owned())),
        source: Some("sca-sim".to_owned()),
        message: format!("{}{help}", problem.message),
        ..Diagnostic::default()
    }
}
