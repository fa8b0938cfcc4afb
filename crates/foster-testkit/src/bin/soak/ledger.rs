use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use foster_testkit::Tally;

/// The tallies of all scenarios, shared by all workers.
#[derive(Default)]
pub struct Ledger(Mutex<BTreeMap<&'static str, Tally>>);

/// What one round of a scenario found.
#[derive(Debug, Default)]
pub struct Round {
    losses: Vec<String>,
    escapes: Vec<String>,
    strangers: Vec<String>,
}

impl Round {
    /// Something is not there any more, or not true.
    pub fn lost_unless(&mut self, kept: bool, what: impl FnOnce() -> String) {
        if !kept {
            self.losses.push(what());
        }
    }

    /// Something is still there.
    pub fn escaped_unless(&mut self, gone: bool, what: impl FnOnce() -> String) {
        if !gone {
            self.escapes.push(what());
        }
    }

    /// A process that is none of the job's was ended.
    pub fn stranger_hit_unless(&mut self, well: bool, what: impl FnOnce() -> String) {
        if !well {
            self.strangers.push(what());
        }
    }

    fn found(&self) -> impl Iterator<Item = &String> {
        let lists = [&self.losses, &self.escapes, &self.strangers];
        lists.into_iter().flatten()
    }
}

impl Ledger {
    /// Runs one round of a scenario, and counts what it found. A panic is a loss: an answer that did not
    /// come, or was none.
    pub fn scenario(&self, name: &'static str, play: impl FnOnce(&mut Round)) {
        let mut round = Round::default();
        let played = catch_unwind(AssertUnwindSafe(|| play(&mut round)));
        if let Err(panic) = played {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned()));
            round
                .losses
                .push(text.unwrap_or_else(|| "a panic".to_owned()));
        }
        for found in round.found() {
            eprintln!("soak: {name}: {found}");
        }
        let mut tallies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let tally = tallies
            .entry(name)
            .or_insert_with(|| Tally::new(format!("soak: {name}")));
        tally.run();
        round.losses.iter().for_each(|what| tally.lost(what));
        round.escapes.iter().for_each(|what| tally.escaped(what));
        round
            .strangers
            .iter()
            .for_each(|what| tally.stranger_hit(what));
    }

    /// Says what was counted, and returns whether nothing was lost, escaped or was hit.
    pub fn close(self) -> bool {
        let tallies = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        // Each tally that has something to complain of does so by a panic when it is dropped.
        let closed = tallies
            .into_values()
            .map(|tally| catch_unwind(AssertUnwindSafe(|| drop(tally))).is_ok());
        // Each of them is dropped, also behind one that complained.
        !closed.collect::<Vec<_>>().contains(&false)
    }
}
