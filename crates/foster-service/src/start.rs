use std::os::fd::AsFd as _;

use foster_model::{Cause, Definition, ErrorCode, Event, Secrets, StartFailure, State};
use foster_store::{JobFolder, Lock, Root};
use foster_supervisor::{Client, History, Launch, LaunchError, launch, recover};

use crate::context::Context;
use crate::error::ServiceError;
use crate::prepare::Prepared;

/// Makes the job and starts it. Returns once the command is being executed.
pub(crate) fn start(
    ctx: &Context,
    root: &Root,
    prepared: Prepared,
) -> Result<(JobFolder, Client), ServiceError> {
    let Prepared {
        definition,
        argv,
        cwd,
        log,
        env,
        stdin,
        secrets,
        containment,
        failure,
    } = prepared;
    let job_id = definition.job_id;
    let (folder, lock) = root.create_job(&definition, stdin.as_deref())?;
    // A second hold on the same lock: if the launch fails, nobody can have come between.
    let held = lock.as_fd().try_clone_to_owned().map(Lock::from);
    let (held, listener) = match (failure, held, folder.bind()) {
        (None, Ok(held), Ok(listener)) => (held, listener),
        (failure, held, bound) => {
            let system = held.err().or(bound.err()).map(|error| StartFailure {
                code: ErrorCode::LaunchFailed.as_str().to_owned(),
                message: format!("the job's lock or socket can't be made: {error}"),
            });
            let failure = concealed(failure.or(system), &secrets);
            root.publish(&definition);
            return Err(fail(root, &folder, &lock, &definition, failure));
        }
    };
    root.publish(&definition);
    let started = launch(Launch {
        root: root.clone(),
        folder,
        lock,
        listener,
        definition,
        argv,
        cwd,
        log,
        env,
        secrets,
        containment,
        way: ctx.way.clone(),
    });
    let folder = root.job(job_id)?;
    let source = match started {
        Ok(client) => return Ok((folder, client)),
        Err(LaunchError::Start(failure)) => return Err(ServiceError::Start { job_id, failure }),
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
        code: ErrorCode::LaunchFailed.as_str().to_owned(),
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
        history.save(folder);
        history.update_index(root, definition);
    });
    match written {
        Ok(()) => ServiceError::Start { job_id, failure },
        Err(error) => ServiceError::Io {
            what: failure.message,
            source: std::io::Error::other(error),
        },
    }
}
