//! Reading what a child writes, and counting it.

use std::io::Read as _;

use foster_process::output::{Consumers, Discard};
use foster_process::{CompletionOptions, blocking, tokio as asynchronous};
use tokio::io::AsyncReadExt as _;
use tokio_process_tools::visitors::collect::CollectChunks;
use tokio_process_tools::{Chunk, Consumable as _};

use super::children::{self, Kind, LONG, READ, check};
use crate::measure::{Contestant, Row};
use crate::scale::Scale;

/// What others are measured against, in this row and in others.
pub const TOKIO: &str = "tokio: read, 64 KiB";
const STD: &str = "std: read, 64 KiB";

pub fn rows(scale: &Scale) -> Vec<Row> {
    vec![Row {
        title: "read and count".to_owned(),
        amount: scale.mebibytes(),
        unit: "MiB",
        ballast: 0,
        contestants: vec![
            tokio_read(scale),
            subscription(scale),
            completion(scale),
            theirs(scale),
            std_read(scale),
            blocking_subscription(scale),
            blocking_completion(scale),
        ],
    }]
}

/// Returns the contestant that all collectors are measured against, too.
pub fn tokio_read(scale: &Scale) -> Contestant {
    let scale = scale.clone();
    Contestant::new(TOKIO, move || {
        let mut command = children::tokio(&scale, Kind::Bytes);
        let wanted = scale.bytes;
        scale.run(async move {
            let mut child = command.spawn()?;
            let mut stdout = child.stdout.take().ok_or("no pipe")?;
            let (mut buffer, mut count) = (vec![0; READ], 0);
            loop {
                match stdout.read(&mut buffer).await? {
                    0 => break,
                    n => count += n as u64,
                }
            }
            child.wait().await?;
            check(wanted, count)
        })
    })
}

fn subscription(scale: &Scale) -> Contestant {
    let scale = scale.clone();
    Contestant::new("foster tokio: Subscription, Discard", move || {
        let command = children::ours(&scale, Kind::Bytes, Consumers::Single)?;
        let wanted = scale.bytes;
        scale.run(async move {
            let process = asynchronous::Process::start(command)?;
            let count = process.stdout()?.visit(Discard::default()).await?.bytes;
            process.wait().await?;
            check(wanted, count)
        })
    })
    .goal(TOKIO, 0.95)
}

fn completion(scale: &Scale) -> Contestant {
    let scale = scale.clone();
    Contestant::new("foster tokio: wait_for_completion, Discard", move || {
        let command = children::ours(&scale, Kind::Bytes, Consumers::Single)?;
        let wanted = scale.bytes;
        scale.run(async move {
            let process = asynchronous::Process::start(command)?;
            let options = CompletionOptions::new().stdout(Discard::default());
            let count = process.wait_for_completion(options).await?.stdout.bytes;
            check(wanted, count)
        })
    })
    .goal(TOKIO, 0.95)
}

fn theirs(scale: &Scale) -> Contestant {
    let scale = scale.clone();
    Contestant::new("tokio-process-tools: single, reliable", move || {
        let inner = scale.clone();
        scale.run(async move {
            let mut process = children::theirs(&inner, Kind::Bytes)?;
            let visitor = CollectChunks::fold(0, |chunk: Chunk, count: &mut u64| {
                *count += chunk.as_ref().len() as u64;
            });
            let count = process.stdout().consume(visitor)?.wait().await?;
            let ended = process.wait_for_completion(LONG).await?;
            ended.into_completed().ok_or("it does not end")?;
            check(inner.bytes, count)
        })
    })
    .against(TOKIO)
}

fn std_read(scale: &Scale) -> Contestant {
    let scale = scale.clone();
    Contestant::new(STD, move || {
        let mut child = children::std(&scale, Kind::Bytes).spawn()?;
        let mut stdout = child.stdout.take().ok_or("no pipe")?;
        let (mut buffer, mut count) = (vec![0; READ], 0);
        loop {
            // If reading fails, the pipe is closed and the child ends by itself.
            match stdout.read(&mut buffer)? {
                0 => break,
                n => count += n as u64,
            }
        }
        child.wait()?;
        check(scale.bytes, count)
    })
}

fn blocking_subscription(scale: &Scale) -> Contestant {
    let scale = scale.clone();
    Contestant::new("foster blocking: Subscription, Discard", move || {
        let command = children::ours(&scale, Kind::Bytes, Consumers::Single)?;
        let process = blocking::Process::start(command)?;
        let count = process.stdout()?.visit(Discard::default())?.bytes;
        process.wait()?;
        check(scale.bytes, count)
    })
    .goal(STD, 0.95)
}

fn blocking_completion(scale: &Scale) -> Contestant {
    let scale = scale.clone();
    Contestant::new("foster blocking: wait_for_completion, Discard", move || {
        let command = children::ours(&scale, Kind::Bytes, Consumers::Single)?;
        let process = blocking::Process::start(command)?;
        let options = CompletionOptions::new().stdout(Discard::default());
        let count = process.wait_for_completion(options)?.stdout.bytes;
        check(scale.bytes, count)
    })
    .goal(STD, 0.95)
}
