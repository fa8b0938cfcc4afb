use std::collections::BTreeMap;

use bytes::Bytes;
use foster_process::output::{
    CaptureSettings, Consumers, Delivery, Hub, Replay, StreamEnd, StreamEvent, SubscriberId,
};
use proptest::prelude::*;

const READ_SIZE: usize = 16;
const BUFFER: usize = 40;

#[derive(Debug, Clone)]
enum Act {
    Push(usize),
    Next(usize),
    Subscribe(Delivery),
    Unsubscribe(usize),
    Seal,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let delivery = prop::sample::select(vec![Delivery::Reliable, Delivery::Lossy]);
    let act = prop_oneof![
        8 => (1..=READ_SIZE).prop_map(Act::Push),
        8 => (0_usize..4).prop_map(Act::Next),
        2 => delivery.prop_map(Act::Subscribe),
        1 => (0_usize..4).prop_map(Act::Unsubscribe),
        1 => Just(Act::Seal),
    ];
    prop::collection::vec(act, 0..80)
}

/// What one subscriber was told, checked as it comes.
#[derive(Debug)]
struct Told {
    delivery: Delivery,
    position: u64,
    ended: bool,
}

impl Told {
    fn take(&mut self, event: StreamEvent) {
        assert!(!self.ended, "{event:?} after the end");
        match event {
            StreamEvent::Chunk(bytes) => {
                assert_eq!(bytes, stream(self.position, bytes.len()));
                self.position += bytes.len() as u64;
            }
            StreamEvent::Gap(gap) => {
                assert_eq!(self.delivery, Delivery::Lossy);
                assert!(gap.bytes > 0 && gap.offset == self.position);
                self.position = gap.end();
            }
            StreamEvent::End(_) => self.ended = true,
        }
    }
}

fn stream(offset: u64, length: usize) -> Bytes {
    (offset..)
        .take(length)
        .map(|at| (at * 7 % 251) as u8)
        .collect()
}

fn run(replay: Replay, acts: Vec<Act>) {
    let settings = CaptureSettings::builder()
        .consumers(Consumers::Broadcast)
        .replay(replay)
        .read_size(READ_SIZE)
        .buffer(BUFFER)
        .build();
    let mut hub = Hub::new(settings.unwrap());
    let mut told: BTreeMap<SubscriberId, Told> = BTreeMap::new();
    for act in acts {
        match act {
            Act::Push(length) if hub.wants_input() => {
                assert!(hub.push(stream(hub.offset(), length)));
            }
            Act::Push(_) => {}
            Act::Next(index) => {
                let Some((id, one)) = told.iter_mut().nth(index) else {
                    continue;
                };
                let expected = hub.has_next(*id);
                let event = hub.next(*id);
                assert_eq!(event.is_some(), expected);
                if let Some(event) = event {
                    one.take(event);
                }
            }
            Act::Subscribe(delivery) => {
                let id = hub.subscribe_as(delivery).unwrap();
                told.insert(id, newcomer(&hub, id, replay, delivery));
            }
            Act::Unsubscribe(index) => {
                if let Some(id) = told.keys().nth(index).copied() {
                    assert!(hub.unsubscribe(id));
                    told.remove(&id);
                }
            }
            Act::Seal => hub.seal_replay(),
        }
        check_bounds(&hub, replay, &told);
    }
    finish(hub, told);
}

fn newcomer(hub: &Hub, id: SubscriberId, replay: Replay, delivery: Delivery) -> Told {
    let position = hub.position(id).unwrap();
    let expected = match replay {
        _ if hub.is_replay_sealed() => hub.offset(),
        Replay::None => hub.offset(),
        Replay::LastBytes(bytes) => hub.offset().saturating_sub(bytes as u64),
        Replay::All => 0,
    };
    assert_eq!(position, expected);
    Told {
        delivery,
        position,
        ended: false,
    }
}

fn check_bounds(hub: &Hub, replay: Replay, told: &BTreeMap<SubscriberId, Told>) {
    if replay == Replay::None {
        for one in told.values() {
            let waiting = hub.offset() - one.position;
            assert!(one.delivery == Delivery::Lossy || waiting <= BUFFER as u64);
        }
    }
}

fn finish(mut hub: Hub, told: BTreeMap<SubscriberId, Told>) {
    hub.finish(StreamEnd::Eof);
    assert!(!hub.wants_input());
    for (id, mut one) in told {
        while let Some(event) = hub.next(id) {
            one.take(event);
        }
        assert!(one.ended && one.position == hub.offset());
    }
    assert!(!hub.has_subscribers());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn every_byte_comes_once_and_in_order_or_is_counted(
        replay in prop::sample::select(vec![
            Replay::None, Replay::LastBytes(5), Replay::LastBytes(100), Replay::All,
        ]),
        acts in acts(),
    ) {
        run(replay, acts);
    }
}
