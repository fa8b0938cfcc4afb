use std::fs;
use std::io::{Read, Write as _};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use crate::watched::everyone;

/// A program that ran to its end.
#[derive(Debug)]
pub struct Finished {
    /// How it ended.
    pub status: ExitStatus,
    /// What it wrote on standard output.
    pub stdout: Vec<u8>,
    /// What it wrote on standard error.
    pub stderr: Vec<u8>,
    /// From its start until it had ended and both streams were closed.
    pub elapsed: Duration,
}

/// Runs `command` to its end, with `input` on standard input (`None` leaves it as the command has
/// it), and collects its output.
///
/// The end is the exit *and* the end of both streams: a process that it left behind with one of
/// them in hand is a leak, and makes the deadline pass.
///
/// # Panics
///
/// If it can't be started, or is not at its end after `limit`; then it is killed, and the message
/// tells what it wrote and who holds its streams.
pub fn finish(command: Command, input: Option<&[u8]>, limit: Duration) -> Finished {
    try_finish(command, input, limit).unwrap_or_else(|message| panic!("{message}"))
}

/// [`finish`] that returns the message instead of panicking.
///
/// # Errors
///
/// Where [`finish`] panics.
pub fn try_finish(
    mut command: Command,
    input: Option<&[u8]>,
    limit: Duration,
) -> Result<Finished, String> {
    if input.is_some() {
        command.stdin(Stdio::piped());
    }
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let shown = format!("{command:?}");
    let begun = Instant::now();
    let mut child = command
        .spawn()
        .map_err(|error| format!("{shown} can't start: {error}"))?;
    // The command holds copies of what it was given; only the child should.
    drop(command);
    if let (Some(mut stdin), Some(input)) = (child.stdin.take(), input) {
        let input = input.to_owned();
        // A child that reads nothing makes this thread wait, not the test.
        std::thread::spawn(move || stdin.write_all(&input));
    }
    let mut run = Run {
        shown,
        stdout: Vec::new(),
        stderr: Vec::new(),
    };
    let status = run.collect(&mut child, begun + limit).inspect_err(|_| {
        let _ = child.kill();
        let _ = child.wait();
    })?;
    Ok(Finished {
        status,
        stdout: run.stdout,
        stderr: run.stderr,
        elapsed: begun.elapsed(),
    })
}

struct Run {
    shown: String,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl Run {
    fn collect(&mut self, child: &mut Child, end: Instant) -> Result<ExitStatus, String> {
        let pidfd = pidfd_open(Pid::from_child(child), PidfdFlags::empty())
            .map_err(|error| format!("{}: pidfd_open: {error}", self.shown))?;
        let (mut out, mut err) = (child.stdout.take(), child.stderr.take());
        let mut running = true;
        while running || out.is_some() || err.is_some() {
            let left = end.saturating_duration_since(Instant::now());
            let left = Timespec::try_from(left).ok();
            let sources = [
                out.as_ref().map(AsFd::as_fd),
                err.as_ref().map(AsFd::as_fd),
                Some(pidfd.as_fd()),
            ];
            let mut fds: Vec<_> = sources
                .into_iter()
                .take(if running { 3 } else { 2 })
                .flatten()
                .map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN))
                .collect();
            match poll(&mut fds, left.as_ref()) {
                Ok(0) => return Err(self.late(running, &inodes(&[&out, &err]))),
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(format!("{}: poll: {error}", self.shown)),
            }
            let mut told = fds.iter().map(|fd| !fd.revents().is_empty());
            let mut told = |there: bool| there && told.next().unwrap_or(false);
            let read_out = told(out.is_some());
            let read_err = told(err.is_some());
            running = running && !told(running);
            if read_out {
                read_some(&mut out, &mut self.stdout);
            }
            if read_err {
                read_some(&mut err, &mut self.stderr);
            }
        }
        child
            .wait()
            .map_err(|error| format!("{}: wait: {error}", self.shown))
    }

    fn late(&self, running: bool, pipes: &[u64]) -> String {
        let what = if running {
            "is still running"
        } else {
            "has exited, its output is held open"
        };
        format!(
            "{} {what} at the deadline\nholders of its output: {}\nstdout: {}\nstderr: {}",
            self.shown,
            holders(pipes).join(", "),
            String::from_utf8_lossy(&self.stdout),
            String::from_utf8_lossy(&self.stderr),
        )
    }
}

fn read_some(source: &mut Option<impl Read>, into: &mut Vec<u8>) {
    let mut buffer = [0; 16384];
    match source.as_mut().map(|source| source.read(&mut buffer)) {
        Some(Ok(length)) if length > 0 => into.extend_from_slice(&buffer[..length]),
        Some(Err(error)) if error.kind() == std::io::ErrorKind::Interrupted => {}
        _ => *source = None,
    }
}

fn inodes(pipes: &[&dyn Inode]) -> Vec<u64> {
    pipes.iter().filter_map(|pipe| pipe.inode()).collect()
}

trait Inode {
    fn inode(&self) -> Option<u64>;
}

impl<T: AsFd> Inode for Option<T> {
    fn inode(&self) -> Option<u64> {
        rustix::fs::fstat(self.as_ref()?)
            .ok()
            .map(|stat| stat.st_ino)
    }
}

fn holders(pipes: &[u64]) -> Vec<String> {
    let holds = |process: &crate::Watched| {
        let fds = fs::read_dir(format!("/proc/{}/fd", process.pid))
            .into_iter()
            .flatten()
            .flatten();
        let inodes = fds
            .filter_map(|fd| fs::metadata(fd.path()).ok())
            .map(|meta| meta.ino());
        inodes.into_iter().any(|inode| pipes.contains(&inode))
    };
    let holders = everyone().into_iter().filter(holds);
    holders
        .map(|process| format!("{} ({})", process.pid, process.name()))
        .collect()
}
