use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use foster_testkit::{Sandbox, Watched, random, wait_on_dir};
use serde_json::Value;

pub const SOON: Duration = Duration::from_secs(30);

pub fn sandbox() -> Sandbox {
    Sandbox::new(env!("CARGO_BIN_EXE_foster"))
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// What a job's command does, beside saying that it was executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// It exits with 3 after a moment.
    Short,
    /// It stays.
    Long,
}

impl Command {
    pub fn any() -> Self {
        [Self::Short, Self::Long][random(2) as usize]
    }

    /// Each execution appends the mark of its run, which no other run has.
    pub fn line(self) -> String {
        let end = match self {
            Self::Short => format!(
                "i={}; while [ $i -gt 0 ]; do i=$((i-1)); done; exit 3",
                random(1 << random(14))
            ),
            Self::Long => "exec sleep 600".to_owned(),
        };
        format!("echo $FOSTER_JOB >> ran; {end}")
    }
}

/// Where a job stands when two come to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Created,
    RunningShort,
    RunningLong,
    Finished,
}

/// A job, and what can be known of it from without.
pub struct Job<'a> {
    pub sandbox: &'a Sandbox,
    pub id: String,
    pub dir: PathBuf,
    /// What a run does that begins from now on, or is under way.
    pub command: Command,
}

impl<'a> Job<'a> {
    pub fn in_stage(sandbox: &'a Sandbox, stage: Stage) -> Self {
        let (verb, options, command): (_, &[&str], _) = match stage {
            Stage::Created => ("create", &[], Command::any()),
            Stage::RunningShort => ("run", &["--no-wait", "--no-auto-gc"], Command::Short),
            Stage::RunningLong => ("run", &["--no-wait", "--no-auto-gc"], Command::Long),
            Stage::Finished => ("run", &["--wait", "--no-auto-gc"], Command::Short),
        };
        let line = command.line();
        let given = ["--stdin", "open", "--", "sh", "-c", &line];
        let answer = sandbox.ok([&[verb], options, &given].concat());
        let id = text(&answer["job_id"]).to_owned();
        Self::of_id(sandbox, &id, command)
    }

    /// Returns a job that is there.
    pub fn of_id(sandbox: &'a Sandbox, id: &str, command: Command) -> Self {
        Self {
            sandbox,
            id: id.to_owned(),
            dir: sandbox.job_dir(id),
            command,
        }
    }

    /// Returns the root that the job lies in: where it is alone, all that bear it are the job's.
    pub fn root(&self) -> &str {
        self.sandbox.root().to_str().unwrap()
    }

    /// Waits until a launch that may be under way has come to its end: the command is executed, or
    /// nobody is left who would do it.
    pub fn wait_until_settled(&self) {
        let launched = || {
            let told = |event: &Value| event["event"] == "started" || event["event"] == "finished";
            self.events_of_newest_run().iter().any(told)
        };
        while self.dir.is_dir() && !launched() {
            if bearers(self.root()).is_empty() {
                return;
            }
            // Whoever dies changes no file: so it is looked again after a while.
            let _ = wait_on_dir(&self.dir, Duration::from_millis(100), || {
                launched().then_some(())
            });
        }
    }

    /// Returns the marks of the runs that were executed, by their own account.
    pub fn executions(&self) -> Vec<String> {
        let ran = fs::read_to_string(self.sandbox.work().join("ran")).unwrap_or_default();
        let own = ran.lines().filter(|line| line.starts_with(&self.id));
        own.map(str::to_owned).collect()
    }

    /// Returns the journal, as far as it is there.
    pub fn events(&self) -> Vec<Value> {
        let journal = fs::read(self.dir.join("events.ndjson")).unwrap_or_default();
        let lines = journal.split(|byte| *byte == b'\n');
        lines
            .map_while(|line| serde_json::from_slice(line).ok())
            .collect()
    }

    pub fn count(&self, event: &str) -> usize {
        let events = self.events().into_iter();
        events.filter(|told| told["event"] == event).count()
    }

    /// Returns keeper or supervisor of the newest run, if one was launched.
    pub fn guardian(&self, role: &str) -> Option<Watched> {
        let events = self.events_of_newest_run();
        let launched = events.iter().find(|event| event["event"] == "launched")?;
        Watched::from_json(&launched[role])
    }

    fn events_of_newest_run(&self) -> Vec<Value> {
        let events = self.events();
        let runs = events.rsplit(|event| event["event"] == "restarted");
        runs.take(1).flatten().cloned().collect()
    }
}

/// Returns who lives and bears a job's id, or its root, in its arguments or its environment: what
/// belongs to its tree, and who looks after it, whatever the job's files say or if there are none any
/// more.
pub fn bearers(mark: &str) -> Vec<Watched> {
    let bears = |process: &Watched| {
        ["cmdline", "environ"].iter().any(|file| {
            let text = fs::read(format!("/proc/{}/{file}", process.pid)).unwrap_or_default();
            let mut windows = text.windows(mark.len());
            windows.any(|window| window == mark.as_bytes())
        })
    };
    let names = fs::read_dir("/proc").unwrap().flatten();
    let pids = names.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let all = pids.filter_map(Watched::from_pid);
    all.filter(bears).filter(Watched::is_alive).collect()
}

/// Returns what is in the folders of days, by the day's folder and the name.
pub fn entries(jobs: &Path) -> Vec<(PathBuf, String)> {
    let days = fs::read_dir(jobs).into_iter().flatten().flatten();
    let days: Vec<_> = days.map(|day| day.path()).collect();
    let names = |day: &PathBuf| {
        let entries = fs::read_dir(day).into_iter().flatten().flatten();
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.map(|name| (day.clone(), name)).collect::<Vec<_>>()
    };
    days.iter().flat_map(names).collect()
}
