use std::fmt::Display;
use std::fs::File;
use std::io::Write as _;

use serde_json::json;

use crate::say_aloud;

/// What a scenario of faults came to: how often it was run, and what went wrong.
///
/// When it is dropped it is said on standard error, a line is appended to the file that `FOSTER_TALLY`
/// names (from those `foster-tally` makes the table of `docs/reliability.md`), and the test fails if
/// anything was lost, escaped or was hit, each with what the test had to say of it.
///
/// ```
/// use foster_testkit::Tally;
///
/// let mut tally = Tally::new("supervisor killed while the job prints");
/// for _ in 0..3 {
///     tally.run();
///     let (wrote, kept) = (b"all of it", b"all of it");
///     tally.lost_unless(wrote == kept, || "output of job …".to_owned());
/// }
/// ```
#[derive(Debug)]
pub struct Tally {
    scenario: String,
    runs: u64,
    losses: Vec<String>,
    escapes: Vec<String>,
    strangers: Vec<String>,
}

impl Tally {
    /// Begins to count. `scenario` is shown in the table: what was done to whom, in a few words.
    pub fn new(scenario: impl Into<String>) -> Self {
        Self {
            scenario: scenario.into(),
            runs: 0,
            losses: Vec::new(),
            escapes: Vec::new(),
            strangers: Vec::new(),
        }
    }

    /// Counts a run of the scenario: one fault that was made.
    pub fn run(&mut self) {
        self.runs += 1;
    }

    /// Counts something that is not there any more or not true: bytes, an exit status, a job, an answer.
    pub fn lost(&mut self, what: impl Display) {
        self.losses.push(what.to_string());
    }

    /// As [`Tally::lost`], unless it is `kept`.
    pub fn lost_unless(&mut self, kept: bool, what: impl FnOnce() -> String) {
        if !kept {
            self.lost(what());
        }
    }

    /// Counts a process, descriptor or file that should be gone and is not.
    pub fn escaped(&mut self, what: impl Display) {
        self.escapes.push(what.to_string());
    }

    /// As [`Tally::escaped`], unless it is `gone`.
    pub fn escaped_unless(&mut self, gone: bool, what: impl FnOnce() -> String) {
        if !gone {
            self.escaped(what());
        }
    }

    /// Counts a process that got a signal and is none of the job's, or a file outside that was changed.
    pub fn stranger_hit(&mut self, what: impl Display) {
        self.strangers.push(what.to_string());
    }

    /// Returns what is wrong with what was counted, if anything is.
    fn complaint(&self) -> Option<String> {
        let wrong = [&self.losses, &self.escapes, &self.strangers];
        if self.runs == 0 {
            return Some(format!("{}: nothing was tried", self.scenario));
        }
        wrong.iter().any(|list| !list.is_empty()).then(|| {
            let [losses, escapes, strangers] = wrong;
            format!(
                "{}: lost {losses:#?}, escaped {escapes:#?}, hit {strangers:#?}",
                self.scenario
            )
        })
    }

    fn write_down(&self) -> std::io::Result<()> {
        let Some(path) = std::env::var_os("FOSTER_TALLY") else {
            return Ok(());
        };
        let line = json!({
            "scenario": self.scenario,
            "runs": self.runs,
            "losses": self.losses.len(),
            "escapes": self.escapes.len(),
            "strangers_hit": self.strangers.len(),
        });
        // One write at the end of the file: several tests add to it at once.
        let mut file = File::options().append(true).create(true).open(path)?;
        file.write_all(format!("{line}\n").as_bytes())
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        let stopped = std::thread::panicking();
        if stopped {
            self.lost("the test stopped before it was over");
        }
        let (runs, wrong) = (self.runs, [&self.losses, &self.escapes, &self.strangers]);
        let [losses, escapes, strangers] = wrong.map(Vec::len);
        say_aloud(&format!(
            "TALLY {}: {runs} runs, {losses} lost, {escapes} escaped, {strangers} strangers hit",
            self.scenario
        ));
        let written = self.write_down();
        if !stopped {
            assert!(
                written.is_ok(),
                "FOSTER_TALLY can't be written: {written:?}"
            );
            if let Some(complaint) = self.complaint() {
                panic!("{complaint}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looks at a tally that must not be dropped: CI would count it.
    fn complaint(change: impl FnOnce(&mut Tally)) -> Option<String> {
        let mut tally = std::mem::ManuallyDrop::new(Tally::new("tally"));
        change(&mut tally);
        tally.complaint()
    }

    #[test]
    fn a_loss_an_escape_and_a_stranger_that_was_hit_each_fail_the_test() {
        let wrong: [fn(&mut Tally); 3] = [
            |tally| tally.lost("the code of job 7"),
            |tally| tally.escaped("the code of job 7"),
            |tally| tally.stranger_hit("the code of job 7"),
        ];
        for wrong in wrong {
            let told = complaint(|tally| {
                tally.run();
                wrong(tally);
            });
            assert!(told.is_some_and(|told| told.contains("the code of job 7")));
        }
        assert_eq!(complaint(Tally::run), None);
    }

    #[test]
    fn a_scenario_that_was_never_run_fails_the_test() {
        assert!(complaint(|_| {}).is_some());
    }
}
