//! The redaction audit of a capture: what was redacted, and what looks like a secret but was kept, by name and count,
//! never by value.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use regex::Regex;
use sca_masking::pan;
use sca_masking::secret::{self, Kind};

use crate::redact::{self, Place};
use sca_import::{Event, Session};

/// Counts of redacted and of suspicious values, by field name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audit {
    taken: BTreeMap<(String, &'static str), usize>,
    kept: BTreeMap<(String, &'static str), usize>,
}

/// Maximum number of names listed, and of characters per name.
const NAMES_MAX: usize = 2_000;
const NAME_MAX: usize = 64;

static MAIL: LazyLock<Regex> = LazyLock::new(|| made(r"[\w.+-]+@[\w-]+\.[\w.]+"));
static PHONE: LazyLock<Regex> = LazyLock::new(|| made(r"^(?:\+\d[\d ()./-]{6,20}\d|\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4})$"));
static PACKED: LazyLock<Regex> = LazyLock::new(|| made(r"^[A-Za-z0-9+/_=-]{40,}$"));

fn made(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a built-in pattern is valid")
}

impl Audit {
    /// Audits all events of some sessions.
    #[must_use]
    pub fn of(sessions: &[Session]) -> Self {
        let mut audit = Self::default();
        for (_, event) in sessions.iter().flat_map(|session| &session.events) {
            audit.event(event);
        }
        audit
    }

    /// Audits one event.
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
            let what = name.and_then(secret::kind).map_or("looks like a card number or a secret", word);
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

    /// Counts a kept value if it looks like a secret.
    fn looks(&mut self, name: &str, value: &str) {
        const WORDS: [&str; 17] = [
            "ACCOUNT", "ADDR", "BIRTH", "CARD", "CITY", "EMAIL", "HOLDER", "IBAN", "KEY", "PASS", "PHONE", "PIN",
            "SECRET", "SSN", "STREET", "TOKEN", "ZIP",
        ];
        if value.is_empty() {
            return;
        }
        let upper = name.to_ascii_uppercase();
        let why = if !pan::find_possible(value.as_bytes()).is_empty() {
            "digits that could be a card number, in a field for other numbers"
        } else if MAIL.is_match(value) {
            "looks like an email address"
        } else if PHONE.is_match(value) {
            "looks like a phone number"
        } else if WORDS.iter().any(|word| upper.split(['_', '-']).any(|part| part.contains(word))) {
            "its name sounds like a secret"
        } else if PACKED.is_match(value) {
            "encoded, may contain anything"
        } else {
            return;
        };
        count(&mut self.kept, name, why);
    }

    fn takes(&mut self, name: &str, what: &'static str) {
        count(&mut self.taken, name, what);
    }
}

/// Counts a name, truncated to [`NAME_MAX`] characters.
fn count(all: &mut BTreeMap<(String, &'static str), usize>, name: &str, why: &'static str) {
    let key = (name.chars().take(NAME_MAX).collect::<String>(), why);
    if all.len() < NAMES_MAX || all.contains_key(&key) {
        *all.entry(key).or_default() += 1;
    }
}

impl fmt::Display for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [("redacted", &self.taken), ("kept, but worth checking (--redact NAME redacts it)", &self.kept)];
        for (title, all) in parts {
            writeln!(f, "{title}: {}", if all.is_empty() { "nothing" } else { "" })?;
            for ((name, why), count) in all {
                // A name may itself contain card data.
                writeln!(f, "  {:<28} {count:>6}  {why}", crate::redacted(name))?;
            }
        }
        Ok(())
    }
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Number => "card number",
        Kind::Track => "card track data",
        Kind::Chip => "chip data",
        Kind::Expiry => "card expiry date",
        Kind::Holder => "cardholder name",
        Kind::Code => "security code",
        Kind::Pin => "PIN",
        Kind::Key => "key (kept: not secret, and replaced in requests)",
        Kind::Mac => "MAC",
        Kind::Pairing => "pairing code",
        Kind::Password => "password",
        Kind::Credential => "credential",
        Kind::Personal => "personal data",
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
            "ACCT_NUM                          1  card number",
            "CVV2                              1  security code",
            "NOTE                              1  looks like a card number or a secret",
            "Authorization                     1  credential",
            "INVOICE                           1  digits that could be",
            "CARD_TOKEN                        1  its name sounds",
            "NICK                              1  looks like an email address",
            "CUST_QUESTION_DATA                1  looks like a phone number",
            "X-Lane-Key                        1  its name sounds",
        ] {
            assert!(told.contains(line), "{line}\n{told}");
        }
        for value in ["4111", "321", "5555", "abc987", "home", "zq", "415"] {
            assert!(!told.contains(value), "{value}\n{told}");
        }
    }
}
