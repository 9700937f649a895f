//! Plain TCP connections: XML documents one after the other, separated where their root element ends, with limits of
//! size and time. No TLS, no WebSocket.

use std::future::poll_fn;
use std::io;
use std::task::Poll;
use std::time::Duration;

use sca_protocol::xml::{Split, split};
use tokio::io::{AsyncRead, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::backpressure::Bounds;
use crate::dialer::Dialer;
use crate::events::{CallEvent, CallOrder, Event, Side, Tag};
use crate::goodbye::leave;
use crate::queue::{EventQueue, EventSender};
use crate::route::Route;
use crate::stream::{Stream, read_some};

/// Limits of what one end of a plain TCP connection reads.
#[derive(Debug, Clone)]
pub struct CallLimits {
    /// Maximum size of a document, in bytes.
    pub document_size_max: usize,
    /// Maximum time from the first byte of a document to its last.
    pub document_time_max: Duration,
    /// Limits of memory and waiting; only for connections that are accepted on real sockets.
    pub bounds: Option<Bounds>,
    /// Whether a peer that has sent a document may then stay idle without a limit.
    pub may_be_quiet: bool,
}

/// Maximum number of documents that wait for an answer; beyond it nothing is read.
const UNANSWERED_MAX: usize = 256;
/// Maximum number of bytes that wait to be sent; beyond it nothing is read.
const UNSENT_MAX: usize = 1 << 20;

/// Connects and runs this end until it ends. Dropping the sender of `orders` drops the connection at once.
pub async fn call(
    dialer: Dialer,
    route: Route,
    side: Side,
    limits: CallLimits,
    tag: Tag,
    mailbox: EventQueue,
    mut orders: mpsc::Receiver<CallOrder>,
) {
    let mut pen = CallSender { pen: EventSender::new(mailbox, tag), side };
    let mut early = Vec::new();
    let dialled = {
        let dial = dialer.dial(&route, tag);
        tokio::pin!(dial);
        loop {
            tokio::select! {
                biased;
                dialled = &mut dial => break dialled,
                order = orders.recv() => match order {
                    Some(CallOrder::Say(text)) => early.push(text),
                    Some(CallOrder::HangUp | CallOrder::Reset) | None => return,
                },
            }
        }
    };
    match dialled {
        Ok(stream) => {
            pen.post(CallEvent::Opened);
            talk(stream, limits, &mut pen, &mut orders, early).await;
        }
        Err(reason) => pen.post(CallEvent::Failed(reason)),
    }
}

/// Runs an accepted connection until it ends. Dropping the sender of `orders` drops the connection at once.
pub async fn called(
    stream: Stream,
    side: Side,
    limits: CallLimits,
    tag: Tag,
    mailbox: EventQueue,
    mut orders: mpsc::Receiver<CallOrder>,
) {
    let mut pen = CallSender { pen: EventSender::new(mailbox, tag), side };
    pen.post(CallEvent::Opened);
    talk(stream, limits, &mut pen, &mut orders, Vec::new()).await;
}

/// Posts the events of one end.
struct CallSender {
    pen: EventSender,
    side: Side,
}

impl CallSender {
    fn post(&mut self, event: CallEvent) {
        self.pen.post(Event::Call(self.side, event));
    }
}

/// State of the reading direction: the incomplete document, and the deadline for its end.
struct Reading {
    bytes: Vec<u8>,
    /// How many of the bytes have been searched for the end of a document.
    seen: usize,
    until: Option<Instant>,
    /// Whether reading has ended because of unreadable data.
    over: bool,
    /// Number of documents that have not been answered yet.
    unanswered: usize,
}

/// Runs an established connection: takes orders, writes, reads and watches the time limits.
async fn talk(
    stream: Stream,
    limits: CallLimits,
    pen: &mut CallSender,
    orders: &mut mpsc::Receiver<CallOrder>,
    early: Vec<String>,
) {
    let (mut reader, mut writer) = tokio::io::split(stream);
    let mut reading = Reading { bytes: Vec::new(), seen: 0, until: None, over: false, unanswered: 0 };
    let mut waiting: Vec<u8> = early.concat().into_bytes();
    let mut patience = Waiting { since: Instant::now(), has_spoken: false };
    loop {
        if let Some(bounds) = &limits.bounds {
            bounds.share.set_buffered(reading.bytes.capacity() + waiting.capacity());
        }
        let given_up = patience.ends(&limits, &reading, &waiting);
        let late = async {
            match reading.until {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            order = orders.recv() => match order {
                Some(CallOrder::Say(text)) => {
                    reading.unanswered = reading.unanswered.saturating_sub(1);
                    waiting.extend_from_slice(text.as_bytes());
                    patience.since = Instant::now();
                }
                Some(CallOrder::HangUp) => {
                    return leave(tokio::io::join(reader, writer), &waiting, |_| false).await;
                }
                Some(CallOrder::Reset) => return reader.unsplit(writer).reset(),
                None => return,
            },
            // Reading continues while writing: neither end waits for the other.
            written = writer.write(&waiting), if !waiting.is_empty() => match written {
                Ok(n) if n > 0 => {
                    waiting.drain(..n);
                    if waiting.is_empty() {
                        waiting = Vec::new();
                    }
                    patience.since = Instant::now();
                }
                _ => return pen.post(CallEvent::Ended),
            },
            read = read_where_room(&mut reader, &mut reading.bytes, &limits), if reading.may_go_on(waiting.len()) => {
                match read {
                    Ok(n) if n > 0 => {
                        let before = reading.unanswered;
                        reading.look(&limits, pen);
                        if reading.unanswered > before {
                            patience = Waiting { since: Instant::now(), has_spoken: true };
                        }
                    }
                    _ => return pen.post(CallEvent::Ended),
                }
            }
            why = given_up => {
                pen.post(CallEvent::GivenUp(why));
                return pen.post(CallEvent::Ended);
            }
            () = late => reading.give_up("a document that does not end in time", pen),
        }
    }
}

/// The timeout for the other side.
struct Waiting {
    since: Instant,
    has_spoken: bool,
}

impl Waiting {
    /// A future that completes with the reason when the timeout expires; it never completes if nothing is expected.
    fn ends(
        &self,
        limits: &CallLimits,
        reading: &Reading,
        waiting: &[u8],
    ) -> impl Future<Output = &'static str> + use<> {
        let why = if !waiting.is_empty() {
            Some("does not read what it is sent")
        } else if reading.unanswered == 0 && !(self.has_spoken && limits.may_be_quiet) {
            Some("sends no request")
        } else {
            None
        };
        let end = limits.bounds.as_ref().zip(why).map(|(bounds, why)| (self.since + bounds.patience, why));
        async move {
            match end {
                Some((at, why)) => {
                    sleep_until(at).await;
                    why
                }
                None => std::future::pending().await,
            }
        }
    }
}

/// Reads as soon as the memory limit allows it.
async fn read_where_room<R: AsyncRead + Unpin>(
    reader: &mut R,
    into: &mut Vec<u8>,
    limits: &CallLimits,
) -> io::Result<usize> {
    if let Some(bounds) = &limits.bounds {
        poll_fn(|cx| if bounds.share.has_room(cx) { Poll::Ready(()) } else { Poll::Pending }).await;
    }
    read_some(reader, into).await
}

impl Reading {
    /// Whether more may be read. A peer that sends requests and does not read the answers has to wait.
    fn may_go_on(&self, unsent: usize) -> bool {
        !self.over && self.unanswered < UNANSWERED_MAX && unsent < UNSENT_MAX
    }

    /// Posts every document that is complete.
    fn look(&mut self, limits: &CallLimits, pen: &mut CallSender) {
        loop {
            // Every document ends with this character: searching the new bytes for it saves most searches of the whole.
            let is_new = self.bytes[self.seen..].contains(&b'>') || self.seen == 0;
            self.seen = self.bytes.len();
            let text = match std::str::from_utf8(&self.bytes) {
                Ok(text) => text,
                // A character may be split between two reads.
                Err(error) if error.error_len().is_none() => {
                    std::str::from_utf8(&self.bytes[..error.valid_up_to()]).unwrap_or_default()
                }
                Err(_) => return self.give_up("bytes that are not UTF-8", pen),
            };
            match if is_new { split(text) } else { Split::Open } {
                Split::Whole(end) if end <= limits.document_size_max => {
                    let document = text[..end].trim().to_owned();
                    self.bytes.drain(..end);
                    (self.seen, self.until) = (0, None);
                    self.unanswered += 1;
                    pen.post(CallEvent::Document(document));
                    // The rest may be white space between two documents.
                    let blanks = self.bytes.iter().take_while(|b| b.is_ascii_whitespace()).count();
                    self.bytes.drain(..blanks);
                    if self.bytes.is_empty() {
                        return;
                    }
                }
                Split::Broken => return self.give_up("what is no document", pen),
                Split::Whole(_) | Split::Open if self.bytes.len() > limits.document_size_max => {
                    return self.give_up(&format!("a document of more than {} bytes", limits.document_size_max), pen);
                }
                Split::Whole(_) | Split::Open => {
                    self.until.get_or_insert_with(|| Instant::now() + limits.document_time_max);
                    return;
                }
            }
        }
    }

    fn give_up(&mut self, why: &str, pen: &mut CallSender) {
        (self.over, self.until) = (true, None);
        self.bytes = Vec::new();
        pen.post(CallEvent::Broken(why.to_owned()));
    }
}
