use foster_testkit::{Heard, Scenario, Stage, Tally};

use crate::verdict::{self, Expected};

/// `run`, from the caller's side: a command that prints on both streams and exits with 7.
pub struct Run;

/// It says first that it was started. So many lines come in many turns of the supervisor's.
const COMMAND: &str = "echo $$ >> starts; i=0; while [ $i -lt 100 ]; do echo out $i; echo err $i >&2; i=$((i+1)); done; exit 7";

impl Scenario for Run {
    const NAME: &'static str = "run";

    fn play(&self, stage: &Stage) -> Vec<Heard> {
        vec![stage.call(&["run", "--", "sh", "-c", COMMAND])]
    }

    fn judge(&self, stage: &Stage, heard: &[Heard], tally: &mut Tally) {
        let lines = |word| {
            (0..100)
                .map(|i| format!("{word} {i}\n"))
                .collect::<String>()
        };
        let expected = Expected {
            starts: 1,
            run: 1,
            exit_code: 7,
            stdout: lines("out"),
            stderr: lines("err"),
        };
        verdict::of_a_launch(stage, &heard[0], &expected, tally);
        verdict::of_the_rest(stage, tally);
    }
}
