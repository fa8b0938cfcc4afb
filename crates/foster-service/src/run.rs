use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use foster_model::answer::RunAnswer;
use foster_model::{
    CommandLine, DEFAULT_DRAIN, DEFAULT_KILL_AFTER, DEFAULT_LOG_CAP, Definition, Entry, ErrorCode,
    Event, JOB_VARIABLE, JobId, JobName, JobRecord, NativeString, PhaseSpec, SCHEMA_VERSION,
    StartFailure, State, Stragglers, Tag,
};
use foster_process::{Containment, Signal};
use foster_store::{IndexRow, JobFolder, Lock, Root};
use foster_supervisor::{Client, Launch, LaunchError, LogFile, current_host, from_specs, launch};

use crate::context::{Context, now};
use crate::environment::{EnvSetting, JobEnvironment, Sources, read_file, resolve_settings};
use crate::error::ServiceError;
use crate::snapshot::snapshot;
use crate::view::view;
use crate::watch::{Watcher, wait_for};

/// How much is taken for a job's standard input: it is kept in the job's folder.
const MOST_STDIN: u64 = 64 << 20;

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
    let root = ctx.open_root()?;
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

/// Returns the next sensible command.
pub(crate) fn hint(record: &JobRecord) -> Option<String> {
    let id = record.job_id;
    match record.state {
        State::Running => Some(format!("foster wait {id}")),
        _ if record.stragglers.iter().any(|straggler| straggler.ended) => Some(
            "it left processes behind, which were ended: run them as jobs of their own, or use \
             --stragglers leave"
                .to_owned(),
        ),
        _ => None,
    }
}

/// A job that is ready to be made: everything was checked that can be without making it.
struct Prepared {
    definition: Definition,
    argv: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    stdin: Option<Vec<u8>>,
    containment: Containment,
    /// Why it can't start. The job is made all the same, so that the reason is kept.
    failure: Option<StartFailure>,
}

impl Prepared {
    fn new(ctx: &Context, request: &RunRequest) -> Result<Self, ServiceError> {
        let argv: Vec<OsString> = request
            .command
            .argv()
            .iter()
            .map(crate::environment::to_os)
            .collect();
        if argv.first().is_none_or(|program| program.is_empty()) {
            return Err(ServiceError::Invalid("the command is empty".to_owned()));
        }
        let escalation = escalation(request.kill_after, request.escalation.clone());
        from_specs(&escalation)?;
        let settings = resolve_settings(ctx, &request.env)?;
        let mut failure = None;
        let files = first_failure(&mut failure, read_files(ctx, &request.env_files));
        let stdin = first_failure(&mut failure, read_stdin(ctx, request.stdin_file.as_deref()));
        let log = request.log.as_ref().map(|path| ctx.absolute(path));
        first_failure(&mut failure, log.as_deref().map_or(Ok(()), prepare_log));
        let (job_id, nonce) = new_id()?;
        let sources = Sources {
            inherit: request.inherit_env,
            settings: &settings,
            files,
            mask: &request.mask,
        };
        let environment = JobEnvironment::build(ctx, sources, &format!("{job_id}/{nonce}"));
        let cwd = ctx.absolute(request.cwd.as_deref().unwrap_or(Path::new("")));
        let cwd = cwd.canonicalize().unwrap_or(cwd);
        let outer = ctx
            .variable(JOB_VARIABLE)
            .map(|value| value.to_string_lossy().into_owned());
        let definition = Definition {
            schema_version: SCHEMA_VERSION.to_owned(),
            job_id,
            created_at: now(),
            command: concealed(&request.command, &environment),
            cwd: native(cwd.as_os_str()),
            env: environment.shown,
            inherit_env: request.inherit_env,
            name: request.name.clone(),
            tags: request.tags.clone(),
            timeout: request.timeout,
            escalation,
            drain: request.drain,
            stragglers: request.stragglers,
            stdin: stdin.is_some(),
            log: log.map(|path| native(path.as_os_str())),
            log_cap: request.log_cap,
            containment: ctx.containment.as_str().to_owned(),
            host: current_host(),
            outer_job: outer,
            nonce,
        };
        let env = environment.all;
        Ok(Self {
            definition,
            argv,
            env,
            stdin,
            containment: ctx.containment,
            failure,
        })
    }
}

/// Makes the job and starts it. Returns once the command is being executed.
fn start(
    ctx: &Context,
    root: &Root,
    prepared: Prepared,
) -> Result<(JobFolder, Client), ServiceError> {
    let Prepared {
        definition,
        argv,
        env,
        stdin,
        containment,
        failure,
    } = prepared;
    let job_id = definition.job_id;
    let (folder, lock) = root.create_job(&definition, stdin.as_deref())?;
    if let Some(failure) = failure {
        return Err(fail(root, &folder, &lock, &definition, failure));
    }
    let bind_failed = ServiceError::io(format!("the control socket of {job_id} can't be made"));
    let listener = folder.bind().map_err(bind_failed)?;
    root.publish(&definition);
    let started = launch(Launch {
        root: root.clone(),
        folder,
        lock,
        listener,
        definition,
        argv,
        env,
        containment,
        way: ctx.way.clone(),
    });
    match started {
        Ok(client) => Ok((root.job(job_id)?, client)),
        Err(LaunchError::Start(failure)) => Err(ServiceError::Start { job_id, failure }),
        Err(source) => Err(ServiceError::Launch { job_id, source }),
    }
}

/// Keeps the reason for which a job can't start, and returns it as the error.
fn fail(
    root: &Root,
    folder: &JobFolder,
    _lock: &Lock,
    definition: &Definition,
    failure: StartFailure,
) -> ServiceError {
    let job_id = folder.id();
    let written = (|| {
        let mut journal = folder.journal_writer()?;
        let mut record = folder.replay().map_err(std::io::Error::other)?;
        let (state, cause) = (State::Failed, foster_model::Cause::StartFailed);
        for event in [
            Event::StartFailed {
                failure: failure.clone(),
            },
            Event::Finished { state, cause },
        ] {
            let entry = Entry { at: now(), event };
            record.apply(&entry).map_err(std::io::Error::other)?;
            journal.append(&entry)?;
        }
        folder.write_state(&record)?;
        root.publish(definition);
        root.index()
            .update(&IndexRow::from_parts(definition, &record))
    })();
    match written {
        Ok(()) => ServiceError::Start { job_id, failure },
        Err(source) => ServiceError::Io {
            what: failure.message,
            source,
        },
    }
}

/// Returns the phases of a job: the caller's, or TERM, the grace, KILL. A grace of nothing means
/// KILL at once.
pub(crate) fn escalation(grace: Duration, phases: Option<Vec<PhaseSpec>>) -> Vec<PhaseSpec> {
    let phase = |signal: Signal| PhaseSpec {
        signal: signal.name(),
        grace,
    };
    match phases {
        Some(phases) => phases,
        None if grace.is_zero() => vec![phase(Signal::KILL)],
        None => vec![phase(Signal::TERM)],
    }
}

fn first_failure<T: Default>(
    first: &mut Option<StartFailure>,
    result: Result<T, StartFailure>,
) -> T {
    result.unwrap_or_else(|failure| {
        first.get_or_insert(failure);
        T::default()
    })
}

fn read_files(ctx: &Context, files: &[PathBuf]) -> Result<Vec<(OsString, OsString)>, StartFailure> {
    let mut pairs = Vec::new();
    for file in files {
        pairs.extend(read_file(&ctx.absolute(file))?);
    }
    Ok(pairs)
}

fn read_stdin(ctx: &Context, file: Option<&Path>) -> Result<Option<Vec<u8>>, StartFailure> {
    let Some(path) = file.map(|file| ctx.absolute(file)) else {
        return Ok(None);
    };
    let mut bytes = Vec::new();
    let read =
        fs::File::open(&path).and_then(|file| file.take(MOST_STDIN + 1).read_to_end(&mut bytes));
    let failure = |code: ErrorCode, reason: String| StartFailure {
        code: code.as_str().to_owned(),
        message: format!("the input file {}: {reason}", path.display()),
    };
    match read {
        Err(error) => Err(failure(ErrorCode::BadStdin, error.to_string())),
        Ok(n) if n as u64 > MOST_STDIN => {
            let reason = format!("it holds more than {MOST_STDIN} bytes");
            Err(failure(ErrorCode::StdinTooLarge, reason))
        }
        Ok(_) => Ok(Some(bytes)),
    }
}

/// Makes the parents of the interleaved log and finds out whether it can be written.
fn prepare_log(path: &Path) -> Result<(), StartFailure> {
    let made = path.parent().map_or(Ok(()), make_directories);
    made.and_then(|()| LogFile::open(path))
        .map(drop)
        .map_err(|error| StartFailure {
            code: ErrorCode::BadLogPath.as_str().to_owned(),
            message: format!("the log {} can't be written: {error}", path.display()),
        })
}

fn make_directories(path: &Path) -> std::io::Result<()> {
    fs::DirBuilder::new().recursive(true).create(path)
}

fn new_id() -> Result<(JobId, String), ServiceError> {
    let mut random = [0; 24];
    rustix::rand::getrandom(&mut random, rustix::rand::GetRandomFlags::empty())
        .map_err(|error| ServiceError::io("no random bytes could be had")(error.into()))?;
    let mut id = [0; 16];
    id.copy_from_slice(&random[..16]);
    let unix_ms = u64::try_from(now().unix_ms()).unwrap_or(0);
    let nonce = random[16..]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Ok((JobId::from_parts(unix_ms, u128::from_le_bytes(id)), nonce))
}

fn concealed(command: &CommandLine, environment: &JobEnvironment) -> CommandLine {
    match command {
        CommandLine::Argv(argv) => CommandLine::Argv(
            argv.iter()
                .map(|arg| environment.conceal(arg.as_bytes()))
                .collect(),
        ),
        CommandLine::Shell(line) => CommandLine::Shell(environment.conceal(line.as_bytes())),
    }
}

fn native(text: &OsStr) -> NativeString {
    NativeString::from(text.as_bytes().to_vec())
}
