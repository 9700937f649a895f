//! The terminal's side of the HTTP handshakes: CONNECT to a proxy, and the upgrade request to the broker.

use std::io;
use std::time::Duration;

use sca_protocol::Reason;
use sca_protocol::handshake::Head;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use crate::stream::read_some;
use crate::tls;

/// How long to read after a failed write, to find the reason of the failure.
const LAST_WORDS: Duration = Duration::from_millis(250);

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
    match read_head(stream, false).await {
        // No bytes may follow the proxy's response before the terminal has sent something.
        Ok((head, tail)) if (200..300).contains(&head.status) && tail.is_empty() => Ok(()),
        Ok((head, _)) if head.status >= 300 => Err(Reason::Proxy(head.status)),
        Ok(_) | Err(Reason::Handshake(_)) => Err(Reason::Proxy(0)),
        Err(reason) => Err(reason),
    }
}

/// Sends the upgrade request and reads the head of the response; returns also the bytes read after the head.
pub(crate) async fn upgrade<S>(stream: &mut S, request: &[u8], secure: bool) -> Result<(Head, Vec<u8>), Reason>
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
        while let Some((head, size)) = Head::parse_response(&bytes)? {
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
