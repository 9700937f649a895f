//! Interruption of a run: no further file is begun, and the files played before can still be reported.

use std::future::Future;
use std::sync::Arc;

use sca_model::Row;
use tokio::sync::watch;

use crate::played::Played;

/// The sending half of an interruption. Clones interrupt the same run.
#[derive(Debug, Clone)]
pub struct Interrupter(Arc<watch::Sender<bool>>);

/// The receiving half of an interruption. Clones observe the same run.
#[derive(Debug, Clone)]
pub struct Interrupt(watch::Receiver<bool>);

/// Makes both halves of an interruption.
#[must_use]
pub fn interrupt() -> (Interrupter, Interrupt) {
    let (sender, receiver) = watch::channel(false);
    (Interrupter(Arc::new(sender)), Interrupt(receiver))
}

impl Interrupter {
    /// Interrupts the run: no further file is begun, and rows played in real time end at once.
    pub fn interrupt(&self) {
        self.0.send_replace(true);
    }
}

impl Interrupt {
    /// Whether the run was interrupted.
    #[must_use]
    pub fn is_over(&self) -> bool {
        *self.0.borrow()
    }

    async fn heard(&self) {
        let mut receiver = self.0.clone();
        if receiver.wait_for(|is_over| *is_over).await.is_err() {
            // The sender is gone, so no interruption can come any more.
            std::future::pending::<()>().await;
        }
    }
}

/// The result of playing a row, or an error verdict if the run is interrupted before it is complete.
pub async fn or_interrupted(interrupt: Option<&Interrupt>, row: &Row, play: impl Future<Output = Played>) -> Played {
    let Some(interrupt) = interrupt else { return play.await };
    tokio::select! {
        biased;
        played = play => played,
        () = interrupt.heard() => Played::cannot_run(row, "interrupted".to_owned()),
    }
}
