//! The driver: the one task that owns every machine, the clock and the script, and the only caller of `handle`.
//!
//! An instant goes like this: let I/O settle; take all events of the instant, sorted by actor, connection and sequence;
//! handle them; hand out what the machines want; repeat until nothing moves; fire what is due, in actor order; sleep until
//! the next deadline.

use std::time::Duration;

use sca_core::{Input, LinkEvent, Terminal};
use sca_judge::script::Progress;
use sca_network::{Event, QueuedEvent};
use sca_peers::HostInput;
use sca_protocol::{Line, Now};

use crate::quiescence::{POLLS_IN_A_YIELD, WALL_MAX};
use crate::state::World;
use crate::stop::Stop;
use crate::terminal_state::news;
use sca_environment::clock::WallLimit;

/// After the last step a run goes on for this long.
const SETTLE: Duration = Duration::from_secs(1);
/// The longest run, in scenario time.
const VIRTUAL_MAX: Duration = Duration::from_secs(366 * 86_400);

impl<C: Terminal> World<'_, C> {
    /// Plays the scenario to its end.
    pub(crate) async fn run(&mut self, powered: &[bool]) -> Result<(), Stop> {
        match self.play(powered).await {
            Err(Stop::Failed(failure)) => Err(Stop::Failed(self.with_exit(failure).await)),
            other => other,
        }
    }

    async fn play(&mut self, powered: &[bool]) -> Result<(), Stop> {
        let wall = WallLimit::start(WALL_MAX);
        self.open_pos_links().await?;
        for (who, _) in powered.iter().enumerate().filter(|(_, on)| **on) {
            self.tell(who, Input::PowerOn)?;
        }
        // Every posted event wakes the driver; when it runs, all tasks woken in this instant have run.
        let mut settled = false;
        loop {
            let deadline = self.instant(&wall, settled).await?;
            let Some(deadline) = deadline else { return self.finish() };
            if deadline > VIRTUAL_MAX {
                return Err(Stop::Error("more than a year of scenario time".to_owned()));
            }
            let at = self.setting.clock.instant(deadline);
            tokio::select! {
                biased;
                () = self.connections.mailbox.posted() => settled = true,
                news = news(self.external_terminals.as_mut()) => {
                    self.turn.now = self.setting.clock.elapsed();
                    self.outside_event(news)?;
                    settled = false;
                }
                () = tokio::time::sleep_until(at) => settled = false,
            }
        }
    }

    /// Runs one instant. Returns the latest time of the next one; `None` if the run is over.
    pub(super) async fn instant(&mut self, wall: &WallLimit, mut settled: bool) -> Result<Option<Duration>, Stop> {
        let mut in_this_instant = 0;
        loop {
            if !std::mem::take(&mut settled) || self.tasks() >= POLLS_IN_A_YIELD {
                self.settle().await;
            }
            self.connections.orders = 0;
            self.turn.now = self.setting.clock.elapsed();
            self.look_at_handshake()?;
            let posted = self.connections.mailbox.take();
            let quiet = posted.is_empty();
            for one in posted {
                in_this_instant += 1;
                self.count_event(in_this_instant, wall)?;
                let who = usize::from(one.tag.terminal);
                match &one.event {
                    // What a core draws for its own TLS and WebSocket says nothing of its state.
                    Event::Client(LinkEvent::Bytes(_)) => self.survey(&one.tag),
                    _ => self.survey(&one),
                }
                self.take(one)?;
                self.advance()?;
                self.at_event_boundary(who.min(self.parties.terminals.len() - 1))?;
            }
            self.look_at_cuts();
            let waits = self.advance()?;
            if self.accept_waiting()? {
                continue;
            }
            self.ask_person();
            let next = self.next_deadline(waits);
            match next {
                None => return Err(Stop::Error("stuck: no event or deadline is left to wait for".to_owned())),
                // Orders just given are carried out while the driver sleeps; if they cause an event in this same
                // instant, the driver is woken in it.
                Some(next) if next > self.turn.now => {
                    self.start_connections();
                    return Ok(Some(next));
                }
                // Before a due deadline is fired, all events of this instant must have been handled.
                Some(_) if !quiet || self.connections.orders > 0 => {}
                Some(_) if self.fire()? => {
                    in_this_instant += 1;
                    self.count_event(in_this_instant, wall)?;
                    self.survey(&"what was due");
                    self.at_event_boundary(0)?;
                }
                Some(_) if self.turn.ends_at.is_some_and(|at| at <= self.turn.now) => return Ok(None),
                Some(_) => {}
            }
        }
    }

    /// Fires due deadlines, in actor order. Returns whether there were any.
    pub(super) fn fire(&mut self) -> Result<bool, Stop> {
        let now = self.turn.now;
        let mut fired = false;
        for who in 0..self.parties.terminals.len() {
            if self.parties.terminals[who].terminal.deadline().is_some_and(|at| at <= now) {
                self.tell(who, Input::Tick)?;
                self.advance()?;
                fired = true;
            }
        }
        if self.parties.host.deadline().is_some_and(|at| at <= now) {
            let outputs = self.parties.host.handle(now, HostInput::Tick);
            self.host_outputs(Line::Host, outputs)?;
            self.advance()?;
            fired = true;
        }
        fired |= self.continue_injection()?;
        fired |= self.late_arrives()?;
        fired |= self.idle_is_cut()?;
        fired |= self.accept_overdue()?;
        for standing in self.faults.armed.over(now) {
            self.end_fault(&standing);
            fired = true;
        }
        Ok(fired)
    }

    pub(super) fn now(&self) -> Duration {
        self.turn.now
    }

    /// Passes an input to a terminal and carries out its outputs.
    pub(super) fn tell(&mut self, who: usize, input: Input) -> Result<(), Stop> {
        let actor = &mut self.parties.terminals[who];
        match input {
            Input::PowerOn if !actor.device.powered => {
                (actor.device.powered, actor.link.attempts) = (true, 0);
                actor.link.laws.power_on(self.turn.now, &actor.settings);
            }
            Input::PowerOff => self.lose_power(who),
            _ => {}
        }
        self.watch_time(who);
        let actor = &mut self.parties.terminals[who];
        let now = Now { since_start: self.turn.now, wall: actor.clock.shows() };
        let outputs = actor.terminal.handle(now, input);
        actor.terminal.trouble().map_or(Ok(()), |trouble| Err(Stop::from(trouble)))?;
        actor.asked.answered = false;
        for output in outputs {
            self.carry_out(who, output)?;
        }
        self.observe_display(who)
    }

    pub(super) fn take(&mut self, posted: QueuedEvent) -> Result<(), Stop> {
        let Some(posted) = self.assign_to_terminal(posted)? else { return Ok(()) };
        match posted.event {
            Event::Client(event) if posted.tag.line.is_some() => {
                self.pos_link_event(usize::from(posted.tag.terminal), event)
            }
            Event::Client(event) => self.client_event(posted.tag, event),
            Event::Server(event) => self.server_event(posted.tag, event),
            Event::Call(side, event) => self.call_event(posted.tag, side, event),
        }
    }

    /// Advances the script and performs its actions. Returns until when it waits. Only the driver calls it, between
    /// events: observations made while a step is performed are read after the step, so that the stack does not grow with
    /// the length of the script.
    fn advance(&mut self) -> Result<Option<Duration>, Stop> {
        if self.turn.ends_at.is_some() {
            return Ok(None);
        }
        loop {
            let now = self.now();
            if self.script.is_relaxed() {
                self.script.reach(self.reached());
            }
            let progress = match self.has_followed() {
                true => Progress::Done { ended: false },
                false => self.script.advance(now, &mut self.parties.lanes),
            };
            match progress {
                Progress::Act(step) => {
                    self.survey(&step.action);
                    self.perform(&step)?;
                }
                Progress::Waiting(until) => return Ok(until),
                Progress::Failed(failure) => return Err(Stop::Failed(failure)),
                Progress::Done { ended } => {
                    if self.script.is_relaxed()
                        && let Some(until) = self.final_check()?
                    {
                        return Ok(Some(until));
                    }
                    self.turn.ends_at = Some(if ended { now } else { now + SETTLE });
                    return Ok(None);
                }
            }
        }
    }
}
