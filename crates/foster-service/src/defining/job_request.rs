use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use foster_model::{
    CommandLine, DEFAULT_DRAIN, DEFAULT_KILL_AFTER, DEFAULT_LOG_CAP, DEFAULT_STDIN_MAX, JobName,
    PhaseSpec, Stragglers, Tag,
};

use crate::defining::environment::EnvSetting;
use crate::defining::notify_settings::NotifySettings;
use crate::defining::stdin::Stdin;

/// What a job is to be: all that `run` and `create` are told of it.
#[derive(Debug, Clone)]
pub struct JobRequest {
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
    /// Whether these are kept for later runs, which take their own caller's otherwise.
    pub keep_env: bool,
    /// The variables whose values are shown nowhere.
    pub mask: Vec<OsString>,
    /// The variables whose values are shown nowhere and are taken out of everything that the job
    /// prints.
    pub redact: Vec<OsString>,
    /// The same for all variables whose names look like a secret's.
    pub redact_env_like: bool,
    /// Marks to find the job by.
    pub tags: Vec<Tag>,
    /// A name to call it by.
    pub name: Option<JobName>,
    /// The group that it belongs to.
    pub group: Option<JobName>,
    /// How long the leader may run.
    pub timeout: Option<Duration>,
    /// How long it may print nothing.
    pub idle_timeout: Option<Duration>,
    /// How often the state's `updated_at` is refreshed while it runs.
    pub progress_every: Option<Duration>,
    /// The time between TERM and KILL; zero for KILL at once.
    pub kill_after: Duration,
    /// Other phases than TERM and KILL.
    pub escalation: Option<Vec<PhaseSpec>>,
    /// How long output is read after the leader's exit while somebody holds it.
    pub drain: Duration,
    /// What happens to what the leader leaves behind.
    pub stragglers: Stragglers,
    /// What the command reads on standard input.
    pub stdin: Stdin,
    /// How many bytes of that are taken at most.
    pub stdin_max: u64,
    /// Where the interleaved log is written as it happens.
    pub log: Option<PathBuf>,
    /// How many bytes of each stream are kept.
    pub log_cap: Option<u64>,
    /// Whom the job tells of itself.
    pub notify: NotifySettings,
}

impl JobRequest {
    /// Returns a request with the defaults of the command line.
    pub fn new(command: CommandLine) -> Self {
        Self {
            command,
            cwd: None,
            env: Vec::new(),
            env_files: Vec::new(),
            inherit_env: true,
            keep_env: false,
            mask: Vec::new(),
            redact: Vec::new(),
            redact_env_like: false,
            tags: Vec::new(),
            name: None,
            group: None,
            timeout: None,
            idle_timeout: None,
            progress_every: None,
            kill_after: DEFAULT_KILL_AFTER,
            escalation: None,
            drain: DEFAULT_DRAIN,
            stragglers: Stragglers::default(),
            stdin: Stdin::default(),
            stdin_max: DEFAULT_STDIN_MAX,
            log: None,
            log_cap: Some(DEFAULT_LOG_CAP),
            notify: NotifySettings::default(),
        }
    }
}
