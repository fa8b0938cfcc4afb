use std::ffi::OsString;
use std::fmt;
use std::io;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;

use foster_model::control::Message;
use foster_model::{Definition, ErrorCode, GcRules, JobId, Secrets, StartFailure, names_alone};
use foster_process::{Containment, Forked, Phase, Scope, SharedSlot, fork};
use foster_store::{JobFolder, Lock, Root};

use crate::bell::Bell;
use crate::capture::Transit;
use crate::control::{Client, ControlError};
use crate::handover::{HandoverError, hand_over};
use crate::keeper::keep;
use crate::parts::Parts;
use crate::phases::{InvalidPhases, from_specs};

/// How the keeper comes into being.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// As a copy of this process, without exec: the quickest. Only for a process with one thread.
    Fork,
    /// As `PROGRAM _supervise`, for programs with threads. Nothing secret is in its arguments.
    Exec(PathBuf),
}

/// A job that is to be started. Its folder exists, and its lock is held by the caller.
pub struct Launch {
    /// The root, for the index.
    pub root: Root,
    /// The job's folder.
    pub folder: JobFolder,
    /// Its lock, which the keeper gets.
    pub lock: Lock,
    /// Its control socket, which the keeper gets.
    pub listener: UnixListener,
    /// What the job is to do.
    pub definition: Definition,
    /// The program and its arguments.
    pub argv: Vec<OsString>,
    /// Where it is executed. The definition has it with masked values concealed.
    pub cwd: PathBuf,
    /// Where the interleaved log is written, if anywhere. Likewise.
    pub log: Option<PathBuf>,
    /// The whole environment.
    pub env: Vec<(OsString, OsString)>,
    /// What must not be shown in any answer or file.
    pub secrets: Secrets,
    /// What is taken out of everything that the job prints.
    pub redact: Secrets,
    /// How the tree is to be held.
    pub containment: Containment,
    /// The rules by which the keeper cleans the root up a little on its way out, if it is to.
    pub auto_gc: Option<GcRules>,
    /// How the keeper comes into being.
    pub way: Way,
}

impl fmt::Debug for Launch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The rest has what the definition conceals.
        f.debug_struct("Launch")
            .field("folder", &self.folder)
            .field("definition", &self.definition)
            .field("env", &names_alone(&self.env))
            .field("way", &self.way)
            .finish_non_exhaustive()
    }
}

/// Why a job could not be started.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// The command could not be executed; the job is `failed`.
    #[error("{}", .0.message)]
    Start(StartFailure),
    /// The escalation can't be carried out here.
    #[error(transparent)]
    Phases(#[from] InvalidPhases),
    /// The keeper could not be made.
    #[error("the keeper of {job_id} can't be made")]
    Keeper {
        /// The job.
        job_id: JobId,
        /// The system's reason.
        source: io::Error,
    },
    /// The program that was to be the keeper could not be executed or told what to do.
    #[error(transparent)]
    Handover(#[from] HandoverError),
    /// Keeper and supervisor were gone before they could say whether the command runs.
    #[error("keeper and supervisor ended before they could say whether the command runs")]
    Lost(#[source] ControlError),
}

impl LaunchError {
    /// Returns the stable code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Start(failure) => failure.code.parse().unwrap_or(ErrorCode::StartFailed),
            Self::Phases(_) => ErrorCode::InvalidArgument,
            Self::Keeper { source, .. } | Self::Handover(HandoverError::Execute { source, .. })
                if is_exhaustion(source) =>
            {
                ErrorCode::ResourcesExhausted
            }
            Self::Keeper { .. } | Self::Handover(_) | Self::Lost(_) => ErrorCode::LaunchFailed,
        }
    }
}

fn is_exhaustion(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let errno = Errno::from_io_error(error);
    matches!(
        errno,
        Some(Errno::AGAIN | Errno::MFILE | Errno::NFILE | Errno::NOMEM)
    )
}

/// Starts a job, and returns a connection to its supervisor once the command is being executed.
///
/// The caller may end at any moment from now on: the job stays.
pub fn launch(launch: Launch) -> Result<Client, LaunchError> {
    let job_id = launch.folder.id();
    let phases = from_specs(&launch.definition.escalation)?;
    let keeper_failed = |source| LaunchError::Keeper { job_id, source };
    let (ours, theirs) = UnixStream::pair().map_err(keeper_failed)?;
    match launch.way.clone() {
        Way::Fork => {
            let parts = prepare(launch, phases, theirs).map_err(keeper_failed)?;
            foster_fault::attempt("launcher.fork_keeper").map_err(keeper_failed)?;
            if let Forked::Child = fork().map_err(keeper_failed)? {
                keep(parts);
            }
            foster_fault::step("launcher.keeper_forked");
        }
        Way::Exec(program) => hand_over(&program, &launch, theirs)?,
    }
    await_start(ours, job_id)
}

fn await_start(stream: UnixStream, job_id: JobId) -> Result<Client, LaunchError> {
    let mut client = Client::over(stream, job_id).map_err(LaunchError::Lost)?;
    loop {
        match client.next(None).map_err(LaunchError::Lost)? {
            Some(Message::Started {}) => {
                foster_fault::step("launcher.start_heard");
                return Ok(client);
            }
            Some(Message::StartFailed { failure }) => return Err(LaunchError::Start(failure)),
            _ => {}
        }
    }
}

/// Makes all that keeper and supervisor share, before either exists.
pub(crate) fn prepare(
    launch: Launch,
    phases: Vec<Phase>,
    launcher: UnixStream,
) -> io::Result<Parts> {
    Ok(Parts {
        listener: launch.listener,
        launcher: Some(launcher),
        phases,
        scope: Scope::own(),
        slot: SharedSlot::new()?,
        leader: None,
        successors: 0,
        readers: [None, None],
        writers: None,
        transit: Transit::default(),
        redact: launch.redact,
        stdin: None,
        umask: None,
        secrets: launch.secrets,
        bell: Bell::default(),
        stop_report: None,
        root: launch.root,
        folder: launch.folder,
        definition: launch.definition,
        lock: launch.lock,
        argv: launch.argv,
        cwd: launch.cwd,
        log: launch.log,
        env: launch.env,
        containment: launch.containment,
        auto_gc: launch.auto_gc,
    })
}
