//! Cutting what a child writes into lines of 80 bytes, and counting those.

use std::ops::ControlFlow;

use foster_process::output::{Consumers, InspectLines, Line, LineOptions};
use foster_process::{blocking, tokio as asynchronous};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio_process_tools::{
    Consumable as _, LineParsingOptions, Next, ParseLines, visitors::collect::CollectLines,
};

use super::children::{self, Kind, LONG, READ, check};
use crate::measure::{Contestant, Row};
use crate::scale::Scale;

const TOKIO: &str = "tokio: BufReader::lines, 64 KiB";
const STD: &str = "std: BufReader::lines, 64 KiB";
const LINE: usize = 80;

pub fn rows(scale: &Scale) -> Vec<Row> {
    let mut scale = scale.clone();
    scale.bytes = scale.bytes / 4 / LINE * LINE;
    vec![Row {
        title: "lines of 80 bytes".to_owned(),
        amount: scale.mebibytes(),
        unit: "MiB",
        ballast: 0,
        contestants: vec![
            tokio_lines(&scale),
            ours(&scale, "foster tokio: visit_lines", |line| line.bytes.len()).goal(TOKIO, 1.0),
            ours(&scale, "foster tokio: visit_lines, as text", |line| {
                line.text().len()
            })
            .goal(TOKIO, 1.0),
            theirs(&scale).against(TOKIO),
            std_lines(&scale),
            ours_blocking(&scale).goal(STD, 1.0),
        ],
    }]
}

fn tokio_lines(scale: &Scale) -> Contestant {
    let scale = scale.clone();
    Contestant::new(TOKIO, move || {
        let mut command = children::tokio(&scale, Kind::Lines);
        let wanted = scale.bytes / LINE;
        scale.run(async move {
            let mut child = command.spawn()?;
            let stdout = child.stdout.take().ok_or("no pipe")?;
            let mut lines = BufReader::with_capacity(READ, stdout).lines();
            let mut count = 0;
            while lines.next_line().await?.is_some() {
                count += 1;
            }
            child.wait().await?;
            check(wanted, count)
        })
    })
}

/// `length` is how long a line is to the visitor: as it came, or as text, which the others give, too.
fn ours(
    scale: &Scale,
    who: &'static str,
    length: impl Fn(&Line<'_>) -> usize + Copy + Send + Sync + 'static,
) -> Contestant {
    let scale = scale.clone();
    Contestant::new(who, move || {
        let command = children::ours(&scale, Kind::Lines, Consumers::Single)?;
        let wanted = scale.bytes / LINE;
        scale.run(async move {
            let process = asynchronous::Process::start(command)?;
            let mut count = 0;
            let visitor = InspectLines(|line: Line<'_>| {
                count += u64::from(length(&line) == LINE - 1);
                ControlFlow::Continue(())
            });
            let mut stdout = process.stdout()?;
            stdout.visit_lines(visitor, LineOptions::default()).await?;
            process.wait().await?;
            check(wanted, count)
        })
    })
}

fn theirs(scale: &Scale) -> Contestant {
    let scale = scale.clone();
    Contestant::new("tokio-process-tools: lines, as text", move || {
        let inner = scale.clone();
        scale.run(async move {
            let mut process = children::theirs(&inner, Kind::Lines)?;
            let counter = CollectLines::new(0, |line, count: &mut u64| {
                *count += u64::from(line.len() == LINE - 1);
                Next::Continue
            });
            let visitor = ParseLines::new(LineParsingOptions::default(), counter);
            let count = process.stdout().consume(visitor)?.wait().await?;
            let ended = process.wait_for_completion(LONG).await?;
            ended.into_completed().ok_or("it does not end")?;
            check(inner.bytes / LINE, count)
        })
    })
}

fn std_lines(scale: &Scale) -> Contestant {
    let scale = scale.clone();
    Contestant::new(STD, move || {
        use std::io::BufRead as _;
        let mut child = children::std(&scale, Kind::Lines).spawn()?;
        let stdout = child.stdout.take().ok_or("no pipe")?;
        let mut count = 0;
        for line in std::io::BufReader::with_capacity(READ, stdout).lines() {
            count += u64::from(line?.len() == LINE - 1);
        }
        child.wait()?;
        check(scale.bytes / LINE, count)
    })
}

fn ours_blocking(scale: &Scale) -> Contestant {
    let scale = scale.clone();
    Contestant::new("foster blocking: visit_lines", move || {
        let command = children::ours(&scale, Kind::Lines, Consumers::Single)?;
        let process = blocking::Process::start(command)?;
        let mut count = 0;
        let visitor = InspectLines(|line: Line<'_>| {
            count += u64::from(line.bytes.len() == LINE - 1);
            ControlFlow::Continue(())
        });
        let mut stdout = process.stdout()?;
        stdout.visit_lines(visitor, LineOptions::default())?;
        process.wait()?;
        check(scale.bytes / LINE, count)
    })
}
