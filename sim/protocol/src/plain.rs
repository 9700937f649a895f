//! Untrusted text made safe to print on a terminal or in a CI log: it cannot control the terminal, change the reading
//! direction or issue commands to the CI runner.

use std::borrow::Cow;

/// Escapes every control and direction character of a text, as `\u{1b}`; line ends and tabs stay. A line that a CI
/// runner would take for a command (`::error::`, `##[error]`) gets a backslash before it.
///
/// ```
/// use sca_protocol::plain::shown;
///
/// assert_eq!(shown("a\u{1b}[31mb\n::stop-commands::x"), "a\\u{1b}[31mb\n\\::stop-commands::x");
/// assert_eq!(shown("fine: 12.05 €"), "fine: 12.05 €");
/// ```
#[must_use]
pub fn shown(text: &str) -> Cow<'_, str> {
    escape_text(text, false)
}

/// Like [`shown`], but keeps the sequences that set colours.
#[must_use]
pub fn escape_keeping_colours(text: &str) -> Cow<'_, str> {
    escape_text(text, true)
}

fn escape_text(text: &str, colours: bool) -> Cow<'_, str> {
    let is_tame = |byte: u8| (0x20..0x7f).contains(&byte) || byte == b'\n' || byte == b'\t';
    if text.bytes().all(is_tame) && !text.split('\n').any(is_command) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            out.push('\n');
        }
        let mut rest = line;
        if is_command(line) {
            let blanks = line.len() - line.trim_start().len();
            out.push_str(&line[..blanks]);
            out.push('\\');
            rest = &line[blanks..];
        }
        while let Some(c) = rest.chars().next() {
            let colour = if colours && c == '\u{1b}' { colour_sequence_length(rest) } else { 0 };
            if colour > 0 {
                out.push_str(&rest[..colour]);
                rest = &rest[colour..];
                continue;
            }
            if c != '\t' && (c.is_control() || is_invisible(c)) {
                out.extend(c.escape_unicode());
            } else {
                out.push(c);
            }
            rest = &rest[c.len_utf8()..];
        }
    }
    Cow::Owned(out)
}

/// Whether a CI runner would take this line for a command, as GitHub, Azure and TeamCity write theirs.
fn is_command(line: &str) -> bool {
    let said = line.trim_start();
    said.starts_with("::") || ["##[", "##vso[", "##teamcity["].iter().any(|word| said.starts_with(word))
}

/// Whether a character changes how its neighbours are read, or is invisible: direction marks, line separators, zero
/// width.
#[must_use]
pub const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{ad}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    )
}

/// Bytes of the sequence at the start of this text that sets a colour or weight; 0 for any other sequence.
fn colour_sequence_length(text: &str) -> usize {
    let Some(body) = text.strip_prefix("\u{1b}[") else { return 0 };
    let Some(end) = body.find(|c: char| !c.is_ascii_digit() && c != ';') else { return 0 };
    let hides = body[..end].split(';').any(|word| word.trim_start_matches('0') == "8");
    if body[end..].starts_with('m') && !hides { 2 + end + 1 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_shown_text_controls_a_terminal() {
        let hostile = "\u{1b}]0;title\u{7} \u{9b}31m \u{202e}abc\u{200b} a\rb \u{7f}\u{feff}";
        let told = shown(hostile);
        assert_eq!(told, "\\u{1b}]0;title\\u{7} \\u{9b}31m \\u{202e}abc\\u{200b} a\\u{d}b \\u{7f}\\u{feff}");
        assert_eq!(shown(&told), told);
    }

    #[test]
    fn no_line_is_a_command_of_a_runner() {
        for command in ["::error::x", "  ::set-output name=x::y", "##[error]x", "##vso[task.x]", "\t##teamcity[x]"] {
            let text = format!("a\n{command}\nb");
            let told = shown(&text);
            assert!(!told.lines().any(is_command), "{told}");
            assert_eq!(told.replace('\\', ""), text);
        }
        assert_eq!(shown("a::b ##[c"), "a::b ##[c");
    }

    #[test]
    fn colours_stay_where_they_are_wanted_and_hide_nothing() {
        let text = "\u{1b}[1m\u{1b}[38;5;9mred\u{1b}[0m \u{1b}[8mhidden \u{1b}[2J";
        assert_eq!(escape_keeping_colours(text), "\u{1b}[1m\u{1b}[38;5;9mred\u{1b}[0m \\u{1b}[8mhidden \\u{1b}[2J");
        assert!(!shown(text).contains('\u{1b}'));
    }
}
