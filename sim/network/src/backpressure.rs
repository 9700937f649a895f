//! Backpressure in bytes: a connection is not read while too much of what it has sent is still undelivered.
//!
//! A frame counts from the moment it is read until everything that resulted from it is written, so a burst waits in the
//! sender's own socket, and a peer that asks much and reads nothing blocks only itself.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Waker};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

/// Maximum number of undelivered bytes of one connection; beyond it the connection is not read.
const UNDER_WAY_MAX: usize = 64 << 10;
/// Bytes that a connection may hold even if the budget is exhausted, so that ordinary messages get through any flood.
const ALWAYS: usize = 16 << 10;
/// Overhead that is counted per frame, in bytes.
const FRAME: usize = 256;
/// Overhead that is counted per additional copy in an outbox, in bytes; the copies share the data itself.
const COPY: usize = 128;

/// The limit of bytes that all connections of a party may hold together. Clones share it.
#[derive(Debug, Clone)]
pub struct MemoryBudget(Rc<Pool>);

#[derive(Debug)]
struct Pool {
    max: usize,
    held: Cell<usize>,
    waiting: RefCell<Vec<Weak<Account>>>,
}

impl MemoryBudget {
    /// A budget of this many bytes.
    #[must_use]
    pub fn new(max: usize) -> Self {
        Self(Rc::new(Pool { max, held: Cell::new(0), waiting: RefCell::default() }))
    }

    /// The account of a new connection, with nothing held.
    #[must_use]
    pub fn share(&self) -> ConnectionShare {
        ConnectionShare(Rc::new(Account {
            budget: self.clone(),
            under_way: Cell::new(0),
            buffered: Cell::new(0),
            waker: RefCell::default(),
            queues: Cell::new(false),
        }))
    }

    fn take(&self, bytes: usize) {
        self.0.held.set(self.0.held.get() + bytes);
    }

    fn give_back(&self, bytes: usize) {
        let was_full = self.is_full();
        self.0.held.set(self.0.held.get() - bytes);
        if was_full && !self.is_full() {
            for account in self.0.waiting.take().iter().filter_map(Weak::upgrade) {
                account.queues.set(false);
                account.wake();
            }
        }
    }

    fn is_full(&self) -> bool {
        self.0.held.get() >= self.0.max
    }
}

/// Limits of a connection on a real socket.
#[derive(Debug, Clone)]
pub struct Bounds {
    /// The connection's part of the memory budget.
    pub share: ConnectionShare,
    /// Timeout for a peer that reads nothing of what it is sent, and for a frame from its first byte to its last.
    pub patience: Duration,
}

/// A timeout that runs while something waits, and restarts with every step of progress.
#[derive(Debug, Default)]
pub(crate) struct ProgressTimeout {
    steps: u64,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl ProgressTimeout {
    /// Polls the timeout; whether it has expired.
    pub(crate) fn ends(&mut self, waits: bool, steps: u64, after: Duration, cx: &mut Context<'_>) -> bool {
        if !waits {
            self.sleep = None;
            return false;
        }
        if self.sleep.is_none() || self.steps != steps {
            (self.steps, self.sleep) = (steps, Some(Box::pin(sleep(after))));
        }
        self.sleep.as_mut().is_some_and(|sleep| sleep.as_mut().poll(cx).is_ready())
    }
}

/// The bytes that one connection holds. Clones share them.
#[derive(Debug, Clone)]
pub struct ConnectionShare(Rc<Account>);

#[derive(Debug)]
struct Account {
    budget: MemoryBudget,
    /// Bytes of frames that have been read, until everything that resulted from them is written.
    under_way: Cell<usize>,
    /// Bytes of an incomplete frame.
    buffered: Cell<usize>,
    waker: RefCell<Option<Waker>>,
    /// Whether the account is in the budget's waiting list.
    queues: Cell<bool>,
}

impl Account {
    fn wake(&self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

impl ConnectionShare {
    /// Whether more may be read; if not, the task is woken when it may.
    pub(crate) fn has_room(&self, cx: &Context<'_>) -> bool {
        let account = &*self.0;
        let is_full = self.exceeds_budget();
        if !self.is_paused() && !is_full {
            return true;
        }
        *account.waker.borrow_mut() = Some(cx.waker().clone());
        if is_full && !account.queues.replace(true) {
            account.budget.0.waiting.borrow_mut().push(Rc::downgrade(&self.0));
        }
        false
    }

    /// Whether reading is paused until what the connection has sent is delivered.
    pub(crate) fn is_paused(&self) -> bool {
        self.0.under_way.get() >= UNDER_WAY_MAX
    }

    /// Sets the number of buffered bytes of the incomplete frame.
    pub fn set_buffered(&self, bytes: usize) {
        let before = self.0.buffered.replace(bytes);
        self.0.budget.take(bytes);
        self.0.budget.give_back(before);
    }

    /// Whether the budget is exhausted and the connection holds more than its guaranteed minimum.
    #[must_use]
    pub fn exceeds_budget(&self) -> bool {
        self.0.budget.is_full() && self.0.under_way.get() + self.0.buffered.get() >= ALWAYS
    }

    /// Counts a frame of this many bytes as undelivered until the last clone of the hold is dropped.
    pub(crate) fn holds(&self, bytes: usize) -> Held {
        let held = Held(Rc::new(Weight { share: self.clone(), bytes: Cell::new(0) }));
        held.grows(bytes + FRAME);
        held
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        self.budget.give_back(self.buffered.get());
    }
}

/// Backpressure hold of a frame that is being delivered. It is released when the last clone is dropped.
#[derive(Debug, Clone)]
pub struct Held(Rc<Weight>);

#[derive(Debug)]
struct Weight {
    share: ConnectionShare,
    bytes: Cell<usize>,
}

impl Held {
    /// A hold for one more outbox that has a copy of what resulted from the frame.
    #[must_use]
    pub fn copy(&self) -> Self {
        self.grows(COPY);
        self.clone()
    }

    /// The same for a copy of this many bytes: bytes in excess of what is already counted are added.
    #[must_use]
    pub fn copy_of(&self, bytes: usize) -> Self {
        self.grows(COPY + bytes.saturating_sub(self.0.bytes.get()));
        self.clone()
    }

    fn grows(&self, bytes: usize) {
        let (weight, account) = (&self.0, &self.0.share.0);
        weight.bytes.set(weight.bytes.get() + bytes);
        account.under_way.set(account.under_way.get() + bytes);
        account.budget.take(bytes);
    }
}

impl PartialEq for Held {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Held {}

impl Drop for Weight {
    fn drop(&mut self) {
        let account = &self.share.0;
        account.under_way.set(account.under_way.get() - self.bytes.get());
        account.budget.give_back(self.bytes.get());
        account.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has_room(share: &ConnectionShare) -> bool {
        share.has_room(&Context::from_waker(Waker::noop()))
    }

    #[test]
    fn who_has_much_under_way_is_not_read_until_it_has_gone() {
        let share = MemoryBudget::new(1 << 20).share();
        let (first, second) = (share.holds(UNDER_WAY_MAX / 2), share.holds(UNDER_WAY_MAX / 2));
        assert!(!has_room(&share));
        let elsewhere = first.copy();
        drop(first);
        assert!(!has_room(&share), "a copy is still undelivered");
        drop(elsewhere);
        assert!(has_room(&share));
        drop(second);
        assert_eq!(share.0.budget.0.held.get(), 0);
    }

    #[test]
    fn small_messages_are_read_beside_any_flood() {
        let budget = MemoryBudget::new(1 << 20);
        let (greedy, modest) = (budget.share(), budget.share());
        greedy.set_buffered(1 << 20);
        assert!(!has_room(&greedy));
        assert!(has_room(&modest));
        let held = modest.holds(ALWAYS);
        assert!(!has_room(&modest));
        drop((held, greedy));
        assert!(has_room(&modest));
        assert_eq!(budget.0.held.get(), 0);
    }
}
