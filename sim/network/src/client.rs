//! The terminal's end of a connection: TCP, TLS, the upgrade request and response, then WebSocket by tokio-tungstenite.
//!
//! It takes orders and posts events. It never waits for a send to finish: it queues messages, and flushes while it
//! reads.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::{Sink, Stream as _};
use rustls::pki_types::ServerName;
use sca_core::LinkEvent;
use sca_protocol::frame::{Decoder, Frame, opcode};
use sca_protocol::{Reason, TlsFailure};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error as WsError, Message};

use crate::byte_cut::ByteCut;
use crate::bytes_client::carry_bytes;
use crate::client_setup::{Carries, ClientSetup};
use crate::cut_ends::Outgoing;
use crate::dialer::Dialer;
use crate::events::{ClientOrder, End, Event, Tag};
use crate::goodbye::{DRAIN_TIME, leave};
use crate::io_reason::reason_of;
use crate::queue::{EventQueue, EventSender};
use crate::route::Route;
use crate::tap::{TapHandle, Tapped, TerminalEnd};
use crate::upgrade_exchange::{open_the_way, upgrade};

/// Maximum number of queued messages; beyond it no more orders are taken.
const OUTBOX_MAX: usize = 16;
/// Maximum number of pings that are read while their pongs cannot be sent.
const OWED_MAX: usize = 64;
/// Maximum size of a frame that is read after a close.
const DRAIN_BYTES: usize = 64 * 1024;

/// Connects and runs one connection until it ends. Dropping the sender of `orders` drops the connection at once.
pub async fn run(
    dialer: Dialer,
    route: Route,
    setup: ClientSetup,
    tag: Tag,
    mailbox: EventQueue,
    mut orders: mpsc::Receiver<ClientOrder>,
) {
    let near = setup.near.clone().map(|tap| (tap, mailbox.clone()));
    let to_tap = mailbox.clone();
    let mut pen = EventSender::new(mailbox, tag);
    let attempt = async {
        let stream = dialer.dial(&route, tag).await?;
        let mut stream = if let Some((tap, mailbox)) = near.clone() {
            TerminalEnd::Tapped(Box::new(Tapped::near(stream, tap, mailbox)))
        } else if setup.cut.is_recording() {
            let tap = TapHandle::with(setup.cut.clone());
            TerminalEnd::Tapped(Box::new(Tapped::near(stream, tap, to_tap.clone())))
        } else {
            TerminalEnd::Bare(stream)
        };
        if let Some(proxy) = &route.via {
            open_the_way(&mut stream, &proxy.request(&route.host, route.port)).await?;
        }
        pen.post(Event::Client(match &setup.carries {
            Carries::Messages(_) => LinkEvent::Opened,
            Carries::Bytes(tls) => LinkEvent::Reached(tls.clone()),
        }));
        Ok::<_, Reason>(stream)
    };
    // Dropping the sender of the orders abandons this attempt.
    let stream = tokio::select! {
        biased;
        dialled = attempt => dialled,
        () = closed(&mut orders) => return,
    };
    let stream = match stream {
        Ok(stream) => stream,
        Err(reason) => return pen.post(Event::Client(LinkEvent::Failed(reason))),
    };
    let config = match &setup.carries {
        Carries::Messages(Some(config)) => config.clone(),
        Carries::Messages(None) => return converse(stream, (&setup, near), &mut pen, &mut orders).await,
        Carries::Bytes(_) => return carry_bytes(stream, &mut pen, &mut orders).await,
    };
    let Ok(name) = ServerName::try_from(route.host) else {
        return pen.post(Event::Client(LinkEvent::Failed(Reason::Dns)));
    };
    let handshake = tokio::select! {
        biased;
        // Boxed, so that the future of a connection without TLS stays small.
        done = Box::pin(TlsConnector::from(config).connect(name, stream)) => done,
        () = closed(&mut orders) => return,
    };
    match handshake {
        Ok(stream) => {
            pen.post(Event::Client(LinkEvent::Secured));
            Box::pin(converse(stream, (&setup, near), &mut pen, &mut orders)).await;
        }
        Err(error) => pen.post(Event::Client(LinkEvent::Failed(reason_of(&error, Reason::Tls(TlsFailure::Eof))))),
    }
}

/// Waits until the sender of the channel is dropped. No order is expected meanwhile.
async fn closed(orders: &mut mpsc::Receiver<ClientOrder>) {
    while orders.recv().await.is_some() {}
}

async fn converse<S>(
    stream: S,
    (setup, near): (&ClientSetup, Option<(TapHandle, EventQueue)>),
    pen: &mut EventSender,
    orders: &mut mpsc::Receiver<ClientOrder>,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut stream = Outgoing::new(stream, setup.cut.clone(), near);
    let request = match orders.recv().await {
        Some(ClientOrder::Cut(bytes, end)) => {
            setup.cut.begin(bytes, end);
            orders.recv().await
        }
        order => order,
    };
    let Some(ClientOrder::Request(request)) = request else { return };
    let answer = tokio::select! {
        biased;
        answer = upgrade(&mut stream, &request) => answer,
        () = closed(orders) => return,
    };
    let tail = match answer {
        Ok((head, tail)) => {
            pen.post(Event::Client(LinkEvent::Answered(head)));
            tail
        }
        Err(reason) => return pen.post(Event::Client(LinkEvent::Failed(reason))),
    };
    if orders.recv().await == Some(ClientOrder::Open) {
        websocket(stream, tail, setup, pen, orders).await;
    } else {
        // The response was rejected: close the connection cleanly.
        drop(timeout(DRAIN_TIME, stream.shutdown()).await);
    }
}

/// How the WebSocket phase ended.
enum Left {
    /// The orders ended or the stream was lost: nothing is left to do.
    Gone,
    /// The broker's close frame has been answered.
    Closed,
    /// The broker violated the WebSocket protocol: tungstenite is not polled again.
    Violated,
    /// A close frame with this code and mask has to be sent.
    Close(u16, [u8; 4]),
}

async fn websocket<S>(
    stream: Outgoing<S>,
    tail: Vec<u8>,
    setup: &ClientSetup,
    pen: &mut EventSender,
    orders: &mut mpsc::Receiver<ClientOrder>,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let config = WebSocketConfig::default()
        // tungstenite clears its buffer before each read, and SCA's messages are small.
        .read_buffer_size(1_024)
        .write_buffer_size(0)
        .max_message_size(Some(setup.message_size_max))
        .max_frame_size(Some(setup.message_size_max));
    let mut ws = WebSocketStream::from_partially_read(stream, tail, Role::Client, Some(config)).await;
    let mut outbox = VecDeque::new();
    // Pongs not yet flushed. Each ping adds one, so a broker that does not read its pongs is no longer read either.
    let mut owed = 0;
    let waiting = |cx: &mut Context<'_>| poll(&mut ws, (&mut outbox, &mut owed), &setup.cut, pen, orders, cx);
    let mut left = std::future::poll_fn(waiting).await;
    if matches!(left, Left::Violated) {
        left = close_order(&mut outbox, orders).await;
    }
    match left {
        Left::Gone | Left::Violated => {}
        Left::Closed => close(ws.into_inner(), None).await,
        Left::Close(code, mask) => {
            // Messages ordered before the close are sent before it.
            drop(timeout(DRAIN_TIME, send_all(&mut ws, outbox, &setup.cut)).await);
            close(ws.into_inner(), Some(Frame::close(Some(code), "").masked(mask))).await;
        }
    }
}

/// An item in the send queue.
enum Outbound {
    Message(Message),
    /// A cut in the message that follows.
    Cut(usize, End),
}

/// Sends all queued items, in order.
async fn send_all<S>(ws: &mut WebSocketStream<S>, outbox: VecDeque<Outbound>, cut: &ByteCut) -> Result<(), WsError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    for outbound in outbox {
        let message = match outbound {
            Outbound::Message(message) => message,
            Outbound::Cut(bytes, end) => {
                std::future::poll_fn(|cx| Pin::new(&mut *ws).poll_flush(cx)).await?;
                cut.begin(bytes, end);
                continue;
            }
        };
        std::future::poll_fn(|cx| Pin::new(&mut *ws).poll_ready(cx)).await?;
        Pin::new(&mut *ws).start_send(message)?;
    }
    std::future::poll_fn(|cx| Pin::new(&mut *ws).poll_flush(cx)).await
}

/// Sends and receives until the WebSocket phase ends.
fn poll<S>(
    ws: &mut WebSocketStream<S>,
    (outbox, owed): (&mut VecDeque<Outbound>, &mut usize),
    cut: &ByteCut,
    pen: &mut EventSender,
    orders: &mut mpsc::Receiver<ClientOrder>,
    cx: &mut Context<'_>,
) -> Poll<Left>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        match send(ws, outbox, cut, orders, cx) {
            Sending::Over(left) => return Poll::Ready(left),
            Sending::Done => *owed = 0,
            Sending::Waits if *owed >= OWED_MAX || outbox.len() >= OUTBOX_MAX => return Poll::Pending,
            Sending::Waits => {}
        }
        let event = match Pin::new(&mut *ws).poll_next(cx) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(None) => return Poll::Ready(Left::Closed),
            Poll::Ready(Some(Ok(message))) => match message {
                Message::Text(text) => LinkEvent::Text(text.as_str().to_owned()),
                Message::Binary(bytes) => LinkEvent::Binary(bytes.to_vec()),
                Message::Pong(payload) => LinkEvent::Pong(payload.to_vec()),
                Message::Close(_) => LinkEvent::Closed,
                Message::Ping(_) => {
                    *owed += 1;
                    continue;
                }
                Message::Frame(_) => continue,
            },
            Poll::Ready(Some(Err(error))) => match close_code(&error) {
                Some(code) => {
                    pen.post(Event::Client(LinkEvent::Violation(code)));
                    return Poll::Ready(Left::Violated);
                }
                None if matches!(error, WsError::ConnectionClosed | WsError::AlreadyClosed) => {
                    return Poll::Ready(Left::Closed);
                }
                None => {
                    pen.post(Event::Client(LinkEvent::Lost));
                    return Poll::Ready(Left::Gone);
                }
            },
        };
        pen.post(Event::Client(event));
    }
}

/// The result of one send step.
enum Sending {
    /// Sending is over, and with it the WebSocket phase.
    Over(Left),
    /// Everything has been flushed.
    Done,
    /// The stream does not take everything; the task is woken when it takes more.
    Waits,
}

/// Takes orders and sends as much as the stream accepts. While it accepts nothing, orders stay in their bounded
/// channel.
fn send<S>(
    ws: &mut WebSocketStream<S>,
    outbox: &mut VecDeque<Outbound>,
    cut: &ByteCut,
    orders: &mut mpsc::Receiver<ClientOrder>,
    cx: &mut Context<'_>,
) -> Sending
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        while outbox.len() < OUTBOX_MAX {
            match orders.poll_recv(cx) {
                Poll::Ready(None) => return Sending::Over(Left::Gone),
                Poll::Ready(Some(ClientOrder::Close(code, mask))) => return Sending::Over(Left::Close(code, mask)),
                Poll::Ready(Some(order)) => outbox.extend(outbound(order)),
                Poll::Pending => break,
            }
        }
        let full = outbox.len() >= OUTBOX_MAX;
        // A failed send is ignored: reading reports the error with a better reason.
        while let Some(front) = outbox.front() {
            // A cut counts from the first byte of its message, so everything before that must be flushed.
            let ready = match front {
                Outbound::Message(_) => Pin::new(&mut *ws).poll_ready(cx),
                Outbound::Cut(..) => Pin::new(&mut *ws).poll_flush(cx),
            };
            if !matches!(ready, Poll::Ready(Ok(()))) {
                break;
            }
            match outbox.pop_front() {
                Some(Outbound::Message(message)) => drop(Pin::new(&mut *ws).start_send(message)),
                Some(Outbound::Cut(bytes, end)) => cut.begin(bytes, end),
                None => {}
            }
        }
        let flushed = Pin::new(&mut *ws).poll_flush(cx);
        if !full || !outbox.is_empty() || flushed.is_pending() {
            // An error is ignored: reading reports it with a better reason.
            let waits = flushed.is_pending() || !outbox.is_empty();
            return if waits { Sending::Waits } else { Sending::Done };
        }
    }
}

/// The queue item of an order; `None` for an order that sends no message.
fn outbound(order: ClientOrder) -> Option<Outbound> {
    match order {
        ClientOrder::Text(text) => Some(Outbound::Message(Message::text(text))),
        ClientOrder::Binary(bytes) => Some(Outbound::Message(Message::binary(bytes))),
        ClientOrder::Ping(payload) => Some(Outbound::Message(Message::Ping(payload.into()))),
        ClientOrder::Cut(bytes, end) => Some(Outbound::Cut(bytes, end)),
        ClientOrder::Request(_)
        | ClientOrder::Open
        | ClientOrder::Close(..)
        | ClientOrder::Bytes(_)
        | ClientOrder::End
        | ClientOrder::Reset => None,
    }
}

/// Waits for the order to close after a violation. Messages that arrive before the violation are answered before the
/// close.
async fn close_order(outbox: &mut VecDeque<Outbound>, orders: &mut mpsc::Receiver<ClientOrder>) -> Left {
    while let Some(order) = orders.recv().await {
        match order {
            ClientOrder::Close(code, mask) => return Left::Close(code, mask),
            order => outbox.extend(outbound(order)),
        }
    }
    Left::Gone
}

/// The close code for a violation of the protocol; `None` if the connection was lost instead.
fn close_code(error: &WsError) -> Option<u16> {
    match error {
        WsError::Protocol(
            ProtocolError::ResetWithoutClosingHandshake
            | ProtocolError::SendAfterClosing
            | ProtocolError::ReceivedAfterClosing,
        ) => None,
        WsError::Protocol(_) => Some(1002),
        WsError::Utf8(_) => Some(1007),
        WsError::Capacity(_) => Some(1009),
        _ => None,
    }
}

/// Closes a connection cleanly, with a last frame if there is one. The broker's Close frame ends it too.
async fn close<S: AsyncRead + AsyncWrite + Unpin>(stream: S, last: Option<Frame>) {
    let mut decoder = Decoder::new(DRAIN_BYTES);
    let is_answer = |chunk: &[u8]| {
        decoder.push(chunk);
        std::iter::from_fn(|| decoder.next_frame().ok().flatten()).any(|(frame, _)| frame.opcode == opcode::CLOSE)
    };
    leave(stream, &last.map(|frame| frame.encode()).unwrap_or_default(), is_answer).await;
}
