//! The broker's end of a connection: TLS, the bytes of the upgrade, then raw frames, valid or not.
//!
//! It takes orders and posts events; the only thing it judges is whether the bytes can be read at all.

mod reader;
mod rekey;
mod writer;

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use reader::Reading;
use rekey::Rekey;
use rustls::{ProtocolVersion, ServerConfig};
use sca_protocol::handshake::Head;
use sca_protocol::{HandshakeFailure, Reason, TlsFailure};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use writer::{Outgoing, Writer};

use crate::backpressure::Bounds;
use crate::cut_ends::Incoming;
use crate::events::{Ending, Event, ServerEvent, ServerOrder, Tag};
use crate::goodbye::{DRAIN_TIME, leave};
use crate::io_reason::reason_of;
use crate::queue::{EventQueue, EventSender};
use crate::stream::{Stream, poll_read_some, read_some};
use crate::tap::{TapHandle, Tapped};
use crate::tls;

/// TLS of the broker's end.
#[derive(Debug, Clone)]
pub enum Tls {
    /// Plain WebSocket (ws).
    Off,
    /// WebSocket over TLS (wss).
    On(Arc<ServerConfig>),
    /// Send these bytes in place of a ServerHello, then close.
    Instead(Vec<u8>),
}

/// Maximum number of queued writes; beyond it no more orders are taken.
const QUEUE_MAX: usize = 16;
/// Configuration of the broker's end of a connection.
#[derive(Debug, Clone)]
pub struct ServerSetup {
    /// The response of the proxy in front of the broker, if the terminal uses one. Any status other than 2xx ends the
    /// connection.
    pub proxy: Option<String>,
    /// TLS below the WebSocket.
    pub tls: Tls,
    /// The tap through which faults are applied.
    pub tap: TapHandle,
    /// Limits of memory and waiting; only on real sockets.
    pub bounds: Option<Bounds>,
}

/// Runs one connection until it ends.
pub async fn run(
    stream: Stream,
    setup: ServerSetup,
    tag: Tag,
    mailbox: EventQueue,
    mut orders: mpsc::Receiver<ServerOrder>,
) {
    let ServerSetup { proxy, tls, tap, bounds } = setup;
    let mut stream = Tapped::new(stream, tap.clone(), mailbox.clone());
    let mut pen = EventSender::new(mailbox.clone(), tag);
    if let Some(answer) = proxy
        && !open_the_way(&mut stream, &answer, &mut pen).await
    {
        leave(stream, &[], |_| false).await;
        return pen.post(Event::Server(ServerEvent::Ended(Ending::Fin)));
    }
    pen.post(Event::Server(ServerEvent::Accepted));
    let config = match tls {
        Tls::On(config) => config,
        Tls::Off => {
            let stream = Incoming::new(stream, tap.clone(), mailbox);
            let ending = converse(stream, (&tap, bounds), &mut pen, &mut orders).await;
            return pen.post(Event::Server(ServerEvent::Ended(ending)));
        }
        Tls::Instead(bytes) => {
            // The ClientHello is read first: closing with unread input would send RST.
            drop(read_some(&mut stream, &mut Vec::new()).await);
            drop(stream.write_all(&bytes).await);
            leave(stream, &[], |_| false).await;
            return pen.post(Event::Server(ServerEvent::Ended(Ending::Fin)));
        }
    };
    // Boxed, so that the future of a connection without TLS stays small.
    let ending = match Box::pin(TlsAcceptor::from(config).accept(stream).into_fallible()).await {
        Ok(stream) => {
            let session = stream.get_ref().1;
            let shown = session.peer_certificates().and_then(|chain| chain.first());
            let names = shown.map(tls::names_in).unwrap_or_default();
            let rekeys = session.protocol_version() == Some(ProtocolVersion::TLSv1_3);
            pen.post(Event::Server(ServerEvent::Secured { names, rekeys }));
            let stream = Incoming::new(stream, tap.clone(), mailbox);
            Box::pin(converse(stream, (&tap, bounds), &mut pen, &mut orders)).await
        }
        Err((error, stream)) => {
            let reason = reason_of(&error, Reason::Tls(TlsFailure::Eof));
            pen.post(Event::Server(ServerEvent::Failed(reason)));
            // The alert has to arrive first: closing with unread input would send a reset that overtakes it.
            leave(stream, &[], |_| false).await;
            Ending::Broken
        }
    };
    pen.post(Event::Server(ServerEvent::Ended(ending)));
}

/// Acts as the HTTP proxy; whether the tunnel is open.
async fn open_the_way<S>(stream: &mut S, answer: &str, pen: &mut EventSender) -> bool
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    match read_request(stream).await {
        Ok((_, text, _)) => pen.post(Event::Server(ServerEvent::Proxied(text))),
        Err(reason) => {
            pen.post(Event::Server(ServerEvent::Failed(reason)));
            return false;
        }
    }
    let sent = stream.write_all(answer.as_bytes()).await.is_ok() && stream.flush().await.is_ok();
    let status: Option<u16> = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    sent && status.is_some_and(|status| (200..300).contains(&status))
}

/// Handles the upgrade and, if it is accepted, the frames after it.
async fn converse<S>(
    mut stream: S,
    (tap, bounds): (&TapHandle, Option<Bounds>),
    pen: &mut EventSender,
    orders: &mut mpsc::Receiver<ServerOrder>,
) -> Ending
where
    S: AsyncRead + AsyncWrite + Rekey + Unpin,
{
    let (head, text, tail) = match read_request(&mut stream).await {
        Ok(read) => read,
        Err(reason) => {
            pen.post(Event::Server(ServerEvent::Failed(reason)));
            leave(stream, &[], |_| false).await;
            return Ending::Broken;
        }
    };
    pen.post(Event::Server(ServerEvent::Asked(head, text, !tail.is_empty())));
    let answered = tokio::select! {
        biased;
        order = orders.recv() => order,
        ending = watch(&mut stream) => return ending,
    };
    let mut writer = Writer { tap: tap.clone(), queue: VecDeque::new(), written: 0, steps: 0 };
    let open = match answered {
        Some(ServerOrder::Answer { bytes, open }) => {
            writer.queue.push_back(Outgoing::Bytes(bytes));
            open
        }
        Some(ServerOrder::Strike(end)) => {
            tap.end(end);
            return watch(&mut stream).await;
        }
        _ => {
            leave(stream, &[], |_| false).await;
            return Ending::Fin;
        }
    };
    if open {
        return frames(stream, Reading::new(&tail, bounds), writer, pen, orders).await;
    }
    let flushed = poll_fn(|cx| writer.poll(&mut stream, cx)).await;
    leave(stream, &[], |_| false).await;
    if flushed.is_ok() { Ending::Fin } else { Ending::Broken }
}

async fn read_request<S: AsyncRead + Unpin>(stream: &mut S) -> Result<(Head, String, Vec<u8>), Reason> {
    let mut bytes = Vec::with_capacity(512);
    loop {
        match read_some(stream, &mut bytes).await {
            Ok(0) => return Err(Reason::Handshake(HandshakeFailure::Truncated)),
            Ok(_) => {}
            Err(error) => return Err(reason_of(&error, Reason::Handshake(HandshakeFailure::Truncated))),
        }
        if let Some((head, size)) = Head::parse_request(&bytes)? {
            let tail = bytes.split_off(size);
            return Ok((head, String::from_utf8_lossy(&bytes).into_owned(), tail));
        }
    }
}

/// Reads and discards everything until the stream ends.
async fn watch<S: AsyncRead + Unpin>(stream: &mut S) -> Ending {
    let mut chunk = Vec::new();
    loop {
        chunk.clear();
        match read_some(stream, &mut chunk).await {
            Ok(0) => return Ending::Fin,
            Ok(_) => {}
            Err(_) => return Ending::Broken,
        }
    }
}

/// Why the exchange of frames ended.
enum Left {
    HangUp,
    Ended(Ending),
    GivenUp(&'static str),
}

async fn frames<S>(
    mut stream: S,
    mut reading: Reading,
    mut writer: Writer,
    pen: &mut EventSender,
    orders: &mut mpsc::Receiver<ServerOrder>,
) -> Ending
where
    S: AsyncRead + AsyncWrite + Rekey + Unpin,
{
    let left = poll_fn(|cx| match poll_frames(&mut stream, &mut writer, &mut reading, pen, orders, cx) {
        Poll::Pending => reading.gives_up(&writer, cx).map_or(Poll::Pending, |why| Poll::Ready(Left::GivenUp(why))),
        left => left,
    })
    .await;
    match left {
        Left::Ended(ending) => ending,
        Left::GivenUp(why) => {
            pen.post(Event::Server(ServerEvent::GivenUp(why)));
            Ending::Broken
        }
        Left::HangUp => {
            drop(timeout(DRAIN_TIME, poll_fn(|cx| writer.poll(&mut stream, cx))).await);
            leave(stream, &[], |_| false).await;
            Ending::Fin
        }
    }
}

fn poll_frames<S>(
    stream: &mut S,
    writer: &mut Writer,
    reading: &mut Reading,
    pen: &mut EventSender,
    orders: &mut mpsc::Receiver<ServerOrder>,
    cx: &mut Context<'_>,
) -> Poll<Left>
where
    S: AsyncRead + AsyncWrite + Rekey + Unpin,
{
    loop {
        // While the stream accepts nothing, orders stay in their bounded channel.
        while writer.queue.len() < QUEUE_MAX {
            match orders.poll_recv(cx) {
                Poll::Ready(Some(ServerOrder::Write(bytes) | ServerOrder::Answer { bytes, .. })) => {
                    writer.queue.push_back(Outgoing::Bytes(bytes));
                }
                Poll::Ready(Some(ServerOrder::Strike(end))) => writer.queue.push_back(Outgoing::Strike(end)),
                Poll::Ready(Some(ServerOrder::NewKeys)) => writer.queue.push_back(Outgoing::NewKeys),
                Poll::Ready(Some(ServerOrder::Pass { bytes, held })) => {
                    writer.queue.push_back(Outgoing::Passed(bytes, held));
                }
                Poll::Ready(Some(ServerOrder::HangUp) | None) => return Poll::Ready(Left::HangUp),
                Poll::Pending => break,
            }
        }
        let full = writer.queue.len() >= QUEUE_MAX;
        // A failed send is ignored: reading reports the error too.
        let sent = writer.poll(stream, cx);
        if !full || !matches!(sent, Poll::Ready(Ok(()))) {
            break;
        }
    }
    loop {
        loop {
            if !reading.has_room(cx) {
                return Poll::Pending;
            }
            match reading.decoder.next_frame() {
                Ok(Some((frame, size))) => reading.posts(frame, size, pen),
                Ok(None) => break,
                Err(_) => return Poll::Ready(Left::Ended(Ending::Broken)),
            }
        }
        match poll_read_some(stream, reading.decoder.buffer_mut(), cx) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Err(_)) => return Poll::Ready(Left::Ended(Ending::Broken)),
            Poll::Ready(Ok(0)) => return Poll::Ready(Left::Ended(Ending::Fin)),
            Poll::Ready(Ok(_)) => {}
        }
    }
}
