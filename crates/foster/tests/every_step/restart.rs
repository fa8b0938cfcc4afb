use foster_testkit::{Heard, Scenario, Stage, Tally};

use crate::run::{command, expected};
use crate::verdict::{self, Expected};

/// `restart` of a job that is over.
pub struct Restart;

impl Scenario for Restart {
    fn name(&self) -> &'static str {
        "restart"
    }

    fn prepare(&self, stage: &Stage) {
        stage
            .sandbox
            .ok(["run", "--", "sh", "-c", &command("word")]);
    }

    fn play(&self, stage: &Stage) -> Vec<Heard> {
        let ids = stage.job_ids();
        vec![stage.call(&["restart", &ids[0]])]
    }

    fn judge(&self, stage: &Stage, heard: &[Heard], tally: &mut Tally) {
        let again = Expected {
            starts: 2,
            run: 2,
            ..expected("word")
        };
        verdict::of_a_launch(stage, &heard[0], &again, tally);
        let id = &stage.job_ids()[0];
        verdict::of_output(stage, id, &expected("word"), tally);
        if stage.starts().len() < 2 {
            let answer = stage.sandbox.json(["restart", id]).value;
            tally.lost_unless(answer["exit_code"] == 7, || {
                format!("{}: it can't be restarted: {answer}", stage.what())
            });
        }
        verdict::of_the_rest(stage, tally);
    }
}
