//! One stream for several who each count all of it.

use foster_process::output::{Consumers, Discard};
use foster_process::tokio as asynchronous;
use tokio::task::JoinSet;
use tokio_process_tools::visitors::collect::CollectChunks;
use tokio_process_tools::{Chunk, Consumable as _};

use super::children::{self, Kind, LONG, check};
use super::reading::{TOKIO, tokio_read};
use crate::measure::{Contestant, Row};
use crate::scale::Scale;

pub fn rows(scale: &Scale) -> Vec<Row> {
    let row = |count, ours_name, theirs_name| Row {
        title: format!("broadcast, reliable, {count} subscriber(s)"),
        amount: scale.mebibytes(),
        unit: "MiB",
        ballast: 0,
        contestants: vec![
            tokio_read(scale),
            theirs(scale, theirs_name, count).against(TOKIO),
            ours(scale, ours_name, count)
                .goal(theirs_name, 1.0)
                .against(TOKIO),
        ],
    };
    vec![
        row(
            1,
            "foster tokio: broadcast x1",
            "tokio-process-tools: broadcast x1",
        ),
        row(
            4,
            "foster tokio: broadcast x4",
            "tokio-process-tools: broadcast x4",
        ),
    ]
}

fn ours(scale: &Scale, name: &'static str, subscribers: usize) -> Contestant {
    let scale = scale.clone();
    Contestant::new(name, move || {
        let command = children::ours(&scale, Kind::Bytes, Consumers::Broadcast)?;
        let wanted = scale.bytes;
        scale.run(async move {
            let process = asynchronous::Process::start(command)?;
            let mut visits = JoinSet::new();
            let all = (0..subscribers).map(|_| process.stdout());
            for mut stdout in all.collect::<Result<Vec<_>, _>>()? {
                visits.spawn(async move { stdout.visit(Discard::default()).await });
            }
            while let Some(seen) = visits.join_next().await {
                check(wanted, seen??.bytes)?;
            }
            process.wait().await?;
            Ok(())
        })
    })
}

fn theirs(scale: &Scale, name: &'static str, subscribers: usize) -> Contestant {
    let scale = scale.clone();
    Contestant::new(name, move || {
        let inner = scale.clone();
        scale.run(async move {
            let mut process = children::theirs_shared(&inner, Kind::Bytes)?;
            let consumers = (0..subscribers).map(|_| {
                let visitor = CollectChunks::fold(0, |chunk: Chunk, count: &mut u64| {
                    *count += chunk.as_ref().len() as u64;
                });
                process.stdout().consume(visitor)
            });
            let consumers = consumers.collect::<Result<Vec<_>, _>>()?;
            for consumer in consumers {
                let count = consumer.wait().await?;
                if subscribers == 1 {
                    check(inner.bytes, count)?;
                }
            }
            let ended = process.wait_for_completion(LONG).await?;
            ended.into_completed().ok_or("it does not end")?;
            Ok(())
        })
    })
}
