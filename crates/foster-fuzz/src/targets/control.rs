//! What either side of the control socket hears: the same messages however they are cut.

use std::io::Write as _;
use std::os::unix::net::UnixStream;

use foster_model::control::{Message, Request};
use foster_supervisor::for_fuzzing::Connection;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::assert_survives_json;

/// What a socket takes for sure before somebody reads.
const MOST: usize = 32 * 1024;

pub(super) fn check(data: &[u8]) {
    let [cut, bytes @ ..] = data else {
        return;
    };
    if bytes.len() <= MOST {
        check_side::<Request>(bytes, *cut);
        check_side::<Message>(bytes, *cut);
    }
}

fn check_side<T>(bytes: &[u8], cut: u8)
where
    T: DeserializeOwned + Serialize + PartialEq + std::fmt::Debug,
{
    let whole = hear::<T>([bytes].into_iter());
    let pieces = hear::<T>(bytes.chunks(usize::from(cut).max(1)));
    assert_eq!(whole.is_some(), pieces.is_some(), "understood in one form");
    assert_eq!(whole, pieces);
    for message in whole.into_iter().flatten() {
        assert_survives_json(&message);
        let (mut here, mut there) = pair();
        here.send(&message).expect("a message can be sent");
        let heard = there.receive::<T>().expect("a message can be heard");
        assert_eq!(heard, [message]);
    }
}

/// Returns the messages; `None` if something else was among them.
fn hear<'a, T: DeserializeOwned>(pieces: impl Iterator<Item = &'a [u8]>) -> Option<Vec<T>> {
    let (mut peer, stream) = UnixStream::pair().expect("a pair of sockets can be made");
    let mut connection = Connection::new(stream).expect("a socket can be used");
    let mut messages = Vec::new();
    for piece in pieces {
        peer.write_all(piece).expect("a piece can be sent");
        messages.extend(connection.receive::<T>().ok()?);
        assert!(!connection.has_ended());
    }
    drop(peer);
    assert!(connection.receive::<T>().ok()?.is_empty());
    assert!(connection.has_ended());
    Some(messages)
}

fn pair() -> (Connection, Connection) {
    let (here, there) = UnixStream::pair().expect("a pair of sockets can be made");
    let connection = |stream| Connection::new(stream).expect("a socket can be used");
    (connection(here), connection(there))
}
