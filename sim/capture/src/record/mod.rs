//! The recorder: a transparent proxy between terminals and their broker that forwards bytes as they arrive and records
//! what happened. It never delays a byte in order to parse it first.

mod forwarding;
mod side_stream;
mod writer;

use crate::audit::Audit;
use sca_core::Target;
use sca_environment::Stopwatch;
use sca_environment::credentials::Credentials;
use sca_import::Event;
use sca_live::{Limits, SHORTAGE_PAUSE, Shortage};
use sca_network::tls::{ClientTls, ServerTls, TlsError};
use sca_network::{Dialer, Listener, MemoryBudget, Route, SocketDialer, Stream, Tag, tls};
use sca_protocol::{Reason, TlsFailure};
use side_stream::Line;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::AbortHandle;
use tokio::time::timeout;
use writer::{Book, TERMINALS_MAX};

/// The configuration of a recorder.
#[derive(Debug, Clone)]
pub struct RecordPlan {
    /// The listen address for terminals.
    pub listen: SocketAddr,
    /// Its credentials towards terminals, and the authorities it trusts there; without an identity it speaks ws.
    pub near: Credentials,
    /// The broker.
    pub to: Target,
    /// Its credentials towards the broker, and the authorities it trusts there.
    pub far: Credentials,
    /// The folder of the recordings.
    pub out: PathBuf,
    /// Limits on connections and memory. `patience` is the timeout for connecting to the broker and for each TLS
    /// handshake.
    pub limits: Limits,
    /// Whether it lists at its end what was redacted, and what looks like a secret but was kept.
    pub audits: bool,
}

/// Why a recorder cannot run.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The credentials cannot be used.
    #[error("{0}")]
    Tls(#[from] TlsError),
    /// The port cannot be opened.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, io::Error),
    /// The folder cannot be written to.
    #[error("cannot write the recording: {0}")]
    Write(io::Error),
}

/// Timeout of the HTTP upgrade.
const UPGRADE_MAX: Duration = Duration::from_secs(60);
/// Size in bytes of the forwarding buffer.
const CHUNK: usize = 8 << 10;

struct Recorder {
    near: Option<Arc<ServerTls>>,
    far: Option<Arc<ClientTls>>,
    to: Target,
    clock: Stopwatch,
    book: RefCell<Book>,
    /// New files that have not been announced yet.
    news: RefCell<Vec<PathBuf>>,
    limits: Limits,
    /// The memory budget for unfinished frames and messages.
    budget: MemoryBudget,
    open: RefCell<BTreeMap<u32, Guest>>,
    changed: tokio::sync::Notify,
    /// The redaction audit, if requested.
    audit: RefCell<Option<Audit>>,
    /// Whether the last write failed.
    is_troubled: Cell<bool>,
}

/// A connected client.
struct Guest {
    task: AbortHandle,
    /// Whether the upgrade has been answered.
    is_up: bool,
}

/// Records until `stop` completes. `ready` receives the listen address, `say` each line of the log, such as the name of
/// every new file. Needs a `LocalSet`.
///
/// # Errors
/// [`RecordError`], if it cannot begin, or a file cannot be written.
pub async fn record(
    plan: RecordPlan,
    stop: impl Future<Output = ()>,
    ready: impl FnOnce(SocketAddr),
    say: &mut dyn FnMut(&str),
) -> Result<(), RecordError> {
    // Fail now rather than when the first terminal connects.
    std::fs::create_dir_all(&plan.out).map_err(RecordError::Write)?;
    let near = plan.near.identity.is_some().then(|| plan.near.server()).transpose()?;
    let far = plan.to.secure.then(|| plan.far.client()).transpose()?;
    let wrong = |error| RecordError::Listen(plan.listen, error);
    let listener = Listener::bind(plan.listen).map_err(wrong)?;
    ready(listener.address().map_err(wrong)?);
    let from = format!("a recording of {}", sca_environment::today());
    let recorder = Rc::new(Recorder {
        book: RefCell::new(Book::new(plan.out, from, near.is_some(), plan.limits.memory / 4)),
        near,
        far,
        to: plan.to,
        clock: Stopwatch::now(),
        news: RefCell::default(),
        budget: MemoryBudget::new(plan.limits.memory / 2),
        limits: plan.limits,
        open: RefCell::default(),
        changed: tokio::sync::Notify::new(),
        audit: RefCell::new(plan.audits.then(Audit::default)),
        is_troubled: Cell::new(false),
    });
    let (mut number, mut told, mut shortage) = (0, Told::default(), Shortage::default());
    tokio::pin!(stop);
    loop {
        tokio::select! {
            biased;
            () = &mut stop => break,
            () = recorder.changed.notified() => {
                recorder.tell_news(&mut told, say);
            }
            accepted = listener.accept() => match accepted {
                Ok((stream, address, _)) => {
                    shortage.is_over();
                    number += 1;
                    if recorder.has_room(say) {
                        Recorder::welcome(&recorder, number, stream, address);
                    } else {
                        say(&format!("{address} refused: {} connections are open", recorder.limits.connections));
                    }
                }
                Err(error) => {
                    shortage.of(&error).iter().for_each(|text| say(text));
                    tokio::time::sleep(SHORTAGE_PAUSE).await;
                }
            },
        }
    }
    if let Some(audit) = recorder.audit.take() {
        audit.to_string().lines().for_each(say);
    }
    let mut book = recorder.book.borrow_mut();
    book.ends(recorder.clock.elapsed());
    match book.trouble.take() {
        Some(error) => Err(RecordError::Write(error)),
        None => Ok(()),
    }
}

/// What the log has been told already.
#[derive(Default)]
struct Told {
    is_full: bool,
    is_troubled: bool,
}

impl Recorder {
    /// Tells the log of new files, and of trouble with writing that has begun or ended.
    fn tell_news(&self, told: &mut Told, say: &mut dyn FnMut(&str)) {
        for path in self.news.take() {
            say(&format!("recording {}", path.display()));
        }
        if self.book.borrow().is_full && !told.is_full {
            told.is_full = true;
            say(&format!("more than {TERMINALS_MAX} terminals: further ones are forwarded but not recorded"));
        }
        let trouble = self.book.borrow().trouble.as_ref().map(ToString::to_string);
        if std::mem::replace(&mut told.is_troubled, trouble.is_some()) != trouble.is_some() {
            say(&trouble.map_or_else(
                || "recording resumed".to_owned(),
                |why| format!("cannot write the recording: {why}; traffic is still forwarded"),
            ));
        }
    }
}

/// How the stream of one side ended.
enum Over {
    Fin,
    /// EOF without close_notify.
    Cut,
    Reset,
}

impl Recorder {
    /// Starts serving a new connection of a terminal.
    fn welcome(recorder: &Rc<Self>, number: u32, stream: Stream, address: SocketAddr) {
        recorder.book.borrow_mut().begins(number, address.ip().to_string(), recorder.clock.elapsed());
        let served = recorder.clone();
        let task = tokio::task::spawn_local(async move {
            served.connection(number, stream).await;
            served.forgets(number);
        });
        recorder.open.borrow_mut().insert(number, Guest { task: task.abort_handle(), is_up: false });
    }

    fn forgets(&self, number: u32) {
        self.book.borrow_mut().forgets(number);
        self.open.borrow_mut().remove(&number);
    }

    /// Whether one more connection is allowed. If not, the oldest one without an upgrade is closed to make room.
    fn has_room(&self, say: &mut dyn FnMut(&str)) -> bool {
        let idle = {
            let open = self.open.borrow();
            if open.len() < self.limits.connections {
                return true;
            }
            open.iter().find(|(_, guest)| !guest.is_up).map(|(number, guest)| (*number, guest.task.clone()))
        };
        let Some((number, task)) = idle else { return false };
        task.abort();
        self.forgets(number);
        say(&format!("connection {number} closed: no upgrade yet, and room is needed for others"));
        true
    }

    fn happens(&self, connection: u32, event: Event) {
        let at = self.clock.elapsed();
        self.audit.borrow_mut().iter_mut().for_each(|audit| audit.event(&event));
        let mut book = self.book.borrow_mut();
        if let Some(path) = book.happens(connection, at, event) {
            self.news.borrow_mut().push(path);
            self.changed.notify_one();
        }
        if book.trouble.is_some() || self.is_troubled.replace(book.trouble.is_some()) || book.is_full {
            self.changed.notify_one();
        }
    }

    /// Serves one connection of a terminal, from its first byte to its last.
    async fn connection(&self, number: u32, mut near: Stream) {
        // Connect to the broker first: a terminal must not get a connection that leads nowhere.
        let far = match self.reach(number).await {
            Ok(far) => far,
            Err(reason) => {
                self.happens(number, Event::Failed(reason));
                return near.reset();
            }
        };
        let near = match &self.near {
            None => Line::plain(near),
            Some(config) => match timeout(self.limits.patience, tls::accept(config.clone(), near)).await {
                Ok(Ok(tls)) => Line::secured(tls),
                Ok(Err(error)) => {
                    let failure = tls::failure(&error).map_or(TlsFailure::Eof, TlsFailure::seen_by_terminal);
                    let about = "the terminal was shown the recorder's certificate, not the broker's";
                    if !failure.word().starts_with("alert-") && failure != TlsFailure::Eof {
                        self.happens(number, Event::Note(about.to_owned()));
                    }
                    return self.happens(number, Event::Failed(Reason::Tls(failure)));
                }
                Err(_) => return self.happens(number, Event::Failed(Reason::Timeout)),
            },
        };
        self.pass(number, near, far).await;
    }

    /// Connects to the broker, including TLS.
    async fn reach(&self, number: u32) -> Result<Line, Reason> {
        let route = Route::direct(self.to.host.clone(), self.to.port);
        let tag = Tag { terminal: 0, line: None, connection: number };
        let dialer = Dialer::Socket(SocketDialer::default());
        let stream = timeout(self.limits.patience, dialer.dial(&route, tag)).await.map_err(|_| Reason::Timeout)??;
        let Some(config) = &self.far else { return Ok(Line::plain(stream)) };
        let handshake = timeout(self.limits.patience, tls::connect(config.clone(), self.to.host.clone(), stream)).await;
        match handshake.map_err(|_| Reason::Timeout)? {
            Ok(tls) => Ok(Line::secured(tls)),
            Err(error) => {
                let failure = tls::failure(&error).unwrap_or(TlsFailure::Eof);
                let text = format!("between recorder and broker: {}", failure.sentence());
                self.happens(number, Event::Note(text));
                Err(Reason::Tls(failure))
            }
        }
    }
}
