//! Keeping a bounded part of what a child writes.

use foster_process::output::{CollectBytes, Consumers, Keep};
use foster_process::{CompletionOptions, tokio as asynchronous};
use tokio::io::AsyncReadExt as _;
use tokio_process_tools::visitors::collect::CollectChunks;
use tokio_process_tools::{
    CollectedBytes, CollectionOverflowBehavior, Consumable as _, NumBytesExt as _,
    RawCollectionOptions,
};

use super::children::{self, Kind, LONG, READ, check};
use super::reading::{TOKIO, tokio_read};
use crate::measure::{Contestant, Row};
use crate::scale::Scale;

const MB: usize = 1 << 20;
const TAIL_OF_1: &str = "foster tokio: tail 1 MiB";

pub fn rows(scale: &Scale) -> Vec<Row> {
    let both = Keep::HeadAndTail { head: MB, tail: MB };
    let ours = |name, keep| collected(scale, name, keep).goal(TOKIO, 0.7);
    let oldest = CollectionOverflowBehavior::DropOldestData;
    let further = CollectionOverflowBehavior::DropAdditionalData;
    vec![Row {
        title: "keep a part".to_owned(),
        amount: scale.mebibytes(),
        unit: "MiB",
        ballast: 0,
        contestants: vec![
            tokio_read(scale),
            ours("foster tokio: head 1 MiB", Keep::Head(MB)),
            ours(TAIL_OF_1, Keep::Tail(MB)),
            ours("foster tokio: tail 16 MiB", Keep::Tail(16 * MB)).against(TAIL_OF_1),
            ours("foster tokio: tail 64 MiB", Keep::Tail(64 * MB)).against(TAIL_OF_1),
            ours("foster tokio: head 1 + tail 1 MiB", both),
            tokio_round(scale).against(TOKIO),
            theirs(scale, "tokio-process-tools: head 1 MiB", further).against(TOKIO),
            theirs(scale, "tokio-process-tools: tail 1 MiB", oldest).against(TOKIO),
        ],
    }]
}

/// What a tail of 64 MiB can't be faster than by plain memory: it is read into at once, round and round.
fn tokio_round(scale: &Scale) -> Contestant {
    let scale = scale.clone();
    Contestant::new("tokio: read into 64 MiB, round and round", move || {
        let mut command = children::tokio(&scale, Kind::Bytes);
        let wanted = scale.bytes;
        scale.run(async move {
            let mut child = command.spawn()?;
            let mut stdout = child.stdout.take().ok_or("no pipe")?;
            let (mut ring, mut at, mut count) = (vec![0; 64 * MB], 0, 0);
            loop {
                let end = ring.len().min(at + READ);
                match stdout.read(&mut ring[at..end]).await? {
                    0 => break,
                    n => {
                        count += n as u64;
                        at = (at + n) % ring.len();
                    }
                }
            }
            child.wait().await?;
            check(wanted, count)
        })
    })
}

fn collected(scale: &Scale, name: &'static str, keep: Keep) -> Contestant {
    let scale = scale.clone();
    Contestant::new(name, move || {
        let command = children::ours(&scale, Kind::Bytes, Consumers::Single)?;
        let wanted = scale.bytes;
        scale.run(async move {
            let process = asynchronous::Process::start(command)?;
            let options = CompletionOptions::new().stdout(CollectBytes::new(keep));
            let kept = process.wait_for_completion(options).await?.stdout;
            check(wanted, kept.total())
        })
    })
}

fn theirs(
    scale: &Scale,
    name: &'static str,
    overflow_behavior: CollectionOverflowBehavior,
) -> Contestant {
    let scale = scale.clone();
    Contestant::new(name, move || {
        let inner = scale.clone();
        scale.run(async move {
            let mut process = children::theirs(&inner, Kind::Bytes)?;
            let options = RawCollectionOptions::Bounded {
                max_bytes: MB.bytes(),
                overflow_behavior,
            };
            let collector = CollectedBytes::collector(options);
            let visitor = CollectChunks::fold(CollectedBytes::new(), collector);
            let kept = process.stdout().consume(visitor)?.wait().await?;
            let ended = process.wait_for_completion(LONG).await?;
            ended.into_completed().ok_or("it does not end")?;
            check(MB, kept.bytes.len() as u64)
        })
    })
}
