//! The clean close of a stream: what is left is sent, writing is shut down, and the rest is read until the other side
//! closes too. Closing with unread input would send RST, which can overtake what was sent last.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use crate::stream::read_some;

/// How long the other side has to close too.
pub(crate) const DRAIN_TIME: Duration = Duration::from_secs(1);

/// How much is read meanwhile: the largest message that a terminal may send.
const DRAIN_BYTES: usize = 1024 * 1024;

/// Closes a stream cleanly: sends `last`, shuts down writing, and reads until the other side closes, `is_last` says of
/// a piece read that nothing more is wanted, or [`DRAIN_TIME`] or [`DRAIN_BYTES`] are exceeded.
pub(crate) async fn leave<S>(mut stream: S, last: &[u8], mut is_last: impl FnMut(&[u8]) -> bool)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let goodbye = async {
        if !last.is_empty() {
            stream.write_all(last).await?;
        }
        stream.flush().await?;
        stream.shutdown().await?;
        let (mut chunk, mut drained) = (Vec::new(), 0);
        loop {
            let n = read_some(&mut stream, &mut chunk).await?;
            drained += n;
            if n == 0 || is_last(&chunk) || drained > DRAIN_BYTES {
                return Ok::<_, io::Error>(());
            }
            chunk.clear();
        }
    };
    drop(timeout(DRAIN_TIME, goodbye).await);
}
