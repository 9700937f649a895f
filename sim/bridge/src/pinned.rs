//! A worker and the processes of its cores on one processor: an exchange of two lines is then a matter of a few
//! microseconds, where two processors need ten times as long to wake each other.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What a thread may run on. Elsewhere than on Linux threads are not pinned.
#[cfg(target_os = "linux")]
type Allowed = rustix::thread::CpuSet;
#[cfg(not(target_os = "linux"))]
type Allowed = ();

/// How this thread is pinned.
#[derive(Default)]
struct Pin {
    /// Number of guards.
    users: usize,
    /// The place of this thread among those that were ever pinned.
    place: Option<usize>,
    /// What it may run on without guards.
    before: Option<Allowed>,
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
            let place = *pin.place.get_or_insert_with(|| PLACES.fetch_add(1, Ordering::Relaxed));
            (pin.before, pin.processor) = begin(place).unzip();
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
                end(&before);
            }
        });
    }
}

/// Pins this thread to the processor of a place; what it might run on before, and the processor.
#[cfg(target_os = "linux")]
fn begin(place: usize) -> Option<(Allowed, usize)> {
    let before = rustix::thread::sched_getaffinity(None).ok()?;
    let allowed: Vec<usize> = (0..Allowed::MAX_CPU).filter(|cpu| before.is_set(*cpu)).collect();
    let processor = *allowed.get(place % allowed.len().max(1))?;
    let mut one = Allowed::new();
    one.set(processor);
    rustix::thread::sched_setaffinity(None, &one).ok()?;
    Some((before, processor))
}

#[cfg(not(target_os = "linux"))]
fn begin(_: usize) -> Option<(Allowed, usize)> {
    None
}

#[cfg(target_os = "linux")]
fn end(before: &Allowed) {
    // It was allowed before.
    _ = rustix::thread::sched_setaffinity(None, before);
}

#[cfg(not(target_os = "linux"))]
fn end((): &Allowed) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_thread_is_pinned_while_a_guard_lives() {
        use rustix::thread::sched_getaffinity;

        let allowed = |set: &Allowed| (0..Allowed::MAX_CPU).filter(|cpu| set.is_set(*cpu)).count();
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
