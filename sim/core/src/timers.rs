//! What a check of the laws knows of a core's timers: when the next step is due, by the settings.

use std::time::Duration;

use sca_protocol::Reason;

use crate::client_core::{CoreInput, CoreOutput, CoreSettings};
use crate::connection::{LinkEvent, LinkReport};
use crate::observer::{Phase, Verdict};
use crate::retry_pause::pause_bounds;

/// Follows the timers of a core. Every law is a sentence of the contract.
#[derive(Debug)]
pub(crate) struct Timers {
    settings: CoreSettings,
    /// Number of pauses since the last document or the start.
    pauses: u32,
    /// The Retry-After of the answer to the attempt, in seconds.
    asked: Option<u64>,
    /// The ping that waits for its pong: when it was sent, and its payload.
    awaited: Option<(Duration, Vec<u8>)>,
    /// The payload of the last ping.
    last: Option<Vec<u8>>,
}

impl Timers {
    pub(crate) fn new(settings: CoreSettings) -> Self {
        Self { settings, pauses: 0, asked: None, awaited: None, last: None }
    }

    /// The payload that a pong needs now.
    pub(crate) fn awaited(&self) -> Option<&[u8]> {
        self.awaited.as_ref().map(|(_, payload)| payload.as_slice())
    }

    /// Judges the outputs of an input at an instant, and the deadline that is set after it. `due` is the deadline before
    /// it, `was` the phase before it and `is` the phase after it.
    pub(crate) fn judge(
        &mut self,
        now: Duration,
        input: &CoreInput,
        outputs: &[CoreOutput],
        (due, deadline): (Option<Duration>, Option<Duration>),
        (was, is): (Phase, Phase),
    ) -> Verdict {
        if let (CoreInput::Tick, true) = (input, due.is_some_and(|at| at <= now)) {
            self.judge_due(now, was, outputs)?;
        }
        match input {
            CoreInput::Start if was == Phase::Stopped => {
                self.pauses = 0;
                demand_at(deadline, now + self.settings.timeouts.boot, "the first attempt follows `boot-time`")?;
            }
            CoreInput::Link { event, .. } if was != Phase::Waiting && was != Phase::Stopped => self.hear(event, was),
            _ => {}
        }
        for output in outputs {
            match output {
                CoreOutput::Ping { payload, .. } => self.judge_ping(now, payload)?,
                CoreOutput::Received { .. } => self.pauses = 0,
                CoreOutput::Report(LinkReport::Fails(_) | LinkReport::Loses) => self.awaited = None,
                _ => {}
            }
        }
        self.judge_step(now, input, outputs, deadline, is)
    }

    /// What a core does when its deadline has come.
    fn judge_due(&self, now: Duration, was: Phase, outputs: &[CoreOutput]) -> Verdict {
        let seen = || format!("{outputs:?}");
        let is_over = outputs.iter().any(|output| matches!(output, CoreOutput::Report(LinkReport::Loses)));
        let closes = outputs.iter().any(|output| matches!(output, CoreOutput::Close { code: 1001, .. }));
        match (was, &self.awaited) {
            (Phase::Waiting, _) => {
                let dials = outputs.iter().any(|output| matches!(output, CoreOutput::Dial { .. }));
                demand(dials, "when a pause is over, the next attempt begins", seen)
            }
            (Phase::Dialling(_), _) => {
                let fails = outputs.contains(&CoreOutput::Report(LinkReport::Fails(Reason::Timeout)));
                demand(fails, "a step that takes too long fails the attempt with `timeout`", seen)
            }
            (Phase::Up(_), Some((sent, _))) if now >= *sent + self.settings.timeouts.pong => {
                let law = "a link whose ping has no pong within `pong-timeout` is closed with 1001 and lost";
                demand(closes && is_over, law, seen)
            }
            (Phase::Up(_), Some(_)) => demand(!is_over, "a link is not given up before `pong-timeout`", seen),
            (Phase::Up(_), None) => {
                let pings = outputs.iter().any(|output| matches!(output, CoreOutput::Ping { .. }));
                demand(pings, "a link that is up is pinged when its time has come", seen)
            }
            (Phase::Stopped, _) => Ok(()),
        }
    }

    fn judge_ping(&mut self, now: Duration, payload: &[u8]) -> Verdict {
        let is_new = self.last.as_deref() != Some(payload);
        self.awaited = Some((now, payload.to_vec()));
        self.last = Some(payload.to_vec());
        demand(is_new, "each ping has a payload of its own", || format!("{payload:?} again"))
    }

    fn hear(&mut self, event: &LinkEvent, was: Phase) {
        match event {
            LinkEvent::Pong(payload) => {
                self.awaited.take_if(|(_, awaited)| awaited == payload);
            }
            LinkEvent::Answered(head) if matches!(was, Phase::Dialling(_)) => {
                self.asked = head.get("Retry-After").and_then(|value| value.parse().ok());
            }
            _ => {}
        }
    }

    /// The limit of the step that has begun, or the length of the pause.
    fn judge_step(
        &mut self,
        now: Duration,
        input: &CoreInput,
        outputs: &[CoreOutput],
        deadline: Option<Duration>,
        is: Phase,
    ) -> Verdict {
        let limits = &self.settings.timeouts;
        for output in outputs {
            match output {
                CoreOutput::Dial { .. } => {
                    (self.asked, self.last) = (None, None);
                    demand_at(deadline, now + limits.connect, "TCP has `connect-timeout` to connect")?;
                }
                CoreOutput::Request { .. } => {
                    demand_at(deadline, now + limits.upgrade, "the answer to the upgrade has `upgrade-timeout`")?;
                }
                CoreOutput::Report(LinkReport::Connects) if self.settings.ping_interval > 0 => {
                    let at = now + Duration::from_secs(self.settings.ping_interval);
                    demand_at(deadline, at, "the first ping follows `ping-interval` after the link came up")?;
                }
                CoreOutput::Report(LinkReport::Connects) => {
                    demand(deadline.is_none(), "without `ping-interval` there is no ping", || format!("{deadline:?}"))?;
                }
                CoreOutput::Report(LinkReport::Fails(_) | LinkReport::Loses) if is == Phase::Waiting => {
                    let (least, most) = pause_bounds(&self.settings.retry, self.pauses, self.asked.take());
                    self.pauses = self.pauses.saturating_add(1);
                    let pause = deadline.and_then(|at| at.checked_sub(now));
                    let is_right = pause.is_some_and(|pause| least <= pause && pause <= most);
                    let seen = || format!("pause {} is {pause:?}; expected {least:?} to {most:?}", self.pauses);
                    demand(is_right, "a pause is as long as the settings and Retry-After say", seen)?;
                }
                _ => {}
            }
        }
        let is_opened = matches!(input, CoreInput::Link { event: LinkEvent::Opened, .. });
        if is_opened && outputs.is_empty() && self.settings.target.secure && matches!(is, Phase::Dialling(_)) {
            return self.judge_tls(now, deadline);
        }
        match &self.awaited {
            Some((sent, _)) if matches!(is, Phase::Up(_)) => {
                let is_watched = deadline.is_some_and(|at| at <= *sent + limits.pong);
                demand(is_watched, "the wait for a pong has the limit `pong-timeout`", || format!("{deadline:?}"))
            }
            _ => Ok(()),
        }
    }

    fn judge_tls(&self, now: Duration, deadline: Option<Duration>) -> Verdict {
        // An event that comes twice changes nothing.
        let latest = now + self.settings.timeouts.tls;
        let is_limited = deadline.is_some_and(|at| at <= latest);
        demand(is_limited, "TLS has `tls-timeout` from the time that TCP is connected", || format!("{deadline:?}"))
    }
}

fn demand(holds: bool, law: &'static str, seen: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err((law, seen())) }
}

/// Demands a deadline, to the millisecond.
fn demand_at(deadline: Option<Duration>, at: Duration, law: &'static str) -> Verdict {
    let is_right = deadline.is_some_and(|deadline| deadline.abs_diff(at) <= Duration::from_millis(1));
    demand(is_right, law, || format!("the deadline is {deadline:?}; expected {at:?}"))
}
