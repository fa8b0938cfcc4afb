//! How each contestant starts the child that writes.

use std::process::Stdio;
use std::time::Duration;

use foster_process::output::{CaptureSettings, Consumers};
use foster_process::{Command, Containment, Output};
use tokio_process_tools::{
    AutoName, BroadcastOutputStream, DiscardedOutputStream, NoReplay, NumBytesExt as _, Process,
    ProcessHandle, ProcessStreamBuilder, ReliableWithBackpressure, SingleSubscriberOutputStream,
};

use crate::measure::Error;
use crate::scale::Scale;

/// How much is read at once, by everybody.
pub const READ: usize = 64 * 1024;

/// Longer than anything here takes; tokio-process-tools wants a bound.
pub const LONG: Duration = Duration::from_mins(1);

/// What the child writes.
#[derive(Clone, Copy)]
pub enum Kind {
    Bytes,
    Lines,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Lines => "lines",
        }
    }
}

pub fn ours(scale: &Scale, kind: Kind, consumers: Consumers) -> Result<Command, Error> {
    let settings = CaptureSettings::builder()
        .consumers(consumers)
        .read_size(READ)
        .build()?;
    Ok(Command::new(&scale.blast)
        .args([kind.word().to_owned(), scale.bytes.to_string()])
        .containment(Containment::Auto)
        .stderr(Output::Null)
        .stdout(Output::Captured(settings)))
}

pub fn std(scale: &Scale, kind: Kind) -> std::process::Command {
    let mut command = std::process::Command::new(&scale.blast);
    command
        .args([kind.word().to_owned(), scale.bytes.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

pub fn tokio(scale: &Scale, kind: Kind) -> tokio::process::Command {
    let mut command = tokio::process::Command::from(std(scale, kind));
    command.kill_on_drop(true);
    command
}

pub type Single = ProcessHandle<
    SingleSubscriberOutputStream<ReliableWithBackpressure, NoReplay>,
    DiscardedOutputStream,
>;
pub type Shared =
    ProcessHandle<BroadcastOutputStream<ReliableWithBackpressure, NoReplay>, DiscardedOutputStream>;

/// As many bytes wait at most as with ours.
const CHUNKS: usize = 16;

pub fn theirs(scale: &Scale, kind: Kind) -> Result<Single, Error> {
    let command = tokio(scale, kind);
    Ok(Process::new(command)
        .name(AutoName::program_only())
        .stdout(|stream| {
            stream
                .single_subscriber()
                .reliable_with_backpressure()
                .no_replay()
                .read_chunk_size(READ.bytes())
                .max_buffered_chunks(CHUNKS)
        })
        .stderr(ProcessStreamBuilder::discard)
        .spawn()?)
}

pub fn theirs_shared(scale: &Scale, kind: Kind) -> Result<Shared, Error> {
    let command = tokio(scale, kind);
    Ok(Process::new(command)
        .name(AutoName::program_only())
        .stdout(|stream| {
            stream
                .broadcast()
                .reliable_with_backpressure()
                .no_replay()
                .read_chunk_size(READ.bytes())
                .max_buffered_chunks(CHUNKS)
        })
        .stderr(ProcessStreamBuilder::discard)
        .spawn()?)
}

/// Says that a contestant lost bytes, which no speed makes up for.
pub fn check(wanted: usize, got: u64) -> Result<(), Error> {
    if got == wanted as u64 {
        return Ok(());
    }
    Err(format!("{got} of {wanted} came").into())
}
