//! Line-based reports: JSON lines, TAP, and GitHub annotations.

use std::fmt::Write;

use sca_judge::mask::{mask_texts, told};
use serde_json::json;

use super::document::{Document, File, REPORT_VERSION, Row};

/// One JSON object per line: first `run`, then `row`, `problem` and `snapshot`, last `summary`. Described in
/// `sim/docs/json.md`.
#[must_use]
pub fn json_lines(document: &Document) -> String {
    let mut out = json_lines_begin(document);
    document.files.iter().for_each(|file| out.push_str(&json_lines_of(file)));
    let mut line = |value: serde_json::Value| put(&mut out, value);
    for one in &document.unreadable {
        line(json!({ "kind": "unreadable", "path": one.path, "error": one.error }));
    }
    document.not_begun.iter().for_each(|path| line(json!({ "kind": "not-begun", "path": path })));
    document.missing.iter().for_each(|part| line(json!({ "kind": "missing", "part": part })));
    document.stale().iter().for_each(|why| line(json!({ "kind": "stale", "why": why })));
    line(json!({ "kind": "summary", "summary": document.summary }));
    out
}

/// The first of these lines, written before any scenario is played.
#[must_use]
pub fn json_lines_begin(document: &Document) -> String {
    let mut out = String::new();
    put(
        &mut out,
        json!({
            "kind": "run", "version": REPORT_VERSION, "tool": document.tool, "world": document.world,
            "seed": document.seed, "shard": document.shard, "origin": document.origin, "today": document.today,
        }),
    );
    out
}

/// The lines of one file.
#[must_use]
pub fn json_lines_of(file: &File) -> String {
    let mut out = String::new();
    for row in &file.rows {
        put(
            &mut out,
            json!({
                "kind": "row", "path": file.path, "title": file.title, "tags": file.tags, "clauses": file.clauses,
                "seed": file.seed, "replay": file.replay, "values": row.values, "verdict": row.verdict,
                "assumptions": row.assumptions, "lasted_ms": row.lasted_ms, "failure": row.failure, "error": row.error,
            }),
        );
    }
    for problem in &file.problems {
        put(&mut out, json!({ "kind": "problem", "path": file.path, "problem": problem }));
    }
    if let Some(difference) = &file.difference {
        put(&mut out, json!({ "kind": "snapshot", "path": file.path, "difference": difference }));
    }
    out
}

fn put(out: &mut String, mut value: serde_json::Value) {
    mask_texts(&mut value);
    let _ = writeln!(out, "{value}");
}

/// A test point of TAP: its name, and what failed.
struct Point<'a> {
    name: String,
    bad: bool,
    directive: Option<String>,
    message: &'a str,
    shown: &'a str,
}

fn points(file: &File) -> Vec<Point<'_>> {
    let mut points: Vec<Point<'_>> = file.rows.iter().map(|row| point(file, row)).collect();
    points.extend(file.problems.iter().map(|problem| Point {
        name: format!("{}: valid", file.path),
        bad: true,
        directive: None,
        message: &problem.message,
        shown: &problem.shown,
    }));
    points.extend(file.difference.iter().map(|difference| Point {
        name: format!("{}: snapshot", file.path),
        bad: true,
        directive: None,
        message: "the transcript differs from its snapshot",
        shown: difference,
    }));
    points
}

fn point<'a>(file: &File, row: &'a Row) -> Point<'a> {
    let why = row.failure.as_ref();
    let message = why.map(|why| why.message.as_str()).or(row.error.as_deref()).unwrap_or("passed unexpectedly");
    let expected = row.verdict == "expected-fail";
    Point {
        name: format!("{}: {}", file.path, file.name_of(row)),
        bad: row.is_bad() || expected,
        directive: match row.verdict.as_str() {
            "inapplicable" => Some(format!("SKIP {message}")),
            "expected-fail" => Some(format!("TODO {message}")),
            _ => None,
        },
        message,
        shown: why.map_or("", |why| why.shown.as_str()),
    }
}

/// TAP (Test Anything Protocol) version 13, because common readers reject later versions.
#[must_use]
pub fn tap(document: &Document) -> String {
    let troubles = document.troubles();
    let mut points: Vec<Point<'_>> = document.files.iter().flat_map(points).collect();
    points.extend(troubles.iter().map(|trouble| Point {
        name: format!("{}: {}", trouble.path.as_deref().unwrap_or("sca-sim"), trouble.name),
        bad: true,
        directive: None,
        message: &trouble.message,
        shown: &trouble.shown,
    }));
    let mut out = format!("TAP version 13\n1..{}\n", points.len());
    for (number, point) in (1..).zip(&points) {
        let name = point.name.replace('\\', "\\\\").replace('#', "\\#").replace('\n', " ");
        let _ = write!(out, "{} {number} - {name}", if point.bad { "not ok" } else { "ok" });
        if let Some(directive) = &point.directive {
            let _ = write!(out, " # {}", directive.replace('\n', " "));
        }
        out.push('\n');
        if point.bad {
            let _ = writeln!(out, "  ---\n  message: {}", json!(point.message));
            // An empty block makes TAP readers wait for its lines.
            out.push_str(if point.shown.trim().is_empty() { "" } else { "  details: |\n" });
            point.shown.lines().for_each(|line| out.extend(["    ", line, "\n"]));
            out.push_str("  ...\n");
        }
    }
    told(&out).into_owned()
}

/// GitHub annotations, as the runner reads them from the output of a step: one for each problem, failure and row that
/// does not count.
#[must_use]
pub fn github(document: &Document) -> String {
    let mut out = String::new();
    for file in &document.files {
        for problem in &file.problems {
            let help = problem.help.as_ref().map(|help| format!("\n{help}")).unwrap_or_default();
            let message = format!("{}{help}", problem.message);
            annotation(&mut out, "error", (&problem.path, problem.line, problem.column), &problem.code, &message);
        }
        if let Some(difference) = &file.difference {
            let title = "the transcript differs from its snapshot";
            annotation(&mut out, "error", (&file.path, 1, 1), title, difference);
        }
        for row in &file.rows {
            let why = row.failure.as_ref();
            let place = why.map_or((file.path.as_str(), 1, 1), |why| (why.path.as_str(), why.line, why.column));
            let name = file.name_of(row);
            match row.verdict.as_str() {
                "fail" => {
                    let message = why.map_or_else(String::new, |why| {
                        let label = if why.label.is_empty() { String::new() } else { format!("{} ", why.label) };
                        let rest = why.shown.split_once('\n').map_or("", |(_, rest)| rest);
                        format!("{label}({})\n{rest}", why.message)
                    });
                    annotation(&mut out, "error", place, &name, &message);
                }
                "error" => annotation(&mut out, "error", place, &name, row.error.as_deref().unwrap_or_default()),
                "unexpected-pass" => {
                    annotation(&mut out, "error", place, &name, "it passes, but its header expects it to fail");
                }
                word @ ("inapplicable" | "expected-fail") => {
                    annotation(&mut out, "notice", place, &name, why.map_or(word, |why| &why.message));
                }
                _ => {}
            }
        }
    }
    for trouble in document.troubles() {
        let path = trouble.path.as_deref().unwrap_or_default();
        let shown = if trouble.shown.is_empty() { String::new() } else { format!("\n{}", trouble.shown) };
        annotation(&mut out, "error", (path, 1, 1), &trouble.name, &format!("{}{shown}", trouble.message));
    }
    told(&out).into_owned()
}

fn annotation(out: &mut String, level: &str, (path, line, column): (&str, u32, u32), title: &str, message: &str) {
    let data = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    let _ = writeln!(
        out,
        "::{level} file={},line={line},col={column},title={}::{}",
        property(path),
        property(title),
        data(message)
    );
}
