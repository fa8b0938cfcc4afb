use std::io;
use std::path::PathBuf;

use foster_model::{
    ErrorBody, ErrorCode, InvalidLabel, InvalidNotification, InvalidSelector, JobId, StartFailure,
    State,
};
use foster_process::UnknownSignal;
use foster_store::{CreateError, DamageError, OpenError, RemovalError, ResolveError, RootError};
use foster_supervisor::{CollectError, ControlError, InvalidPhases, LaunchError, RecoverError};

use crate::config::ConfigError;
use crate::defining::stdin::code_of;

/// Why a verb could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The call itself is wrong.
    #[error("{0}")]
    Invalid(String),
    /// What was given can't name a job.
    #[error(transparent)]
    Selector(#[from] InvalidSelector),
    /// A name or a tag that is none.
    #[error(transparent)]
    Label(#[from] InvalidLabel),
    /// Notifications that can't be carried out.
    #[error(transparent)]
    Notification(#[from] InvalidNotification),
    /// A signal that this system lacks.
    #[error(transparent)]
    Signal(#[from] UnknownSignal),
    /// An escalation that can't be carried out.
    #[error(transparent)]
    Phases(#[from] InvalidPhases),
    /// A variable that can't be given so.
    #[error("{0}")]
    Env(String),
    /// No job, or no single one, is called so.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// The root can't be used.
    #[error(transparent)]
    Root(#[from] RootError),
    /// The job's folder can't be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The job's folder can't be made.
    #[error(transparent)]
    Create(#[from] CreateError),
    /// A file of the job can't be understood.
    #[error(transparent)]
    Damaged(DamageError),
    /// The job could not be brought up to the truth.
    #[error(transparent)]
    Recover(RecoverError),
    /// The command could not be started.
    #[error("{}", failure.message)]
    Start {
        /// The job, which is `failed` now.
        job_id: JobId,
        /// Why.
        failure: StartFailure,
    },
    /// The job could not be launched.
    #[error("the job could not be launched: {source}")]
    Launch {
        /// The job.
        job_id: JobId,
        /// Why.
        source: LaunchError,
    },
    /// The supervisor can't be talked to.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// The supervisor refused.
    #[error("{message}")]
    Refused {
        /// Its code.
        code: ErrorCode,
        /// Its words.
        message: String,
    },
    /// The job is not in a state for this.
    #[error("{message}")]
    State {
        /// The job.
        job_id: JobId,
        /// Why not.
        message: String,
    },
    /// The job is not over, and may not be deleted.
    #[error("{message}")]
    NotOver {
        /// The job.
        job_id: JobId,
        /// What is not over.
        message: String,
    },
    /// The job can't be removed.
    #[error(transparent)]
    Remove(#[from] RemovalError),
    /// The job can't be cleaned up.
    #[error(transparent)]
    Collect(#[from] CollectError),
    /// The job is only defined.
    #[error("it is defined, and nobody has started it")]
    NotStarted(JobId),
    /// The job is more than defined.
    #[error("it was started already, and is {state}")]
    StartedAlready {
        /// The job.
        job_id: JobId,
        /// Where it stands.
        state: State,
    },
    /// The caller has interrupted the verb, which was waiting, for this job if it was for one.
    #[error("it was interrupted by its caller")]
    Interrupted(Option<JobId>),
    /// The job belongs to another machine or PID namespace.
    #[error("the job {0} belongs to another machine or PID namespace")]
    Foreign(JobId),
    /// The configuration can't be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// There is no schema of this name.
    #[error("there is no schema of the name {0:?}")]
    UnknownSchema(String),
    /// A file that was to be replaced was changed by somebody.
    #[error("{} was changed by somebody", .0.display())]
    FileChanged(PathBuf),
    /// Input or output failed.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: String,
        /// The system's reason.
        source: io::Error,
    },
}

impl From<DamageError> for ServiceError {
    /// A file that is missing with its folder is no damage: the job was deleted meanwhile.
    fn from(damage: DamageError) -> Self {
        match damage.removed_job() {
            Some(id) => OpenError::NotFound { id }.into(),
            None => Self::Damaged(damage),
        }
    }
}

impl From<RecoverError> for ServiceError {
    fn from(error: RecoverError) -> Self {
        match error {
            RecoverError::Damaged(damage) => damage.into(),
            error @ RecoverError::Io { .. } => Self::Recover(error),
        }
    }
}

impl ServiceError {
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }

    /// Returns the error for something that kept a command from being executed, where no job was
    /// made that could keep the reason.
    pub(crate) fn refused(failure: StartFailure) -> Self {
        Self::Refused {
            code: failure.code.parse().unwrap_or(ErrorCode::StartFailed),
            message: failure.message,
        }
    }

    /// Returns the stable code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Selector(_) => ErrorCode::InvalidJobId,
            Self::Signal(_) | Self::Phases(InvalidPhases::Signal(_)) => ErrorCode::UnknownSignal,
            Self::Notification(_)
            | Self::Invalid(_)
            | Self::Label(_)
            | Self::Phases(InvalidPhases::Order(_)) => ErrorCode::InvalidArgument,
            Self::Env(_) => ErrorCode::BadEnv,
            Self::Resolve(error) => match error {
                ResolveError::NotFound(_) => ErrorCode::JobNotFound,
                ResolveError::Ambiguous { .. } => ErrorCode::AmbiguousJobId,
                ResolveError::TooShort(_) => ErrorCode::JobIdTooShort,
                ResolveError::Io(_) => ErrorCode::Io,
            },
            Self::Root(error) => match error {
                RootError::NotOwned { .. } => ErrorCode::RootNotOwned,
                RootError::WritableByOthers { .. } => ErrorCode::RootWritableByOthers,
                RootError::Unusable { .. } => ErrorCode::RootUnusable,
            },
            Self::Open(OpenError::NotFound { .. })
            | Self::Remove(RemovalError::NotFound { .. }) => ErrorCode::JobNotFound,
            Self::Open(OpenError::Damaged(_))
            | Self::Damaged(_)
            | Self::Collect(CollectError::Damaged(_) | CollectError::Open(OpenError::Damaged(_))) => {
                ErrorCode::DamagedJob
            }
            Self::Recover(RecoverError::Damaged(_)) => ErrorCode::DamagedJob,
            Self::Create(error) => code_of(error),
            Self::Open(_)
            | Self::Recover(_)
            | Self::Io { .. }
            | Self::Remove(_)
            | Self::Collect(_) => ErrorCode::Io,
            Self::Start { failure, .. } => failure.code.parse().unwrap_or(ErrorCode::StartFailed),
            Self::Launch { source, .. } => source.code(),
            Self::Control(ControlError::OtherVersion { .. }) => ErrorCode::ProtocolMismatch,
            Self::Control(_) => ErrorCode::SupervisorUnreachable,
            Self::Refused { code, .. } => *code,
            Self::State { .. }
            | Self::NotOver { .. }
            | Self::NotStarted(_)
            | Self::StartedAlready { .. } => ErrorCode::InvalidState,
            Self::Interrupted(_) => ErrorCode::Interrupted,
            Self::Foreign(_) => ErrorCode::ForeignJob,
            Self::Config(ConfigError::Variable { .. }) => ErrorCode::InvalidArgument,
            Self::Config(_) => ErrorCode::ConfigError,
            Self::UnknownSchema(_) => ErrorCode::UnknownSchema,
            Self::FileChanged(_) => ErrorCode::FileChanged,
        }
    }

    /// Returns the error of an answer: code, text with its causes, hint, and the job in question.
    pub fn body(&self) -> ErrorBody {
        let mut body = self.code().body(self.message());
        body.job_id = match self {
            Self::Start { job_id, .. }
            | Self::Launch { job_id, .. }
            | Self::State { job_id, .. }
            | Self::NotOver { job_id, .. }
            | Self::StartedAlready { job_id, .. } => Some(*job_id),
            Self::Foreign(job_id) | Self::NotStarted(job_id) => Some(*job_id),
            Self::Interrupted(job_id) => *job_id,
            _ => None,
        };
        body.hint = self.hint().or(body.hint);
        if let Self::Resolve(ResolveError::Ambiguous { candidates, .. }) = self {
            body.candidates.clone_from(candidates);
        }
        body
    }

    /// Returns what to do about it, where that is more than its code says.
    fn hint(&self) -> Option<String> {
        match self {
            Self::Config(error) => error.hint(),
            Self::NotOver { job_id, .. } => Some(format!(
                "end it first: `foster kill {job_id}`, or `foster delete --kill {job_id}`"
            )),
            Self::NotStarted(job_id) => Some(format!("`foster start {job_id}` does")),
            Self::Interrupted(Some(job_id)) => Some(format!(
                "what was begun goes on by itself: `foster wait {job_id}` waits for the job"
            )),
            Self::StartedAlready { job_id, state } if state.is_final() => {
                Some(format!("`foster restart {job_id}` runs it once more"))
            }
            Self::StartedAlready { job_id, .. } => Some(format!("`foster wait {job_id}`")),
            _ => None,
        }
    }

    /// Returns the text with the causes that it does not hold already.
    fn message(&self) -> String {
        let mut text = self.to_string();
        let mut source = std::error::Error::source(self);
        while let Some(cause) = source {
            let cause_text = cause.to_string();
            if !text.contains(&cause_text) {
                text = format!("{text}: {cause_text}");
            }
            source = cause.source();
        }
        text
    }
}
