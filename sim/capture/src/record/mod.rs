//! The recorder: stands between terminals and their broker, passes on what comes as it comes, and writes down what
//! happened. It never holds a byte back to read it first.

mod book;
mod line;

use std::cell::{Cell, RefCell};
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use sca_network::tls::{self, ClientTls, ServerTls, TlsError};
use sca_network::{Dialer, Listener, Route, SocketDialer, Stream, Tag};
use sca_protocol::Reason;
use sca_protocol::reason::from_the_other_side;
use sca_runner::live::Credentials;
use sca_runner::{Since, Target};
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf, split};
use tokio::time::timeout;

use crate::ears::Ears;
use crate::session::{Ending, Event, Side};
use book::{Book, TERMINALS_MAX};
use line::Line;

/// A recorder to run.
#[derive(Debug, Clone)]
pub struct RecordPlan {
    /// Where terminals reach it.
    pub listen: SocketAddr,
    /// What it shows to terminals, and whom of them it trusts; without an identity it speaks ws.
    pub near: Credentials,
    /// The broker.
    pub to: Target,
    /// What it shows to the broker, and whom it trusts there.
    pub far: Credentials,
    /// The folder of the recordings.
    pub out: PathBuf,
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
    #[error("the recording cannot be written: {0}")]
    Write(io::Error),
}

/// Connections at one time; more are hung up on.
const CONNECTIONS_MAX: usize = 1_000;
/// How long the broker may take to be reached, and a handshake of TLS.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long the upgrade may take.
const UPGRADE_MAX: Duration = Duration::from_secs(60);
/// Bytes that are passed on at once.
const CHUNK: usize = 64 << 10;

struct Recorder {
    near: Option<Arc<ServerTls>>,
    far: Option<Arc<ClientTls>>,
    to: Target,
    clock: Since,
    book: RefCell<Book>,
    /// Files that have begun and have not been told of.
    news: RefCell<Vec<PathBuf>>,
    open: RefCell<usize>,
    changed: tokio::sync::Notify,
}

/// Records until `stop` is done. `ready` is told the address, `say` the name of each file that begins. Needs a
/// `LocalSet`.
///
/// # Errors
/// [`RecordError`], if it cannot begin, or a file cannot be written.
pub async fn record(
    plan: RecordPlan,
    stop: impl Future<Output = ()>,
    ready: impl FnOnce(SocketAddr),
    say: &mut dyn FnMut(&str),
) -> Result<(), RecordError> {
    // A folder that cannot be had is better known now than when the first terminal is there.
    std::fs::create_dir_all(&plan.out).map_err(RecordError::Write)?;
    let near = plan.near.identity.is_some().then(|| plan.near.server()).transpose()?;
    let far = plan.to.secure.then(|| plan.far.client()).transpose()?;
    let wrong = |error| RecordError::Listen(plan.listen, error);
    let listener = Listener::bind(plan.listen).await.map_err(wrong)?;
    ready(listener.address().map_err(wrong)?);
    let from = format!("a recording of {}", sca_runner::today());
    let recorder = Rc::new(Recorder {
        book: RefCell::new(Book::new(plan.out, from, near.is_some())),
        near,
        far,
        to: plan.to,
        clock: Since::now(),
        news: RefCell::default(),
        open: RefCell::default(),
        changed: tokio::sync::Notify::new(),
    });
    let (mut number, mut is_told) = (0, false);
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
                    say(&format!("more than {TERMINALS_MAX} terminals: what others do is passed on and not recorded"));
                }
                if recorder.book.borrow().trouble.is_some() {
                    break;
                }
            }
            accepted = listener.accept() => match accepted {
                Ok(_) if *recorder.open.borrow() >= CONNECTIONS_MAX => {}
                Ok((stream, address, _)) => {
                    number += 1;
                    Recorder::welcome(&recorder, number, stream, address);
                }
                // An error that lasts would make this loop spin.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
        }
    }
    let mut book = recorder.book.borrow_mut();
    book.ends(recorder.clock.elapsed());
    match book.trouble.take() {
        Some(error) => Err(RecordError::Write(error)),
        None => Ok(()),
    }
}

/// How the reading of one side ended.
enum Over {
    Fin,
    /// An end without the goodbye of TLS.
    Cut,
    Reset,
}

impl Recorder {
    /// A terminal has come.
    fn welcome(recorder: &Rc<Self>, number: u32, stream: Stream, address: SocketAddr) {
        *recorder.open.borrow_mut() += 1;
        let recorder = recorder.clone();
        tokio::task::spawn_local(async move {
            recorder.book.borrow_mut().begins(number, address.ip().to_string(), recorder.clock.elapsed());
            recorder.connection(number, stream).await;
            recorder.book.borrow_mut().forgets(number);
            *recorder.open.borrow_mut() -= 1;
        });
    }

    fn happens(&self, connection: u32, event: Event) {
        let at = self.clock.elapsed();
        let mut book = self.book.borrow_mut();
        if let Some(path) = book.happens(connection, at, event) {
            self.news.borrow_mut().push(path);
            self.changed.notify_one();
        }
        if book.trouble.is_some() || book.is_full {
            self.changed.notify_one();
        }
    }

    /// One connection of a terminal, from its first byte to its last.
    async fn connection(&self, number: u32, mut near: Stream) {
        // The broker is reached first: a terminal must not be greeted by a line that leads nowhere.
        let far = match self.reach(number).await {
            Ok(far) => far,
            Err(reason) => {
                self.happens(number, Event::Failed(reason));
                return near.reset();
            }
        };
        let near = match &self.near {
            None => Line::plain(near),
            Some(config) => match timeout(PATIENCE, tls::accept(config.clone(), near)).await {
                Ok(Ok(tls)) => Line::secured(tls),
                Ok(Err(error)) => {
                    let word = tls::word(&error).map_or("eof", from_the_other_side);
                    let about = "it is the recorder's certificate that the terminal was shown, not the broker's";
                    if !word.starts_with("alert-") && word != "eof" {
                        self.happens(number, Event::Note(about.to_owned()));
                    }
                    return self.happens(number, Event::Failed(Reason::Tls(word)));
                }
                Err(_) => return self.happens(number, Event::Failed(Reason::Timeout)),
            },
        };
        self.pass(number, near, far).await;
    }

    /// Reaches the broker, TLS included.
    async fn reach(&self, number: u32) -> Result<Line, Reason> {
        let route = Route::direct(self.to.host.clone(), self.to.port);
        let tag = Tag { terminal: 0, line: None, connection: number };
        let dialer = Dialer::Socket(SocketDialer::default());
        let stream = timeout(PATIENCE, dialer.dial(&route, tag)).await.map_err(|_| Reason::Timeout)??;
        let Some(config) = &self.far else { return Ok(Line::plain(stream)) };
        let handshake = timeout(PATIENCE, tls::connect(config.clone(), self.to.host.clone(), stream)).await;
        match handshake.map_err(|_| Reason::Timeout)? {
            Ok(tls) => Ok(Line::secured(tls)),
            Err(error) => {
                let word = tls::word(&error).unwrap_or("eof");
                let text = format!("between recorder and broker: {}", Reason::Tls(word).sentence());
                self.happens(number, Event::Note(text));
                Err(Reason::Tls(word))
            }
        }
    }

    /// Passes both ways until both are over.
    async fn pass(&self, number: u32, near: Line, far: Line) {
        let ears = RefCell::new(Ears::default());
        let cuts = (near.is_cut.clone(), far.is_cut.clone());
        let (mut near_reader, mut near_writer) = split(near);
        let (mut far_reader, mut far_writer) = split(far);
        let is_reset = {
            let up = self.pump(number, Side::Terminal, &ears, &mut near_reader, (&mut far_writer, &cuts.1));
            let down = self.pump(number, Side::Broker, &ears, &mut far_reader, (&mut near_writer, &cuts.0));
            let silence = async {
                tokio::time::sleep(UPGRADE_MAX).await;
                if ears.borrow().is_past_the_answer() {
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
                    // Who never asks for the upgrade holds a place that others need.
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

    /// Passes one way until it is over.
    async fn pump(
        &self,
        number: u32,
        side: Side,
        ears: &RefCell<Ears>,
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
                    let heard = ears.borrow_mut().hear(side, &chunk[..count]);
                    heard.into_iter().for_each(|event| self.happens(number, event));
                    // Who cannot be written to has gone, and a direct line would say so.
                    if !is_passed {
                        return Over::Reset;
                    }
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Over::Cut,
                Err(error) => {
                    if let Some(word) = tls::word(&error) {
                        self.happens(number, Event::Note(Reason::Tls(word).sentence()));
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
