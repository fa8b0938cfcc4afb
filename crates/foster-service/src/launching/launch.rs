use std::ffi::OsString;
use std::fs;
use std::os::fd::AsFd as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use foster_model::answer::EnvironmentSource;
use foster_model::{
    Cause, Definition, ErrorCode, Event, PrivateValues, Secrets, StartFailure, State,
};
use foster_process::Containment;
use foster_store::{JobFolder, Lock, Root, Turn};
use foster_supervisor::{
    Client, History, Launch, LaunchError, LogFile, current_host, launch, recover, tell_of_the_end,
};

use crate::context::Context;
use crate::defining::environment::{JobEnvironment, Sources, from_variables, to_os};
use crate::defining::hiding::Hiding;
use crate::defining::prepare::{Prepared, new_nonce, outer_job};
use crate::defining::stdin::Given;
use crate::error::ServiceError;
use crate::launching::observation::Started;

/// Makes the job and starts it. Returns once the command is being executed.
pub(crate) fn launch_new(
    ctx: &Context,
    root: &Root,
    mut prepared: Prepared,
) -> Result<Started, ServiceError> {
    let mut stdin = prepared.stdin.take();
    let stdin = stdin.as_mut().map(Given::input);
    let private = prepared.private_values();
    let (folder, lock) = root.create_job(&prepared.definition, private, stdin)?;
    let environment = if prepared.definition.inherit_env {
        EnvironmentSource::Caller
    } else {
        EnvironmentSource::Nothing
    };
    let launching = Launching {
        containment: ctx.containment,
        definition: prepared.definition,
        private: prepared.private,
        env: prepared.env,
        secrets: prepared.secrets,
        redact: prepared.redact,
        failure: prepared.failure,
    };
    let publish = |definition: &Definition| root.publish(definition);
    let (folder, client) = launching.launch(ctx, root, folder, lock, publish)?;
    Ok(Started {
        folder,
        client,
        environment,
    })
}

/// Starts a job that was made before, with what was kept of it. The lock is the caller's, and so is
/// the turn until the command is being executed: who comes next finds somebody to talk to. `begin` is
/// called when all that can be refused has been granted: until then the record of an earlier run stands.
pub(crate) fn launch_made(
    ctx: &Context,
    root: &Root,
    folder: JobFolder,
    (_turn, lock): (Turn, Lock),
    begin: impl FnOnce(&JobFolder, &Lock) -> Result<(), ServiceError>,
) -> Result<Started, ServiceError> {
    let (launching, environment) = Launching::revive(ctx, &folder)?;
    folder
        .set_room_aside()
        .map_err(ServiceError::io("there is no room for the journal"))?;
    folder
        .write_definition(&launching.definition)
        .map_err(ServiceError::io("the definition can't be written"))?;
    begin(&folder, &lock)?;
    let (folder, client) = launching.launch(ctx, root, folder, lock, |_| ())?;
    Ok(Started {
        folder,
        client,
        environment,
    })
}

/// All that a launch needs beside the folder.
struct Launching {
    definition: Definition,
    private: PrivateValues,
    env: Vec<(OsString, OsString)>,
    secrets: Secrets,
    redact: Secrets,
    containment: Containment,
    failure: Option<StartFailure>,
}

impl Launching {
    /// Puts together what a job that was made before needs for a run from here.
    fn revive(
        ctx: &Context,
        folder: &JobFolder,
    ) -> Result<(Self, EnvironmentSource), ServiceError> {
        let mut definition = folder.definition()?;
        definition.host = current_host();
        definition.outer_job = outer_job(ctx);
        definition.nonce = new_nonce()?;
        let private = folder.private_values()?;
        let private = private.unwrap_or_else(|| PrivateValues::shown(&definition));
        let kept = private.inherited.as_ref().map(from_variables);
        let (inherited, source) = match (&kept, definition.inherit_env) {
            (_, false) => (None, EnvironmentSource::Nothing),
            (Some(kept), true) => (Some(kept.as_slice()), EnvironmentSource::Kept),
            (None, true) => (Some(ctx.env.as_slice()), EnvironmentSource::Caller),
        };
        let explicit = from_variables(&private.env);
        let hiding = Hiding::of(&definition);
        let sources = Sources {
            inherited,
            explicit: &explicit,
            hiding: &hiding,
        };
        let mark = format!("{}/{}", definition.job_id, definition.nonce);
        let environment = JobEnvironment::build(sources, &mark);
        hiding.check_redacted(&environment.all)?;
        let containment = definition.containment.parse().unwrap_or_default();
        let launching = Self {
            private,
            env: environment.all,
            secrets: environment.secrets,
            redact: environment.redact,
            containment,
            failure: None,
            definition,
        };
        Ok((launching, source))
    }

    /// Executes the command. `reachable` is called when the job can be talked to, or when its
    /// failure is about to be kept.
    fn launch(
        self,
        ctx: &Context,
        root: &Root,
        folder: JobFolder,
        lock: Lock,
        reachable: impl FnOnce(&Definition),
    ) -> Result<(JobFolder, Client), ServiceError> {
        let job_id = folder.id();
        let log = self
            .private
            .log
            .as_ref()
            .map(|log| PathBuf::from(to_os(log)));
        let log_failure = log.as_deref().and_then(|log| prepare_log(log).err());
        // A second hold on the same lock: if the launch fails, nobody can have come between.
        let held = lock.as_fd().try_clone_to_owned().map(Lock::from);
        let (held, listener) = match (self.failure.or(log_failure), held, folder.bind()) {
            (None, Ok(held), Ok(listener)) => (held, listener),
            (failure, held, bound) => {
                let system = held.err().or(bound.err()).map(|error| StartFailure {
                    code: ErrorCode::LaunchFailed.as_str().to_owned(),
                    message: format!("the job's lock or socket can't be made: {error}"),
                });
                let failure = concealed(failure.or(system), &self.secrets);
                reachable(&self.definition);
                return Err(fail(root, &folder, &lock, &self.definition, failure));
            }
        };
        reachable(&self.definition);
        foster_fault::step("launcher.listed");
        let started = launch(Launch {
            root: root.clone(),
            folder,
            lock,
            listener,
            definition: self.definition,
            argv: self.private.command.argv().iter().map(to_os).collect(),
            cwd: to_os(&self.private.cwd).into(),
            log,
            env: self.env,
            secrets: self.secrets,
            redact: self.redact,
            containment: self.containment,
            auto_gc: ctx.auto_gc,
            way: ctx.way.clone(),
        });
        let folder = root.job(job_id)?;
        let source = match started {
            Ok(client) => return Ok((folder, client)),
            Err(LaunchError::Start(failure)) => {
                return Err(ServiceError::Start { job_id, failure });
            }
            Err(source) => source,
        };
        // Nothing was executed, or nobody is left to say: either way the record must not stay open.
        let open = match &source {
            LaunchError::Lost(_) => !recover(root, &folder, &held)?.record.state.is_final(),
            _ => true,
        };
        if open {
            close(root, &folder, &held, &source)?;
        }
        Err(ServiceError::Launch { job_id, source })
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

/// Whatever the caller's mask: who may write in a folder decides where the next run's log goes.
fn make_directories(path: &Path) -> std::io::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
}

fn concealed(failure: Option<StartFailure>, secrets: &Secrets) -> StartFailure {
    let failure = failure.unwrap_or_else(|| StartFailure {
        code: ErrorCode::Internal.as_str().to_owned(),
        message: "the job can't be started".to_owned(),
    });
    StartFailure {
        message: secrets.conceal_text(&failure.message),
        ..failure
    }
}

/// Writes down that a job could not be launched.
fn close(
    root: &Root,
    folder: &JobFolder,
    lock: &Lock,
    source: &LaunchError,
) -> Result<(), ServiceError> {
    let failure = StartFailure {
        code: source.code().as_str().to_owned(),
        message: source.to_string(),
    };
    match fail(root, folder, lock, &folder.definition()?, failure) {
        ServiceError::Start { .. } => Ok(()),
        error => Err(error),
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
    let written = History::open(folder).map(|mut history| {
        history.note(Event::StartFailed {
            failure: failure.clone(),
        });
        let (state, cause) = (State::Failed, Cause::StartFailed);
        history.note(Event::Finished { state, cause });
        history.close(folder);
        history.update_index(root, folder, definition);
        tell_of_the_end(root, folder, definition, history.record());
        // Nobody listens. One that stays costs a directory entry.
        drop(folder.unlink_socket());
    });
    match written {
        Ok(()) => ServiceError::Start { job_id, failure },
        Err(error) => ServiceError::Io {
            what: failure.message,
            source: std::io::Error::other(error),
        },
    }
}
