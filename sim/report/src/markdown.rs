//! Markdown report, for a job summary or a comment.

use std::fmt::Write;

use super::document::{Document, File, Row};

/// Maximum number of failing files shown in full; further ones are only named.
const SHOWN_MAX: usize = 25;

/// The summary of a run: the counts, then the failures, each with the command that replays it.
#[must_use]
pub fn markdown(document: &Document) -> String {
    let summary = &document.summary;
    let verdict = summary.verdict();
    let shard = document.shard.as_ref().map(|shard| format!(", part {shard}")).unwrap_or_default();
    let rows: usize = document.files.iter().map(|file| file.rows.len()).sum();
    let mut out =
        format!("## sca-sim {verdict}\n\n{} scenarios, {rows} rows in {}{shard}\n\n", summary.files, document.world);
    out.push_str(
        "| passed | expected to fail | failed | inapplicable | not valid | snapshots differ |\n\
         | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    let _ = writeln!(
        out,
        "| {} | {} | {} | {} | {} | {} |",
        summary.passed,
        summary.expected_failures,
        summary.failed,
        summary.inapplicable,
        summary.invalid,
        summary.changed
    );
    let troubles = document.troubles();
    out.push_str(if troubles.is_empty() { "" } else { "\n" });
    for trouble in troubles {
        let path = trouble.path.map(|path| format!("`{path}`: ")).unwrap_or_default();
        let shown = if trouble.shown.is_empty() { String::new() } else { format!(": {}", plain(&trouble.shown)) };
        let _ = writeln!(out, "- **{path}{}**{shown}", plain(&trouble.message));
    }
    let bad: Vec<&File> = document.files.iter().filter(|file| file.is_bad()).collect();
    for file in bad.iter().take(SHOWN_MAX) {
        section(&mut out, file);
    }
    if bad.len() > SHOWN_MAX {
        let _ = writeln!(out, "\nAnd {} more: {}", bad.len() - SHOWN_MAX, names(&bad[SHOWN_MAX..]));
    }
    let aside: Vec<(&File, &Row)> = document
        .files
        .iter()
        .flat_map(|file| file.rows.iter().map(move |row| (file, row)))
        .filter(|(_, row)| matches!(row.verdict.as_str(), "inapplicable" | "expected-fail"))
        .collect();
    if !aside.is_empty() {
        let _ = writeln!(out, "\n<details><summary>Rows not counted as passed or failed: {}</summary>\n", aside.len());
        for (file, row) in aside {
            let why = row.failure.as_ref().map_or("", |why| why.message.as_str());
            let _ = writeln!(out, "- `{}` {}: {} ({why})", file.path, row.verdict, plain(&file.name_of(row)));
        }
        out.push_str("\n</details>\n");
    }
    sca_judge::mask::told(&out).into_owned()
}

fn names(files: &[&File]) -> String {
    files.iter().map(|file| format!("`{}`", file.path)).collect::<Vec<_>>().join(", ")
}

fn section(out: &mut String, file: &File) {
    let title = file.title.as_deref().map(plain).unwrap_or_default();
    let _ = writeln!(out, "\n### `{}`\n\n{title}\n", file.path);
    for problem in &file.problems {
        fenced(out, "", &problem.shown);
    }
    // The rows of one file mostly fail for the same reason, so only the first is shown.
    let bad: Vec<&Row> = file.rows.iter().filter(|row| row.is_bad()).collect();
    if let Some(row) = bad.first() {
        let why = row.failure.as_ref().map(|why| why.shown.as_str()).or(row.error.as_deref());
        fenced(out, "", why.unwrap_or("it passes, but its header expects it to fail"));
    }
    if bad.len() > 1 {
        let more = bad.len() - 1;
        let _ = writeln!(out, "{more} more {}.\n", if more == 1 { "row fails" } else { "rows fail" });
    }
    if let Some(difference) = &file.difference {
        fenced(out, "diff", difference);
    }
    let _ = writeln!(out, "Replay: `{}` (seed {})", file.replay, file.seed);
}

/// A code block whose fence is longer than any in the text.
fn fenced(out: &mut String, language: &str, text: &str) {
    let mut fence = "```".to_owned();
    while text.contains(&fence) {
        fence.push('`');
    }
    let _ = writeln!(out, "{fence}{language}\n{}\n{fence}\n", text.trim_end());
}

/// Escapes a text for Markdown.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push(' '),
            '\\' | '`' | '*' | '_' | '<' | '>' | '[' | ']' | '|' | '#' => out.extend(['\\', c]),
            other => out.push(other),
        }
    }
    out
}
