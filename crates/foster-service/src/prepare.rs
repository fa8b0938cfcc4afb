use std::ffi::OsString;
use std::fs;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use foster_model::{
    CommandLine, Definition, ErrorCode, JOB_VARIABLE, JobId, SCHEMA_VERSION, Secrets, StartFailure,
};
use foster_process::Containment;
use foster_supervisor::{LogFile, current_host, from_specs};

use crate::context::{Context, now};
use crate::environment::{JobEnvironment, Sources, read_file, resolve_settings, to_os};
use crate::error::ServiceError;
use crate::phases::escalation;
use crate::run::RunRequest;

/// How much is taken for a job's standard input: it is kept in the job's folder.
const MOST_STDIN: u64 = 64 << 20;

/// A job that is ready to be made: everything was checked that can be without making it.
pub(crate) struct Prepared {
    pub definition: Definition,
    pub argv: Vec<OsString>,
    pub cwd: PathBuf,
    pub log: Option<PathBuf>,
    pub env: Vec<(OsString, OsString)>,
    pub stdin: Option<Vec<u8>>,
    pub secrets: Secrets,
    pub containment: Containment,
    /// Why it can't start. The job is made all the same, so that the reason is kept.
    pub failure: Option<StartFailure>,
}

impl Prepared {
    pub fn new(ctx: &Context, request: &RunRequest) -> Result<Self, ServiceError> {
        let argv: Vec<OsString> = request.command.argv().iter().map(to_os).collect();
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
        let secrets = environment.secrets;
        let definition = Definition {
            schema_version: SCHEMA_VERSION.to_owned(),
            job_id,
            created_at: now(),
            command: concealed(&request.command, &secrets),
            cwd: secrets.conceal(cwd.as_os_str().as_bytes()),
            env: environment.shown,
            inherit_env: request.inherit_env,
            name: request.name.clone(),
            tags: request.tags.clone(),
            timeout: request.timeout,
            escalation,
            drain: request.drain,
            stragglers: request.stragglers,
            stdin: stdin.is_some(),
            log: log
                .as_deref()
                .map(|log| secrets.conceal(log.as_os_str().as_bytes())),
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
            cwd,
            log,
            env,
            stdin,
            secrets,
            containment: ctx.containment,
            failure,
        })
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
    let (mut id, mut nonce) = ([0; 16], [0; 8]);
    let mut random = [0; 24];
    rustix::rand::getrandom(&mut random, rustix::rand::GetRandomFlags::empty())
        .map_err(|error| ServiceError::io("no random bytes could be had")(error.into()))?;
    id.copy_from_slice(&random[..16]);
    nonce.copy_from_slice(&random[16..]);
    let unix_ms = u64::try_from(now().unix_ms()).unwrap_or(0);
    let nonce = u64::from_le_bytes(nonce);
    let id = JobId::from_parts(unix_ms, u128::from_le_bytes(id));
    Ok((id, format!("{nonce:016x}")))
}

fn concealed(command: &CommandLine, secrets: &Secrets) -> CommandLine {
    match command {
        CommandLine::Argv(argv) => CommandLine::Argv(
            argv.iter()
                .map(|arg| secrets.conceal(arg.as_bytes()))
                .collect(),
        ),
        CommandLine::Shell(line) => CommandLine::Shell(secrets.conceal(line.as_bytes())),
    }
}
