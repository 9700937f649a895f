//! The one loop of every party in the open: what it waits for next.

use std::pin::Pin;

use sca_network::{EventQueue, QueuedEvent};
use tokio::time::{Instant, sleep_until};

/// What a party was woken by.
pub(crate) enum Turn<T> {
    /// It is to stop.
    Stop,
    /// Events of its connections.
    Events(Vec<QueuedEvent>),
    /// Something of its own: a new connection, an act of a person.
    Own(T),
    /// The instant that it set itself has come.
    Due,
}

/// Waits for what comes first: the end, events of connections, `own`, and the instant `due`, if there is one.
pub(crate) async fn next<T>(
    stop: Pin<&mut impl Future<Output = ()>>,
    queue: &EventQueue,
    own: impl Future<Output = T>,
    due: Option<Instant>,
) -> Turn<T> {
    let sleep = async {
        match due {
            Some(at) => sleep_until(at).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        () = stop => Turn::Stop,
        () = queue.posted() => Turn::Events(queue.take()),
        own = own => Turn::Own(own),
        () = sleep => Turn::Due,
    }
}
