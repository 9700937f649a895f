//! One connection of the memory network: its two directions and its two ends.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use std::{fmt, io};

use sca_protocol::{Chance, chance};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use crate::events::{Direction, Tag};
use crate::queue::ActivityCounter;

/// Maximum number of undelivered bytes in one direction; beyond it the writer waits.
const WINDOW: usize = 64 * 1024;

/// Conditions of a terminal's network path, per direction, for all its connections.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) latency: [Cell<Duration>; 2],
    /// Maximum random delay added to the latency.
    pub(super) jitter: [Cell<Duration>; 2],
    /// Bytes per second; 0 for no limit.
    pub(super) bandwidth: [Cell<u64>; 2],
}

#[derive(Debug)]
enum Item {
    Data(Vec<u8>, usize),
    Fin,
    Rst,
}

/// One direction of one connection.
#[derive(Debug)]
struct Pipe {
    way: Direction,
    /// Seed of the jitter, and the connection it is derived for.
    chance: (Chance, Tag),
    /// The jitter's random stream, with the last delay drawn and its instant: everything written in one instant has the
    /// same delay.
    jitter: Option<(chance::Stream, Instant, Duration)>,
    items: VecDeque<(Instant, Item)>,
    under_way: usize,
    free_at: Option<Instant>,
    last_at: Option<Instant>,
    reader: Option<Waker>,
    writer: Option<Waker>,
    finished: bool,
    reset: bool,
    reader_gone: bool,
}

impl Pipe {
    fn new(way: Direction, chance: (Chance, Tag)) -> Self {
        Self {
            way,
            chance,
            jitter: None,
            items: VecDeque::new(),
            under_way: 0,
            free_at: None,
            last_at: None,
            reader: None,
            writer: None,
            finished: false,
            reset: false,
            reader_gone: false,
        }
    }

    /// The random delay to add to the latency now.
    fn jitter(&mut self, shared: &Shared) -> Duration {
        let most = shared.jitter[self.way as usize].get();
        if most.is_zero() {
            return Duration::ZERO;
        }
        let (chance, tag) = self.chance;
        let line = tag.line.map_or(0, |line| 1 + line as u64);
        let index = [u64::from(tag.terminal), line, u64::from(tag.connection), self.way as u64];
        let now = Instant::now();
        let is_new = self.jitter.as_ref().is_none_or(|(_, at, _)| *at != now);
        let (stream, at, drawn) =
            self.jitter.get_or_insert_with(|| (chance.stream("jitter", &index), now, Duration::ZERO));
        if is_new {
            let most_ms = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
            (*at, *drawn) = (now, Duration::from_millis(stream.below(most_ms)));
        }
        *drawn
    }

    /// Queues an item with its arrival time, which follows from bandwidth, latency and jitter.
    fn push(&mut self, shared: &Shared, item: Item) {
        let now = Instant::now();
        let mut leave = self.free_at.map_or(now, |at| at.max(now));
        if let (Item::Data(bytes, _), rate @ 1..) = (&item, shared.bandwidth[self.way as usize].get()) {
            let ms = (bytes.len() as u64).saturating_mul(1_000).div_ceil(rate);
            leave += Duration::from_millis(ms);
            self.free_at = Some(leave);
        }
        let arrive = leave + shared.latency[self.way as usize].get() + self.jitter(shared);
        // Bytes of one stream never overtake each other, even if the latency shrinks.
        let arrive = self.last_at.map_or(arrive, |last| last.max(arrive));
        self.last_at = Some(arrive);
        self.items.push_back((arrive, item));
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}

/// One end of a connection in the memory network.
pub struct MemoryEnd {
    rx: Rc<RefCell<Pipe>>,
    tx: Rc<RefCell<Pipe>>,
    shared: Rc<Shared>,
    pulse: ActivityCounter,
    timer: Option<Pin<Box<Sleep>>>,
    armed: Option<Instant>,
}

impl fmt::Debug for MemoryEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryEnd")
    }
}

impl MemoryEnd {
    /// The two ends of a new connection: the terminal's, then the broker's.
    pub(super) fn pair(line: &Rc<Shared>, pulse: &ActivityCounter, chance: (Chance, Tag)) -> (Self, Self) {
        let pipe = |way| Rc::new(RefCell::new(Pipe::new(way, chance)));
        let (to, from) = (pipe(Direction::ToTerminal), pipe(Direction::FromTerminal));
        let end = |rx: &Rc<RefCell<Pipe>>, tx: &Rc<RefCell<Pipe>>| Self {
            rx: rx.clone(),
            tx: tx.clone(),
            shared: line.clone(),
            pulse: pulse.clone(),
            timer: None,
            armed: None,
        };
        (end(&to, &from), end(&from, &to))
    }

    /// Sends RST to the other end; every later operation on this end fails.
    pub(crate) fn reset(&mut self) {
        self.pulse.increment();
        let mut tx = self.tx.borrow_mut();
        if !tx.finished {
            tx.finished = true;
            tx.push(&self.shared, Item::Rst);
        }
        self.rx.borrow_mut().reset = true;
    }

    /// Waits until `at`, with this end's timer.
    fn poll_until(&mut self, at: Instant, cx: &mut Context<'_>) -> Poll<()> {
        if self.armed != Some(at) {
            self.armed = Some(at);
            match &mut self.timer {
                Some(timer) => timer.as_mut().reset(at),
                None => self.timer = Some(Box::pin(tokio::time::sleep_until(at))),
            }
        }
        self.timer.as_mut().map_or(Poll::Ready(()), |timer| timer.as_mut().poll(cx))
    }
}

impl AsyncRead for MemoryEnd {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let me = self.get_mut();
        loop {
            let at = {
                let mut rx = me.rx.borrow_mut();
                if rx.reset {
                    return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
                }
                match rx.items.front().map(|(at, _)| *at) {
                    None => {
                        rx.reader = Some(cx.waker().clone());
                        return Poll::Pending;
                    }
                    Some(at) if at > Instant::now() => at,
                    Some(_) => {
                        me.pulse.increment();
                        return Poll::Ready(rx.deliver(buf));
                    }
                }
            };
            if me.poll_until(at, cx).is_pending() {
                return Poll::Pending;
            }
        }
    }
}

impl Pipe {
    /// Reads from the item at the front, which has arrived.
    fn deliver(&mut self, buf: &mut ReadBuf<'_>) -> io::Result<()> {
        match self.items.front_mut() {
            Some((_, Item::Data(bytes, read))) => {
                let n = buf.remaining().min(bytes.len() - *read);
                buf.put_slice(&bytes[*read..*read + n]);
                *read += n;
                if *read == bytes.len() {
                    self.items.pop_front();
                }
                self.under_way -= n;
                if let Some(writer) = self.writer.take() {
                    writer.wake();
                }
                Ok(())
            }
            Some((_, Item::Rst)) => {
                self.reset = true;
                Err(io::ErrorKind::ConnectionReset.into())
            }
            // A FIN stays at the front: every further read returns EOF again.
            Some((_, Item::Fin)) | None => Ok(()),
        }
    }
}

impl AsyncWrite for MemoryEnd {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let me = self.get_mut();
        if me.rx.borrow().reset {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let mut tx = me.tx.borrow_mut();
        if tx.finished {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        if tx.reader_gone {
            // The other end is closed: data sent to it is answered with a reset.
            let mut rx = me.rx.borrow_mut();
            if !rx.finished {
                rx.finished = true;
                rx.push(&me.shared, Item::Rst);
            }
            return Poll::Ready(Ok(buf.len()));
        }
        let n = buf.len().min(WINDOW.saturating_sub(tx.under_way));
        if n == 0 && !buf.is_empty() {
            tx.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        me.pulse.increment();
        tx.under_way += n;
        tx.push(&me.shared, Item::Data(buf[..n].to_vec(), 0));
        Poll::Ready(Ok(n))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let me = self.get_mut();
        let mut tx = me.tx.borrow_mut();
        if !tx.finished {
            me.pulse.increment();
            tx.finished = true;
            tx.push(&me.shared, Item::Fin);
        }
        Poll::Ready(Ok(()))
    }
}

impl Drop for MemoryEnd {
    fn drop(&mut self) {
        self.pulse.increment();
        let mut tx = self.tx.borrow_mut();
        if !tx.finished {
            tx.finished = true;
            tx.push(&self.shared, Item::Fin);
        }
        let mut rx = self.rx.borrow_mut();
        rx.reader_gone = true;
        if let Some(writer) = rx.writer.take() {
            writer.wake();
        }
    }
}
