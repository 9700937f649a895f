//! Quoting of words for a POSIX shell, so that a pasted command works with any path or value.

use std::borrow::Cow;
use std::path::Path;

/// A text as one word for a POSIX shell.
///
/// ```
/// use sca_environment::shell::word;
///
/// assert_eq!(word("scenarios/a-b.sca"), "scenarios/a-b.sca");
/// assert_eq!(word("it's $(x).sca"), "'it'\\''s $(x).sca'");
/// ```
#[must_use]
pub fn word(text: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_alphanumeric() || "-_.=:,/+@%".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    // Within single quotes a shell takes every character literally except the single quote.
    Cow::Owned(format!("'{}'", text.replace('\'', "'\\''")))
}

/// A path as the last word of a command; a path that begins with a dash is not taken for an option.
///
/// ```
/// use sca_environment::shell::last;
///
/// assert_eq!(last("a b.sca".as_ref()), "'a b.sca'");
/// assert_eq!(last("-dash.sca".as_ref()), "./-dash.sca");
/// ```
#[must_use]
pub fn last(path: &Path) -> String {
    let text = path.display().to_string();
    let text = if text.starts_with('-') { format!("./{text}") } else { text };
    word(&text).into_owned()
}
