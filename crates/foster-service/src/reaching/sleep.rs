use std::os::fd::{AsFd as _, BorrowedFd};
use std::time::{Duration, Instant};

use foster_model::JobId;
use foster_model::control::Message;
use foster_process::{Interrupt, wait_any};
use foster_supervisor::{Client, ControlError};

use crate::error::ServiceError;

/// How a verb sleeps: until there is news, the time is over, or its caller interrupts it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sleep<'a> {
    interrupt: Option<&'a Interrupt>,
    job_id: Option<JobId>,
}

impl<'a> Sleep<'a> {
    /// Returns the sleep of a verb whose caller may have something to interrupt it with.
    pub fn new(interrupt: Option<&'a Interrupt>) -> Self {
        let job_id = None;
        Self { interrupt, job_id }
    }

    /// Returns the same for the sake of this job, which the error names.
    pub fn over(self, job_id: JobId) -> Self {
        let job_id = Some(job_id);
        Self { job_id, ..self }
    }

    /// Returns what is readable once the caller has interrupted the verb.
    pub fn interrupted_fd(self) -> Option<BorrowedFd<'a>> {
        self.interrupt.map(Interrupt::as_fd)
    }

    /// Fails once the caller has interrupted the verb.
    pub fn go_on(self) -> Result<(), ServiceError> {
        match self.interrupt {
            Some(interrupt) if interrupt.is_interrupted() => {
                Err(ServiceError::Interrupted(self.job_id))
            }
            _ => Ok(()),
        }
    }

    /// Sleeps until one of these is readable, or the time is over.
    ///
    /// It fails if the verb *was* interrupted. Woken by that it returns: the caller looks once more,
    /// since what it waits for may be there by now, and fails when it wants to sleep again.
    pub fn until(
        self,
        readable: &[BorrowedFd<'_>],
        at_most: Duration,
        what: &'static str,
    ) -> Result<(), ServiceError> {
        self.go_on()?;
        let failed = ServiceError::io(what);
        match self.interrupted_fd() {
            None => wait_any(readable, None, at_most),
            Some(interrupted) => {
                let mut all = readable.to_vec();
                all.push(interrupted);
                wait_any(&all, None, at_most)
            }
        }
        .map_err(failed)
    }

    /// Waits for the next message of a supervisor, at most until the deadline; `None` when that has
    /// passed.
    pub fn next(
        self,
        client: &mut Client,
        deadline: Option<Instant>,
    ) -> Result<Option<Message>, ServiceError> {
        loop {
            if let Some(message) = client.take()? {
                return Ok(Some(message));
            }
            let left = time_left(deadline);
            if left == Some(Duration::ZERO) {
                return Ok(None);
            }
            let what = "the control socket can't be waited for";
            let this = self.over(client.job_id());
            this.until(&[client.as_fd()], left.unwrap_or(Duration::MAX), what)?;
        }
    }

    /// The same where silence is an error.
    pub fn demand(self, client: &mut Client, deadline: Instant) -> Result<Message, ServiceError> {
        let job_id = client.job_id();
        let message = self.next(client, Some(deadline))?;
        Ok(message.ok_or(ControlError::Silent { job_id })?)
    }
}

/// Returns the time until the deadline, if there is one.
pub(crate) fn time_left(deadline: Option<Instant>) -> Option<Duration> {
    deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
}
