//! The log of a party on real sockets, written by its own thread: a slow reader loses lines, which are counted, but
//! never blocks the service.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::time::Duration;

use clap::{Args, ValueEnum};
use sca_live::Said;
use serde_json::json;

use crate::console::{put, say};

/// Maximum number of queued lines, and of their bytes.
const WAITING_MAX: (usize, usize) = (1_024, 4 << 20);
/// How long a log waits at its end for its reader.
const END_MAX: Duration = Duration::from_secs(1);

/// The logging options of a party on real sockets.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct Logging {
    /// How messages are logged: brief (the first 200 characters), full, json (one JSON object per line with `at_ms`,
    /// `what` and, for a message, its `document`), or none
    #[arg(long, value_name = "HOW", value_enum, default_value_t = LogFormat::Brief)]
    log: LogFormat,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    #[default]
    Brief,
    Full,
    Json,
    None,
}

impl Logging {
    /// Whether the log is machine-readable.
    pub(crate) fn is_for_machines(self) -> bool {
        self.log == LogFormat::Json
    }
}

/// A queued line.
enum Waiting {
    Text(String),
    Document(String),
}

/// A log that writes to standard output from its own thread.
pub(crate) struct Log {
    way: LogFormat,
    lines: RefCell<Option<SyncSender<Waiting>>>,
    waiting: Arc<AtomicUsize>,
    lost: Cell<usize>,
    over: Receiver<()>,
}

impl Log {
    pub(crate) fn new(logging: Logging) -> Self {
        let (lines, received) = mpsc::sync_channel::<Waiting>(WAITING_MAX.0);
        let (end, over) = mpsc::channel();
        let waiting = Arc::<AtomicUsize>::default();
        let size = waiting.clone();
        std::thread::spawn(move || {
            for line in received {
                let length = match &line {
                    Waiting::Text(text) => {
                        say!("{text}");
                        text.len()
                    }
                    Waiting::Document(text) => {
                        put!("{text}");
                        text.len()
                    }
                };
                size.fetch_sub(length, Ordering::Relaxed);
            }
            // Fails if the log has stopped waiting.
            _ = end.send(());
        });
        Self { way: logging.log, lines: RefCell::new(Some(lines)), waiting, lost: Cell::new(0), over }
    }

    /// Logs an event, unless the queue is full.
    pub(crate) fn said(&self, said: &Said<'_>) {
        match self.way {
            LogFormat::Brief => self.put(Waiting::Text(said.to_string())),
            LogFormat::Full => self.put(Waiting::Text(said.whole())),
            LogFormat::Json => self.json(Some(said.at), said.what().trim(), said.discreet()),
            LogFormat::None => {}
        }
    }

    /// Logs a line about the process itself.
    pub(crate) fn line(&self, text: &str) {
        match self.way {
            LogFormat::Json => self.json(None, text.trim(), None),
            _ => self.put(Waiting::Text(text.to_owned())),
        }
    }

    fn json(&self, at: Option<Duration>, what: &str, document: Option<String>) {
        let mut line = json!({ "version": 1, "what": what });
        if let Some(at) = at {
            line["at_ms"] = json!(at.as_millis());
        }
        if let Some(document) = document {
            line["document"] = json!(document);
        }
        self.put(Waiting::Document(escape_control_characters(&line.to_string())));
    }

    fn put(&self, line: Waiting) {
        let lines = self.lines.borrow();
        let Some(lines) = lines.as_ref() else { return };
        let lost = self.lost.get();
        if lost > 0 {
            let told = format!("… {lost} lines lost: the reader was too slow");
            let told = match self.way {
                LogFormat::Json => Waiting::Document(json!({ "version": 1, "what": told }).to_string()),
                _ => Waiting::Text(told),
            };
            match self.offer(lines, told) {
                true => self.lost.set(0),
                false => return self.lost.set(lost + 1),
            }
        }
        if !self.offer(lines, line) {
            self.lost.set(self.lost.get() + 1);
        }
    }

    /// Queues a line; false if there is no room for it.
    fn offer(&self, lines: &SyncSender<Waiting>, line: Waiting) -> bool {
        let (Waiting::Text(text) | Waiting::Document(text)) = &line;
        let length = text.len();
        if self.waiting.fetch_add(length, Ordering::Relaxed) + length > WAITING_MAX.1 {
            self.waiting.fetch_sub(length, Ordering::Relaxed);
            return false;
        }
        let is_full = matches!(lines.try_send(line), Err(TrySendError::Full(_)));
        if is_full {
            self.waiting.fetch_sub(length, Ordering::Relaxed);
        }
        !is_full
    }
}

/// Escapes control and bidirectional formatting characters in a JSON text.
fn escape_control_characters(json: &str) -> String {
    let steers = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    json.chars().fold(String::with_capacity(json.len()), |mut out, c| {
        match steers(c) {
            true => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            false => out.push(c),
        }
        out
    })
}

impl Drop for Log {
    fn drop(&mut self) {
        // Closing the queue ends the thread once it has written the rest.
        self.lines.take();
        _ = self.over.recv_timeout(END_MAX);
    }
}
