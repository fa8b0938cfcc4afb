use std::time::Duration;

use foster_testkit::{Heard, Scenario, Stage, Tally, wait_on_dir};

use crate::verdict;

/// `run --no-wait` of a command that runs for long, and `kill` once it does.
pub struct Kill;

impl Scenario for Kill {
    fn name(&self) -> &'static str {
        "run --no-wait, kill"
    }

    fn play(&self, stage: &Stage) -> Vec<Heard> {
        let line = "echo out; echo err >&2; echo $$ >> starts; exec sleep 60";
        let mut heard = vec![stage.call(&["run", "--no-wait", "--", "sh", "-c", line])];
        if let Some(started) = heard[0].ok() {
            let id = started["job_id"].as_str().unwrap_or_default();
            // The file is there before its line is.
            let has_started = || (!stage.starts().is_empty()).then_some(());
            let started = wait_on_dir(stage.sandbox.work(), Duration::from_secs(10), has_started);
            assert_eq!(started, Some(()));
            heard.push(stage.call(&["kill", id]));
        }
        heard
    }

    fn judge(&self, stage: &Stage, heard: &[Heard], tally: &mut Tally) {
        verdict::of_an_ending(stage, heard, tally);
        verdict::of_the_rest(stage, tally);
    }
}
