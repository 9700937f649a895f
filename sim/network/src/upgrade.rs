//! What the terminal says before WebSocket: to a proxy for the way, to the broker for the upgrade.

use std::io;
use std::time::Duration;

use sca_protocol::Reason;
use sca_protocol::handshake::Head;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use crate::stream::read_some;
use crate::tls;

/// After a failed write the reason is looked for among what can still be read, for this long.
const LAST_WORDS: Duration = Duration::from_millis(250);

/// Interim answers (RFC 9110, section 15.2) that are passed over.
const INTERIM_MAX: u32 = 16;

/// Asks a proxy for the way to the broker.
pub(crate) async fn open_the_way<S>(stream: &mut S, request: &str) -> Result<(), Reason>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if stream.write_all(request.as_bytes()).await.is_err() || stream.flush().await.is_err() {
        return Err(Reason::Reset);
    }
    match read_head(stream, false).await {
        // Nothing may stand between the proxy's answer and what the broker says.
        Ok((head, tail)) if (200..300).contains(&head.status) && tail.is_empty() => Ok(()),
        Ok((head, _)) if head.status >= 300 => Err(Reason::Proxy(head.status)),
        Ok(_) | Err(Reason::Handshake(_)) => Err(Reason::Proxy(0)),
        Err(reason) => Err(reason),
    }
}

/// Sends the request and reads the head of the answer; what follows the head in the same read is the tail.
pub(crate) async fn upgrade<S>(stream: &mut S, request: &[u8], secure: bool) -> Result<(Head, Vec<u8>), Reason>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let sent = async {
        stream.write_all(request).await?;
        stream.flush().await
    };
    if let Err(error) = sent.await {
        // With TLS 1.3 the rejection of our certificate is only found by reading; the reader's reason wins. But a reset
        // is told once: after the write has taken it, reading finds a mere end.
        let read = timeout(LAST_WORDS, read_head(stream, secure)).await;
        let read = read.ok().and_then(Result::err).filter(|reason| *reason != Reason::Handshake("truncated"));
        return Err(read.unwrap_or_else(|| io_reason(&error, secure)));
    }
    read_head(stream, secure).await
}

async fn read_head<S: AsyncRead + Unpin>(stream: &mut S, secure: bool) -> Result<(Head, Vec<u8>), Reason> {
    let (mut bytes, mut interim) = (Vec::with_capacity(512), 0);
    loop {
        if read_some(stream, &mut bytes).await.map_err(|error| io_reason(&error, secure))? == 0 {
            return Err(Reason::Handshake("truncated"));
        }
        while let Some((head, size)) = Head::parse_answer(&bytes)? {
            let tail = bytes.split_off(size);
            if !head.is_interim() {
                return Ok((head, tail));
            }
            interim += 1;
            if interim > INTERIM_MAX {
                return Err(Reason::Handshake("oversized"));
            }
            bytes = tail;
        }
    }
}

fn io_reason(error: &io::Error, secure: bool) -> Reason {
    match (tls::word(error).filter(|_| secure), error.kind()) {
        (Some(word), _) => Reason::Tls(word),
        (None, io::ErrorKind::UnexpectedEof) => Reason::Handshake("truncated"),
        (None, io::ErrorKind::TimedOut) => Reason::Timeout,
        (None, _) => Reason::Reset,
    }
}
