use std::time::{Duration, Instant, SystemTime};

use foster_model::control::Message;
use foster_model::{Deadline, ErrorCode, Event, Requester, Time};
use foster_process::monotonic;

use super::Supervisor;

impl Supervisor {
    /// Has the job ended at another time: written down first, so that a successor keeps to it.
    pub(super) fn change_deadline(&mut self, client: u64, after: Option<Duration>, by: Requester) {
        let refusal = match &self.run {
            Some(run) => run.life.refuses_deadline(),
            None => Some("it does not run yet"),
        };
        if let Some(message) = refusal {
            self.server.refuse(client, ErrorCode::InvalidState, message);
            return;
        }
        let ms = after.map(|after| after.as_millis() as u64);
        let now = Time::from(SystemTime::now()).unix_ms();
        let later = |ms: u64| now.saturating_add(i64::try_from(ms).unwrap_or(i64::MAX));
        let deadline = ms.map(|ms| Time::from_unix_ms(later(ms)));
        let monotonic_ms = ms.map(|ms| (monotonic().as_millis() as u64).saturating_add(ms));
        let by = Some(by);
        self.note(Event::DeadlineChanged {
            deadline,
            monotonic_ms,
            by,
        });
        self.keep_to_the_deadline();
        self.history.save(&self.parts.folder);
        self.server
            .reply(client, &Message::DeadlineSet { deadline });
    }

    /// Has the job ended when the record says, if that is not what its definition says.
    pub(super) fn keep_to_the_deadline(&mut self) {
        let (Some(deadline), Some(run)) = (self.history.record().deadline, &mut self.run) else {
            return;
        };
        let Deadline { monotonic_ms, .. } = deadline;
        run.life.set_deadline(monotonic_ms.map(moment));
    }
}

/// Returns a moment of the monotonic clock as this process has it.
fn moment(ms: u64) -> Instant {
    let (at, clock, now) = (Duration::from_millis(ms), monotonic(), Instant::now());
    let moment = match at.checked_sub(clock) {
        Some(left) => now.checked_add(left),
        None => now.checked_sub(clock.saturating_sub(at)),
    };
    moment.unwrap_or(now)
}
