//! Side-by-side diff of two transcripts, line by line, with the differing fields marked.

use std::fmt::Write;

use similar::{ChangeTag, DiffOp, TextDiff};

use super::Painter;

/// Lines shown around a change.
const CONTEXT: usize = 2;
/// The minimum width of a column in characters.
const COLUMN_MIN: usize = 24;

/// Prints two texts side by side in a terminal of `width` columns: the kept one left, the new one right. Equal lines
/// far from any change are left out.
#[must_use]
pub fn sides(painter: Painter, kept: &str, new: &str, width: usize) -> String {
    let (left, right): (Vec<&str>, Vec<&str>) = (kept.lines().collect(), new.lines().collect());
    let column = (width.saturating_sub(3) / 2).max(COLUMN_MIN);
    let mut out = String::new();
    row(&mut out, column, ("kept", "new"), ' ');
    let _ = writeln!(out, "{}", "─".repeat(column * 2 + 3));
    let diff = TextDiff::from_slices(&left, &right);
    for (number, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if number > 0 {
            row(&mut out, column, ("⋮", "⋮"), ' ');
        }
        for op in group {
            pairs(&mut out, painter, column, (&left, &right), op);
        }
    }
    out
}

fn pairs(out: &mut String, painter: Painter, column: usize, (left, right): (&[&str], &[&str]), op: &DiffOp) {
    let (old, new) = (&left[op.old_range()], &right[op.new_range()]);
    let is_same = matches!(op, DiffOp::Equal { .. });
    for at in 0..old.len().max(new.len()) {
        match (old.get(at), new.get(at)) {
            (Some(old), Some(new)) if is_same => row(out, column, (old, new), ' '),
            (Some(old), Some(new)) => {
                let (old, new) = marked(painter, old, new);
                row(out, column, (&old, &new), '≠');
            }
            (Some(old), None) => row(out, column, (&mark(painter, old, true), ""), '<'),
            (None, Some(new)) => row(out, column, ("", &mark(painter, new, false)), '>'),
            (None, None) => {}
        }
    }
}

/// Two lines, each with its differing words marked.
fn marked(painter: Painter, old: &str, new: &str) -> (String, String) {
    let diff = TextDiff::from_words(old, new);
    let (mut left, mut right) = (String::new(), String::new());
    for change in diff.iter_all_changes() {
        let text = change.value();
        match change.tag() {
            ChangeTag::Equal => {
                left.push_str(text);
                right.push_str(text);
            }
            _ if text.trim().is_empty() => {}
            ChangeTag::Delete => left.push_str(&mark(painter, text, true)),
            ChangeTag::Insert => right.push_str(&mark(painter, text, false)),
        }
    }
    (left, right)
}

fn mark(painter: Painter, text: &str, is_old: bool) -> String {
    match (painter.colours, is_old) {
        (true, true) => format!("\u{1b}[31;7m{text}\u{1b}[0m"),
        (true, false) => format!("\u{1b}[32;7m{text}\u{1b}[0m"),
        (false, true) => format!("[-{text}-]"),
        (false, false) => format!("{{+{text}+}}"),
    }
}

/// Prints one row; text wider than its column continues below.
fn row(out: &mut String, column: usize, (left, right): (&str, &str), sign: char) {
    let (left, right) = (folded(left, column), folded(right, column));
    for at in 0..left.len().max(right.len()).max(1) {
        let empty = (String::new(), 0);
        let (old, size) = left.get(at).unwrap_or(&empty);
        let (new, _) = right.get(at).unwrap_or(&empty);
        let line = format!("{old}{} {} {new}", " ".repeat(column - size), if at == 0 { sign } else { ' ' });
        let _ = writeln!(out, "{}", line.trim_end());
    }
}

/// Splits a line into pieces of the column's width, with the width of each; colour escapes have no width.
fn folded(line: &str, column: usize) -> Vec<(String, usize)> {
    let mut pieces = vec![(String::new(), 0)];
    let mut in_escape = false;
    for c in line.chars() {
        in_escape |= c == '\u{1b}';
        if !in_escape && pieces.last().is_some_and(|(_, size)| *size == column) {
            pieces.push(("  ".to_owned(), 2));
        }
        if let Some((piece, size)) = pieces.last_mut() {
            piece.push(c);
            *size += usize::from(!in_escape);
        }
        in_escape &= c != 'm';
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::sides;
    use crate::Painter;

    #[test]
    fn the_differing_field_is_marked_and_what_is_far_from_it_left_out() {
        let kept = "a\nb\nc\nd\n+1.0 terminal -> pos  COUNTER=7 RESULT=OK\ne\n";
        let new = "a\nb\nc\nd\n+1.0 terminal -> pos  COUNTER=8 RESULT=OK\ne\nf\n";
        let shown = sides(Painter { colours: false }, kept, new, 110);
        assert!(shown.contains("[-COUNTER=7-] RESULT=OK"), "{shown}");
        assert!(shown.contains("{+COUNTER=8+} RESULT=OK"), "{shown}");
        assert!(shown.contains("> {+f+}"), "{shown}");
        assert!(!shown.lines().any(|line| line.starts_with('a')), "{shown}");
    }
}
