use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{JobId, JobName, NativeString, Notifications, PhaseSpec, Tag, Time};

/// What a job was asked to do, as `meta.json` keeps it.
///
/// It is written by whoever makes the job. An [`Amendment`](crate::Amendment) changes it, and a new
/// run writes down where it was launched; both by the holder of the job's lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Definition {
    /// The version of this file's shape.
    pub schema_version: String,
    /// The job.
    pub job_id: JobId,
    /// When it was defined.
    pub created_at: Time,
    /// What to execute.
    pub command: CommandLine,
    /// The working directory, with symbolic links resolved where that was possible.
    pub cwd: NativeString,
    /// The variables given explicitly, by `--env` and `--env-file`, in the order in which they
    /// count.
    pub env: Vec<EnvValue>,
    /// Whether the launcher's environment comes first.
    pub inherit_env: bool,
    /// Whether that environment is kept (`secrets.json`) for later runs, which take their own
    /// launcher's otherwise.
    pub keep_env: bool,
    /// The variables whose values are shown nowhere.
    pub mask: Vec<NativeString>,
    /// The variables whose values are taken out of everything that the job prints, too.
    pub redact: Vec<NativeString>,
    /// Whether the same is done for all variables whose names look like a secret's.
    pub redact_env_like: bool,
    /// The name it is called by.
    pub name: Option<JobName>,
    /// Marks to find it by.
    pub tags: Vec<Tag>,
    /// The group that it belongs to, so that several jobs are dealt with at once.
    pub group: Option<JobName>,
    /// How long the leader may run, in milliseconds; `null` for ever.
    #[serde(rename = "timeout_ms", with = "crate::definition::optional_ms")]
    #[schemars(with = "Option<u64>")]
    pub timeout: Option<Duration>,
    /// How long it may print nothing, on either stream, before it is ended, in milliseconds; `null`
    /// for ever.
    #[serde(
        default,
        rename = "idle_timeout_ms",
        with = "crate::definition::optional_ms"
    )]
    #[schemars(with = "Option<u64>")]
    pub idle_timeout: Option<Duration>,
    /// How often the state's `updated_at` is refreshed while the job runs, in milliseconds; `null`
    /// for only when something happens.
    #[serde(
        default,
        rename = "progress_every_ms",
        with = "crate::definition::optional_ms"
    )]
    #[schemars(with = "Option<u64>")]
    pub progress_every: Option<Duration>,
    /// How the tree is ended, by `kill` and by the timeouts.
    pub escalation: Vec<PhaseSpec>,
    /// How long output is read after the leader's exit while somebody holds it, in milliseconds.
    #[serde(rename = "drain_ms", with = "crate::definition::ms")]
    #[schemars(with = "u64")]
    pub drain: Duration,
    /// What happens to descendants that the leader leaves behind.
    pub stragglers: Stragglers,
    /// What the command's standard input is.
    pub stdin: StdinMode,
    /// Where the interleaved log is written as it happens, if anywhere.
    pub log: Option<NativeString>,
    /// How many bytes of each stream are kept on disk; `null` for all of them.
    pub log_cap: Option<u64>,
    /// The containment that was asked for: `auto`, `cgroup`, `subreaper`, `group` or `pidns`.
    pub containment: String,
    /// Whom it tells of itself, as far as that may be shown.
    #[serde(default)]
    pub notify: Notifications,
    /// Where it was launched.
    pub host: Host,
    /// The value of `FOSTER_JOB` in the launcher: the job that this one runs in.
    pub outer_job: Option<String>,
    /// Distinguishes this run's `FOSTER_JOB` from any other's.
    pub nonce: String,
}

/// What to execute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CommandLine {
    /// A program and its arguments, passed as they are. Never empty.
    Argv(Vec<NativeString>),
    /// One string for `sh -c`.
    Shell(NativeString),
}

impl CommandLine {
    /// Returns the program and its arguments.
    pub fn argv(&self) -> Vec<NativeString> {
        match self {
            Self::Argv(argv) => argv.clone(),
            Self::Shell(line) => vec!["sh".into(), "-c".into(), line.clone()],
        }
    }
}

/// A variable that was given explicitly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EnvValue {
    /// Its name.
    pub name: NativeString,
    /// Its value; `null` if it is masked, since no file keeps it then.
    pub value: Option<NativeString>,
}

/// The system that a job was launched on. Pids mean nothing outside it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Host {
    /// The machine: `/etc/machine-id` or the like, else the host's name.
    pub machine: String,
    /// The boot; `null` where the system doesn't tell.
    pub boot: Option<String>,
    /// The PID namespace; `null` where there are none.
    pub pid_namespace: Option<u64>,
}

/// One process for good, not only a number that another may get.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Identity {
    /// Its number in the host's PID namespace.
    pub pid: i32,
    /// When it started, in the kernel's unit (clock ticks after boot on Linux); `null` if unknown.
    pub start_time: Option<u64>,
    /// The inode of its pidfd, which no other process ever has (Linux 6.9); `null` if unknown.
    pub unique: Option<u64>,
}

/// What a command reads on its standard input.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StdinMode {
    /// Nothing: it is at its end from the beginning.
    #[default]
    Nothing,
    /// What was given with the definition, kept in the job's folder (`stdin.bin`).
    Given,
    /// What is sent to it while it runs (`foster send`): a pipe that stays open until it is closed on
    /// purpose, or the command ends.
    Open,
}

/// What happens to descendants that the leader leaves behind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stragglers {
    /// They are ended, and listed.
    #[default]
    Kill,
    /// The job goes on until the last of them has ended.
    Wait,
    /// The job is over; they live on, supervised, and their output is still recorded.
    Leave,
}

pub(crate) mod ms {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(duration: &Duration, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Duration, D::Error> {
        u64::deserialize(d).map(Duration::from_millis)
    }
}

pub(crate) mod optional_ms {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(
        clippy::ref_option,
        reason = "serde's `with` hands over a reference to the field"
    )]
    pub fn serialize<S: Serializer>(duration: &Option<Duration>, s: S) -> Result<S::Ok, S::Error> {
        duration
            .map(|d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
            .serialize(s)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<u64>::deserialize(d)?.map(Duration::from_millis))
    }
}

#[cfg(test)]
pub(crate) fn sample() -> Definition {
    Definition {
        schema_version: crate::SCHEMA_VERSION.to_owned(),
        job_id: JobId::from_parts(1, 1),
        created_at: Time::from_unix_ms(1),
        command: CommandLine::Argv(vec!["true".into()]),
        cwd: "/".into(),
        env: vec![],
        inherit_env: true,
        keep_env: false,
        mask: vec![],
        redact: vec![],
        redact_env_like: false,
        name: None,
        tags: vec![],
        group: None,
        timeout: None,
        idle_timeout: None,
        progress_every: None,
        escalation: vec![],
        drain: Duration::ZERO,
        stragglers: Stragglers::Kill,
        stdin: StdinMode::Nothing,
        log: None,
        log_cap: None,
        containment: "auto".to_owned(),
        notify: Notifications::default(),
        host: Host::default(),
        outer_job: None,
        nonce: "n".to_owned(),
    }
}
