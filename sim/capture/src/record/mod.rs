//! The recorder: a transparent proxy between terminals and their broker that forwards bytes as they arrive and records
//! what happened. It never delays a byte in order to parse it first.

mod side_stream;
mod writer;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use sca_core::Target;
use sca_environment::Stopwatch;
use sca_environment::credentials::Credentials;
use sca_live::{Limits, SHORTAGE_PAUSE, Shortage};
use sca_network::tls::{ClientTls, ServerTls, TlsError};
use sca_network::{ConnectionShare, Dialer, Listener, MemoryBudget, Route, SocketDialer, Stream, Tag, tls};
use sca_protocol::{Reason, TlsFailure};
use side_stream::Line;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf, split};
use tokio::task::AbortHandle;
use tokio::time::timeout;
use writer::{Book, TERMINALS_MAX};

use crate::audit::Audit;
use sca_import::Observer;
use sca_import::{Ending, Event, Side};

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
    let (mut number, mut is_told, mut is_troubled, mut shortage) = (0, false, false, Shortage::default());
    tokio::pin!(stop);
    loop {
        tokio::select! {
            biased;
            () = &mut stop => break,
            () = recorder.changed.notified() => {
                for path in recorder.news.take() {
                    say(&format!("recording {}", path.display()));
                }
                if recorder.book.borrow().is_full && !is_told {
                    is_told = true;
                    say(&format!("more than {TERMINALS_MAX} terminals: further ones are forwarded but not recorded"));
                }
                let trouble = recorder.book.borrow().trouble.as_ref().map(ToString::to_string);
                if std::mem::replace(&mut is_troubled, trouble.is_some()) != trouble.is_some() {
                    say(&trouble.map_or_else(
                        || "recording resumed".to_owned(),
                        |why| format!("cannot write the recording: {why}; traffic is still forwarded"),
                    ));
                }
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

    /// Forwards both directions until both have ended.
    async fn pass(&self, number: u32, near: Line, far: Line) {
        let (ears, share) = (RefCell::new(Observer::default()), self.budget.share());
        let cuts = (near.is_cut.clone(), far.is_cut.clone());
        let (mut near_reader, mut near_writer) = split(near);
        let (mut far_reader, mut far_writer) = split(far);
        let is_reset = {
            let up =
                self.forward(number, Side::Terminal, (&ears, &share), &mut near_reader, (&mut far_writer, &cuts.1));
            let down =
                self.forward(number, Side::Broker, (&ears, &share), &mut far_reader, (&mut near_writer, &cuts.0));
            let silence = async {
                tokio::time::sleep(UPGRADE_MAX).await;
                if ears.borrow().is_upgraded() {
                    std::future::pending::<()>().await;
                }
            };
            tokio::pin!(up, down, silence);
            let (mut up_over, mut down_over) = (false, false);
            loop {
                let over = tokio::select! {
                    biased;
                    over = &mut up, if !up_over => {
                        up_over = true;
                        over
                    }
                    over = &mut down, if !down_over => {
                        down_over = true;
                        over
                    }
                    // A client that never completes the upgrade blocks a connection that others need.
                    () = &mut silence => Over::Reset,
                };
                if matches!(over, Over::Reset) {
                    break true;
                }
                if up_over && down_over {
                    break false;
                }
            }
        };
        if is_reset {
            near_reader.unsplit(near_writer).reset();
            far_reader.unsplit(far_writer).reset();
        }
    }

    /// Parses and records forwarded bytes.
    fn observe(
        &self,
        number: u32,
        (side, bytes): (Side, &[u8]),
        (ears, share): (&RefCell<Observer>, &ConnectionShare),
    ) {
        let mut ears = ears.borrow_mut();
        for event in ears.hear(side, bytes) {
            self.happens(number, event);
        }
        share.set_buffered(ears.waiting());
        if share.exceeds_budget() {
            self.happens(number, ears.gives_up("too many unfinished messages at once"));
            share.set_buffered(0);
        }
        if ears.is_upgraded() {
            self.open.borrow_mut().entry(number).and_modify(|guest| guest.is_up = true);
        }
    }

    /// Forwards one direction until it ends.
    async fn forward(
        &self,
        number: u32,
        side: Side,
        (ears, share): (&RefCell<Observer>, &ConnectionShare),
        from: &mut ReadHalf<Line>,
        (to, cut): (&mut WriteHalf<Line>, &Cell<bool>),
    ) -> Over {
        let mut chunk = vec![0; CHUNK];
        loop {
            let over = match from.read(&mut chunk).await {
                Ok(0) => Over::Fin,
                Ok(count) => {
                    let passed = async {
                        to.write_all(&chunk[..count]).await?;
                        to.flush().await
                    };
                    let is_passed = passed.await.is_ok();
                    self.observe(number, (side, &chunk[..count]), (ears, share));
                    // A peer that cannot be written to is gone, which a direct connection would report as a reset.
                    if !is_passed {
                        return Over::Reset;
                    }
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Over::Cut,
                Err(error) => {
                    if let Some(failure) = tls::failure(&error) {
                        self.happens(number, Event::Note(failure.sentence().to_owned()));
                    }
                    Over::Reset
                }
            };
            let ending = if matches!(over, Over::Reset) { Ending::Reset } else { Ending::Fin };
            self.happens(number, Event::Ended(side, ending));
            if !matches!(over, Over::Reset) {
                cut.set(matches!(over, Over::Cut));
                drop(to.shutdown().await);
            }
            return over;
        }
    }
}
