//! What has to be true after any one fault.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use foster_testkit::{Heard, Stage, Tally};
use serde_json::Value;

/// How long processes that have nothing left to do are given to end.
const SOON: Duration = Duration::from_secs(10);

/// What a launched command is to come to.
pub struct Expected {
    /// How often it was started by then.
    pub starts: usize,
    /// The number of the run.
    pub run: u32,
    pub exit_code: i64,
    pub stdout: String,
    pub stderr: String,
}

/// The command was started once, and all of it is known; or it never was, and that is told.
pub fn of_a_launch(stage: &Stage, heard: &Heard, expected: &Expected, tally: &mut Tally) {
    let what = stage.what();
    let mut lost = |told: String| tally.lost(format!("{what}: {told}"));
    if let (Heard::Killed, false) = (heard, stage.launcher_dies()) {
        lost("the launcher was killed, and was not to be".to_owned());
    }
    let ids = stage.sandbox.job_ids();
    let [id] = ids.as_slice() else {
        if !ids.is_empty() || heard.ok().is_some() || !stage.starts().is_empty() {
            lost(format!("the jobs {ids:?} after {heard:?}"));
        }
        return;
    };
    let settled = stage.sandbox.json(["wait", id]);
    let status = stage.sandbox.json(["status", id]);
    let (settled, status) = (settled.value, status.value);
    let starts = stage.starts().len();
    if starts + 1 == expected.starts && may_fail_to_start(stage) {
        if heard.ok().is_some() {
            lost(format!("good news of what never started: {heard:?}"));
        }
        if !matches!(
            status["state"].as_str(),
            Some("created" | "failed" | "lost")
        ) {
            lost(format!("never started, and {status}"));
        }
        return;
    }
    if starts != expected.starts {
        lost(format!("started {starts} times: {heard:?} {status}"));
        return;
    }
    if let (Heard::Answer(answer), None) = (heard, heard.ok()) {
        lost(format!("it was started, and {answer}"));
    }
    let answers = [Some(&settled), Some(&status), heard.ok()];
    for answer in answers.into_iter().flatten() {
        if answer["state"] != "exited" || answer["exit_code"] != expected.exit_code {
            lost(format!("its end: {answer}"));
        }
    }
    let run = stage
        .sandbox
        .job_dir(id)
        .join("runs")
        .join(expected.run.to_string());
    for (name, whole) in [
        ("stdout.log", &expected.stdout),
        ("stderr.log", &expected.stderr),
    ] {
        let kept = fs::read_to_string(run.join(name)).unwrap_or_default();
        if kept != *whole {
            lost(format!(
                "{name} has {} bytes of {}",
                kept.len(),
                whole.len()
            ));
        }
    }
    if status["output"] != "complete" {
        lost(format!("its output is {}", status["output"]));
    }
}

/// Returns whether the fault came at a time when nobody who would go on had been made yet, or was a refusal.
fn may_fail_to_start(stage: &Stage) -> bool {
    let Some((point, action)) = &stage.fault else {
        return false;
    };
    let passed = stage.faults.passed();
    let two = passed
        .iter()
        .any(|passing| passing.name == "keeper.supervisor_forked");
    let refused = matches!(action, foster_testkit::Action::Fail(_));
    point.role == "launcher" || refused || !two
}

/// Nothing is left behind, and the job can be listed, looked at and deleted.
pub fn of_the_rest(stage: &Stage, tally: &mut Tally) {
    let what = stage.what();
    for process in stage.sandbox.left_over() {
        let _ = process.wait_gone(SOON);
    }
    for process in stage.sandbox.left_over() {
        tally.escaped(format!("{what}: {} ({})", process.pid, process.name()));
    }
    for group in stage.sandbox.control_groups() {
        tally.escaped(format!("{what}: {}", group.display()));
    }
    let waste: Vec<_> = files(stage.sandbox.root())
        .into_iter()
        .filter(|file| is_waste(file))
        .collect();
    if !waste.is_empty() {
        tally.escaped(format!("{what}: {waste:?}"));
    }
    let listed = stage.sandbox.json(["list", "--all"]).value;
    let jobs = listed["jobs"].as_array().cloned().unwrap_or_default();
    let ids: Vec<&str> = jobs
        .iter()
        .filter_map(|job| job["job_id"].as_str())
        .collect();
    let known = stage.sandbox.job_ids();
    tally.lost_unless(ids == known, || {
        format!("{what}: listed {ids:?} of {known:?}")
    });
    for job in &jobs {
        let id = job["job_id"].as_str().unwrap_or_default();
        let status = stage.sandbox.json(["status", id]).value;
        tally.lost_unless(status["state"] == job["state"], || {
            format!(
                "{what}: listed as {}, and {}",
                job["state"], status["state"]
            )
        });
    }
    let collected = stage.sandbox.json(["gc", "--max-jobs", "0"]).value;
    tally.lost_unless(collected["ok"] == true, || format!("{what}: {collected}"));
    for id in stage.sandbox.job_ids() {
        let deleted: Value = stage.sandbox.json(["delete", &id]).value;
        tally.lost_unless(deleted["ok"] == true, || format!("{what}: {deleted}"));
    }
    let left = files(&stage.sandbox.root().join("jobs"));
    let left: Vec<_> = left.into_iter().filter(|file| !is_draft(file)).collect();
    tally.escaped_unless(left.is_empty(), || format!("{what}: {left:?}"));
}

/// A half-made folder of a launcher that was killed is swept when it is old: until then somebody may be making it.
fn is_draft(path: &Path) -> bool {
    let mut names = path.iter().filter_map(|name| name.to_str());
    names.any(|name| name.starts_with(".new-"))
}

fn is_waste(path: &Path) -> bool {
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    !is_draft(path) && (name.ends_with(".new") || name == "sock" || name.starts_with(".gone-"))
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}
