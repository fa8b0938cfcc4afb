//! Starting a program and looking at what it took.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use wait4::Wait4;

use crate::Error;

/// Returns the monotonic clock, which the helpers stamp with too, in milliseconds.
pub fn now() -> f64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    Duration::try_from(now).unwrap_or_default().as_secs_f64() * 1e3
}

/// Returns a command that reads nothing and says nothing, with the same few variables for all.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// What a finished program took.
pub struct Took {
    pub milliseconds: f64,
    pub peak_kib: f64,
}

/// Runs a command to its end; it must succeed.
pub fn run(command: &mut Command) -> Result<Took, Error> {
    let began = now();
    let child = command.spawn().map_err(|error| shown(command, &error))?;
    let used = child.wait4()?;
    let milliseconds = now() - began;
    if !used.status.success() {
        return Err(shown(command, &used.status));
    }
    Ok(Took {
        milliseconds,
        peak_kib: used.rusage.maxrss as f64 / 1024.0,
    })
}

/// Runs a command and returns what it printed.
pub fn output(command: &mut Command) -> Result<Vec<u8>, Error> {
    let Output { status, stdout, .. } = command
        .stdout(Stdio::piped())
        .output()
        .map_err(|error| shown(command, &error))?;
    if !status.success() {
        let told = String::from_utf8_lossy(&stdout[..stdout.len().min(400)]).into_owned();
        return Err(format!("{} {told}", shown(command, &status)).into());
    }
    Ok(stdout)
}

fn shown(command: &Command, what: &dyn std::fmt::Display) -> Error {
    format!("{command:?}: {what}").into()
}

/// Waits until a process that is nobody's child of ours has ended.
pub fn wait_for_end(pid: i32) -> Result<(), Error> {
    use rustix::process::{Pid, PidfdFlags, pidfd_open};
    let Some(pid) = Pid::from_raw(pid) else {
        return Err("no process has this number".into());
    };
    let Ok(pidfd) = pidfd_open(pid, PidfdFlags::empty()) else {
        return Ok(());
    };
    let mut polled = [rustix::event::PollFd::new(
        &pidfd,
        rustix::event::PollFlags::IN,
    )];
    rustix::event::poll(&mut polled, None)?;
    Ok(())
}

/// Returns a line of `/proc/PID/FILE` that begins with this word, as a number.
pub fn proc_number(pid: i32, file: &str, word: &str) -> Option<f64> {
    let path = Path::new("/proc").join(pid.to_string()).join(file);
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(word))?;
    line[word.len()..].split_whitespace().next()?.parse().ok()
}
