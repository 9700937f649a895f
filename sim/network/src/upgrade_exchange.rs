//! The terminal's side of the HTTP handshakes: CONNECT to a proxy, and the upgrade request to the broker.

use std::time::Duration;

use sca_protocol::handshake::Head;
use sca_protocol::{HandshakeFailure, Reason};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use crate::io_reason::reason_of;
use crate::stream::read_some;

/// How long to read after a failed write, to find the reason of the failure.
const LAST_WORDS: Duration = Duration::from_millis(250);

/// The broker closed the connection before its answer was whole.
const TRUNCATED: Reason = Reason::Handshake(HandshakeFailure::Truncated);

/// Maximum number of interim responses (RFC 9110, section 15.2) that are skipped.
const INTERIM_MAX: u32 = 16;

/// Sends the CONNECT request to a proxy and reads its response.
pub(crate) async fn open_the_way<S>(stream: &mut S, request: &str) -> Result<(), Reason>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if stream.write_all(request.as_bytes()).await.is_err() || stream.flush().await.is_err() {
        return Err(Reason::Reset);
    }
    match read_head(stream).await {
        // No bytes may follow the proxy's response before the terminal has sent something.
        Ok((head, tail)) if (200..300).contains(&head.status) && tail.is_empty() => Ok(()),
        Ok((head, _)) if head.status >= 300 => Err(Reason::Proxy(head.status)),
        Ok(_) | Err(Reason::Handshake(_)) => Err(Reason::Proxy(0)),
        Err(reason) => Err(reason),
    }
}

/// Sends the upgrade request and reads the head of the response; returns also the bytes read after the head.
pub(crate) async fn upgrade<S>(stream: &mut S, request: &[u8]) -> Result<(Head, Vec<u8>), Reason>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let sent = async {
        stream.write_all(request).await?;
        stream.flush().await
    };
    if let Err(error) = sent.await {
        // In TLS 1.3 only reading reveals that our certificate was rejected, so the reader's reason takes precedence. A
        // reset is reported only once: if the write failed with it, reading returns a mere EOF.
        let read = timeout(LAST_WORDS, read_head(stream)).await;
        let read = read.ok().and_then(Result::err).filter(|reason| *reason != TRUNCATED);
        return Err(read.unwrap_or_else(|| reason_of(&error, TRUNCATED)));
    }
    read_head(stream).await
}

async fn read_head<S: AsyncRead + Unpin>(stream: &mut S) -> Result<(Head, Vec<u8>), Reason> {
    let (mut bytes, mut interim) = (Vec::with_capacity(512), 0);
    loop {
        if read_some(stream, &mut bytes).await.map_err(|error| reason_of(&error, TRUNCATED))? == 0 {
            return Err(TRUNCATED);
        }
        while let Some((head, size)) = Head::parse_response(&bytes)? {
            let tail = bytes.split_off(size);
            if !head.is_interim() {
                return Ok((head, tail));
            }
            interim += 1;
            if interim > INTERIM_MAX {
                return Err(Reason::Handshake(HandshakeFailure::Oversized));
            }
            bytes = tail;
        }
    }
}
