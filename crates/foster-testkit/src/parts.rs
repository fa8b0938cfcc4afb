//! What the habits share: arguments, rest, readiness. Not for tests.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{PipeReader, PipeWriter, Read as _, Write as _};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

/// How long a habit lives at most, so that a test that went wrong leaves nothing for long.
pub const LIMIT: Duration = Duration::from_mins(2);

/// The arguments of a habit, taken out one after the other. A wrong one is a panic: a test that
/// misspells an option should not go on.
pub struct Args(Vec<OsString>);

impl Args {
    /// Returns the arguments of this process.
    pub fn of_this_process() -> Self {
        Self(std::env::args_os().skip(1).collect())
    }

    /// Takes out the switch `name` and returns whether it was there.
    pub fn flag(&mut self, name: &str) -> bool {
        let place = self.0.iter().position(|arg| arg == name);
        place.map(|place| self.0.remove(place)).is_some()
    }

    /// Takes out the option `name` with its value.
    ///
    /// # Panics
    ///
    /// If it has none.
    pub fn text(&mut self, name: &str) -> Option<OsString> {
        let place = self.0.iter().position(|arg| arg == name)?;
        assert!(place + 1 < self.0.len(), "{name} needs a value");
        self.0.remove(place);
        Some(self.0.remove(place))
    }

    /// Takes out the option `name` with a path.
    pub fn path(&mut self, name: &str) -> Option<PathBuf> {
        self.text(name).map(PathBuf::from)
    }

    /// Takes out the option `name` with a number.
    pub fn number<T: FromStr>(&mut self, name: &str) -> Option<T> {
        self.text(name).map(|text| number(name, &text))
    }

    /// Takes out the first argument that is left: a number.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn first_number<T: FromStr>(&mut self, name: &str) -> T {
        assert!(!self.0.is_empty(), "{name} is missing");
        number(name, &self.0.remove(0))
    }

    /// Returns what is left, for somebody else.
    pub fn rest(self) -> Vec<OsString> {
        self.0
    }

    /// Makes sure that nothing is left.
    ///
    /// # Panics
    ///
    /// If something is.
    pub fn end(self) {
        assert!(self.0.is_empty(), "not understood: {:?}", self.0);
    }
}

fn number<T: FromStr>(name: &str, text: &OsStr) -> T {
    let value = text.to_str().and_then(|text| text.parse().ok());
    value.unwrap_or_else(|| panic!("{name} {} is not a number that fits", text.display()))
}

/// Waits for `time`, but no longer than [`LIMIT`], whatever signals come.
pub fn rest(time: Duration) {
    wait_readable(None, time);
}

/// Waits until [`LIMIT`] is over.
pub fn rest_to_the_limit() {
    rest(LIMIT);
}

/// Waits until there is something to read, and returns whether there is; or until `time` or
/// [`LIMIT`] is over.
///
/// # Panics
///
/// If the system refuses to wait.
pub fn wait_readable(source: Option<&dyn AsFd>, time: Duration) -> bool {
    let end = Instant::now() + time.min(LIMIT);
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left).expect("two minutes fit");
        let mut fds: Vec<_> = source
            .iter()
            .map(|fd| PollFd::from_borrowed_fd(fd.as_fd(), PollFlags::IN))
            .collect();
        match poll(&mut fds, Some(&left)) {
            Ok(0) => return false,
            Ok(_) => return true,
            Err(Errno::INTR) => {}
            Err(error) => panic!("poll: {error}"),
        }
    }
}

/// Says `ready` on standard output, after writing this process's pid to `pid_file`.
///
/// # Panics
///
/// If the file can't be written. A closed standard output is no reason to stop.
pub fn ready(pid_file: Option<&Path>) {
    if let Some(path) = pid_file {
        write_pid_file(path);
    }
    let _ = writeln!(std::io::stdout(), "ready");
}

/// Returns this process's pid as whoever mounted `/proc` has it: in a new PID namespace the kernel tells
/// the process another.
///
/// # Panics
///
/// If `/proc` doesn't tell.
pub fn pid_in_proc() -> i32 {
    let own = std::fs::read_link("/proc/self").expect("/proc knows this process");
    number("/proc/self", own.as_os_str())
}

/// Writes this process's pid, as it is in `/proc`, to `path`, which appears complete.
///
/// # Panics
///
/// If that fails.
pub fn write_pid_file(path: &Path) {
    let pid = pid_in_proc();
    let mut name = path.file_name().expect("a pid file has a name").to_owned();
    name.push(format!(".{pid}.part"));
    let part = path.with_file_name(name);
    std::fs::write(&part, format!("{pid}\n")).expect("the pid file can be written");
    std::fs::rename(&part, path).expect("the pid file can be renamed");
}

/// Takes no notice of TERM, INT and HUP from now on.
///
/// It handles them instead of ignoring them, so that children begin with the default.
///
/// # Panics
///
/// If the system refuses.
pub fn ignore_polite_signals() {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    for signal in [SIGTERM, SIGINT, SIGHUP] {
        signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false)))
            .expect("a handler can be set");
    }
}

/// Returns a command that runs this same program in another role, `--as ROLE`.
///
/// # Panics
///
/// If the program doesn't know where it lies.
pub fn again(role: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("a program knows its path"));
    command.args(["--as", role]);
    command
}

/// Starts `command` and lets go of it: nobody will reap it before this process has ended.
///
/// # Panics
///
/// If it can't be started.
pub fn let_loose(command: &mut Command) -> u32 {
    let child = command.spawn().expect("the program can be started");
    let pid = child.id();
    drop(child);
    pid
}

/// Starts `command`, which is a middle process that ends at once, and waits for its end.
///
/// # Panics
///
/// If it can't be started, or fails.
pub fn run_middle(command: &mut Command) {
    let status = command.status().expect("the program can be started");
    assert!(status.success(), "the middle process: {status}");
}

/// A pipe on which children tell that they are ready. Its write end is their standard input until
/// they have told it, which works through any number of forks and with a cleared environment.
pub struct RollCall {
    reader: PipeReader,
    writer: PipeWriter,
}

impl RollCall {
    /// Makes the pipe.
    ///
    /// # Panics
    ///
    /// If the system refuses.
    #[expect(
        clippy::new_without_default,
        reason = "making a pipe is nobody's default"
    )]
    pub fn new() -> Self {
        let (reader, writer) = std::io::pipe().expect("a pipe can be made");
        Self { reader, writer }
    }

    /// Returns the standard input for one child.
    ///
    /// # Panics
    ///
    /// If the system refuses.
    pub fn stdin(&self) -> Stdio {
        self.writer
            .try_clone()
            .expect("a descriptor can be doubled")
            .into()
    }

    /// Waits until `count` children are there.
    ///
    /// # Panics
    ///
    /// If some of them ended before.
    pub fn wait_for(self, count: usize) {
        let Self { mut reader, writer } = self;
        drop(writer);
        let mut told = vec![0; count];
        reader
            .read_exact(&mut told)
            .expect("every child says that it is there");
    }
}

/// The child's part of [`RollCall`]: tells that it is there, and lets go of the pipe.
///
/// # Panics
///
/// If nobody listens.
pub fn answer_roll_call() {
    let stdin = std::io::stdin();
    write_all(&stdin, b".").expect("somebody calls the roll");
    let null = File::open("/dev/null").expect("/dev/null can be opened");
    rustix::stdio::dup2_stdin(&null).expect("standard input can be replaced");
}

/// Writes all of `bytes`, as they are, without a buffer between.
///
/// # Errors
///
/// What the system says.
pub fn write_all(target: impl AsFd, mut bytes: &[u8]) -> rustix::io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::write(&target, bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
