use std::ops::ControlFlow;
use std::time::Instant;

use foster_model::answer::{GcAnswer, GcDeleted, GcFailed, GcSkipped, RulesFrom};
use foster_model::{ErrorCode, FinishedJob, GcRule, GcRules, JobId};
use foster_store::{IndexRow, OpenError, Root};
use foster_supervisor::{CollectError, Collected, collect, over_at};

use crate::context::{Context, now};
use crate::error::ServiceError;
use crate::outcome::Outcome;
use crate::steps::{OnStep, Steps};

/// What `gc` is asked for.
#[derive(Debug, Clone)]
pub struct GcRequest {
    /// Which jobs may go.
    pub rules: GcRules,
    /// Where the rules come from.
    pub rules_from: RulesFrom,
    /// Whether it is only told what would be done.
    pub dry_run: bool,
    /// How many jobs are deleted at most.
    pub limit: Option<usize>,
}

/// Deletes jobs that are over, by rules, the one that was over first first. Jobs that run or were
/// only defined stay, and so do those that can't be read or belong to another machine.
/// `on_step` is told of each job that is done with.
///
/// # Errors
/// A root that can't be used. A job that can't be deleted is told of in its place.
pub fn gc(
    ctx: &Context,
    request: &GcRequest,
    on_step: OnStep<'_>,
) -> Result<Outcome<GcAnswer>, ServiceError> {
    let began = Instant::now();
    let mut answer = GcAnswer {
        root: ctx.absolute(&ctx.root).to_string_lossy().into_owned(),
        dry_run: request.dry_run,
        rules: request.rules,
        rules_from: request.rules_from,
        scanned: 0,
        kept: 0,
        deleted: Vec::new(),
        freed_bytes: 0,
        skipped: Vec::new(),
        failed: Vec::new(),
        beyond_limit: 0,
        swept: 0,
        elapsed_ms: 0,
    };
    if let Some(root) = ctx.look_for_root()? {
        clean_up(&root, request, &mut answer, on_step)?;
    }
    answer.kept = answer.scanned.saturating_sub(answer.deleted.len() as u64);
    answer.elapsed_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let failed = answer.failed.len();
    let text = || {
        let mut body =
            ErrorCode::SomeFailed.body(format!("{failed} of the jobs could not be deleted"));
        body.hint = Some("each job's own error is in `failed`".to_owned());
        body
    };
    let error = (failed > 0).then(text);
    Ok(Outcome { answer, error })
}

fn clean_up(
    root: &Root,
    request: &GcRequest,
    answer: &mut GcAnswer,
    on_step: OnStep<'_>,
) -> Result<(), ServiceError> {
    if !request.dry_run {
        let swept = root.sweep_gone();
        let swept = swept.map_err(ServiceError::io("what is half removed can't be removed"))?;
        answer.swept = swept.removed;
        answer.freed_bytes = swept.freed_bytes;
        let mended = root.mend_index();
        mended.map_err(ServiceError::io("the index can't be made anew"))?;
    }
    let finished = finished_jobs(root, request, answer)?;
    let mut chosen = request.rules.choose(finished, now());
    let limit = request.limit.unwrap_or(usize::MAX).min(chosen.len());
    answer.beyond_limit = (chosen.len() - limit) as u64;
    chosen.truncate(limit);
    let all = chosen.len();
    on_step(Steps { done: 0, all });
    let mut gone = Vec::new();
    for (done, (job, rule)) in (1..).zip(chosen) {
        if !remove(root, job, rule, request, answer) {
            gone.push(job.job_id);
        }
        on_step(Steps { done, all });
    }
    if !request.dry_run {
        // Whoever has removed these may have died before their rows had gone. A cache: `list` can do with it.
        let _ = root.index().remove_all(&gone);
    }
    Ok(())
}

/// Returns whether the job was there.
fn remove(
    root: &Root,
    job: FinishedJob,
    rule: GcRule,
    request: &GcRequest,
    answer: &mut GcAnswer,
) -> bool {
    let FinishedJob {
        job_id,
        finished_at,
        ..
    } = job;
    let age = request.rules.age(rule);
    match collect(root, job_id, finished_at, age, request.dry_run) {
        Ok(Collected::Removed(freed_bytes)) => {
            answer.freed_bytes += freed_bytes;
            answer.deleted.push(GcDeleted {
                job_id,
                finished_at,
                rule,
                freed_bytes,
            });
        }
        // Somebody else did it: it is no more, and not by us.
        Ok(Collected::Gone) => {
            answer.scanned -= 1;
            return false;
        }
        Ok(Collected::Kept(reason)) => answer.skipped.push(GcSkipped { job_id, reason }),
        Err(error) => {
            let damaged = matches!(
                error,
                CollectError::Damaged(_) | CollectError::Open(OpenError::Damaged(_))
            );
            let error = ServiceError::from(error).body();
            if damaged {
                answer.skip_damaged(job_id, &error.message);
            } else {
                answer.failed.push(GcFailed { job_id, error });
            }
        }
    }
    true
}

/// Returns the jobs that are over.
fn finished_jobs(
    root: &Root,
    request: &GcRequest,
    answer: &mut GcAnswer,
) -> Result<Vec<FinishedJob>, ServiceError> {
    let mut finished: Vec<FinishedJob> = Vec::new();
    let mut ids = std::collections::HashSet::new();
    let read = root.index().oldest_first(|row| {
        if ids.insert(row.job_id) {
            answer.scanned += 1;
            match finished_job(root, &row, request) {
                Ok(job) => finished.extend(job),
                Err(ServiceError::Open(OpenError::NotFound { .. })) => answer.scanned -= 1,
                Err(error) => answer.skip_damaged(row.job_id, &error.body().message),
            }
        }
        ControlFlow::Continue(())
    });
    read.map_err(ServiceError::io("the index can't be read"))?;
    Ok(finished)
}

/// Returns the job if it is over. What the index calls unfinished is looked at in its folder: the
/// index may be behind, or nobody may be left to say that it is over.
fn finished_job(
    root: &Root,
    row: &IndexRow,
    request: &GcRequest,
) -> Result<Option<FinishedJob>, ServiceError> {
    let finished_at = match row.finished_at {
        Some(at) if row.state.is_final() => at,
        _ => {
            let folder = root.job(row.job_id)?;
            let record = folder.record()?;
            let held = folder.lock_is_held();
            let held = held.map_err(ServiceError::io("the job's lock can't be read"))?;
            match over_at(&record) {
                Some(at) if record.state.is_final() || !held => at,
                _ => return Ok(None),
            }
        }
    };
    let bytes = if request.rules.max_bytes.is_some() {
        let used = root.job(row.job_id)?.disk_use();
        used.map_err(ServiceError::io("the job's folder can't be measured"))?
    } else {
        0
    };
    Ok(Some(FinishedJob {
        job_id: row.job_id,
        finished_at,
        bytes,
    }))
}

/// Tells of jobs that stay since nobody knows what they were.
trait SkipDamaged {
    fn skip_damaged(&mut self, job_id: JobId, message: &str);
}

impl SkipDamaged for GcAnswer {
    fn skip_damaged(&mut self, job_id: JobId, message: &str) {
        let reason = format!("{message}; `foster delete {job_id}` deletes it");
        self.skipped.push(GcSkipped { job_id, reason });
    }
}
