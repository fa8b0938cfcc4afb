use foster_testkit::{Heard, Scenario, Stage, Tally};

use crate::verdict::{self, Expected};

/// How often the command prints on each stream: so many lines come in many turns of the supervisor's.
const LINES: usize = 100;

/// Returns a command that says first that it was started, prints on both streams, and exits with 7.
pub fn command(word: &str) -> String {
    format!(
        "echo $$ >> starts; i=0; while [ $i -lt {LINES} ]; do echo out $i {word}; echo err $i >&2; \
         i=$((i+1)); done; exit 7"
    )
}

/// Returns what that comes to, where `word` is kept so.
pub fn expected(word: &str) -> Expected {
    let lines = |line: &dyn Fn(usize) -> String| (0..LINES).map(line).collect::<String>();
    Expected {
        starts: 1,
        run: 1,
        exit_code: 7,
        stdout: lines(&|i| format!("out {i} {word}\n")),
        stderr: lines(&|i| format!("err {i}\n")),
    }
}

/// `run`, which stays with the job to its end.
pub struct Run;

impl Scenario for Run {
    fn name(&self) -> &'static str {
        "run"
    }

    fn is_walked_whole(&self) -> bool {
        true
    }

    fn play(&self, stage: &Stage) -> Vec<Heard> {
        vec![stage.call(&["run", "--", "sh", "-c", &command("word")])]
    }

    fn judge(&self, stage: &Stage, heard: &[Heard], tally: &mut Tally) {
        verdict::of_a_launch(stage, &heard[0], &expected("word"), tally);
        verdict::of_the_rest(stage, tally);
    }
}

/// `run` with a value that is taken out of the output.
pub struct RunRedacted;

impl Scenario for RunRedacted {
    fn name(&self) -> &'static str {
        "run --redact"
    }

    fn play(&self, stage: &Stage) -> Vec<Heard> {
        let secret = ["--env", "SECRET=hush-hush", "--redact", "SECRET"];
        let line = command("$SECRET");
        vec![stage.call(&[&["run"], &secret[..], &["--", "sh", "-c", &line]].concat())]
    }

    fn judge(&self, stage: &Stage, heard: &[Heard], tally: &mut Tally) {
        verdict::of_a_launch(stage, &heard[0], &expected("***"), tally);
        verdict::of_the_rest(stage, tally);
    }
}

/// `create` and, where that made a job, `start`.
pub struct CreateAndStart;

impl Scenario for CreateAndStart {
    fn name(&self) -> &'static str {
        "create, start"
    }

    fn play(&self, stage: &Stage) -> Vec<Heard> {
        let mut heard = vec![stage.call(&["create", "--", "sh", "-c", &command("word")])];
        if let [id] = stage.job_ids().as_slice() {
            heard.push(stage.call(&["start", "--wait", id]));
        }
        heard
    }

    fn judge(&self, stage: &Stage, heard: &[Heard], tally: &mut Tally) {
        verdict::of_a_launch(stage, &heard[heard.len() - 1], &expected("word"), tally);
        verdict::of_the_rest(stage, tally);
    }
}
