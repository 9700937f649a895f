//! The event queue of a world, and the activity counter by which the driver notices that an instant is quiet.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use tokio::sync::Notify;

use crate::backpressure::Held;
use crate::events::{Event, Side, Tag};

/// An event with its sort key: the end's role, then terminal and connection, then sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedEvent {
    /// The connection.
    pub tag: Tag,
    /// The number of the event within its end of the connection, from 1.
    pub sequence: u32,
    /// The event.
    pub event: Event,
    /// The backpressure hold: counts against the sender until everything that results from the event is written.
    pub held: Option<Held>,
}

/// Counter of everything that moves in memory, by which the driver knows when an instant is quiet.
#[derive(Debug, Clone, Default)]
pub struct ActivityCounter(Rc<Cell<u64>>);

impl ActivityCounter {
    /// Counts one movement.
    pub fn increment(&self) {
        self.0.set(self.0.get().wrapping_add(1));
    }

    /// The number of movements so far; it wraps around.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.get()
    }
}

/// The event queue of one world. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct EventQueue {
    inner: Rc<Inner>,
    /// The world's activity counter.
    pub pulse: ActivityCounter,
}

#[derive(Debug, Default)]
struct Inner {
    posted: RefCell<Vec<QueuedEvent>>,
    notify: Notify,
}

impl EventQueue {
    /// Posts an event and wakes the driver.
    pub fn post(&self, posted: QueuedEvent) {
        self.pulse.increment();
        self.inner.posted.borrow_mut().push(posted);
        self.inner.notify.notify_one();
    }

    /// Takes everything posted since the last call, sorted by role (terminals first), connection and sequence.
    #[must_use]
    pub fn take(&self) -> Vec<QueuedEvent> {
        let mut all = std::mem::take(&mut *self.inner.posted.borrow_mut());
        all.sort_by_key(|p| (matches!(p.event, Event::Server(_) | Event::Call(Side::Far, _)), p.tag, p.sequence));
        all
    }

    /// Whether no event is waiting.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.inner.posted.borrow().is_empty()
    }

    /// Wakes the driver without an event.
    pub fn nudge(&self) {
        self.pulse.increment();
        self.inner.notify.notify_one();
    }

    /// Waits until an event is posted or the driver is woken without one. Returns at once if that happened since the
    /// last wait.
    pub async fn woken(&self) {
        self.inner.notify.notified().await;
    }

    /// Waits until an event is in the queue, or the driver is woken without one.
    pub async fn posted(&self) {
        if self.is_empty() {
            self.inner.notify.notified().await;
        }
    }
}

/// Sender of the events of one end, which numbers them.
#[derive(Debug)]
pub(crate) struct EventSender {
    mailbox: EventQueue,
    tag: Tag,
    sequence: u32,
}

impl EventSender {
    pub(crate) fn new(mailbox: EventQueue, tag: Tag) -> Self {
        Self { mailbox, tag, sequence: 0 }
    }

    pub(crate) fn post(&mut self, event: Event) {
        self.post_held(event, None);
    }

    pub(crate) fn post_held(&mut self, event: Event, held: Option<Held>) {
        self.sequence += 1;
        self.mailbox.post(QueuedEvent { tag: self.tag, sequence: self.sequence, event, held });
    }
}
