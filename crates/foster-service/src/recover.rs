use foster_model::answer::{RecoverAnswer, RecoveredJob};
use foster_model::{JobSelector, Time};
use foster_store::{JobFolder, Root};

use crate::context::{self, Context, now};
use crate::error::ServiceError;
use crate::reaching::lock::lock_in_turn;

/// What `recover` is asked for.
#[derive(Debug, Clone, Default)]
pub struct RecoverRequest {
    /// The jobs; all, if empty.
    pub jobs: Vec<JobSelector>,
}

/// Brings the records of jobs that nobody looks after up to the truth, and makes the index anew.
///
/// # Errors
/// A root that can't be used; a job that is named and not there. A job that can't be read is told
/// of in its place.
pub fn recover(ctx: &Context, request: &RecoverRequest) -> Result<RecoverAnswer, ServiceError> {
    let mut answer = RecoverAnswer {
        root: ctx.absolute(&ctx.root).to_string_lossy().into_owned(),
        looked_at: 0,
        jobs: Vec::new(),
        swept: 0,
        index_rebuilt: false,
    };
    if !request.jobs.is_empty() {
        recover_named(ctx, &request.jobs, &mut answer)?;
    } else if let Some(root) = ctx.look_for_root()? {
        recover_all(&root, &mut answer)?;
    }
    Ok(answer)
}

fn recover_named(
    ctx: &Context,
    jobs: &[JobSelector],
    answer: &mut RecoverAnswer,
) -> Result<(), ServiceError> {
    let root = ctx.root_of_jobs(jobs)?;
    for selector in jobs {
        let folder = context::find(&root, selector, false)?;
        let result = recover_one(&root, &folder, true);
        answer.looked_at += 1;
        answer.jobs.extend(report(&folder.id().to_string(), result));
    }
    Ok(())
}

fn recover_all(root: &Root, answer: &mut RecoverAnswer) -> Result<(), ServiceError> {
    let ids = root.job_ids();
    for id in ids.map_err(ServiceError::io("the root can't be listed"))? {
        let folder = root.job(id).map_err(ServiceError::from);
        let result = folder.and_then(|folder| recover_one(root, &folder, false));
        answer.looked_at += 1;
        answer.jobs.extend(report(&id.to_string(), result));
    }
    // A launcher that was killed as it made a folder leaves a draft; a minute is long for that.
    let before = Time::from_unix_ms(now().unix_ms() - 60_000);
    let swept = root.sweep_drafts(before);
    let swept = swept.map_err(ServiceError::io(
        "what launchers left half made can't be removed",
    ))?;
    let gone = root.sweep_gone();
    let gone = gone.map_err(ServiceError::io("what is half removed can't be removed"))?;
    answer.swept = swept + gone.removed;
    answer.index_rebuilt = root.index().rebuild().is_ok();
    Ok(())
}

fn report(job: &str, result: Result<Option<RecoveredJob>, ServiceError>) -> Option<RecoveredJob> {
    result.unwrap_or_else(|error| {
        let action = format!("it can't be recovered: {}", error.body().message);
        let (job, survivors) = (job.to_owned(), Vec::new());
        Some(RecoveredJob {
            job,
            state: None,
            cause: None,
            action,
            survivors,
        })
    })
}

/// Recovers a job, if nobody looks after it. A job that is well is told of only if it was `named`.
fn recover_one(
    root: &Root,
    folder: &JobFolder,
    named: bool,
) -> Result<Option<RecoveredJob>, ServiceError> {
    let job = folder.id().to_string();
    let Some(held) = lock_in_turn(folder)? else {
        let record = folder.record()?;
        let action = "it is looked after; nothing had to be done".to_owned();
        let (state, cause, survivors) = (Some(record.state), record.cause, Vec::new());
        return Ok(named.then_some(RecoveredJob {
            job,
            state,
            cause,
            action,
            survivors,
        }));
    };
    let recovery = foster_supervisor::recover(root, folder, &held.lock)?;
    let (state, cause) = (Some(recovery.record.state), recovery.record.cause);
    let worth_telling = named || recovery.changed || !recovery.survivors.is_empty();
    let (action, survivors) = (recovery.action, recovery.survivors);
    Ok(worth_telling.then_some(RecoveredJob {
        job,
        state,
        cause,
        action,
        survivors,
    }))
}
