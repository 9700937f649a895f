//! The counter that GET COUNTER returns: the COUNTER of the last POS request that carried one.
//!
//! The source says no more than that (CNT-02 to CNT-05). Settings decide which requests count.

use crate::settings::CounterRules;

/// The largest COUNTER that the pages allow.
pub const COUNTER_MAX: u32 = u32::MAX;

/// How a request with a COUNTER was handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestOutcome {
    /// It was carried out.
    Done,
    /// It was understood and refused.
    Refused,
    /// Its document was well-formed, but not a request.
    Malformed,
    /// It came on the secondary channel.
    Secondary,
}

/// The counter of a terminal with SKIPPOSAUTH=1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counter {
    last: Option<u32>,
    /// Events since the COUNTER was last set: a lost link, power off.
    outlived: SurvivedEvents,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct SurvivedEvents {
    reconnection: bool,
    reboot: bool,
}

impl Counter {
    /// The answer to GET COUNTER: the last COUNTER seen, or 1 if there was none.
    #[must_use]
    pub fn answer(self) -> u32 {
        self.last.unwrap_or(1)
    }

    /// Records the COUNTER of a request, if the rules count a request that was handled this way.
    pub fn saw(&mut self, counter: u32, outcome: RequestOutcome, rules: &CounterRules) {
        let counts = match outcome {
            RequestOutcome::Done => true,
            RequestOutcome::Refused => rules.of_refused,
            RequestOutcome::Malformed => rules.of_malformed,
            RequestOutcome::Secondary => rules.of_secondary,
        };
        let forward = rules.of_lower || self.last.is_none_or(|last| counter >= last);
        if counts && forward {
            *self = Self { last: Some(counter), outlived: SurvivedEvents::default() };
        }
    }

    /// The assumption that decides whether this COUNTER counts, if one does.
    #[must_use]
    pub fn assumption(&self, counter: u32, outcome: RequestOutcome) -> Option<&'static str> {
        match outcome {
            RequestOutcome::Refused => Some("A-11"),
            RequestOutcome::Malformed => Some("A-12"),
            RequestOutcome::Secondary => Some("A-13"),
            RequestOutcome::Done => self.last.is_some_and(|last| counter < last).then_some("A-14"),
        }
    }

    /// The assumptions that the answer to GET COUNTER rests on.
    pub fn assumptions_of_answer(&self) -> impl Iterator<Item = &'static str> {
        let reconnection = self.outlived.reconnection.then_some("A-15");
        reconnection.into_iter().chain(self.outlived.reboot.then_some("A-16"))
    }

    /// Records that the link was lost and came back.
    pub fn reconnected(&mut self, rules: &CounterRules) {
        self.outlived.reconnection |= self.last.is_some();
        if !rules.over_reconnect {
            self.last = None;
        }
    }

    /// Records that the terminal was switched off and on.
    pub fn rebooted(&mut self, rules: &CounterRules) {
        self.outlived.reboot |= self.last.is_some();
        if !rules.over_reboot {
            self.last = None;
        }
    }
}

/// Parses a COUNTER: 1 to 4294967295 in plain digits.
///
/// ```
/// assert_eq!(sca_protocol::counter::parse("42"), Some(42));
/// assert_eq!(sca_protocol::counter::parse("-1"), None);
/// ```
#[must_use]
pub fn parse(text: &str) -> Option<u32> {
    let digits = (1..=10).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|&n: &u32| digits && n > 0)
}
