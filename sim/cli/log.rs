//! The log of a party in the open: a reader that stalls costs lines, which are counted, and never the service.

use std::cell::{Cell, RefCell};
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::time::Duration;

use crate::terms::say;

/// Lines that may wait for the reader.
const LINES_MAX: usize = 1_024;
/// Characters of a line that are kept.
const LINE_MAX: usize = 2_000;
/// At its end a log waits so long for its reader.
const END_MAX: Duration = Duration::from_secs(1);

/// Writes lines to standard output from a thread of its own.
pub(crate) struct Log {
    lines: RefCell<Option<SyncSender<String>>>,
    lost: Cell<usize>,
    over: Receiver<()>,
}

impl Log {
    pub(crate) fn new() -> Self {
        let (lines, waiting) = mpsc::sync_channel::<String>(LINES_MAX);
        let (end, over) = mpsc::channel();
        std::thread::spawn(move || {
            for line in waiting {
                say!("{line}");
            }
            // Nobody may wait any more.
            _ = end.send(());
        });
        Self { lines: RefCell::new(Some(lines)), lost: Cell::new(0), over }
    }

    /// One more line, unless too many wait.
    pub(crate) fn line(&self, text: &str) {
        let lines = self.lines.borrow();
        let Some(lines) = lines.as_ref() else { return };
        let lost = self.lost.get();
        if lost > 0 {
            match lines.try_send(format!("… {lost} lines are lost: nobody read them in time")) {
                Ok(()) => self.lost.set(0),
                Err(_) => return self.lost.set(lost + 1),
            }
        }
        let text =
            text.char_indices().nth(LINE_MAX).map_or_else(|| text.to_owned(), |(at, _)| format!("{} …", &text[..at]));
        if let Err(TrySendError::Full(_)) = lines.try_send(text) {
            self.lost.set(self.lost.get() + 1);
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        // Without a sender the thread comes to its end, if its reader lets it.
        self.lines.take();
        _ = self.over.recv_timeout(END_MAX);
    }
}
