use std::fs;
use std::path::Path;
use std::time::Duration;

use foster_testkit::{Heard, Scenario, Stage, Tally, Watched, wait_on_dir};
use serde_json::Value;

use crate::run::{command, expected};
use crate::verdict;

/// `run` of a job whose end is told to a file.
pub struct Told;

/// How long telling takes at the most.
const SOON: Duration = Duration::from_secs(10);

impl Scenario for Told {
    fn name(&self) -> &'static str {
        "run --notify-file"
    }

    fn play(&self, stage: &Stage) -> Vec<Heard> {
        let line = command("word");
        vec![stage.call(&["run", "--notify-file", "told", "--", "sh", "-c", &line])]
    }

    fn judge(&self, stage: &Stage, heard: &[Heard], tally: &mut Tally) {
        verdict::of_a_launch(stage, &heard[0], &expected("word"), tally);
        wait_for_the_rest(stage);
        if let ([id], 1) = (stage.job_ids().as_slice(), stage.starts().len()) {
            judge_what_was_told(stage, id, tally);
        }
        verdict::of_the_rest(stage, tally);
    }
}

/// Waits until nobody is left: who is waited for may start another, as the keeper does the notifier.
fn wait_for_the_rest(stage: &Stage) {
    let all_gone = |left: Vec<Watched>| left.iter().all(|process| process.wait_gone(SOON));
    loop {
        let left = stage.sandbox.left_over();
        if left.is_empty() || !all_gone(left) {
            return;
        }
    }
}

/// Each sink is told once; or, if the one who tells was hit, or the end could not be written down for it, at least once,
/// at the latest by `recover`.
fn judge_what_was_told(stage: &Stage, id: &str, tally: &mut Tally) {
    let file = stage.sandbox.work().join("told");
    let times = || fs::read_to_string(&file).map_or(0, |text| text.lines().count());
    // Asked each time: who tells may not have come as far when this begins.
    let teller_was_hit = || {
        let made = stage.faults.made();
        made.is_some_and(|made| made.role == "notifier" || made.name == "store.completion.write")
    };
    let run = stage.sandbox.job_dir(id).join("runs/1");
    // Who tells is none of the job's own, by whose end it could be told that all is done: as long as one does
    // who was hit, `recover` leaves it to him.
    let written = (0..SOON.as_secs()).find_map(|_| {
        if teller_was_hit() {
            stage.sandbox.ok(["recover", id]);
        }
        let delivered = || is_delivered(&run).then_some(());
        wait_on_dir(&run, Duration::from_secs(1), delivered)
    });
    let told = times();
    let right = told == 1 || (teller_was_hit() && told > 0);
    tally.lost_unless(right && written.is_some(), || {
        format!("{}: told {told} times, {written:?}", stage.what())
    });
}

fn is_delivered(run: &Path) -> bool {
    let end = fs::read(run.join("completion_event.json")).unwrap_or_default();
    serde_json::from_slice::<Value>(&end).is_ok_and(|end| end["delivered"] == true)
}
