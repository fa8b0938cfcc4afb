use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::{Watched, wait_on_dir};

/// The file by which those who wait for a fault hear that none will come any more.
const OVER: &str = "over";

/// A folder of faults, as `foster-fault` describes it: what `foster` is to do to itself, and what it has passed.
#[derive(Debug, Clone)]
pub struct Faults {
    dir: PathBuf,
}

/// A place in the code of one of Foster's processes, passed for the `occurrence`th time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    /// `launcher`, `keeper`, `supervisor` or `notifier`.
    pub role: String,
    /// The name of the point.
    pub name: String,
    /// The how-manieth time, from 1.
    pub occurrence: u32,
    /// Whether something is about to be tried there that may be refused.
    pub is_attempt: bool,
}

/// A line of what was passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passing {
    /// When, on the monotonic clock.
    pub at: Duration,
    /// By which process.
    pub pid: i32,
    /// What that was to the job.
    pub role: String,
    /// The point.
    pub name: String,
    /// `step`, `attempt`, or `made` where a fault was made.
    pub kind: String,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}@{}", self.role, self.name, self.occurrence)
    }
}

impl Faults {
    /// Makes the folder, which must be new. What is passed is written down from now on.
    ///
    /// # Panics
    ///
    /// If it can't be made.
    pub fn new(dir: PathBuf) -> Self {
        fs::create_dir(&dir).expect("the folder of faults can be made");
        let faults = Self { dir };
        faults.make_file("passed");
        faults
    }

    fn make_file(&self, name: &str) {
        File::create(self.dir.join(name)).expect("the folder of faults can be written");
    }

    /// Asks for a fault at that point: `kill`, `stop`, or the name of an error where it is an attempt.
    ///
    /// # Panics
    ///
    /// If the folder can't be written.
    pub fn ask_for(&self, point: &Point, action: &str) {
        self.make_file(&format!("{point}={action}"));
    }

    /// Returns `command`, of `foster`, so that it and all that it makes do what was asked for.
    #[must_use = "it is the command that is armed"]
    pub fn arm(&self, mut command: Command) -> Command {
        command.env("FOSTER_FAULT", &self.dir);
        command
    }

    /// Returns what was passed until now, in the order in which it was written down.
    ///
    /// # Panics
    ///
    /// If the file can't be read.
    pub fn passed(&self) -> Vec<Passing> {
        let text = fs::read_to_string(self.dir.join("passed")).expect("what was passed is told");
        text.lines().filter_map(Passing::parse).collect()
    }

    /// Returns where a fault was made, if one was.
    pub fn made(&self) -> Option<Passing> {
        self.passed()
            .into_iter()
            .find(|passing| passing.kind == "made")
    }

    /// Says that nothing more will happen, to whoever waits for it.
    pub(crate) fn end(&self) {
        self.make_file(OVER);
    }

    /// Waits until a process has stopped itself as it was asked to, and returns it; `None` if none does.
    pub fn wait_stopped(&self, timeout: Duration) -> Option<Watched> {
        let end = Instant::now() + timeout;
        let over = self.dir.join(OVER);
        let made = wait_on_dir(&self.dir, timeout, || {
            let made = self.made();
            (made.is_some() || over.exists()).then_some(made)
        });
        let made = made??;
        let process = Watched::from_pid(made.pid)?;
        // Only its parent could wait for that. It is one system call away.
        while process.state() != Some('T') && process.is_alive() && Instant::now() < end {
            std::thread::yield_now();
        }
        Some(process)
    }
}

impl Passing {
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        Some(Self {
            at: Duration::from_micros(words.next()?.parse().ok()?),
            pid: words.next()?.parse().ok()?,
            role: words.next()?.to_owned(),
            name: words.next()?.to_owned(),
            kind: words.next()?.to_owned(),
        })
    }

    /// Returns each point that one process passed, with the first `most` occurrences of each, in the order of their
    /// first passing.
    pub fn points(passed: &[Self], most: u32) -> Vec<Point> {
        let mut counts: BTreeMap<(i32, &str, &str), u32> = BTreeMap::new();
        let mut points = Vec::new();
        for passing in passed.iter().filter(|passing| passing.kind != "made") {
            let key = (passing.pid, passing.role.as_str(), passing.name.as_str());
            let count = counts.entry(key).or_default();
            *count += 1;
            let point = Point {
                role: passing.role.clone(),
                name: passing.name.clone(),
                occurrence: *count,
                is_attempt: passing.kind == "attempt",
            };
            if *count <= most && !points.contains(&point) {
                points.push(point);
            }
        }
        points
    }
}
