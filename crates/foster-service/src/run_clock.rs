use foster_model::{Definition, JobRecord, Time};
use foster_process::monotonic;
use foster_supervisor::{Kinship, current_host, kinship};

use crate::context::now;
use crate::deadline::millis;

/// The clock by which the time of a run is told: the one that its supervisor goes by, which nobody
/// sets. A run of another boot or machine has none that could be read here; for it the wall clock has
/// to do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RunClock {
    /// Milliseconds, if it can be read here.
    monotonic_ms: Option<u64>,
}

impl RunClock {
    pub fn of(definition: &Definition, record: &JobRecord) -> Self {
        let same = kinship(&definition.host, &current_host()) == Kinship::Same;
        let readable = same && record.started_monotonic_ms.is_some();
        Self {
            monotonic_ms: readable.then(|| millis(monotonic())),
        }
    }

    /// Returns the milliseconds since a moment: `on_it` on this clock, `at` on the wall's.
    pub fn since(self, at: Time, on_it: Option<u64>) -> u64 {
        match (self.monotonic_ms, on_it) {
            (Some(now), Some(then)) => now.saturating_sub(then),
            _ => u64::try_from(now().unix_ms() - at.unix_ms()).unwrap_or(0),
        }
    }

    /// Returns the milliseconds until a moment; 0 if it has passed.
    pub fn until(self, at: Time, on_it: Option<u64>) -> u64 {
        match (self.monotonic_ms, on_it) {
            (Some(now), Some(then)) => then.saturating_sub(now),
            _ => u64::try_from(at.unix_ms() - now().unix_ms()).unwrap_or(0),
        }
    }
}
