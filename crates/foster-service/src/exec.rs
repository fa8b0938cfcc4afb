use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use foster_model::{
    AFTER_KILL, CommandLine, ErrorCode, Exit, JOB_VARIABLE, ProcessInfo, StartFailure,
};
use foster_process::{
    Escalation, ExitStatus, Foreground, ForegroundError, Scope, Session, Signal, SpawnPlan,
    monotonic,
};
use foster_supervisor::{from_specs, start_failure};

use crate::context::Context;
use crate::defining::environment::{
    EnvSetting, JobEnvironment, Sources, read_file, resolve_settings, to_os,
};
use crate::defining::hiding::Hiding;
use crate::defining::phases::escalation;
use crate::error::ServiceError;

/// What `exec` is asked for.
#[derive(Debug, Clone)]
pub struct ExecRequest {
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
    /// The time between TERM and KILL for what the command leaves behind.
    pub kill_after: Duration,
}

/// How a foreground command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecStatus {
    /// The command's exit code, or 128 and the number of the signal that ended it.
    pub code: u8,
    /// What could not be ended of what it left behind.
    pub survivors: Vec<ProcessInfo>,
}

/// Runs a command in the foreground, with this process's own streams, and ends whatever it leaves
/// behind. Nothing is recorded.
///
/// Only for a process without threads and without other children: it blocks signals for good, and
/// all descendants count as the command's.
///
/// # Errors
/// A command that can't be started.
pub fn exec(ctx: &Context, request: ExecRequest) -> Result<ExecStatus, ServiceError> {
    let argv: Vec<OsString> = request.command.argv().iter().map(to_os).collect();
    if argv.first().is_none_or(|program| program.is_empty()) {
        return Err(ServiceError::Invalid("the command is empty".to_owned()));
    }
    let settings = resolve_settings(ctx, &request.env)?;
    let mut explicit = Vec::new();
    for file in &request.env_files {
        explicit.extend(read_file(&ctx.absolute(file)).map_err(ServiceError::refused)?);
    }
    explicit.extend(settings);
    let sources = Sources {
        inherited: request.inherit_env.then_some(&ctx.env),
        explicit: &explicit,
        hiding: &Hiding::default(),
    };
    let mark = format!("exec/{}", std::process::id());
    let mut environment = JobEnvironment::build(sources, &mark).all;
    if let Some(outer) = ctx.variable(JOB_VARIABLE) {
        // It makes no job of its own: inside a job it stays part of that one.
        environment.retain(|(name, _)| name != JOB_VARIABLE);
        environment.push((JOB_VARIABLE.into(), outer.to_owned()));
    }
    let phases = from_specs(&escalation(request.kill_after, None))?;
    let escalation =
        Escalation::new(phases, AFTER_KILL).map_err(foster_supervisor::InvalidPhases::from)?;
    let cwd = ctx.absolute(request.cwd.as_deref().unwrap_or(Path::new("")));
    let plan = SpawnPlan {
        cwd: Some(&cwd),
        close_others: false,
        session: Session::Inherit,
        default_signals: false,
        parent_death: Some(Signal::KILL),
        ..SpawnPlan::new(
            &argv,
            &environment,
            [
                rustix::stdio::stdin(),
                rustix::stdio::stdout(),
                rustix::stdio::stderr(),
            ],
        )
    };
    // A leaf of a killed one of the same number may have stayed behind.
    let name = format!(
        "foster-exec-{}-{}",
        std::process::id(),
        monotonic().as_micros()
    );
    let scope = Scope::prepare(ctx.containment, &name).map_err(|error| {
        let code = ErrorCode::ContainmentUnavailable.as_str().to_owned();
        ServiceError::refused(StartFailure {
            code,
            message: error.to_string(),
        })
    })?;
    let end = Foreground::start(&plan, scope).and_then(|command| command.finish(escalation));
    let end = end.map_err(failed)?;
    let survivor = |survivor: foster_process::Survivor| ProcessInfo {
        pid: survivor.pid,
        command: survivor.command,
        reason: Some(survivor.reason),
    };
    let survivors = end.report.survivors.into_iter().map(survivor).collect();
    Ok(ExecStatus {
        code: exit_code(end.status),
        survivors,
    })
}

fn exit_code(status: ExitStatus) -> u8 {
    match status {
        ExitStatus::Code(code) => code as u8,
        ExitStatus::Signal { signal, .. } => {
            Exit::EXEC_SIGNAL_BASE.saturating_add(signal.number() as u8)
        }
    }
}

fn failed(error: ForegroundError) -> ServiceError {
    match error {
        ForegroundError::Spawn(error) => ServiceError::refused(start_failure(&error)),
        ForegroundError::Setup(source) | ForegroundError::Watch(source) => ServiceError::Io {
            what: "the command can't be run in the foreground".to_owned(),
            source,
        },
    }
}
