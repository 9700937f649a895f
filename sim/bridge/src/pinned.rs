//! A worker and the processes of its cores on one processor: an exchange of two lines is then a matter of a few
//! microseconds, where two processors need ten times as long to wake each other.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// How this thread is pinned.
#[derive(Default)]
struct Pin {
    /// Number of guards.
    users: usize,
    /// The place of this thread among those that were ever pinned.
    place: Option<usize>,
    /// What it may run on without guards.
    before: Option<CpuSet>,
    /// The processor that it is pinned to.
    processor: Option<usize>,
}

thread_local! {
    static PIN: RefCell<Pin> = RefCell::default();
}

/// Number of threads that were ever pinned.
static PLACES: AtomicUsize = AtomicUsize::new(0);

/// Keeps this thread, and every process that it starts, on one processor. Where the system does not allow that,
/// everything is slower and nothing else.
pub(crate) struct Pinned {
    /// A thread is pinned, so the guard stays with it.
    thread: PhantomData<*const ()>,
}

impl Pinned {
    pub(crate) fn new() -> Self {
        PIN.with_borrow_mut(|pin| {
            pin.users += 1;
            if pin.users > 1 {
                return;
            }
            let Ok(before) = sched_getaffinity(None) else { return };
            let allowed: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|cpu| before.is_set(*cpu)).collect();
            let place = *pin.place.get_or_insert_with(|| PLACES.fetch_add(1, Ordering::Relaxed));
            let Some(processor) = allowed.get(place % allowed.len().max(1)) else { return };
            let mut one = CpuSet::new();
            one.set(*processor);
            if sched_setaffinity(None, &one).is_ok() {
                (pin.before, pin.processor) = (Some(before), Some(*processor));
            }
        });
        Self { thread: PhantomData }
    }

    /// The processor; none if the thread is not pinned.
    pub(crate) fn processor() -> Option<usize> {
        PIN.with_borrow(|pin| pin.processor)
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        PIN.with_borrow_mut(|pin| {
            pin.users -= 1;
            if pin.users == 0
                && let Some(before) = pin.before.take()
            {
                pin.processor = None;
                // It was allowed before.
                _ = sched_setaffinity(None, &before);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_is_pinned_while_a_guard_lives() {
        let allowed = |set: &CpuSet| (0..CpuSet::MAX_CPU).filter(|cpu| set.is_set(*cpu)).count();
        let before = sched_getaffinity(None).expect("it can be asked");
        let (one, two) = (Pinned::new(), Pinned::new());
        assert_eq!(allowed(&sched_getaffinity(None).expect("it can be asked")), 1);
        drop(one);
        assert!(Pinned::processor().is_some());
        drop(two);
        assert_eq!(allowed(&sched_getaffinity(None).expect("it can be asked")), allowed(&before));
        assert_eq!(Pinned::processor(), None);
    }
}
