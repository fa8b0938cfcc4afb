use std::time::Duration;

use foster_testkit::{Heard, Scenario, Stage, Tally};

use crate::run::{command, expected};
use crate::verdict;

const SOON: Duration = Duration::from_secs(10);

/// `delete` of a job that is over.
pub struct Delete;

/// `gc` of two jobs that are over.
pub struct Gc;

/// Runs a job, and waits until nobody looks after it any more: a clean-up leaves alone who is still there.
fn run(stage: &Stage) {
    stage
        .sandbox
        .ok(["run", "--", "sh", "-c", &command("word")]);
    stage.sandbox.assert_nothing_left(SOON);
}

/// A job that is still there is whole.
fn judge(stage: &Stage, heard: &[Heard], tally: &mut Tally) {
    let what = stage.what();
    let left = stage.job_ids();
    let clean = heard[0].ok().is_none() || left.is_empty();
    tally.lost_unless(clean, || format!("{what}: deleted, and there: {left:?}"));
    for id in &left {
        let status = stage.sandbox.json(["status", id]).value;
        tally.lost_unless(status["exit_code"] == 7, || format!("{what}: {status}"));
        verdict::of_output(stage, id, &expected("word"), tally);
    }
    verdict::of_the_rest(stage, tally);
}

impl Scenario for Delete {
    fn name(&self) -> &'static str {
        "delete"
    }

    fn prepare(&self, stage: &Stage) {
        run(stage);
    }

    fn play(&self, stage: &Stage) -> Vec<Heard> {
        vec![stage.call(&["delete", &stage.job_ids()[0]])]
    }

    fn judge(&self, stage: &Stage, heard: &[Heard], tally: &mut Tally) {
        judge(stage, heard, tally);
    }
}

impl Scenario for Gc {
    fn name(&self) -> &'static str {
        "gc"
    }

    fn prepare(&self, stage: &Stage) {
        run(stage);
        run(stage);
    }

    fn play(&self, stage: &Stage) -> Vec<Heard> {
        vec![stage.call(&["gc", "--max-jobs", "0"])]
    }

    fn judge(&self, stage: &Stage, heard: &[Heard], tally: &mut Tally) {
        judge(stage, heard, tally);
    }
}
