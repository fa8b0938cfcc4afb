//! Many children at once: starting them all, and ending them all at the same time.

use std::io::Read as _;
use std::os::fd::AsRawFd as _;
use std::time::Duration;

use foster_process::{Command, Containment, GracefulTimeouts, Output, tokio as asynchronous};
use tokio::task::JoinSet;
use tokio_process_tools::{
    AutoName, DiscardedOutputStream, GracefulShutdown, Process, ProcessHandle, ProcessStreamBuilder,
};

use crate::measure::{Clock, Contestant, Cost, Error, Row};
use crate::scale::Scale;

const THEIRS: &str = "tokio-process-tools";

/// What is left to those who ignore TERM.
const GRACE: Duration = Duration::from_millis(200);

/// Longer than any measurement, and not for ever if this program is killed.
const SECONDS: &str = "120";

/// Which part of a crowd's life is measured.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Start,
    End,
    /// All of it ignores TERM, so that each is killed after the grace.
    EndDeaf,
}

/// How many there are of those that no control group holds: then to end each, every process of the
/// machine is looked at, so that the cost grows with the square.
const GROUPED: usize = 50;

pub fn rows(scale: &Scale) -> Vec<Row> {
    let mut grouped = scale.clone();
    grouped.crowd = scale.crowd.min(GROUPED);
    let parts = [Part::Start, Part::End, Part::EndDeaf];
    let auto = parts.map(|part| {
        let ours = ours(scale, "foster tokio: Auto", Containment::Auto, part);
        row(scale, part, ours.goal(THEIRS, 1.0))
    });
    let group = parts.map(|part| {
        let ours = ours(&grouped, "foster tokio: Group", Containment::Group, part);
        row(&grouped, part, ours.against(THEIRS))
    });
    auto.into_iter().chain(group).collect()
}

fn row(scale: &Scale, part: Part, ours: Contestant) -> Row {
    let count = scale.crowd;
    Row {
        title: match part {
            Part::Start => format!("start {count} that stay"),
            Part::End => format!("end {count} at once"),
            Part::EndDeaf => format!("end {count} that ignore TERM, grace 200 ms included"),
        },
        amount: count as f64,
        unit: "process",
        ballast: 0,
        contestants: vec![theirs(scale, part), ours],
    }
}

/// Where children say that they are ready.
struct Roll {
    heard: std::io::PipeReader,
    said: std::io::PipeWriter,
}

impl Roll {
    fn new() -> Result<Self, Error> {
        let (heard, said) = std::io::pipe()?;
        Ok(Self { heard, said })
    }

    /// Returns the program and the arguments of one child.
    fn command(&self, part: Part) -> Vec<String> {
        if part != Part::EndDeaf {
            return vec!["sleep".to_owned(), SECONDS.to_owned()];
        }
        let (own, said) = (std::process::id(), self.said.as_raw_fd());
        let ready = format!("trap '' TERM; echo > /proc/{own}/fd/{said}; exec sleep {SECONDS}");
        vec!["sh".to_owned(), "-c".to_owned(), ready]
    }

    fn call(mut self, part: Part, count: usize) -> Result<(), Error> {
        if part == Part::EndDeaf {
            self.heard.read_exact(&mut vec![0; count])?;
        }
        Ok(())
    }
}

fn ours(scale: &Scale, name: &'static str, held: Containment, part: Part) -> Contestant {
    let scale = scale.clone();
    Contestant::measured(name, move || {
        let count = scale.crowd;
        scale.run(async move {
            let roll = Roll::new()?;
            let starting = Clock::start();
            let start = |_| {
                let words = roll.command(part);
                let command = Command::new(&words[0])
                    .args(&words[1..])
                    .stdout(Output::Null)
                    .stderr(Output::Null)
                    .containment(held);
                asynchronous::Process::start(command)
            };
            let all = (0..count).map(start).collect::<Result<Vec<_>, _>>()?;
            let started = starting.stop();
            roll.call(part, count)?;
            let ending = Clock::start();
            let mut ends = JoinSet::new();
            for process in all {
                let term = GracefulTimeouts::builder()
                    .unix(foster_process::UnixPhases::terminate_only(GRACE))
                    .windows(GRACE)
                    .build();
                ends.spawn(async move { process.terminate(term).await.map(drop) });
            }
            while let Some(end) = ends.join_next().await {
                end??;
            }
            Ok(of(part, started, &ending))
        })
    })
}

type Sleeper = ProcessHandle<DiscardedOutputStream, DiscardedOutputStream>;

fn theirs(scale: &Scale, part: Part) -> Contestant {
    let scale = scale.clone();
    Contestant::measured(THEIRS, move || {
        let count = scale.crowd;
        scale.run(async move {
            let roll = Roll::new()?;
            let starting = Clock::start();
            let start = |_| -> Result<Sleeper, Error> {
                let words = roll.command(part);
                let mut command = tokio::process::Command::new(&words[0]);
                command.args(&words[1..]);
                Ok(Process::new(command)
                    .name(AutoName::program_only())
                    .stdout_and_stderr(ProcessStreamBuilder::discard)
                    .spawn()?)
            };
            let all = (0..count).map(start).collect::<Result<Vec<_>, _>>()?;
            let started = starting.stop();
            roll.call(part, count)?;
            let ending = Clock::start();
            let mut ends = JoinSet::new();
            for mut process in all {
                let term = GracefulShutdown::builder()
                    .unix_sigterm(GRACE)
                    .windows_ctrl_break(GRACE)
                    .build();
                ends.spawn(async move { process.terminate(term).await.map(drop) });
            }
            while let Some(end) = ends.join_next().await {
                end??;
            }
            Ok(of(part, started, &ending))
        })
    })
}

fn of(part: Part, started: Cost, ending: &Clock) -> Cost {
    match part {
        Part::Start => started,
        Part::End | Part::EndDeaf => ending.stop(),
    }
}
