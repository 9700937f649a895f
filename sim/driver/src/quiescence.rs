//! Quiescence detection: how the driver knows that an instant is quiet. Also the limits that end a run that never
//! becomes quiet.

use std::time::Duration;

use sca_core::Terminal;
use sca_protocol::Chance;

use crate::state::World;
use crate::stop::Stop;
use sca_environment::clock::WallLimit;

/// Number of polls that certainly fit into one yield.
pub(super) const POLLS_IN_A_YIELD: u64 = 48;
const EVENTS_PER_INSTANT_MAX: u32 = 10_000;
const EVENTS_MAX: u64 = 5_000_000;
pub(super) const WALL_MAX: Duration = Duration::from_secs(60);

impl<C: Terminal> World<'_, C> {
    pub(super) fn count_event(&mut self, in_this_instant: u32, wall: &WallLimit) -> Result<(), Stop> {
        self.turn.events += 1;
        if in_this_instant > EVENTS_PER_INSTANT_MAX {
            return Err(Stop::Error(format!("more than {EVENTS_PER_INSTANT_MAX} events in one instant")));
        }
        if self.turn.events > EVENTS_MAX {
            return Err(Stop::Error(format!("more than {EVENTS_MAX} events")));
        }
        if self.turn.events.is_multiple_of(1_024) && wall.is_over() {
            return Err(Stop::Error(format!("more than {} s of real time", WALL_MAX.as_secs())));
        }
        Ok(())
    }

    /// Lets the connection tasks run until nothing moves any more.
    ///
    /// One yield polls every runnable task and every task those wake, up to 61 polls. A task is polled for a timer,
    /// an order or data that moved, so a small count of these means that all tasks are done.
    pub(super) async fn settle(&mut self) {
        self.start_connections();
        let tasks = self.tasks();
        loop {
            let before = self.connections.mailbox.pulse.count();
            tokio::task::yield_now().await;
            let moved = self.connections.mailbox.pulse.count() - before;
            if moved == 0 || tasks + moved < POLLS_IN_A_YIELD {
                return;
            }
        }
    }

    /// Upper bound of task polls in one turn in which no data moved.
    pub(super) fn tasks(&self) -> u64 {
        2 * (self.connections.ends.len() + self.connections.calls.len()) as u64 + self.connections.orders
    }

    pub(super) fn start_connections(&mut self) {
        if self.connections.starting.is_empty() {
            return;
        }
        let mut order = Chance::new(self.setting.start_order).stream("start", &[self.turn.events]);
        while !self.connections.starting.is_empty() {
            let which = order.below(self.connections.starting.len() as u64);
            tokio::task::spawn_local(self.connections.starting.remove(usize::try_from(which).unwrap_or(0)));
        }
    }

    /// The earliest deadline of any machine or wait, if there is one.
    pub(super) fn next_deadline(&self, waits: Option<Duration>) -> Option<Duration> {
        let machines = self.parties.terminals.iter().filter_map(|actor| actor.terminal.deadline());
        machines
            .chain(waits)
            .chain(self.faults.armed.deadline())
            .chain(self.faults.late.iter().map(|late| late.at))
            .chain(self.idle_deadline())
            .chain(self.parties.host.deadline())
            .chain(self.sweeping.deadline())
            .chain(self.hang_up_deadline())
            .chain(self.turn.ends_at)
            .min()
    }
}
