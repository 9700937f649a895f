//! Signal handling of a run: it stops early, still writes its reports, and terminates the processes it started.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use sca_environment::device::end_all;
use sca_world::interrupt::{Interrupt, Interrupter, interrupt};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::console::complain;
use crate::exit::Exit;

/// Time allowed after a signal for the current rows to end and the reports to be written.
const GRACE: Duration = Duration::from_secs(10);

/// The signals that end a run, each with its name and exit code.
pub(crate) const ENDS: [(SignalKind, &str, Exit); 3] = [
    (SignalKind::interrupt(), "SIGINT", Exit::Interrupted),
    (SignalKind::terminate(), "SIGTERM", Exit::Terminated),
    (SignalKind::hangup(), "SIGHUP", Exit::HungUp),
];

/// The signal received so far, if any.
#[derive(Debug, Clone, Default)]
pub(crate) struct Heard(Arc<AtomicU8>);

impl Heard {
    /// The name and exit code of the received signal.
    pub(crate) fn which(&self) -> Option<(&'static str, Exit)> {
        let number = usize::from(self.0.load(Ordering::Relaxed)).checked_sub(1)?;
        ENDS.get(number).map(|(_, name, exit)| (*name, *exit))
    }
}

/// Starts listening for signals. The first one ends the run gracefully, the second one at once; with `at_once` the
/// first does so already.
pub(crate) fn listen(at_once: bool) -> (Heard, Interrupt) {
    let (interrupter, interrupt) = interrupt();
    let heard = Heard::default();
    let observed = heard.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        match runtime {
            Ok(runtime) => runtime.block_on(attend(&observed, &interrupter, at_once)),
            Err(error) => complain!("warning: cannot handle signals, so an interrupted run writes no reports: {error}"),
        }
    });
    (heard, interrupt)
}

async fn attend(heard: &Heard, interrupter: &Interrupter, at_once: bool) {
    let signals: std::io::Result<Vec<Signal>> = ENDS.iter().map(|(kind, ..)| signal(*kind)).collect();
    let Ok(mut signals) = signals else { return };
    let first = next(&mut signals).await;
    heard.0.store(u8::try_from(first + 1).unwrap_or(1), Ordering::Relaxed);
    if !at_once {
        interrupter.interrupt();
        tokio::select! {
            biased;
            _ = next(&mut signals) => {}
            () = tokio::time::sleep(GRACE) => {}
        }
    }
    end_all();
    std::process::exit(i32::from(ENDS[first].2 as u8));
}

/// Waits for the next signal and returns its index.
pub(crate) async fn next(signals: &mut [Signal]) -> usize {
    std::future::poll_fn(|cx| {
        let came = signals.iter_mut().position(|signal| signal.poll_recv(cx).is_ready());
        came.map_or(std::task::Poll::Pending, std::task::Poll::Ready)
    })
    .await
}
