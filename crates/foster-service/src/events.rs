mod follow;
mod guards;
mod network;

use std::io;

use foster_model::answer::JobEvent;
use foster_model::{Entry, ErrorBody, ErrorCode, JobId, JobSelector, Moment, Time};
use foster_store::{DamageError, JobFolder, OpenError, Root};

use crate::context::{Context, now};
use crate::error::ServiceError;
use crate::outcome::Outcome;
use crate::reaching::watch::shown_record;
use follow::Follower;

/// What `events` is asked for.
#[derive(Debug, Clone)]
pub struct EventsRequest {
    /// The job; all jobs, also those that are still to come, if none is given.
    pub job: Option<JobSelector>,
    /// Whether to go on with what happens, until the job is over; for ever, if no job is given.
    pub follow: bool,
    /// Only what happened then or later.
    pub since: Option<Moment>,
}

/// What `events` gives out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventItem {
    /// Something happened.
    Event(JobEvent),
    /// What happened to this job can't be told, or not any more.
    Unreadable {
        /// The job.
        job_id: JobId,
        /// Why.
        error: ErrorBody,
    },
}

/// Gives out what happened to a job, or to all, each event once. Those of one job come in order; of
/// several jobs, what had happened before comes job by job, in the order of their creation.
///
/// A follower is woken by the kernel. It goes on where a job is started again, and ends when the
/// job that was named is over.
///
/// # Errors
/// No such job, or more than one; a job of another machine that is to be followed; a system that
/// does not tell of changes, or not of so many; a sink that fails. With all jobs, one whose journal
/// can't be read is told of, and the outcome has an error. A caller who interrupts it
/// ([`Context::interrupt`]) while it follows.
pub fn events(
    ctx: &Context,
    request: &EventsRequest,
    sink: &mut dyn FnMut(EventItem) -> io::Result<()>,
) -> Result<Outcome<()>, ServiceError> {
    let mut out = Out {
        since: request.since.map(|since| since.time(now())),
        sink,
        failed: 0,
    };
    match &request.job {
        Some(job) => {
            let (root, folder) = ctx.find(job)?;
            if request.follow {
                Follower::of_one(ctx.sleep(), &root, &folder, &mut out)?.run()?;
            } else {
                shown_record(&root, &folder)?;
                out.all_of(&folder)?;
            }
        }
        None if request.follow => {
            Follower::of_all(ctx.sleep(), &ctx.make_root()?, &mut out)?.run()?;
        }
        None => {
            if let Some(root) = ctx.look_for_root()? {
                history(&root, &mut out)?;
            }
        }
    }
    Ok(out.outcome())
}

/// Gives out what has happened to all jobs so far.
fn history(root: &Root, out: &mut Out<'_>) -> Result<(), ServiceError> {
    let mut ids = root
        .job_ids()
        .map_err(ServiceError::io("the jobs can't be listed"))?;
    ids.reverse();
    for id in ids {
        match history_of(root, id, out) {
            Ok(()) | Err(ServiceError::Open(OpenError::NotFound { .. })) => {}
            Err(error @ ServiceError::Io { .. }) => return Err(error),
            Err(error) => out.unreadable(id, &error)?,
        }
    }
    Ok(())
}

fn history_of(root: &Root, id: JobId, out: &mut Out<'_>) -> Result<(), ServiceError> {
    let folder = root.job(id)?;
    if !out.may_want(&folder)? {
        return Ok(());
    }
    // One that nobody looks after any more is judged first, so that its end is told.
    let _ = shown_record(root, &folder);
    out.all_of(&folder)
}

/// Where events go.
struct Out<'a> {
    since: Option<Time>,
    sink: &'a mut dyn FnMut(EventItem) -> io::Result<()>,
    failed: u64,
}

impl Out<'_> {
    /// Returns whether anything can have happened to a job since the time that was asked for.
    fn may_want(&self, folder: &JobFolder) -> Result<bool, DamageError> {
        match self.since {
            // File systems stamp with a clock that ticks a few times in a second only.
            Some(since) => Ok(folder.journal_time()?.unix_ms() + 1000 >= since.unix_ms()),
            None => Ok(true),
        }
    }

    /// Gives out all that is in a journal by now.
    fn all_of(&mut self, folder: &JobFolder) -> Result<(), ServiceError> {
        let mut journal = folder.journal_reader()?;
        let mut holds_any = false;
        while let Some(entry) = journal.next()? {
            holds_any = true;
            self.give(folder.id(), entry)?;
        }
        if !holds_any {
            // Each journal begins with an event, so this one is damaged; it is told how.
            folder.replay()?;
        }
        Ok(())
    }

    fn give(&mut self, job_id: JobId, entry: Entry) -> Result<(), ServiceError> {
        if self.since.is_some_and(|since| entry.at < since) {
            return Ok(());
        }
        let item = EventItem::Event(JobEvent { job_id, entry });
        (self.sink)(item).map_err(not_passed_on())
    }

    fn unreadable(&mut self, job_id: JobId, error: &ServiceError) -> Result<(), ServiceError> {
        self.failed += 1;
        let error = error.body();
        (self.sink)(EventItem::Unreadable { job_id, error }).map_err(not_passed_on())
    }

    fn outcome(&self) -> Outcome<()> {
        let text = || format!("{} of the journals can't be read", self.failed);
        Outcome {
            answer: (),
            error: (self.failed > 0).then(|| ErrorCode::SomeFailed.body(text())),
        }
    }
}

fn not_passed_on() -> impl FnOnce(io::Error) -> ServiceError {
    ServiceError::io("the events can't be passed on")
}
