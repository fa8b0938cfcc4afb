use std::time::Duration;

use foster_testkit::{Answer, random, wait_on_dir};

use crate::setting::{Command, Job, Stage};

/// What somebody wants of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Start,
    Restart,
    Kill,
    KillAtOnce,
    Signal,
    Delete,
    DeleteKill,
    Gc,
    Recover,
    Wait,
    Tag,
    Notify,
    Deadline,
    Send,
    SendEof,
    Read,
    SupervisorDies,
    KeeperDies,
}

impl Verb {
    pub const ALL: [Self; 18] = [
        Self::Start,
        Self::Restart,
        Self::Kill,
        Self::KillAtOnce,
        Self::Signal,
        Self::Delete,
        Self::DeleteKill,
        Self::Gc,
        Self::Recover,
        Self::Wait,
        Self::Tag,
        Self::Notify,
        Self::Deadline,
        Self::Send,
        Self::SendEof,
        Self::Read,
        Self::SupervisorDies,
        Self::KeeperDies,
    ];

    /// Returns the command line, with `JOB` for the job.
    pub fn words(self) -> &'static str {
        match self {
            Self::Start => "start JOB --no-wait --no-auto-gc",
            Self::Restart => "restart JOB --no-wait --no-auto-gc --grace 2s",
            Self::Kill => "kill JOB",
            Self::KillAtOnce => "kill JOB --grace 0s",
            Self::Signal => "kill JOB --signal TERM",
            Self::Delete => "delete JOB",
            Self::DeleteKill => "delete --kill JOB",
            Self::Gc => "gc --max-jobs 0",
            Self::Recover => ["recover JOB", "recover"][random(2) as usize],
            Self::Wait => "wait JOB --timeout 50ms",
            Self::Tag => "tag JOB --add raced",
            Self::Notify => "notify set JOB --notify-file told",
            Self::Deadline => "deadline JOB 5ms",
            Self::Send => "send JOB hello",
            Self::SendEof => "send JOB --eof",
            Self::Read => {
                let readers = [
                    "status JOB",
                    "list --all",
                    "tail JOB",
                    "logs JOB",
                    "notify show JOB",
                ];
                readers[random(readers.len() as u64) as usize]
            }
            Self::SupervisorDies | Self::KeeperDies => unreachable!("nobody is asked"),
        }
    }

    /// Does it. `None` where nobody answers.
    pub fn act(self, job: &Job<'_>) -> Option<Answer> {
        match self {
            Self::SupervisorDies => kill(job, "supervisor"),
            Self::KeeperDies => kill(job, "keeper"),
            _ => {
                let words = self.words().split(' ');
                let words = words.map(|word| if word == "JOB" { &job.id } else { word });
                return Some(job.sandbox.json(words));
            }
        }
        None
    }

    pub fn deletes(self) -> bool {
        matches!(self, Self::Delete | Self::DeleteKill | Self::Gc)
    }

    pub fn begins_a_run(self) -> bool {
        matches!(self, Self::Start | Self::Restart)
    }

    pub fn kills_a_guardian(self) -> bool {
        matches!(self, Self::SupervisorDies | Self::KeeperDies)
    }

    /// Returns the cause of an end that it may bring about.
    pub fn cause(self) -> Option<&'static str> {
        match self {
            Self::Restart | Self::Kill | Self::KillAtOnce | Self::DeleteKill => Some("stop"),
            Self::Signal => Some("signal"),
            Self::Deadline => Some("timeout"),
            _ => None,
        }
    }

    /// Returns the codes of the errors that may be answered in this stage, with `others` at it too.
    pub fn refusals(self, stage: Stage, others: &[Self], command: Command) -> Vec<&'static str> {
        let any = |is: fn(Self) -> bool| others.iter().any(|other| is(*other));
        let deleted = any(Self::deletes);
        let begun = any(Self::begins_a_run);
        let restarted = others.contains(&Self::Restart);
        let created = stage == Stage::Created;
        let ends = command == Command::Short || any(|other| other.cause().is_some());
        let no_input = stage == Stage::Finished || ends || begun || others.contains(&Self::SendEof);
        let not_in_this_state = match self {
            Self::Start => !created || begun || deleted,
            Self::Restart | Self::DeleteKill => begun || deleted,
            Self::Delete => !matches!(stage, Stage::Created | Stage::Finished) || begun || deleted,
            Self::Kill | Self::KillAtOnce | Self::Signal | Self::Wait => created || restarted,
            Self::Deadline => no_input,
            Self::Send | Self::SendEof => created || no_input,
            // The end of the run before is being told of.
            Self::Notify => !created || others.contains(&Self::Notify),
            _ => false,
        };
        let mut codes = Vec::new();
        codes.extend(deleted.then_some("job_not_found"));
        codes.extend(not_in_this_state.then_some("invalid_state"));
        let sends = matches!(self, Self::Send | Self::SendEof);
        codes.extend((sends && no_input).then_some("broken_pipe"));
        // What was under way to it may be there or not, and is not sent again.
        let cut_short = sends && others.contains(&Self::SupervisorDies);
        codes.extend(cut_short.then_some("supervisor_unreachable"));
        codes
    }
}

/// Kills who looks after the job, as soon as there is somebody.
fn kill(job: &Job<'_>, role: &str) {
    let living = || job.guardian(role).filter(foster_testkit::Watched::is_alive);
    let most = Duration::from_millis(300);
    let found = if job.count("launched") > job.count("finished") {
        living()
    } else {
        job.dir
            .is_dir()
            .then(|| wait_on_dir(&job.dir, most, living))
            .flatten()
    };
    if let Some(process) = found {
        process.kill();
    }
}
