//! Tests of the tap: record counting, end of writing, directions.

use super::*;
use crate::tap::state::Records;

#[test]
fn records_of_the_handshake_are_counted_and_a_change_of_cipher_is_none() {
    let mut records = Records::default();
    let mut take = |kind: u8, length: u8| -> Vec<Option<(usize, usize)>> {
        let header = [kind, 3, 3, 0, length];
        header.into_iter().chain(std::iter::repeat_n(0, length.into())).map(|byte| records.take(byte)).collect()
    };
    assert_eq!(take(22, 1), (0..6).map(|at| Some((0, at))).collect::<Vec<_>>());
    assert_eq!(take(20, 1), [None; 6]);
    assert_eq!(take(22, 2), (0..7).map(|at| Some((1, at))).collect::<Vec<_>>());
    assert_eq!(take(22, 1)[0], Some((2, 0)));
}

#[tokio::test]
async fn the_end_of_writing_reaches_the_other_side_while_the_line_stands() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = crate::Listener::bind(([127, 0, 0, 1], 0).into()).expect("a free port");
    let tag = crate::Tag { terminal: 0, line: None, connection: 1 };
    let route = crate::Route::direct("broker.test".to_owned(), 1);
    let dialer = listener.dialer().expect("it listens");
    let near = dialer.dial(&route, tag).await.expect("it connects");
    let (far, ..) = listener.accept().await.expect("it connects");
    let mut near = Tapped::near(near, TapHandle::default(), EventQueue::default());
    let mut far = Tapped::new(far, TapHandle::default(), EventQueue::default());
    near.shutdown().await.expect("it is open");
    let read = tokio::time::timeout(std::time::Duration::from_secs(20), far.read(&mut [0; 8])).await;
    assert_eq!(read.expect("EOF arrives in time").expect("reading does not fail"), 0);
}

#[tokio::test]
async fn each_end_reads_what_comes_its_way() {
    let listener = crate::Listener::bind(([127, 0, 0, 1], 0).into()).expect("a free port");
    let tag = crate::Tag { terminal: 0, line: None, connection: 1 };
    let dialer = listener.dialer().expect("it listens");
    let route = crate::Route::direct("broker.test".to_owned(), 1);
    let stream = dialer.dial(&route, tag).await.expect("it connects");
    let far = Tapped::new(stream, TapHandle::default(), EventQueue::default());
    assert!(matches!((far.reads(), far.writes()), (Direction::FromTerminal, Direction::ToTerminal)));
    let near = Tapped::near(far.stream, TapHandle::default(), EventQueue::default());
    assert!(matches!((near.reads(), near.writes()), (Direction::ToTerminal, Direction::FromTerminal)));
}
