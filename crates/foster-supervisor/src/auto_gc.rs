use std::io;
use std::ops::ControlFlow;
use std::time::{Duration, Instant, SystemTime};

use foster_model::{FinishedJob, GcRules, Time};
use foster_store::{IndexRow, Root};

use crate::removal::{Collected, collect, over_at};

/// How often a root is cleaned up by itself.
const INTERVAL: Duration = Duration::from_mins(1);
/// How long that may take. What is left then is done after the next job.
const AT_MOST: Duration = Duration::from_millis(100);
/// How many jobs it may remove.
const MOST_JOBS: usize = 200;

/// Cleans a root up a little, by these rules.
///
/// The keeper does it on its way out: the job is over, whoever waited was told, the lock and the
/// socket are free, and nobody waits for the keeper itself. A process made by the launcher for it would be a
/// stranger in the caller's tree, and the launcher itself has an answer to give.
///
/// Who comes second leaves at once: the turn is a lock that dies with its holder. What goes wrong
/// here is nobody's concern: `gc` tells of it.
pub fn clean_up(root: &Root, rules: &GcRules) -> io::Result<()> {
    let (now, began) = (SystemTime::now(), Instant::now());
    let Some(turn) = root.gc_turn(now, INTERVAL)? else {
        return Ok(());
    };
    let chosen = rules.choose(finished_jobs(root, rules, now.into())?, now.into());
    let (mut looked_at, mut gone) = (0, Vec::new());
    for (job, rule) in chosen.iter().take(MOST_JOBS) {
        if began.elapsed() >= AT_MOST {
            break;
        }
        looked_at += 1;
        let collected = collect(root, job.job_id, job.finished_at, rules.age(*rule), false);
        if matches!(collected, Ok(Collected::Gone)) {
            gone.push(job.job_id);
        }
    }
    let _ = root.index().remove_all(&gone);
    if looked_at < chosen.len() {
        // The turn is not noted as done, so the next one comes with the next job's end.
        return Ok(());
    }
    turn.done(now)
}

/// Returns the finished jobs that the rules have to know of: those that are old enough, which stand
/// first in the index, or all of them.
fn finished_jobs(root: &Root, rules: &GcRules, now: Time) -> io::Result<Vec<FinishedJob>> {
    let index = root.index();
    let many = match rules.max_jobs {
        Some(most) => index.count()? > most,
        None => false,
    };
    let all = many || rules.max_bytes.is_some();
    let cutoff = rules.cutoff(now);
    let mut finished = Vec::new();
    index.oldest_first(|row| {
        // Nothing was over before it was made.
        if !all && cutoff.is_none_or(|cutoff| row.created_at >= cutoff) {
            return ControlFlow::Break(());
        }
        finished.extend(finished_job(root, &row, rules));
        ControlFlow::Continue(())
    })?;
    Ok(finished)
}

fn finished_job(root: &Root, row: &IndexRow, rules: &GcRules) -> Option<FinishedJob> {
    let folder = || root.job(row.job_id).ok();
    let finished_at = match row.finished_at {
        Some(at) if row.state.is_final() => at,
        _ => unattended_since(root, row)?,
    };
    let bytes = match (rules.max_bytes, row.disk_bytes) {
        (None, _) => 0,
        (Some(_), Some(bytes)) => bytes,
        (Some(_), None) => folder()?.disk_use().ok()?,
    };
    Some(FinishedJob {
        job_id: row.job_id,
        finished_at,
        bytes,
    })
}

/// Looks into the folder of a job that the index calls unfinished: it may be behind, or nobody may
/// be left to say so.
fn unattended_since(root: &Root, row: &IndexRow) -> Option<Time> {
    let folder = root.job(row.job_id).ok()?;
    let record = folder.record().ok()?;
    let held = !record.state.is_final() && folder.lock_is_held().ok()?;
    over_at(&record).filter(|_| !held)
}
