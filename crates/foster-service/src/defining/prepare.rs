use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use foster_model::{
    CommandLine, Definition, JOB_VARIABLE, JobId, Notifications, PrivateValues, SCHEMA_VERSION,
    Secrets, StartFailure,
};
use foster_supervisor::{current_host, from_specs};

use crate::context::Context;
use crate::defining::environment::{
    JobEnvironment, Sources, from_os, read_file, resolve_settings, to_variables,
};
use crate::defining::hiding::Hiding;
use crate::defining::job_request::JobRequest;
use crate::defining::known_secrets::check_labels;
use crate::defining::phases::escalation;
use crate::defining::stdin::Given;
use crate::error::ServiceError;

/// A job that is ready to be made: everything was checked that can be without making it.
pub(crate) struct Prepared {
    pub definition: Definition,
    /// The values as they are where the definition has them concealed.
    pub private: PrivateValues,
    /// What is to be kept for its standard input; it is not read yet.
    pub stdin: Option<Given>,
    /// The whole environment, for a job that is started at once.
    pub env: Vec<(OsString, OsString)>,
    pub secrets: Secrets,
    /// What is taken out of the output.
    pub redact: Secrets,
    /// Why it can't start. `run` makes the job all the same, so that the reason is kept.
    pub failure: Option<StartFailure>,
}

impl Prepared {
    pub fn new(ctx: &Context, request: &JobRequest) -> Result<Self, ServiceError> {
        if request
            .command
            .argv()
            .first()
            .is_none_or(|program| program.as_bytes().is_empty())
        {
            return Err(ServiceError::Invalid("the command is empty".to_owned()));
        }
        let escalation = escalation(request.kill_after, request.escalation.clone());
        from_specs(&escalation)?;
        let notify = request.notify.resolve(ctx)?;
        let settings = resolve_settings(ctx, &request.env)?;
        let mut failure = None;
        let mut explicit = first_failure(&mut failure, read_files(ctx, &request.env_files));
        explicit.extend(settings);
        let given = Given::open(ctx, &request.stdin, request.stdin_max);
        let given = first_failure(&mut failure, given);
        // Of a job that can't start nothing is read: that might be waited for.
        let stdin = given.filter(|_| failure.is_none());
        let (job_id, nonce) = new_id()?;
        let hiding = Hiding {
            mask: request.mask.clone(),
            redact: request.redact.clone(),
            env_like: request.redact_env_like,
        };
        let sources = Sources {
            inherited: request.inherit_env.then_some(ctx.env.as_slice()),
            explicit: &explicit,
            hiding: &hiding,
        };
        let environment = JobEnvironment::build(sources, &format!("{job_id}/{nonce}"));
        if failure.is_none() {
            hiding.check_masked(&environment.all)?;
            hiding.check_redacted(&environment.all)?;
        }
        let secrets = environment.secrets;
        let names = request.name.iter().chain(&request.group);
        check_labels(&secrets, names, &request.tags)?;
        let mut private = private_values(ctx, request, &explicit);
        private.notify = notify;
        let definition = Definition {
            schema_version: SCHEMA_VERSION.to_owned(),
            job_id,
            created_at: job_id.time(),
            command: concealed(&request.command, &secrets),
            cwd: secrets.conceal(private.cwd.as_bytes()),
            env: environment.shown,
            inherit_env: request.inherit_env,
            keep_env: request.keep_env,
            mask: request.mask.iter().map(from_os).collect(),
            redact: request.redact.iter().map(from_os).collect(),
            redact_env_like: request.redact_env_like,
            name: request.name.clone(),
            tags: request.tags.clone(),
            group: request.group.clone(),
            timeout: request.timeout,
            idle_timeout: request.idle_timeout,
            progress_every: request.progress_every,
            escalation,
            drain: request.drain,
            stragglers: request.stragglers,
            stdin: request.stdin.mode(),
            log: (private.log.as_ref()).map(|log| secrets.conceal(log.as_bytes())),
            log_cap: request.log_cap,
            containment: ctx.containment.as_str().to_owned(),
            notify: private.notify.concealed(&secrets),
            host: current_host(),
            outer_job: outer_job(ctx),
            nonce,
        };
        Ok(Self {
            definition,
            private,
            stdin,
            redact: environment.redact,
            env: environment.all,
            secrets,
            failure,
        })
    }

    /// Returns what has to be kept apart from the definition, if anything has.
    pub fn private_values(&self) -> Option<&PrivateValues> {
        let hidden = self.definition.env.iter().any(|var| var.value.is_none());
        let apart = hidden
            || !self.secrets.is_empty()
            || self.private.inherited.is_some()
            || self.private.notify != self.definition.notify;
        apart.then_some(&self.private)
    }
}

fn private_values(
    ctx: &Context,
    request: &JobRequest,
    explicit: &[(OsString, OsString)],
) -> PrivateValues {
    let cwd = ctx.absolute(request.cwd.as_deref().unwrap_or(Path::new("")));
    let cwd = cwd.canonicalize().unwrap_or(cwd);
    let log = request.log.as_ref().map(|path| ctx.absolute(path));
    let kept = request.keep_env && request.inherit_env;
    PrivateValues {
        command: request.command.clone(),
        cwd: from_os(cwd.as_os_str()),
        log: log.map(|log| from_os(log.as_os_str())),
        env: to_variables(explicit),
        inherited: kept.then(|| to_variables(&ctx.env)),
        notify: Notifications::default(),
    }
}

/// Returns the job that the caller runs in, if it does.
pub(crate) fn outer_job(ctx: &Context) -> Option<String> {
    let value = ctx.variable(JOB_VARIABLE)?;
    Some(value.to_string_lossy().into_owned())
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

fn new_id() -> Result<(JobId, String), ServiceError> {
    let mut id = [0; 16];
    random(&mut id)?;
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let unix_ns = u64::try_from(since.unwrap_or_default().as_nanos()).unwrap_or(u64::MAX);
    let id = JobId::made_at(unix_ns, u128::from_le_bytes(id));
    Ok((id, new_nonce()?))
}

/// Returns what distinguishes the marks of a run from those of any other.
pub(crate) fn new_nonce() -> Result<String, ServiceError> {
    let mut nonce = [0; 8];
    random(&mut nonce)?;
    Ok(format!("{:016x}", u64::from_le_bytes(nonce)))
}

fn random(bytes: &mut [u8]) -> Result<(), ServiceError> {
    rustix::rand::getrandom(bytes, rustix::rand::GetRandomFlags::empty())
        .map_err(|error| ServiceError::io("no random bytes could be had")(error.into()))?;
    Ok(())
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
