//! What a recorder passes on between terminal and broker, and observes meanwhile.

use super::side_stream::Line;
use super::{CHUNK, Over, Recorder, UPGRADE_MAX};
use sca_import::Observer;
use sca_import::{Ending, Event, Side};
use sca_network::{ConnectionShare, tls};
use std::cell::{Cell, RefCell};
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf, split};

impl Recorder {
    /// Forwards both directions until both have ended.
    pub(super) async fn pass(&self, number: u32, near: Line, far: Line) {
        let (ears, share) = (RefCell::new(Observer::default()), self.budget.share());
        let cuts = (near.is_cut.clone(), far.is_cut.clone());
        let (mut near_reader, mut near_writer) = split(near);
        let (mut far_reader, mut far_writer) = split(far);
        let is_reset = {
            let up =
                self.forward(number, Side::Terminal, (&ears, &share), &mut near_reader, (&mut far_writer, &cuts.1));
            let down =
                self.forward(number, Side::Broker, (&ears, &share), &mut far_reader, (&mut near_writer, &cuts.0));
            let silence = async {
                tokio::time::sleep(UPGRADE_MAX).await;
                if ears.borrow().is_upgraded() {
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
                    // A client that never completes the upgrade blocks a connection that others need.
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

    /// Parses and records forwarded bytes.
    fn observe(
        &self,
        number: u32,
        (side, bytes): (Side, &[u8]),
        (ears, share): (&RefCell<Observer>, &ConnectionShare),
    ) {
        let mut ears = ears.borrow_mut();
        for event in ears.hear(side, bytes) {
            self.happens(number, event);
        }
        share.set_buffered(ears.waiting());
        if share.exceeds_budget() {
            self.happens(number, ears.gives_up("too many unfinished messages at once"));
            share.set_buffered(0);
        }
        if ears.is_upgraded() {
            self.open.borrow_mut().entry(number).and_modify(|guest| guest.is_up = true);
        }
    }

    /// Forwards one direction until it ends.
    async fn forward(
        &self,
        number: u32,
        side: Side,
        (ears, share): (&RefCell<Observer>, &ConnectionShare),
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
                    self.observe(number, (side, &chunk[..count]), (ears, share));
                    // A peer that cannot be written to is gone, which a direct connection would report as a reset.
                    if !is_passed {
                        return Over::Reset;
                    }
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Over::Cut,
                Err(error) => {
                    if let Some(failure) = tls::failure(&error) {
                        self.happens(number, Event::Note(failure.sentence().to_owned()));
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
