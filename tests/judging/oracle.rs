//! Tests of our frame codec against tungstenite, each the oracle of the other.

use futures_util::{SinkExt, StreamExt};
use proptest::prelude::*;
use sca_protocol::frame::{Decoder, Frame, opcode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

fn on_one_thread<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime can be built").block_on(future)
}

/// The messages that tungstenite reads from our frames.
async fn read_by_tungstenite(frames: &[Frame]) -> Vec<Message> {
    let (mut ours, theirs) = tokio::io::duplex(1 << 20);
    let bytes: Vec<u8> = frames.iter().flat_map(Frame::encode).collect();
    ours.write_all(&bytes).await.expect("the pipe takes it");
    let mut socket = WebSocketStream::from_raw_socket(theirs, Role::Client, None).await;
    // Only writing ends, not reading: tungstenite still sends pongs.
    ours.shutdown().await.expect("the pipe can be ended");
    let mut read = Vec::new();
    while let Some(Ok(message)) = socket.next().await {
        read.push(message);
    }
    read
}

/// The frames that we read from tungstenite's messages.
async fn written_by_tungstenite(messages: Vec<Message>) -> Vec<Frame> {
    let (mut ours, theirs) = tokio::io::duplex(1 << 20);
    let mut socket = WebSocketStream::from_raw_socket(theirs, Role::Client, None).await;
    for message in messages {
        socket.send(message).await.expect("the pipe takes it");
    }
    drop(socket);
    let mut bytes = Vec::new();
    ours.read_to_end(&mut bytes).await.expect("the pipe gives it");
    let mut decoder = Decoder::new(1 << 20);
    decoder.push(&bytes);
    std::iter::from_fn(|| decoder.next_frame().expect("the frames can be read").map(|(frame, _)| frame)).collect()
}

proptest! {
    #[test]
    fn tungstenite_reads_what_we_write(text in "\\PC{0,200}", large in 0..70_000_usize, ping in prop::collection::vec(any::<u8>(), 0..125)) {
        let big = "x".repeat(large);
        let frames = [
            Frame::whole(opcode::TEXT, text.clone()),
            Frame::whole(opcode::PING, ping.clone()),
            Frame::whole(opcode::BINARY, big.clone()),
        ];
        let read = on_one_thread(read_by_tungstenite(&frames));
        prop_assert_eq!(read, vec![Message::text(text), Message::Ping(ping.into()), Message::binary(big.into_bytes())]);
    }

    #[test]
    fn tungstenite_joins_the_fragments_we_write(parts in prop::collection::vec("\\PC{0,40}", 1..6)) {
        let last = parts.len() - 1;
        let frames: Vec<Frame> = parts.iter().enumerate().map(|(at, part)| Frame {
            last: at == last,
            ..Frame::whole(if at == 0 { opcode::TEXT } else { opcode::CONTINUE }, part.clone())
        }).collect();
        let read = on_one_thread(read_by_tungstenite(&frames));
        prop_assert_eq!(read, vec![Message::text(parts.concat())]);
    }

    #[test]
    fn we_read_what_tungstenite_writes(text in "\\PC{0,200}", bytes in prop::collection::vec(any::<u8>(), 0..70_000)) {
        let frames = on_one_thread(written_by_tungstenite(vec![Message::text(text.clone()), Message::binary(bytes.clone())]));
        prop_assert_eq!(frames.len(), 2);
        prop_assert!(frames.iter().all(|frame| frame.mask.is_some() && frame.last && frame.reserved == 0));
        prop_assert_eq!((frames[0].opcode, &frames[0].payload[..]), (opcode::TEXT, text.as_bytes()));
        prop_assert_eq!((frames[1].opcode, &frames[1].payload[..]), (opcode::BINARY, &bytes[..]));
    }
}

#[test]
fn tungstenite_refuses_what_we_call_broken() {
    let broken = [
        Frame { reserved: 1, ..Frame::whole(opcode::TEXT, "x") },
        Frame::whole(3, "x"),
        Frame { last: false, ..Frame::whole(opcode::PING, "x") },
        Frame::whole(opcode::CONTINUE, "x"),
        Frame::whole(opcode::TEXT, "x").masked([1, 2, 3, 4]),
        Frame::whole(opcode::TEXT, vec![0xff]),
    ];
    for frame in broken {
        assert_eq!(on_one_thread(read_by_tungstenite(std::slice::from_ref(&frame))), Vec::new(), "{frame:?}");
    }
}
