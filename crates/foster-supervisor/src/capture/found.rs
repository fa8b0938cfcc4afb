use std::time::Instant;

use foster_model::MatchCount;

use super::Capture;
use crate::matching::{Found, Matching};

impl Capture {
    /// Looks for this in what comes from now on, in place of what was looked for.
    pub fn look_for(&mut self, matching: Option<Matching>) {
        self.matching = matching;
    }

    /// Takes in that a predecessor had a match told.
    pub fn remember_match(&mut self, rule: usize, suppressed: u64) {
        if let Some(matching) = &mut self.matching {
            matching.remember(rule, suppressed);
        }
    }

    /// Returns when a line without an end is to be looked at.
    pub fn look_due(&self) -> Option<Instant> {
        self.matching.as_ref().and_then(Matching::due)
    }

    /// Returns what was found since the last call.
    pub fn take_found(&mut self, now: Instant) -> Vec<Found> {
        let Some(matching) = &mut self.matching else {
            return Vec::new();
        };
        matching.rest(now);
        matching.take_found()
    }

    /// Looks at lines that have no end, since none will come.
    pub fn look_at_the_rest(&mut self) {
        if let Some(matching) = &mut self.matching {
            matching.finish(Instant::now());
        }
    }

    /// Returns how often what is looked for was met; `None` if nothing is.
    pub fn match_counts(&self) -> Option<Vec<MatchCount>> {
        self.matching.as_ref().map(Matching::counts)
    }
}
