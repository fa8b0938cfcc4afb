use foster_model::answer::{DeleteAction, DeleteAnswer, DeleteResult};
use foster_model::{ErrorCode, JobId, JobSelector, State};
use foster_store::{OpenError, Root};

use crate::choosing::selection::Selection;
use crate::context::Context;
use crate::error::ServiceError;
use crate::outcome::Outcome;
use crate::reaching::sleep::Sleep;
use crate::remove::Doomed;
use crate::restart::end;
use crate::steps::{OnStep, Steps};

/// What `delete` is asked for.
#[derive(Debug, Clone)]
pub struct DeleteRequest {
    /// The jobs.
    pub which: DeleteWhich,
    /// Whether what still runs is ended first.
    pub kill: bool,
    /// Whether it is only told what would be done.
    pub dry_run: bool,
}

/// Which jobs `delete` is to delete.
#[derive(Debug, Clone)]
pub enum DeleteWhich {
    /// These, in whichever state.
    Named(Vec<JobSelector>),
    /// Those that have this in common.
    Selected(Selection),
}

/// Deletes jobs: their definitions, their records and all of their output.
/// `on_step` is told of each job that is done with.
///
/// # Errors
/// If one job is named: no such job; one that is not over, unless it may be ended. If several are,
/// or if they are selected, such a job is told of in its place.
pub fn delete(
    ctx: &Context,
    request: &DeleteRequest,
    on_step: OnStep<'_>,
) -> Result<Outcome<DeleteAnswer>, ServiceError> {
    let mut answer = DeleteAnswer {
        root: ctx.absolute(&ctx.root).to_string_lossy().into_owned(),
        dry_run: request.dry_run,
        scope: None,
        deleted: 0,
        skipped: 0,
        failed: 0,
        freed_bytes: 0,
        jobs: Vec::new(),
    };
    match &request.which {
        DeleteWhich::Named(jobs) => {
            for result in named(ctx, jobs, request, on_step)? {
                answer.take(result);
            }
        }
        DeleteWhich::Selected(selection) => {
            let scope = selection.scope(ctx);
            if let Some(root) = ctx.look_for_root()? {
                let ids = selection.jobs(&root, scope.as_deref())?;
                let all = ids.len();
                on_step(Steps { done: 0, all });
                let mut gone = Vec::new();
                for (done, id) in (1..).zip(ids) {
                    match selected(ctx.sleep(), &root, id, selection, request) {
                        Ok(Some(result)) => answer.take(result),
                        Ok(None) => {}
                        Err(Gone) => gone.push(id),
                    }
                    on_step(Steps { done, all });
                }
                if !request.dry_run {
                    // Rows of nobody's.
                    let _ = root.index().remove_all(&gone);
                }
            }
            answer.scope = scope.map(|scope| scope.to_string_lossy().into_owned());
        }
    }
    let failed = answer.failed;
    let text = || ErrorCode::SomeFailed.body(format!("{failed} of the jobs could not be deleted"));
    let error = (failed > 0).then(text);
    Ok(Outcome { answer, error })
}

fn named(
    ctx: &Context,
    jobs: &[JobSelector],
    request: &DeleteRequest,
    on_step: OnStep<'_>,
) -> Result<Vec<DeleteResult>, ServiceError> {
    let root = ctx.root_of_jobs(jobs)?;
    // All are found before the first is deleted: `@2` would be another job afterwards.
    let mut found: Vec<_> = jobs
        .iter()
        .map(|job| root.resolve(job, true).map_err(ServiceError::from))
        .collect();
    if let ([job], [_]) = (jobs, &found[..]) {
        let id = found.remove(0)?;
        return Ok(vec![delete_one(
            ctx.sleep(),
            &root,
            &job.to_string(),
            id,
            is_whole(job),
            request,
        )?]);
    }
    let mut seen = std::collections::HashSet::new();
    let mut results = Vec::new();
    let all = jobs.len();
    for (done, (job, found)) in jobs.iter().zip(found).enumerate() {
        on_step(Steps { done, all });
        if found.as_ref().is_ok_and(|id| seen.contains(id)) {
            continue;
        }
        let shown = job.to_string();
        let id = found.as_ref().ok().copied();
        seen.extend(id);
        let result =
            found.and_then(|id| delete_one(ctx.sleep(), &root, &shown, id, is_whole(job), request));
        results.push(result.unwrap_or_else(|error| failed(shown, id, None, &error)));
    }
    Ok(results)
}

fn is_whole(job: &JobSelector) -> bool {
    matches!(job, JobSelector::Id(_))
}

/// A job that was selected was deleted meanwhile.
struct Gone;

/// Deletes a job that was selected. `None` if it is in none of the states that were asked for.
fn selected(
    sleep: Sleep<'_>,
    root: &Root,
    id: JobId,
    selection: &Selection,
    request: &DeleteRequest,
) -> Result<Option<DeleteResult>, Gone> {
    let job = id.to_string();
    let doomed = match Doomed::look(root, id) {
        Ok(doomed) => doomed,
        Err(ServiceError::Open(OpenError::NotFound { .. })) => return Err(Gone),
        Err(error) => return Ok(Some(failed(job, Some(id), None, &error))),
    };
    let state = doomed.state();
    let skipped = |reason: &str| Ok(Some(skipped(&job, id, state, reason)));
    match state {
        None => return skipped("its files can't be read; it can be deleted by its id"),
        Some(_) if doomed.is_foreign() => {
            return skipped("it belongs to another machine or PID namespace");
        }
        Some(state) if selection.takes(state) => {}
        // Others were asked for.
        Some(_) if !selection.states.is_empty() => return Ok(None),
        Some(State::Running) if request.kill => {}
        Some(state) => return skipped(&format!("it is {state}")),
    }
    match delete_one(sleep, root, &job, id, true, request) {
        Ok(result) => Ok(Some(result)),
        Err(ServiceError::NotOver { message, .. }) => skipped(&message),
        Err(
            ServiceError::Open(OpenError::NotFound { .. })
            | ServiceError::Remove(foster_store::RemovalError::NotFound { .. }),
        ) => Err(Gone),
        Err(error) => Ok(Some(failed(job, Some(id), state, &error))),
    }
}

fn delete_one(
    sleep: Sleep<'_>,
    root: &Root,
    job: &str,
    id: JobId,
    whole: bool,
    request: &DeleteRequest,
) -> Result<DeleteResult, ServiceError> {
    let sleep = sleep.over(id);
    sleep.go_on()?;
    let mut doomed = Doomed::look(root, id)?;
    if request.dry_run {
        if !(request.kill && doomed.may_live()) {
            doomed.demand_deletable(whole)?;
        }
        let freed = doomed.disk_use();
        let action = DeleteAction::WouldDelete;
        return Ok(done(job, id, doomed.state(), action, freed));
    }
    if request.kill
        && doomed.may_live()
        && let Some(folder) = doomed.folder()
    {
        end(sleep, root, folder, None)?;
        doomed = Doomed::look(root, id)?;
    }
    let state = doomed.state();
    let freed = doomed.delete(sleep, whole)?;
    Ok(done(job, id, state, DeleteAction::Deleted, freed))
}

fn done(
    job: &str,
    id: JobId,
    state: Option<State>,
    action: DeleteAction,
    freed_bytes: u64,
) -> DeleteResult {
    DeleteResult {
        job: job.to_owned(),
        job_id: Some(id),
        state,
        action,
        reason: None,
        freed_bytes,
        error: None,
    }
}

fn skipped(job: &str, id: JobId, state: Option<State>, reason: &str) -> DeleteResult {
    DeleteResult {
        reason: Some(reason.to_owned()),
        ..done(job, id, state, DeleteAction::Skipped, 0)
    }
}

fn failed(
    job: String,
    job_id: Option<JobId>,
    state: Option<State>,
    error: &ServiceError,
) -> DeleteResult {
    DeleteResult {
        job,
        job_id,
        state,
        action: DeleteAction::Failed,
        reason: None,
        freed_bytes: 0,
        error: Some(error.body()),
    }
}

/// Counts results.
trait Take {
    fn take(&mut self, result: DeleteResult);
}

impl Take for DeleteAnswer {
    fn take(&mut self, result: DeleteResult) {
        let count = match result.action {
            DeleteAction::Deleted | DeleteAction::WouldDelete => &mut self.deleted,
            DeleteAction::Skipped => &mut self.skipped,
            DeleteAction::Failed => &mut self.failed,
        };
        *count += 1;
        self.freed_bytes += result.freed_bytes;
        self.jobs.push(result);
    }
}
