use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

use crate::Sandbox;

/// A FIFO on which jobs wait until the test lets them go on: `read x < NAME`, in the sandbox's directory.
#[derive(Debug)]
pub struct Gate(PathBuf);

impl Gate {
    /// Makes it.
    ///
    /// # Panics
    ///
    /// If `mkfifo` can't.
    pub fn new(sandbox: &Sandbox, name: &str) -> Self {
        let path = sandbox.work().join(name);
        let made = Command::new("mkfifo").arg(&path).status();
        assert!(made.is_ok_and(|made| made.success()), "no FIFO can be made");
        Self(path)
    }

    /// Lets one job go on; returns when it has opened the other end.
    ///
    /// # Panics
    ///
    /// If it can't be written to.
    pub fn open(&self) {
        let fifo = File::options().write(true).open(&self.0);
        let written = fifo.and_then(|mut fifo| fifo.write_all(b"go\n"));
        written.expect("a job waits at the gate");
    }
}
