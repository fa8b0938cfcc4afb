//! Starting a child that ends at once, and waiting for it; in a small parent and in a large one.

use std::os::unix::process::CommandExt as _;
use std::process::Stdio;

use foster_process::{Command, Containment, Output, blocking, tokio as asynchronous};
use tokio_process_tools::{AutoName, Process, ProcessStreamBuilder};

use super::children::LONG;
use crate::measure::{Contestant, Row};
use crate::scale::Scale;

const PROGRAM: &str = "/bin/true";
const STD: &str = "std: Command";
const STD_GROUP: &str = "std: Command, process_group(0)";
const TOKIO: &str = "tokio: Command, process_group(0)";

pub fn rows(scale: &Scale) -> Vec<Row> {
    let level = blocking::Process::start(ours(Containment::Auto));
    let level = level.map_or("none", |process| process.level().as_str());
    let level = format!("Auto is {level}");
    vec![row(scale, &level, 0), row(scale, &level, scale.ballast)]
}

fn row(scale: &Scale, level: &str, ballast: usize) -> Row {
    let group = || Containment::Group;
    let auto = || Containment::Auto;
    let contestants = vec![
        std(scale, STD, false),
        std(scale, STD_GROUP, true),
        ours_blocking(scale, "foster blocking: Group", group()).goal(STD_GROUP, 0.95),
        ours_blocking(scale, "foster blocking: Auto", auto())
            .goal(STD, 0.95)
            .goal(STD_GROUP, 0.95),
        tokio_spawn(scale),
        ours_tokio(scale, "foster tokio: Group", group()).goal(TOKIO, 0.95),
        ours_tokio(scale, "foster tokio: Auto", auto()).goal(TOKIO, 0.95),
        theirs(scale).against(TOKIO),
    ];
    Row {
        title: format!("start and wait, parent of {} MiB, {level}", ballast >> 20),
        amount: scale.spawns as f64,
        unit: "process",
        contestants,
        ballast,
    }
}

fn ours(containment: Containment) -> Command {
    Command::new(PROGRAM)
        .stdout(Output::Null)
        .stderr(Output::Null)
        .containment(containment)
}

fn std_command() -> std::process::Command {
    let mut command = std::process::Command::new(PROGRAM);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

fn std(scale: &Scale, name: &'static str, grouped: bool) -> Contestant {
    let spawns = scale.spawns;
    Contestant::new(name, move || {
        for _ in 0..spawns {
            let mut command = std_command();
            if grouped {
                command.process_group(0);
            }
            command.status()?;
        }
        Ok(())
    })
}

fn ours_blocking(scale: &Scale, name: &'static str, containment: Containment) -> Contestant {
    let spawns = scale.spawns;
    Contestant::new(name, move || {
        for _ in 0..spawns {
            blocking::Process::start(ours(containment))?.wait()?;
        }
        Ok(())
    })
}

fn tokio_spawn(scale: &Scale) -> Contestant {
    let scale = scale.clone();
    Contestant::new(TOKIO, move || {
        let spawns = scale.spawns;
        scale.run(async move {
            for _ in 0..spawns {
                let mut command = tokio::process::Command::from(std_command());
                command.process_group(0).kill_on_drop(true);
                command.status().await?;
            }
            Ok(())
        })
    })
}

fn ours_tokio(scale: &Scale, name: &'static str, containment: Containment) -> Contestant {
    let scale = scale.clone();
    Contestant::new(name, move || {
        let spawns = scale.spawns;
        scale.run(async move {
            for _ in 0..spawns {
                let process = asynchronous::Process::start(ours(containment))?;
                process.wait().await?;
            }
            Ok(())
        })
    })
}

fn theirs(scale: &Scale) -> Contestant {
    let scale = scale.clone();
    Contestant::new("tokio-process-tools: discard", move || {
        let spawns = scale.spawns;
        scale.run(async move {
            for _ in 0..spawns {
                let command = tokio::process::Command::from(std_command());
                let mut process = Process::new(command)
                    .name(AutoName::program_only())
                    .stdout_and_stderr(ProcessStreamBuilder::discard)
                    .spawn()?;
                let ended = process.wait_for_completion(LONG).await?;
                ended.into_completed().ok_or("it does not end")?;
            }
            Ok(())
        })
    })
}
