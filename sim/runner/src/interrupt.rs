//! Ends what is being played, so that an interrupted run can still report what was played before.

use std::future::Future;
use std::sync::Arc;

use sca_scenario::model::Row;
use tokio::sync::watch;

use crate::played::Played;

/// Interrupts a run. Clones interrupt the same one.
#[derive(Debug, Clone)]
pub struct Interrupter(Arc<watch::Sender<bool>>);

/// Hears that the run is interrupted. Clones hear of the same one.
#[derive(Debug, Clone)]
pub struct Interrupt(watch::Receiver<bool>);

/// Makes an interrupter, and what hears it.
#[must_use]
pub fn interrupt() -> (Interrupter, Interrupt) {
    let (sender, receiver) = watch::channel(false);
    (Interrupter(Arc::new(sender)), Interrupt(receiver))
}

impl Interrupter {
    /// Interrupts it: no other file begins, and what real time is being spent on ends.
    pub fn interrupt(&self) {
        self.0.send_replace(true);
    }
}

impl Interrupt {
    /// Whether it was interrupted.
    #[must_use]
    pub fn is_over(&self) -> bool {
        *self.0.borrow()
    }

    async fn heard(&self) {
        let mut receiver = self.0.clone();
        if receiver.wait_for(|is_over| *is_over).await.is_err() {
            // Nobody is left who could.
            std::future::pending::<()>().await;
        }
    }
}

/// What a row comes to, unless the run is interrupted before.
pub(crate) async fn unless(interrupt: Option<&Interrupt>, row: &Row, play: impl Future<Output = Played>) -> Played {
    let Some(interrupt) = interrupt else { return play.await };
    tokio::select! {
        biased;
        played = play => played,
        () = interrupt.heard() => Played::cannot_run(row, "it was interrupted".to_owned()),
    }
}
