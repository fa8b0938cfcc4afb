use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, pidfd_open};

use crate::Watched;
use crate::files::poll_until;

/// A program that was started here and has said `ready`. It is killed when this is dropped.
#[derive(Debug)]
pub struct Started {
    /// The process.
    pub child: Child,
    /// The rest of its standard output.
    pub stdout: BufReader<ChildStdout>,
}

impl Started {
    /// Starts `command` without standard input, and waits for the line `ready`.
    ///
    /// # Panics
    ///
    /// If it can't be started or says something else.
    pub fn ready(mut command: Command) -> Self {
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let mut child = child.unwrap_or_else(|error| panic!("{command:?} can't start: {error}"));
        let stdout = BufReader::new(child.stdout.take().expect("standard output is a pipe"));
        let mut started = Self { child, stdout };
        let mut line = String::new();
        started
            .stdout
            .read_line(&mut line)
            .expect("its standard output can be read");
        assert_eq!(line, "ready\n", "{command:?}");
        started
    }

    /// Returns the process.
    ///
    /// # Panics
    ///
    /// If it was reaped already.
    pub fn watched(&self) -> Watched {
        Watched::from_pid(self.child.id() as i32).expect("it was not reaped")
    }

    /// Waits for its end, and reaps it.
    ///
    /// # Panics
    ///
    /// If it has not ended after `timeout`.
    pub fn wait(&mut self, timeout: Duration) -> ExitStatus {
        if let Ok(Some(status)) = self.child.try_wait() {
            return status;
        }
        let pidfd = pidfd_open(Pid::from_child(&self.child), PidfdFlags::empty());
        let ended = poll_until(pidfd.expect("a child has a pidfd"), timeout);
        assert!(
            ended,
            "{} is still there after {timeout:?}",
            self.child.id()
        );
        self.child.wait().expect("a child can be reaped")
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
