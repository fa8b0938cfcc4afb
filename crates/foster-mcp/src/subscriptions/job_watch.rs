use std::os::fd::AsFd as _;
use std::time::SystemTime;

use foster_model::{Event, JobId, JobSelector, Moment};
use foster_service::{
    Context, EventItem, EventsRequest, ListChanges, ServiceError, StatusRequest, events, status,
};

use super::sleep::sleep;

/// Tells when a job changes, when it ends and when it is started again, until nobody hears it or the job is deleted. One
/// that is over already is told of at once, or its end would be waited for.
pub fn watch(context: &Context, job: JobId, tell: &mut dyn FnMut() -> bool) {
    let Ok(selector) = job.to_string().parse::<JobSelector>() else {
        return;
    };
    match follow(context, &selector, tell) {
        Ok(()) | Err(ServiceError::Interrupted(_)) => {}
        // It is gone, or can't be read: whoever reads the resource is told which.
        Err(_) => drop(tell()),
    }
}

fn follow(
    context: &Context,
    job: &JobSelector,
    tell: &mut dyn FnMut() -> bool,
) -> Result<(), ServiceError> {
    loop {
        if !follow_run(context, job, tell)? || !wait_for_restart(context, job, tell)? {
            return Ok(());
        }
    }
}

/// Tells of a job until it is over, and returns whether somebody heard that.
fn follow_run(
    context: &Context,
    job: &JobSelector,
    tell: &mut dyn FnMut() -> bool,
) -> Result<bool, ServiceError> {
    let request = EventsRequest {
        job: Some(job.clone()),
        follow: true,
        since: Some(Moment::At(SystemTime::now().into())),
    };
    events(context, &request, &mut |item| {
        if changes_state(&item) {
            // A client that is gone ends the watch anyway.
            let _ = tell();
        }
        Ok(())
    })?;
    // The end itself: it may have been before the watch began.
    Ok(tell())
}

/// Returns whether the job stands otherwise afterwards. Its end is told when it is followed no more.
fn changes_state(item: &EventItem) -> bool {
    let EventItem::Event(event) = item else {
        return false;
    };
    matches!(
        event.entry.event,
        Event::Restarted { .. }
            | Event::Started { .. }
            | Event::Amended { .. }
            | Event::DeadlineChanged { .. }
    )
}

/// Waits until a job that is over is not over any more, or was not in between; false if it is watched no more.
fn wait_for_restart(
    context: &Context,
    job: &JobSelector,
    tell: &mut dyn FnMut() -> bool,
) -> Result<bool, ServiceError> {
    let mut changes = ListChanges::begin(context)?;
    let request = StatusRequest {
        job: job.clone(),
        run: None,
    };
    let mut known = None;
    loop {
        let now = status(context, &request)?.job;
        if !now.state.is_final() {
            // Its start was before it is followed again.
            return Ok(tell());
        }
        if known.is_some_and(|known| known != now.run) && !tell() {
            return Ok(false);
        }
        known = Some(now.run);
        let went_on = sleep(context, Some(changes.as_fd()), None);
        if !went_on.unwrap_or(false) {
            return Ok(false);
        }
        changes.take()?;
    }
}
