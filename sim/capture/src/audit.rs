//! What was taken out of a capture, and what looks like a secret and was kept: by name and number, never by value.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use regex::Regex;
use sca_protocol::pan;
use sca_protocol::secret::{self, Kind};

use crate::redact::{self, Place};
use crate::session::{Event, Session};

/// What is known of what was taken and of what was kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audit {
    taken: BTreeMap<(String, &'static str), usize>,
    kept: BTreeMap<(String, &'static str), usize>,
}

/// Names that are listed, and characters of one.
const NAMES_MAX: usize = 2_000;
const NAME_MAX: usize = 64;

static MAIL: LazyLock<Regex> = LazyLock::new(|| made(r"[\w.+-]+@[\w-]+\.[\w.]+"));
static PHONE: LazyLock<Regex> = LazyLock::new(|| made(r"^(?:\+\d[\d ()./-]{6,20}\d|\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4})$"));
static PACKED: LazyLock<Regex> = LazyLock::new(|| made(r"^[A-Za-z0-9+/_=-]{40,}$"));

fn made(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a pattern of the program is one")
}

impl Audit {
    /// Looks at all that was said in some sessions.
    #[must_use]
    pub fn of(sessions: &[Session]) -> Self {
        let mut audit = Self::default();
        for (_, event) in sessions.iter().flat_map(|session| &session.events) {
            audit.event(event);
        }
        audit
    }

    /// Looks at one thing that happened.
    pub fn event(&mut self, event: &Event) {
        match event {
            Event::Asked(head) | Event::Answered(head) => self.head(head),
            Event::Frame(_, frame) => self.text(&String::from_utf8_lossy(&frame.payload)),
            _ => {}
        }
    }

    fn head(&mut self, head: &str) {
        for (name, value) in head.lines().filter_map(|line| line.split_once(": ")) {
            match secret::kind(name) {
                Some(kind) => self.takes(name, word(kind)),
                None if name.eq_ignore_ascii_case("Sec-WebSocket-Key")
                    || name.eq_ignore_ascii_case("Sec-WebSocket-Accept") => {}
                None => self.looks(name, value),
            }
        }
    }

    fn text(&mut self, text: &str) {
        let mut taken = Vec::new();
        for Place { name, range, .. } in redact::places(text) {
            let what = name.and_then(secret::kind).map_or("a card's number or a secret, by its looks", word);
            self.takes(name.unwrap_or("outside of elements"), what);
            taken.push(range);
        }
        for (name, range) in redact::texts(text) {
            let is_taken = taken.iter().any(|taken| taken.start < range.end && range.start < taken.end);
            if !is_taken {
                self.looks(name, text[range].trim());
            }
        }
    }

    /// Looks at a value that was kept.
    fn looks(&mut self, name: &str, value: &str) {
        const WORDS: [&str; 17] = [
            "ACCOUNT", "ADDR", "BIRTH", "CARD", "CITY", "EMAIL", "HOLDER", "IBAN", "KEY", "PASS", "PHONE", "PIN",
            "SECRET", "SSN", "STREET", "TOKEN", "ZIP",
        ];
        if value.is_empty() {
            return;
        }
        let upper = name.to_ascii_uppercase();
        let why = if !pan::find_any(value.as_bytes()).is_empty() {
            "digits that could be a card's number, where numbers of other kinds stand"
        } else if MAIL.is_match(value) {
            "looks like an address of mail"
        } else if PHONE.is_match(value) {
            "looks like a telephone number"
        } else if WORDS.iter().any(|word| upper.split(['_', '-']).any(|part| part.contains(word))) {
            "its name sounds like a secret"
        } else if PACKED.is_match(value) {
            "packed, and may hold anything"
        } else {
            return;
        };
        count(&mut self.kept, name, why);
    }

    fn takes(&mut self, name: &str, what: &'static str) {
        count(&mut self.taken, name, what);
    }
}

/// Counts a name, cut to a length at which it can be listed.
fn count(all: &mut BTreeMap<(String, &'static str), usize>, name: &str, why: &'static str) {
    let key = (name.chars().take(NAME_MAX).collect::<String>(), why);
    if all.len() < NAMES_MAX || all.contains_key(&key) {
        *all.entry(key).or_default() += 1;
    }
}

impl fmt::Display for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [("taken out", &self.taken), ("kept, and worth a look (--redact NAME takes it out)", &self.kept)];
        for (title, all) in parts {
            writeln!(f, "{title}: {}", if all.is_empty() { "nothing" } else { "" })?;
            for ((name, why), count) in all {
                // A name may hold what it should not.
                writeln!(f, "  {:<28} {count:>6}  {why}", crate::redacted(name))?;
            }
        }
        Ok(())
    }
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Number => "the number of a card",
        Kind::Track => "a track of a card",
        Kind::Chip => "data of a chip",
        Kind::Expiry => "the end of a card",
        Kind::Holder => "whose card it is",
        Kind::Code => "a security code",
        Kind::Pin => "a PIN",
        Kind::Key => "a key (kept: it is nobody's, and replaced where it is asked)",
        Kind::Mac => "a MAC",
        Kind::Pairing => "the code of a pairing",
        Kind::Password => "a password",
        Kind::Credential => "a credential",
        Kind::Personal => "somebody's own",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_names_what_was_taken_and_what_was_kept_and_no_value() {
        let mut audit = Audit::default();
        audit.text(
            "<TRANSACTION><ACCT_NUM>4111111111111111</ACCT_NUM><CVV2>321</CVV2><NOTE>4111111111111111</NOTE>\
             <INVOICE>5555555555554444</INVOICE><CARD_TOKEN>abc987</CARD_TOKEN><NICK>me@home.example</NICK><N>1</N>\
             <CUST_QUESTION_DATA>415-555-0138</CUST_QUESTION_DATA></TRANSACTION>",
        );
        audit.head("GET / HTTP/1.1\r\nAuthorization: Bearer zq1z\r\nX-Lane-Key: zq2z\r\n\r\n");
        let told = audit.to_string();
        for line in [
            "ACCT_NUM                          1  the number of a card",
            "CVV2                              1  a security code",
            "NOTE                              1  a card's number or a secret, by its looks",
            "Authorization                     1  a credential",
            "INVOICE                           1  digits that could be",
            "CARD_TOKEN                        1  its name sounds",
            "NICK                              1  looks like an address",
            "CUST_QUESTION_DATA                1  looks like a telephone number",
            "X-Lane-Key                        1  its name sounds",
        ] {
            assert!(told.contains(line), "{line}\n{told}");
        }
        for value in ["4111", "321", "5555", "abc987", "home", "zq", "415"] {
            assert!(!told.contains(value), "{value}\n{told}");
        }
    }
}
