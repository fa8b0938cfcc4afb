use std::io;
use std::sync::Arc;

use super::*;
use crate::output::CaptureSettingsBuilder;

fn hub(build: impl FnOnce(CaptureSettingsBuilder) -> CaptureSettingsBuilder) -> Hub {
    let small = CaptureSettings::builder().read_size(4).buffer(8);
    Hub::new(build(small).build().unwrap())
}

fn take(hub: &mut Hub, id: SubscriberId) -> String {
    let events = std::iter::from_fn(|| hub.next(id));
    let texts = events.map(|event| match event {
        StreamEvent::Chunk(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
        StreamEvent::Gap(gap) => format!("[{}@{}]", gap.bytes, gap.offset),
        StreamEvent::End(StreamEnd::Eof) => ".".to_owned(),
        StreamEvent::End(other) => format!("{other:?}"),
    });
    texts.collect()
}

#[test]
fn one_at_a_time_and_another_one_after_it() {
    let mut hub = hub(|settings| settings);
    let first = hub.subscribe().unwrap();
    assert_eq!(hub.subscribe(), Err(SubscribeError::Busy));
    assert!(hub.unsubscribe(first) && !hub.unsubscribe(first));
    let second = hub.subscribe().unwrap();
    assert_ne!(first, second);
    hub.finish(StreamEnd::Eof);
    assert_eq!(take(&mut hub, second), ".");
    assert!(!hub.has_subscribers() && hub.subscribe().is_ok());
}

#[test]
fn a_reliable_subscriber_stops_the_reading_until_it_takes() {
    let mut hub = hub(|settings| settings);
    let id = hub.subscribe().unwrap();
    hub.push("abcd".into());
    assert!(hub.wants_input());
    hub.push("e".into());
    assert!(!hub.wants_input());
    assert_eq!(take(&mut hub, id), "abcde");
    assert!(hub.wants_input() && !hub.has_next(id));
}

#[test]
fn a_lossy_subscriber_loses_the_oldest_bytes_and_is_told() {
    let mut hub = hub(|settings| settings.delivery(Delivery::Lossy));
    let id = hub.subscribe().unwrap();
    hub.push("ab".into());
    assert_eq!(take(&mut hub, id), "ab");
    for chunk in ["cdef", "ghij", "klm"] {
        assert!(hub.wants_input());
        hub.push(chunk.into());
    }
    hub.finish(StreamEnd::Eof);
    assert_eq!(take(&mut hub, id), "[3@2]fghijklm.");
}

#[test]
fn replay_is_exact_until_it_is_sealed() {
    let settings = |settings: CaptureSettingsBuilder| {
        settings
            .consumers(Consumers::Broadcast)
            .replay(Replay::LastBytes(3))
    };
    let mut hub = hub(settings);
    hub.push("abcde".into());
    let late = hub.subscribe().unwrap();
    assert_eq!(hub.position(late), Some(2));
    assert_eq!(take(&mut hub, late), "cde");
    let later = hub.subscribe().unwrap();
    hub.seal_replay();
    assert!(hub.is_replay_sealed());
    let live = hub.subscribe().unwrap();
    hub.push("f".into());
    hub.finish(StreamEnd::Deadline);
    hub.finish(StreamEnd::Eof);
    assert!(!hub.push("g".into()) && hub.offset() == 6);
    assert_eq!(take(&mut hub, later), "cdefDeadline");
    assert_eq!(take(&mut hub, live), "fDeadline");
}

#[test]
fn who_comes_after_the_end_gets_the_replay_and_the_end() {
    let mut hub = hub(|settings| settings.replay(Replay::All));
    hub.push("all of it".into());
    hub.finish(StreamEnd::Failed(Arc::new(io::Error::other("unplugged"))));
    let id = hub.subscribe().unwrap();
    let told = take(&mut hub, id);
    assert!(
        told.starts_with("all of it") && told.contains("unplugged"),
        "{told}"
    );
}

#[test]
fn a_screen_may_lose_bytes_beside_a_log_that_must_not() {
    let mut hub = hub(|settings| settings.consumers(Consumers::Broadcast));
    let screen = hub.subscribe_as(Delivery::Lossy).unwrap();
    let log = hub.subscribe().unwrap();
    for chunk in ["abcd", "efgh", "ijkl"] {
        hub.push(chunk.into());
        assert_eq!(take(&mut hub, log), chunk);
    }
    assert_eq!(take(&mut hub, screen), "[4@0]efghijkl");
}
