use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use crate::{DEADLINE, Faults, Point, Sandbox, Watched, contract, finish};

/// What is done to a process at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It is killed.
    Kill,
    /// It is stopped, and goes on as soon as it has been.
    Stop,
    /// It is stopped, and killed when the job's command has ended, if that runs.
    StopThenKill,
    /// What it tries there fails with this error, once.
    Fail(&'static str),
}

/// What a call of `foster` came to.
#[derive(Debug)]
pub enum Heard {
    /// Its one JSON document.
    Answer(Value),
    /// Nothing: it was killed.
    Killed,
}

impl Heard {
    /// Returns the answer, if there is one and it is good.
    pub fn ok(&self) -> Option<&Value> {
        match self {
            Self::Answer(answer) if answer["ok"] == true => Some(answer),
            _ => None,
        }
    }

    /// Returns the code of the error, if it is one.
    pub fn error(&self) -> Option<&str> {
        match self {
            Self::Answer(answer) => answer["error"]["code"].as_str(),
            Self::Killed => None,
        }
    }
}

/// Where a scenario is played once, with one fault or none: a sandbox, and a folder of faults.
#[derive(Debug)]
pub struct Stage {
    /// Its root and its work directory.
    pub sandbox: Sandbox,
    /// What is to happen, and what was passed.
    pub faults: Faults,
    /// The fault, if one is asked for.
    pub fault: Option<(Point, Action)>,
    /// A job that nobody starts: what is done to another leaves it and its place in the index alone.
    bystander: String,
    foster: PathBuf,
    waker: Option<JoinHandle<()>>,
}

impl Stage {
    /// Makes an empty stage.
    pub(crate) fn new(foster: &Path, fault: Option<(Point, Action)>) -> Self {
        let sandbox = Sandbox::new(foster);
        let answer = sandbox.ok(["create", "--", "true"]);
        let bystander = answer["job_id"].as_str().unwrap_or_default().to_owned();
        let faults = Faults::new(sandbox.work().with_file_name("faults"));
        Self {
            sandbox,
            faults,
            fault,
            bystander,
            foster: foster.to_owned(),
            waker: None,
        }
    }

    /// From here on the fault may be made.
    pub(crate) fn begin(&mut self) {
        let Some((point, action)) = &self.fault else {
            return;
        };
        self.faults.ask_for(point, action.word());
        if matches!(action, Action::Stop | Action::StopThenKill) {
            self.waker = Some(self.wake_or_kill(*action));
        }
    }

    /// Returns the ids of the jobs that the scenario has made.
    pub fn job_ids(&self) -> Vec<String> {
        let mut ids = self.sandbox.job_ids();
        ids.retain(|id| *id != self.bystander);
        ids
    }

    /// Returns the file to which the job's command appends its pid, once each time that it is started.
    pub fn starts_file(&self) -> PathBuf {
        self.sandbox.work().join("starts")
    }

    /// Returns the numbers that the command had, each time that it was started.
    pub fn starts(&self) -> Vec<i32> {
        crate::watched::numbers(&self.starts_file())
    }

    /// Runs `foster`, with the fault, to its end.
    ///
    /// # Panics
    ///
    /// If it neither answers with one document, as it was published, nor is killed.
    pub fn call(&self, args: &[&str]) -> Heard {
        let mut command: Command = self.faults.arm(self.sandbox.foster());
        command.args(args).stdin(Stdio::null());
        let done = finish(command, None, DEADLINE);
        if done.status.signal() == Some(Signal::KILL.as_raw()) {
            return Heard::Killed;
        }
        let answer: Value = serde_json::from_slice(&done.stdout).unwrap_or_else(|error| {
            let (out, err) = (&done.stdout, &done.stderr);
            let [out, err] = [out, err].map(|bytes| String::from_utf8_lossy(bytes));
            panic!("{}, {args:?}: {error}: {out} {err}", self.what())
        });
        contract::assert_kept(&self.foster, &answer);
        Heard::Answer(answer)
    }

    /// Returns what is done to whom, for messages.
    pub fn what(&self) -> String {
        self.fault.as_ref().map_or_else(
            || "nothing is done".to_owned(),
            |(point, action)| format!("{point}={}", action.word()),
        )
    }

    /// Returns whether the launcher was to be killed, and so need not answer.
    pub fn launcher_dies(&self) -> bool {
        let deadly = |action| matches!(action, Action::Kill | Action::StopThenKill);
        let fault = self.fault.as_ref();
        fault.is_some_and(|(point, action)| point.role == "launcher" && deadly(*action))
    }

    /// Returns how long it took until the job was supervised again, if its supervisor died and had a successor.
    pub fn gap(&self) -> Option<Duration> {
        let passed = self.faults.passed();
        let died = passed.iter().find(|passing| passing.kind == "made")?;
        let again = passed.iter().find(|passing| {
            passing.name == "supervisor.watching" && passing.at > died.at && passing.pid != died.pid
        })?;
        let deadly = self.fault.as_ref()?.1 == Action::Kill;
        (deadly && died.role == "supervisor").then(|| again.at.saturating_sub(died.at))
    }

    fn wake_or_kill(&self, action: Action) -> JoinHandle<()> {
        let faults = self.faults.clone();
        let starts = self.starts_file();
        std::thread::spawn(move || {
            let Some(process) = faults.wait_stopped(DEADLINE) else {
                return;
            };
            if action == Action::Stop {
                process.signal(Signal::CONT);
                return;
            }
            let leader = crate::watched::numbers(&starts).pop();
            if let Some(leader) = leader.and_then(Watched::from_pid) {
                // One that waits for the stopped process is killed with it.
                let _ = leader.wait_gone(Duration::from_secs(1));
            }
            process.kill();
        })
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.faults.end();
        if let Some(waker) = self.waker.take() {
            let _ = waker.join();
        }
    }
}

impl Action {
    /// Returns what is done, for the table.
    pub(crate) fn at_each_point(self) -> String {
        match self {
            Self::Kill => "killed at each step".to_owned(),
            Self::Stop => "stopped at each step, and continued".to_owned(),
            Self::StopThenKill => "stopped at each step, and killed later".to_owned(),
            Self::Fail(error) => format!("{error} at each attempt"),
        }
    }

    /// Returns what the fault's file is called by.
    pub fn word(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Stop | Self::StopThenKill => "stop",
            Self::Fail(error) => error,
        }
    }
}
