//! The link laws, checked on every terminal from outside: it reconnects, its pauses grow as configured, and a ping
//! without a pong ends the connection. Uses only what is visible on the line and the device's settings.

use std::time::Duration;

use sca_core::pause_bounds;
use sca_protocol::handshake::Head;
use sca_protocol::settings::TerminalSettings;
use sca_protocol::{Reason, UnixTime};

use sca_judge::oracle::Breach;

/// The checker's state for one terminal's link.
#[derive(Debug, Default)]
pub(super) struct LinkChecker {
    phase: Phase,
    /// Number of pauses since a connection last carried a request.
    pauses: u32,
    /// The Retry-After of the latest upgrade answer, in seconds.
    retry_after: Option<u64>,
    ping: Option<Awaited>,
    /// Tolerance granted for real time.
    slack: Duration,
}

#[derive(Debug, Default, Clone, PartialEq, Eq)]
enum Phase {
    /// Nothing is required: no power, or the link is up.
    #[default]
    Content,
    /// An attempt is running; it must succeed or fail by this deadline.
    Attempting { until: Duration },
    /// A pause since this instant, with its minimum and maximum length.
    Pausing { since: Duration, least: Duration, most: Duration },
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Awaited {
    payload: Vec<u8>,
    until: Duration,
}

/// The pause that Retry-After asks for, in seconds (RFC 9110, section 10.2.3). Parsed independently of the terminal's
/// parser, so that a bug in one is detected by the other.
pub(super) fn asked_pause(head: &Head, now: UnixTime) -> Option<u64> {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let value = head.get("Retry-After")?;
    if value.bytes().all(|b| b.is_ascii_digit()) {
        return (!value.is_empty()).then(|| value.parse().unwrap_or(u64::MAX));
    }
    let words: Vec<&str> = value.split([' ', ',', '-']).filter(|word| !word.is_empty()).collect();
    let (day, month, year, time) = match *words.as_slice() {
        [_, day, month, year, time, "GMT"] => (day, month, year, time),
        [_, month, day, time, year] => (day, month, year, time),
        _ => return None,
    };
    let month = MONTHS.find(month).filter(|at| at % 3 == 0 && month.len() == 3)? / 3 + 1;
    let this_year: i32 = now.to_string().get(..4)?.parse().ok()?;
    let mut year_number: i32 = year.parse().ok()?;
    if year.len() == 2 {
        year_number += this_year - this_year % 100;
        year_number -= if year_number > this_year + 50 { 100 } else { 0 };
    }
    let at = UnixTime::parse(&format!("{year_number:04}-{month:02}-{day:0>2}T{time}Z")).ok()?;
    u64::try_from(at.0.saturating_sub(now.0)).ok()
}

impl LinkChecker {
    /// Creates a checker with this tolerance for real time.
    pub(super) fn with_slack(slack: Duration) -> Self {
        Self { slack, ..Self::default() }
    }

    /// Records power-on: a device configured to connect must start an attempt.
    pub(super) fn power_on(&mut self, now: Duration, settings: &TerminalSettings) {
        self.power_off();
        if settings.pos_connect_allow == "WEBSOCKETS" && settings.is_known_model() {
            let most = settings.boot_time + self.slack;
            self.phase = Phase::Pausing { since: now, least: Duration::ZERO, most };
        }
    }

    /// Records power-off: nothing is required any more.
    pub(super) fn power_off(&mut self) {
        *self = Self::with_slack(self.slack);
    }

    /// Records the start of an attempt; returns a breach if it starts too early.
    pub(super) fn attempts(&mut self, now: Duration, settings: &TerminalSettings) -> Option<Breach> {
        let breach = match self.phase {
            Phase::Pausing { since, least, .. } if now - since < least => {
                let ms = |d: Duration| d.as_millis();
                let (got, least) = (ms(now - since), ms(least));
                Some(("retry-pace", format!("an attempt after a pause of {got} ms; the minimum is {least} ms")))
            }
            _ => None,
        };
        let limit = settings.connect_timeout + settings.tls_timeout + settings.upgrade_timeout;
        self.phase = Phase::Attempting { until: now + limit + self.slack };
        (self.retry_after, self.ping) = (None, None);
        breach
    }

    /// Records the Retry-After of the broker's answer, in seconds.
    pub(super) fn answered(&mut self, retry_after: Option<u64>) {
        self.retry_after = retry_after;
    }

    /// Records that the link is up.
    pub(super) fn connects(&mut self) {
        (self.phase, self.ping) = (Phase::Content, None);
    }

    /// Records that the connection has carried a request.
    pub(super) fn carried(&mut self) {
        self.pauses = 0;
    }

    /// Records a failed attempt (with its reason) or a lost link. A device that is not configured to connect need not
    /// retry.
    pub(super) fn link_down(&mut self, now: Duration, why: Option<Reason>, settings: &TerminalSettings) {
        self.ping = None;
        if why == Some(Reason::Config) {
            self.phase = Phase::Content;
            return;
        }
        // A terminal that reports another reason has not read the answer.
        let has_read = match &why {
            None | Some(Reason::Http(_)) => true,
            Some(Reason::Handshake(failure)) => failure.is_of_whole_answer(),
            Some(_) => false,
        };
        let asked = self.retry_after.take().filter(|_| has_read);
        let (least, most) = pause_bounds(&settings.retry, self.pauses, asked);
        self.pauses = self.pauses.saturating_add(1);
        self.phase = Phase::Pausing { since: now, least, most: most + self.slack };
    }

    /// Records a ping that the terminal sends.
    pub(super) fn pings(&mut self, now: Duration, payload: &[u8], settings: &TerminalSettings) {
        let until = now + settings.pong_timeout + self.slack;
        self.ping = Some(Awaited { payload: payload.to_vec(), until });
    }

    /// Records a pong that arrives.
    pub(super) fn hears_pong(&mut self, payload: &[u8]) {
        self.ping.take_if(|awaited| awaited.payload == payload);
    }

    /// Whether a ping is still unanswered.
    pub(super) fn awaits_pong(&self) -> bool {
        self.ping.is_some()
    }

    /// A breach if something required is overdue. Each breach is reported once.
    pub(super) fn overdue(&mut self, now: Duration) -> Option<Breach> {
        let at = sca_judge::time_format::stamp;
        if let Some(awaited) = self.ping.take_if(|awaited| awaited.until < now) {
            let text = format!("a ping was still unanswered at {}, but the link is up", at(awaited.until));
            return Some(("dead-link", text));
        }
        let text = match &self.phase {
            Phase::Attempting { until } if *until < now => {
                format!("an attempt neither succeeded nor failed by {}", at(*until))
            }
            Phase::Pausing { since, most, .. } if *since + *most < now => {
                format!("no new attempt by {} after the link went down at {}", at(*since + *most), at(*since))
            }
            _ => return None,
        };
        self.phase = Phase::Content;
        Some(("comes-back", text))
    }
}

#[cfg(test)]
mod tests {
    use sca_protocol::HandshakeFailure;

    use super::*;

    fn settings() -> TerminalSettings {
        TerminalSettings::default()
    }

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn pauses_grow_up_to_the_cap() {
        let rules = settings().retry;
        let least = |pauses| pause_bounds(&rules, pauses, None).0.as_millis();
        assert_eq!([least(0), least(1), least(2), least(9), least(200)], [999, 1_999, 3_999, 29_999, 29_999]);
        assert_eq!(pause_bounds(&rules, 9, None).1.as_millis(), 60_001);
    }

    #[test]
    fn a_pause_is_asked_for_in_seconds_or_by_one_of_three_dates() {
        let now = UnixTime::parse("2026-01-15T09:00:00Z").expect("it is a date");
        for (value, pause) in [
            ("30", Some(30)),
            ("Thu, 15 Jan 2026 09:00:30 GMT", Some(30)),
            ("Thursday, 15-Jan-26 09:00:30 GMT", Some(30)),
            ("Thu Jan 15 09:00:30 2026", Some(30)),
            ("Thu, 15 Jan 2026 08:59:00 GMT", None),
            ("soon", None),
            ("", None),
        ] {
            let answer = format!("HTTP/1.1 503 Busy\r\nRetry-After: {value}\r\n\r\n");
            let (head, _) = Head::parse_response(answer.as_bytes()).expect("it is a head").expect("it is whole");
            assert_eq!(asked_pause(&head, now), pause, "{value}");
        }
    }

    #[test]
    fn an_attempt_is_over_in_its_time_and_what_real_time_is_granted() {
        let settings = settings();
        let limit = settings.connect_timeout + settings.tls_timeout + settings.upgrade_timeout;
        for (slack, late, breaks) in [(s(0), s(1), true), (s(3), s(2), false), (s(3), s(4), true)] {
            let mut watch = LinkChecker::with_slack(slack);
            watch.attempts(s(5), &settings);
            assert_eq!(watch.overdue(s(5) + limit + late).is_some(), breaks, "{slack:?}");
        }
    }

    #[test]
    fn a_ping_is_owed_its_pong_in_time_and_what_real_time_is_granted() {
        let settings = settings();
        let late = settings.pong_timeout + s(2);
        for (slack, breaks) in [(s(0), true), (s(3), false)] {
            let mut watch = LinkChecker::with_slack(slack);
            watch.pings(s(0), b"1", &settings);
            assert!(watch.awaits_pong());
            watch.hears_pong(b"2");
            assert!(watch.awaits_pong(), "the pong of another ping");
            assert_eq!(watch.overdue(late).is_some(), breaks, "{slack:?}");
        }
        let mut watch = LinkChecker::default();
        watch.pings(s(0), b"1", &settings);
        watch.hears_pong(b"1");
        assert!(!watch.awaits_pong() && watch.overdue(late).is_none());
    }

    #[test]
    fn retry_after_lengthens_the_next_pause_only() {
        let mut watch = LinkChecker::default();
        assert_eq!(watch.attempts(s(0), &settings()), None);
        watch.answered(Some(30));
        watch.link_down(s(1), Some(Reason::Http(503)), &settings());
        assert!(watch.attempts(s(20), &settings()).is_some_and(|(law, _)| law == "retry-pace"));
        watch.link_down(s(21), Some(Reason::Refused), &settings());
        assert_eq!(watch.attempts(s(23), &settings()), None);
    }

    #[test]
    fn retry_after_counts_only_where_the_answer_was_read() {
        let mut watch = LinkChecker::default();
        assert_eq!(watch.attempts(s(0), &settings()), None);
        watch.answered(Some(30));
        watch.link_down(s(1), Some(Reason::Handshake(HandshakeFailure::Truncated)), &settings());
        assert_eq!(watch.attempts(s(3), &settings()), None);
    }

    #[test]
    fn a_pause_is_read_in_every_form_and_as_the_terminal_reads_it() {
        let now = UnixTime::parse("2026-01-15T09:00:00Z").expect("it is an instant");
        for (value, seconds) in [
            ("31", Some(31)),
            ("Thu, 15 Jan 2026 09:00:31 GMT", Some(31)),
            ("Thursday, 15-Jan-26 09:00:31 GMT", Some(31)),
            ("Thu Jan 15 09:00:31 2026", Some(31)),
            ("Fri Jan  2 09:00:31 2026", None),
            ("Sunday, 06-Nov-94 08:49:37 GMT", None),
            ("18446744073709551616", Some(u64::MAX)),
            ("+10", None),
            ("-5", None),
            ("1.5", None),
            ("", None),
            ("soon", None),
        ] {
            let answer = format!("HTTP/1.1 503 Busy\r\nRetry-After: {value}\r\n\r\n");
            let (head, _) = Head::parse_response(answer.as_bytes()).expect("it is a head").expect("it is whole");
            assert_eq!(asked_pause(&head, now), seconds, "{value}");
            assert_eq!(sca_protocol::handshake::retry_after(&head, now), seconds, "{value}");
        }
    }

    #[test]
    fn a_terminal_that_does_not_come_back_is_told_of_once() {
        let mut watch = LinkChecker::default();
        watch.link_down(s(0), None, &settings());
        assert_eq!(watch.overdue(s(2)), None);
        assert!(watch.overdue(s(3)).is_some_and(|(law, _)| law == "comes-back"));
        assert_eq!(watch.overdue(s(9)), None);
    }

    #[test]
    fn a_pong_with_another_payload_is_none() {
        let mut watch = LinkChecker::default();
        watch.connects();
        watch.pings(s(0), b"7", &settings());
        watch.hears_pong(b"6");
        assert!(watch.overdue(s(11)).is_some_and(|(law, _)| law == "dead-link"));
    }
}
