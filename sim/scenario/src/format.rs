//! Formatter of scenario files: two spaces per level, two before each suffix, headers in a column. Words, comments and
//! verbatim text are unchanged.

use crate::cursor::SUFFIXES;
use crate::tree::{self, Item, Line};
use sca_model::Problem;

const HEADERS: &[&str] = &["scenario", "library", "tags", "seed", "clock", "use", "waive", "ignore", "each"];

/// Message words that are written one space after the arrow's target, not two.
const LOWER: &[&str] = &["text", "binary", "http", "ping", "pong", "close", "frame"];

/// Formats the text of a scenario or library.
///
/// # Errors
/// The [`Problem`]s of a text whose line structure cannot be read.
pub fn format(text: &str) -> Result<String, Vec<Problem>> {
    let (items, problems) = tree::read(text, 0);
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut out = String::with_capacity(text.len() + 64);
    items_into(&mut out, &items, 0);
    let kept = out.trim_matches('\n').len();
    let leading = out.len() - out.trim_start_matches('\n').len();
    Ok(format!("{}\n", &out[leading..leading + kept]))
}

fn items_into(out: &mut String, items: &[Item], depth: usize) {
    for item in items {
        match item {
            // Collapse consecutive empty lines.
            Item::Blank if out.ends_with("\n\n") || out.is_empty() => {}
            Item::Blank => out.push('\n'),
            Item::Comment(comment) => {
                out.extend(std::iter::repeat_n("  ", depth));
                out.extend([comment, "\n"]);
            }
            Item::Line(line) => line_into(out, line, depth),
        }
    }
}

fn line_into(out: &mut String, line: &Line, depth: usize) {
    out.extend(std::iter::repeat_n("  ", depth));
    let mut previous = "";
    for (at, word) in line.words.iter().enumerate() {
        let text = word.text.as_str();
        out.push_str(gap(line, at, depth, previous, text));
        out.push_str(text);
        previous = text;
    }
    out.extend(line.comment.as_ref().map(|comment| format!("  {comment}")));
    out.push('\n');
    if let Some(verbatim) = &line.verbatim {
        for text in &verbatim.lines {
            if !text.is_empty() {
                out.extend(std::iter::repeat_n("  ", depth + 1));
                out.push_str(text);
            }
            out.push('\n');
        }
    }
    items_into(out, &line.block, depth + 1);
}

fn gap(line: &Line, at: usize, depth: usize, previous: &str, text: &str) -> &'static str {
    const COLUMN: &str = "         ";
    let first = line.words[0].text.as_str();
    let arrow = line.words.iter().position(|w| w.text == "->");
    match (at, previous, text) {
        (0, ..) => "",
        (1, ..) if depth == 0 && HEADERS.contains(&first) && arrow.is_none() => &COLUMN[first.len().min(8)..],
        (_, "(" | "[", _) | (_, _, ")" | "]" | ",") => "",
        (_, _, "(") if previous != "," && previous != "in" && !HEADERS.contains(&previous) && is_call(first) => "",
        _ if arrow.is_some_and(|arrow| at == arrow + 2) && !LOWER.contains(&text) => "  ",
        // `bytes` is also the unit of a fault's position and of a frame's length.
        (_, count, "bytes") if count.starts_with("{{") || count.bytes().all(|b| b.is_ascii_digit()) => " ",
        // `after` is also part of a fault's position and of a host's delay.
        (_, _, "after") if line.words.get(at + 1).is_none_or(|next| next.text != "failures") => " ",
        _ if SUFFIXES.contains(&text) && first != "each" => "  ",
        _ => " ",
    }
}

fn is_call(first: &str) -> bool {
    matches!(first, "call" | "story") || first.starts_with('+')
}
