use std::fs;

use foster_testkit::{Heard, Scenario, Stage, Tally};

use crate::verdict;

/// A command with an open standard input, which is written to and then closed.
pub struct Input;

impl Scenario for Input {
    fn name(&self) -> &'static str {
        "run --stdin open, send"
    }

    fn play(&self, stage: &Stage) -> Vec<Heard> {
        let line = "echo $$ >> starts; cat; exit 7";
        let run = [
            "run",
            "--no-wait",
            "--stdin",
            "open",
            "--",
            "sh",
            "-c",
            line,
        ];
        let mut heard = vec![stage.call(&run)];
        if let Some(started) = heard[0].ok() {
            let id = started["job_id"].as_str().unwrap_or_default().to_owned();
            heard.push(stage.call(&["send", &id, "hello"]));
            heard.push(stage.call(&["send", &id, "--eof"]));
        }
        heard
    }

    fn judge(&self, stage: &Stage, heard: &[Heard], tally: &mut Tally) {
        let what = stage.what();
        let starts = verdict::settled_starts(stage);
        if let [id] = stage.job_ids().as_slice() {
            if stage.sandbox.json(["status", id]).value["state"] == "running" {
                // Whoever was to close it was killed; or it is over in a moment, which is told below.
                stage.sandbox.json(["send", id, "--eof"]);
            }
            let over = stage.sandbox.json(["wait", id]).value;
            let ran = starts > 0;
            tally.lost_unless(!ran || over["exit_code"] == 7, || format!("{what}: {over}"));
            let log = stage.sandbox.job_dir(id).join("runs/1/stdout.log");
            let came = fs::read_to_string(log).unwrap_or_default();
            let told = heard.get(1).is_some_and(|sent| sent.ok().is_some());
            let right = came == "hello\n" || (came.is_empty() && !told);
            tally.lost_unless(right, || format!("{what}: {came:?} of {:?}", heard.get(1)));
        }
        let right = starts == 1 || (starts == 0 && heard[0].ok().is_none());
        tally.lost_unless(right, || format!("{what}: started {starts} times"));
        for heard in heard.iter().filter(|heard| !is_clear(stage, heard)) {
            tally.lost(format!("{what}: {heard:?}"));
        }
        verdict::of_the_rest(stage, tally);
    }
}

/// Whoever sends can't know what became of it when the supervisor dies before it could say: then that is the answer; or,
/// where the successor has closed the input, that there is none.
fn is_clear(stage: &Stage, heard: &Heard) -> bool {
    match heard {
        Heard::Killed => stage.launcher_dies(),
        Heard::Answer(answer) => {
            let made = stage.faults.made();
            let died = made.is_some_and(|made| made.role == "supervisor");
            let unknown = heard.error() == Some("supervisor_unreachable");
            let closed = heard.error() == Some("invalid_state") && answer["stdin"] == "closed";
            heard.ok().is_some()
                || verdict::may_fail_to_start(stage)
                || (died && (unknown || closed))
        }
    }
}
