//! The words of Foster: what a job is called, what it was asked to do, what happened to it, and how
//! that is said to others.
//!
//! Theory of operation: a job's history is a list of [`Entry`]s (an [`Event`] and its time). The
//! present is a fold over that list, [`JobRecord::apply`], in which the job's [`State`] moves only
//! as [`transition`] allows. Whatever Foster answers is one of the documents in [`answer`], or an
//! [`ErrorBody`] whose code, exit status and hint stand in one table.
//!
//! Nothing here does input or output, and nothing reads a clock: callers say what time it is.

mod amendment;
pub mod answer;
mod blob;
pub mod control;
mod cursor;
mod definition;
mod error;
mod event;
mod gc_rules;
mod id;
mod limits;
mod moment;
mod names_alone;
mod native;
mod notice;
mod notify;
mod notify_error;
mod private;
mod record;
mod secret_names;
mod secrets;
mod selector;
mod state;
mod tag;
mod tag_pattern;
mod time;

pub use amendment::Amendment;
pub use blob::Blob;
pub use cursor::{Cursor, InvalidCursor};
pub use definition::{CommandLine, Definition, EnvValue, Host, Identity, StdinMode, Stragglers};
pub use error::{ErrorBody, ErrorCode, Exit};
pub use event::{
    Entry, Event, OutputEnd, PhaseSpec, ProcessInfo, Requester, StartFailure, Straggler,
    StreamTotals, Supervision, Target,
};
pub use gc_rules::{FinishedJob, GcRule, GcRules};
pub use id::{InvalidJobId, JobId};
pub use limits::{InvalidDuration, InvalidSize, parse_duration, parse_size};
pub use moment::{InvalidMoment, Moment};
pub use names_alone::names_alone;
pub use native::NativeString;
pub use notice::{
    CompletionFile, DeliveryResult, FINISH_EVENT, FinishEvent, MATCH_EVENT, MatchCount,
    MatchDelivery, MatchEvent,
};
pub use notify::{
    DEFAULT_NOTIFY_INTERVAL, Frequency, LONGEST_PATTERN, MOST_SINKS, MatchKind, MatchStream,
    NotificationParts, Notifications, OutputRule, Sink,
};
pub use notify_error::InvalidNotification;
pub use private::{PrivateValues, Variables};
pub use record::{Deadline, JobRecord, StateFile};
pub use secret_names::looks_secret;
pub use secrets::{REDACTED, Secrets};
pub use selector::{InvalidSelector, JobSelector};
pub use state::{Cause, EventKind, IllegalTransition, State, TimeoutKind, transition};
pub use tag::{InvalidLabel, JobName, Tag};
pub use tag_pattern::TagPattern;
pub use time::Time;

/// The name of the environment variable that every process of a job carries: `<job id>/<nonce>`.
///
/// It is set also when the environment is otherwise cleared. It lets a process find out that it
/// runs under Foster, and it is one of the marks by which members of a tree are found again.
pub const JOB_VARIABLE: &str = "FOSTER_JOB";

/// The version of every answer and of every file in a job folder.
pub const SCHEMA_VERSION: &str = "1";

/// The longest wait, after a tree was sent KILL, for the tree to be empty. What is left then is a
/// survivor in the answer.
pub const AFTER_KILL: std::time::Duration = std::time::Duration::from_secs(3);

/// The time between TERM and KILL for jobs that name none.
pub const DEFAULT_KILL_AFTER: std::time::Duration = std::time::Duration::from_secs(5);

/// How long output is read after the leader's exit while somebody still holds it.
pub const DEFAULT_DRAIN: std::time::Duration = std::time::Duration::from_secs(10);

/// How long the output may be silent within [`DEFAULT_DRAIN`] before it counts as held open.
pub const DRAIN_QUIET: std::time::Duration = std::time::Duration::from_secs(2);

/// How much is taken for a job's standard input by default: it is kept in the job's folder.
pub const DEFAULT_STDIN_MAX: u64 = 64 << 20;

/// How much of each stream is kept on disk by default: the head and the tail, half each.
pub const DEFAULT_LOG_CAP: u64 = 1 << 30;
