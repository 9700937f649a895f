//! Words for a shell: what is pasted does what it says, whatever a path or a value holds.

use std::borrow::Cow;
use std::path::Path;

/// A text as one word of a POSIX shell.
///
/// ```
/// use sca_runner::shell::word;
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
    // Within single quotes a shell takes everything but a single quote as it is.
    Cow::Owned(format!("'{}'", text.replace('\'', "'\\''")))
}

/// A path as the last word of a command: one that begins with a dash is no option.
///
/// ```
/// use sca_runner::shell::last;
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
