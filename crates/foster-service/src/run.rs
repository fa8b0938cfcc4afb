use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use foster_model::answer::RunAnswer;
use foster_model::{
    CommandLine, DEFAULT_DRAIN, DEFAULT_KILL_AFTER, DEFAULT_LOG_CAP, JobName, PhaseSpec,
    Stragglers, Tag,
};

use crate::context::Context;
use crate::environment::EnvSetting;
use crate::error::ServiceError;
use crate::hint::hint;
use crate::prepare::Prepared;
use crate::snapshot::snapshot;
use crate::start::start;
use crate::view::view;
use crate::watch::{Watcher, wait_for};

/// How long `run` stays with the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observe {
    /// Until the command is being executed.
    NoWait,
    /// Until the job is over, or that much time has passed.
    Until(Duration),
    /// Until the job is over.
    ToTheEnd,
}

/// What `run` is asked for.
#[derive(Debug, Clone)]
pub struct RunRequest {
    /// What to execute.
    pub command: CommandLine,
    /// Where; `None` for the caller's directory.
    pub cwd: Option<PathBuf>,
    /// Variables.
    pub env: Vec<EnvSetting>,
    /// Files of variables, which count less.
    pub env_files: Vec<PathBuf>,
    /// Whether the caller's variables come first.
    pub inherit_env: bool,
    /// The variables whose values are shown nowhere.
    pub mask: Vec<OsString>,
    /// Marks to find the job by.
    pub tags: Vec<Tag>,
    /// A name to call it by.
    pub name: Option<JobName>,
    /// How long the leader may run.
    pub timeout: Option<Duration>,
    /// The time between TERM and KILL; zero for KILL at once.
    pub kill_after: Duration,
    /// Other phases than TERM and KILL.
    pub escalation: Option<Vec<PhaseSpec>>,
    /// How long output is read after the leader's exit while somebody holds it.
    pub drain: Duration,
    /// What happens to what the leader leaves behind.
    pub stragglers: Stragglers,
    /// What the command reads on standard input; nothing, if `None`.
    pub stdin_file: Option<PathBuf>,
    /// Where the interleaved log is written as it happens.
    pub log: Option<PathBuf>,
    /// How many bytes of each stream are kept.
    pub log_cap: Option<u64>,
    /// How long to stay with the job.
    pub observe: Observe,
    /// How many lines of each stream the answer holds at most.
    pub tail_lines: usize,
    /// How many bytes of each stream the answer holds at most.
    pub max_bytes: u64,
    /// Whether it holds a digest of each stream instead of the last lines.
    pub digest: bool,
}

impl RunRequest {
    /// Returns a request with the defaults of the command line.
    pub fn new(command: CommandLine) -> Self {
        Self {
            command,
            cwd: None,
            env: Vec::new(),
            env_files: Vec::new(),
            inherit_env: true,
            mask: Vec::new(),
            tags: Vec::new(),
            name: None,
            timeout: None,
            kill_after: DEFAULT_KILL_AFTER,
            escalation: None,
            drain: DEFAULT_DRAIN,
            stragglers: Stragglers::default(),
            stdin_file: None,
            log: None,
            log_cap: Some(DEFAULT_LOG_CAP),
            observe: Observe::Until(Duration::from_secs(10)),
            tail_lines: 50,
            max_bytes: 64 * 1024,
            digest: false,
        }
    }
}

/// Makes a job of a command, starts it, and stays with it for a while.
///
/// # Errors
/// A call that is wrong makes no job. A command that can't be started makes a job in state
/// `failed`, which is named in the error.
pub fn run(ctx: &Context, request: RunRequest) -> Result<RunAnswer, ServiceError> {
    let began = Instant::now();
    let root = ctx.make_root()?;
    let prepared = Prepared::new(ctx, &request)?;
    let (folder, client) = start(ctx, &root, prepared)?;
    let started = Instant::now();
    let deadline = match request.observe {
        Observe::NoWait => Some(started),
        Observe::Until(time) => Some(started + time),
        Observe::ToTheEnd => None,
    };
    if request.observe != Observe::NoWait {
        wait_for(
            &mut [Watcher::new(&root, &folder, Some(client))],
            false,
            deadline,
        )?;
    }
    let waited = started.elapsed();
    let record = folder.record()?;
    let snapshot = match request.observe {
        Observe::NoWait => None,
        _ => Some(snapshot(
            &folder,
            &record,
            request.tail_lines,
            request.max_bytes,
            request.digest,
        )?),
    };
    let hint = hint(&record);
    let definition = folder.definition()?;
    let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    Ok(RunAnswer {
        job: view(&folder, &definition, record),
        waited_ms: if request.observe == Observe::NoWait {
            0
        } else {
            ms(waited)
        },
        elapsed_ms: ms(began.elapsed()),
        snapshot,
        hint,
    })
}
