//! A setting: its kind of value, its parser and writer, and the errors for values that do not fit.

use std::time::Duration;

use crate::codes;
use crate::instant::UnixTime;

/// The kind of value that a setting holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// yes or no; also 1 or 0.
    Flag,
    /// A whole number in this range.
    Number(u64, u64),
    /// A duration, with its bounds in milliseconds.
    Span(u64, u64),
    /// A text of at most this many characters.
    Text(usize),
    /// An HTTP header value of at most this many characters.
    Header(usize),
    /// A user name of at most this many characters, without a colon, which would end it (RFC 7617).
    User(usize),
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A calendar date, optionally with a time.
    Instant,
    /// `ws://HOST[:PORT]` or `wss://HOST[:PORT]`.
    Url,
    /// `HOST:PORT`, or empty.
    Place,
    /// A result code of the tables, or empty.
    Code,
}

/// The value of a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// yes or no.
    Flag(bool),
    /// A number.
    Number(u64),
    /// A duration.
    Span(Duration),
    /// A text or a word.
    Text(String),
    /// An instant.
    Instant(UnixTime),
}

/// The place in which a setting has an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In scenarios and for a party on real sockets.
    Everywhere,
    /// In scenarios only. The text names what has the effect on real sockets, or why nothing has.
    Scenarios(&'static str),
    /// For a party on real sockets only. The text names what has the effect in scenarios, or why nothing has.
    Open(&'static str),
}

/// A row of a table: one setting of `T`.
pub struct Row<T> {
    /// Its name. Capitals are SCA's own parameters.
    pub name: &'static str,
    /// The kind of its value.
    pub kind: Kind,
    /// Its default value, as text.
    pub default: &'static str,
    /// Its meaning.
    pub meaning: &'static str,
    /// Where the fact comes from: a page or clause, or the id of an assumption.
    pub source: &'static str,
    /// The place in which it has an effect.
    pub place: Place,
    pub(crate) set: fn(&mut T, Value),
    pub(crate) get: fn(&T) -> String,
}

impl<T> Row<T> {
    /// The current value as text that can be parsed again; empty if there is none.
    #[must_use]
    pub fn get(&self, from: &T) -> String {
        (self.get)(from)
    }
}

/// Formats a value as the text of its setting.
pub(crate) trait Shown {
    fn shown(&self) -> String;
}

impl Shown for bool {
    fn shown(&self) -> String {
        if *self { "yes" } else { "no" }.to_owned()
    }
}

impl Shown for u64 {
    fn shown(&self) -> String {
        self.to_string()
    }
}

impl Shown for Duration {
    fn shown(&self) -> String {
        format_duration(*self)
    }
}

impl Shown for String {
    fn shown(&self) -> String {
        self.clone()
    }
}

impl<T: ToString> Shown for Option<T> {
    fn shown(&self) -> String {
        self.as_ref().map(T::to_string).unwrap_or_default()
    }
}

/// Why a setting cannot be set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// There is no such setting.
    #[error("unknown setting {name}")]
    Unknown {
        /// The name given.
        name: String,
        /// The nearest existing name.
        suggestion: Option<&'static str>,
    },
    /// The value does not fit.
    #[error("{name} takes {expected}, got {got}")]
    Value {
        /// The setting.
        name: &'static str,
        /// The expected value.
        expected: String,
        /// The value given.
        got: String,
    },
    /// The setting has no effect in this place.
    #[error("{name} has no effect {place}: {instead}")]
    Idle {
        /// The setting.
        name: &'static str,
        /// The place in which it would be set.
        place: &'static str,
        /// What has the effect in its stead, or why nothing has.
        instead: &'static str,
    },
}

impl Kind {
    /// Parses a value of this kind.
    #[must_use]
    pub fn read(self, text: &str) -> Option<Value> {
        match self {
            Self::Flag => match text {
                "yes" | "on" | "1" | "Y" | "ENABLE" => Some(Value::Flag(true)),
                "no" | "off" | "0" | "N" | "DISABLE" => Some(Value::Flag(false)),
                _ => None,
            },
            Self::Number(min, max) => text.parse().ok().filter(|n| (min..=max).contains(n)).map(Value::Number),
            Self::Span(min, max) => {
                span(text).filter(|d| (u128::from(min)..=u128::from(max)).contains(&d.as_millis())).map(Value::Span)
            }
            Self::Header(max) => {
                Self::Text(max).read(text).filter(|_| !text.is_empty() && text.trim() == text && text.is_ascii())
            }
            Self::User(max) => Self::Text(max).read(text).filter(|_| !text.contains(':')),
            Self::Text(max) => (text.chars().count() <= max && !text.chars().any(char::is_control))
                .then(|| Value::Text(text.to_owned())),
            Self::Choice(words) => words.contains(&text).then(|| Value::Text(text.to_owned())),
            Self::Instant => UnixTime::parse(text).ok().map(Value::Instant),
            Self::Place => (text.is_empty() || parse_host_port(text).is_some()).then(|| Value::Text(text.to_owned())),
            Self::Code => {
                let is_known = text.parse().is_ok_and(|n| codes::find_code(n).is_some());
                (is_known || text.is_empty()).then(|| Value::Text(text.to_owned()))
            }
            Self::Url => parse_broker_url(text).map(|_| Value::Text(text.to_owned())),
        }
    }

    /// The expected value, in words.
    #[must_use]
    pub fn expected(self) -> String {
        let ms = |n| format_duration(Duration::from_millis(n));
        match self {
            Self::Flag => "yes or no".to_owned(),
            Self::Number(min, max) => format!("a number from {min} to {max}"),
            Self::Span(min, max) => format!("a duration from {} to {}", ms(min), ms(max)),
            Self::User(max) => format!("a name of at most {max} characters without a colon"),
            Self::Header(max) => format!("1 to {max} ASCII characters without a space at either end"),
            Self::Text(max) => format!("a text of at most {max} characters on one line"),
            Self::Choice(words) => words.join(" or "),
            Self::Instant => "an instant such as 2026-01-15T09:00:00Z".to_owned(),
            Self::Place => "HOST:PORT".to_owned(),
            Self::Code => "a result code of the tables".to_owned(),
            Self::Url => "ws://HOST:PORT or wss://HOST:PORT".to_owned(),
        }
    }
}

/// Parses `ws://HOST[:PORT]` or `wss://HOST[:PORT]`: whether it is wss, the host without the brackets of an IPv6
/// address, and the port.
///
/// ```
/// use sca_protocol::settings::parse_broker_url;
/// assert_eq!(parse_broker_url("wss://broker.test"), Some((true, "broker.test".to_owned(), 443)));
/// assert_eq!(parse_broker_url("ws://[::1]:8080"), Some((false, "::1".to_owned(), 8080)));
/// assert_eq!(parse_broker_url("http://broker.test"), None);
/// ```
#[must_use]
pub fn parse_broker_url(url: &str) -> Option<(bool, String, u16)> {
    let (scheme, rest) = url.split_once("://")?;
    let secure = match scheme {
        "ws" => false,
        "wss" => true,
        _ => return None,
    };
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, behind)) => (host, behind.strip_prefix(':').or(behind.is_empty().then_some(""))?),
        None => authority.split_once(':').unwrap_or((authority, "")),
    };
    let port = if port.is_empty() { if secure { 443 } else { 80 } } else { port.parse().ok().filter(|p| *p > 0)? };
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-_:".contains(c);
    (!host.is_empty() && host.len() <= 253 && host.chars().all(plain)).then(|| (secure, host.to_owned(), port))
}

/// Parses `HOST:PORT`: the host without the brackets of an IPv6 address, and the port.
#[must_use]
pub fn parse_host_port(place: &str) -> Option<(String, u16)> {
    let (host, port) = place.rsplit_once(':')?;
    let host = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-_:".contains(c);
    let fits = !host.is_empty() && host.len() <= 253 && host.chars().all(plain);
    fits.then(|| Some((host.to_owned(), port.parse().ok().filter(|p| *p > 0)?)))?
}

/// Parses a duration: `250ms`, `1.5s`, `10m`, `2h`, `31d`.
#[must_use]
pub fn span(text: &str) -> Option<Duration> {
    let unit_at = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(unit_at);
    let ms_each: u64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |s: &str| !s.is_empty() && s.len() <= 9 && s.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || (number.contains('.') && !digits(fraction)) {
        return None;
    }
    let mut ms = whole.parse::<u64>().ok()?.checked_mul(ms_each)?;
    if !fraction.is_empty() {
        let scale = 10u64.pow(u32::try_from(fraction.len()).ok()?);
        let part = fraction.parse::<u64>().ok()?.checked_mul(ms_each)?;
        if part % scale != 0 {
            return None;
        }
        ms = ms.checked_add(part / scale)?;
    }
    Some(Duration::from_millis(ms))
}

/// Formats a duration so that [`span`] can parse it.
#[must_use]
pub fn format_duration(span: Duration) -> String {
    let ms = span.as_millis();
    for (unit, each) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)] {
        if ms >= each && ms.is_multiple_of(each) {
            return format!("{}{unit}", ms / each);
        }
    }
    if ms > 1_000 { format!("{}.{:03}s", ms / 1_000, ms % 1_000) } else { format!("{ms}ms") }
}

/// The name in `names` that is nearest to `word`, if any is close enough.
pub fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // No name is longer; a file may contain words of any length.
    if word.len() > 256 {
        return None;
    }
    let reach = 1 + word.chars().count() / 3;
    let word = word.to_lowercase();
    let distance = |name: &str| strsim::osa_distance(&word, &name.to_lowercase());
    names.into_iter().map(|name| (distance(name), name)).filter(|(d, _)| *d <= reach).min().map(|(_, n)| n)
}

/// The settings of one party, with their table.
pub trait Settings: Sized + 'static {
    /// The closed table of its settings.
    fn table() -> &'static [Row<Self>];

    /// Sets a setting by name; the trailing `_` or `_1` of a parameter's name may be omitted.
    ///
    /// # Errors
    /// [`SettingError`], with a suggestion or with the expected value.
    fn set(&mut self, name: &str, text: &str) -> Result<(), SettingError> {
        let row = Self::row(name)?;
        let value = row.kind.read(text).ok_or_else(|| SettingError::Value {
            name: row.name,
            expected: row.kind.expected(),
            got: text.chars().take(80).collect(),
        })?;
        (row.set)(self, value);
        Ok(())
    }

    /// Sets a setting of a party in a scenario.
    ///
    /// # Errors
    /// [`SettingError`], also if the setting has an effect on real sockets only.
    fn set_in_scenario(&mut self, name: &str, text: &str) -> Result<(), SettingError> {
        match Self::row(name)? {
            Row { name, place: Place::Open(instead), .. } => {
                Err(SettingError::Idle { name, place: "in scenarios", instead })
            }
            _ => self.set(name, text),
        }
    }

    /// Sets a setting of a party on real sockets, outside any scenario.
    ///
    /// # Errors
    /// [`SettingError`], also if the setting has an effect in scenarios only.
    fn set_on_real_sockets(&mut self, name: &str, text: &str) -> Result<(), SettingError> {
        match Self::row(name)? {
            Row { name, place: Place::Scenarios(instead), .. } => {
                Err(SettingError::Idle { name, place: "on real sockets", instead })
            }
            _ => self.set(name, text),
        }
    }

    /// The row with this name.
    ///
    /// # Errors
    /// [`SettingError::Unknown`] with a suggestion.
    fn row(name: &str) -> Result<&'static Row<Self>, SettingError> {
        let bare = |n: &str| n.trim_end_matches('1').trim_end_matches('_').to_owned();
        let same = |row: &&Row<Self>| row.name == name || (is_parameter(name) && bare(row.name) == bare(name));
        Self::table().iter().find(same).ok_or_else(|| SettingError::Unknown {
            name: name.chars().take(80).collect(),
            suggestion: nearest(name, Self::table().iter().map(|r| r.name)),
        })
    }
}

/// Whether a name is written like SCA's parameters: in capitals.
#[must_use]
pub fn is_parameter(name: &str) -> bool {
    name.bytes().any(|b| b.is_ascii_uppercase()) && !name.bytes().any(|b| b.is_ascii_lowercase())
}
