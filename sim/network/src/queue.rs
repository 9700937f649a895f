//! The one queue into which connections post what happened, and the pulse by which the driver sees that all is quiet.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use tokio::sync::Notify;

use crate::events::{Event, Side, Tag};
use crate::held::Held;

/// An event with its place in the order of one instant: terminals first, then connection, then sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// Whose connection.
    pub tag: Tag,
    /// Its number within its end of the connection.
    pub sequence: u32,
    /// What happened.
    pub event: Event,
    /// Counts against its sender until everything that follows from it is written.
    pub held: Option<Held>,
}

/// Counts everything that moves in memory, so that the driver knows when an instant is quiet.
#[derive(Debug, Clone, Default)]
pub struct Pulse(Rc<Cell<u64>>);

impl Pulse {
    /// Something moved.
    pub fn beat(&self) {
        self.0.set(self.0.get().wrapping_add(1));
    }

    /// How often something has moved.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.get()
    }
}

/// The queue of one world.
#[derive(Debug, Clone, Default)]
pub struct Mailbox {
    inner: Rc<Inner>,
    /// The world's pulse.
    pub pulse: Pulse,
}

#[derive(Debug, Default)]
struct Inner {
    posted: RefCell<Vec<Posted>>,
    notify: Notify,
}

impl Mailbox {
    /// Posts an event and wakes the driver.
    pub fn post(&self, posted: Posted) {
        self.pulse.beat();
        self.inner.posted.borrow_mut().push(posted);
        self.inner.notify.notify_one();
    }

    /// Everything posted since the last call, in the order of the law: actor, connection, sequence.
    #[must_use]
    pub fn take(&self) -> Vec<Posted> {
        let mut all = std::mem::take(&mut *self.inner.posted.borrow_mut());
        all.sort_by_key(|p| (matches!(p.event, Event::Server(_) | Event::Call(Side::Far, _)), p.tag, p.sequence));
        all
    }

    /// Whether nothing is waiting.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.inner.posted.borrow().is_empty()
    }

    /// Wakes the driver without an event.
    pub fn nudge(&self) {
        self.pulse.beat();
        self.inner.notify.notify_one();
    }

    /// Returns when something has been posted, or somebody has nudged.
    pub async fn posted_or_nudged(&self) {
        self.inner.notify.notified().await;
    }

    /// Returns when something has been posted, or the driver has to look again.
    pub async fn posted(&self) {
        if self.is_empty() {
            self.inner.notify.notified().await;
        }
    }
}

/// One end's pen: numbers what it posts.
#[derive(Debug)]
pub(crate) struct Pen {
    mailbox: Mailbox,
    tag: Tag,
    sequence: u32,
}

impl Pen {
    pub(crate) fn new(mailbox: Mailbox, tag: Tag) -> Self {
        Self { mailbox, tag, sequence: 0 }
    }

    pub(crate) fn post(&mut self, event: Event) {
        self.post_held(event, None);
    }

    pub(crate) fn post_held(&mut self, event: Event, held: Option<Held>) {
        self.sequence += 1;
        self.mailbox.post(Posted { tag: self.tag, sequence: self.sequence, event, held });
    }
}
