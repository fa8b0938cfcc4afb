//! What has to be true after any one fault.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use foster_testkit::{Action, Heard, Point, Stage, Tally, wait_on_dir};

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
    let ids = stage.job_ids();
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
        let before = status["run"].as_u64() < Some(expected.run.into());
        let open = matches!(
            status["state"].as_str(),
            Some("created" | "failed" | "lost")
        );
        if !open && !before {
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
    if status["output"] != "complete" {
        lost(format!("its output is {}", status["output"]));
    }
    of_output(stage, id, expected, tally);
}

/// What the command printed is there, byte by byte.
pub fn of_output(stage: &Stage, id: &str, expected: &Expected, tally: &mut Tally) {
    let runs = stage.sandbox.job_dir(id).join("runs");
    let run = runs.join(expected.run.to_string());
    let logs = [
        ("stdout.log", &expected.stdout),
        ("stderr.log", &expected.stderr),
    ];
    for (name, whole) in logs {
        let kept = fs::read_to_string(run.join(name)).unwrap_or_default();
        tally.lost_unless(kept == *whole, || {
            let (kept, whole) = (kept.len(), whole.len());
            format!("{}: {name} has {kept} bytes of {whole}", stage.what())
        });
    }
}

/// Returns how often the command was started, when nobody is left who might start it: a launcher that was killed
/// has not waited for that.
pub fn settled_starts(stage: &Stage) -> usize {
    let has_started = || (!stage.starts().is_empty()).then_some(());
    let has_keeper = |name: &str| name == "launcher.keeper_forked";
    let killed_there = |(point, _): &(Point, Action)| has_keeper(&point.name);
    let passed = stage.faults.passed();
    let keeper_goes_on = stage.launcher_dies()
        && (stage.fault.as_ref().is_some_and(killed_there)
            || passed.iter().any(|passing| has_keeper(&passing.name)));
    if keeper_goes_on {
        // It may be so young that it is not known as the job's yet.
        let _ = wait_on_dir(stage.sandbox.work(), SOON, has_started);
    }
    if has_started().is_none() {
        for process in stage.sandbox.left_over() {
            let _ = wait_on_dir(stage.sandbox.work(), SOON, || {
                has_started().or_else(|| (!process.is_alive()).then_some(()))
            });
        }
    }
    stage.starts().len()
}

/// What was asked to end has ended, and its end is known; or it never began.
pub fn of_an_ending(stage: &Stage, heard: &[Heard], tally: &mut Tally) {
    let what = stage.what();
    let starts = settled_starts(stage);
    let right = starts == 1 || (starts == 0 && heard[0].ok().is_none());
    tally.lost_unless(right, || format!("{what}: started {starts} times"));
    if let (Some(Heard::Answer(answer)), true) = (heard.get(1), starts == 1) {
        let ended = answer["ok"] == true && answer["state"] == "killed";
        tally.lost_unless(ended, || format!("{what}: {answer}"));
    }
    let ids = stage.job_ids();
    let Some(id) = ids.first() else {
        return;
    };
    if !matches!(heard.get(1), Some(Heard::Answer(_))) && starts == 1 {
        // Whoever was to end it was killed.
        stage.sandbox.ok(["kill", id]);
    }
    let status = stage.sandbox.json(["status", id]).value;
    let state = status["state"].as_str().unwrap_or_default();
    let right = match starts {
        0 => matches!(state, "created" | "failed" | "lost"),
        _ => state == "killed" && status["cause"] == "stop",
    };
    tally.lost_unless(right, || {
        format!("{what}: started {starts} times, and {status}")
    });
    if starts == 1 {
        let printed = Expected {
            starts,
            run: 1,
            exit_code: 0,
            stdout: "out\n".to_owned(),
            stderr: "err\n".to_owned(),
        };
        of_output(stage, id, &printed, tally);
    }
}

/// Returns whether the fault came at a time when nobody who would go on had been made yet, or was a refusal.
pub fn may_fail_to_start(stage: &Stage) -> bool {
    let Some((point, action)) = &stage.fault else {
        return false;
    };
    let passed = stage.faults.passed();
    let two = passed
        .iter()
        .any(|passing| passing.name == "keeper.supervisor_forked");
    let refused = matches!(action, Action::Fail(_));
    point.role == "launcher" || refused || !two
}

/// Nothing is left behind, and the jobs can be listed, collected and deleted.
pub fn of_the_rest(stage: &Stage, tally: &mut Tally) {
    let what = stage.what();
    let left = stage.sandbox.left_over();
    for process in left.into_iter().filter(|process| !process.wait_gone(SOON)) {
        tally.escaped(format!("{what}: {} ({})", process.pid, process.name()));
    }
    for group in stage.sandbox.control_groups() {
        tally.escaped(format!("{what}: {}", group.display()));
    }
    let waste = files(stage.sandbox.root()).into_iter();
    // What a launcher was writing is written over by the next who writes it, or goes with the job.
    let taken_over = |file: &Path| stage.launcher_dies() && file.ends_with("meta.json.new");
    // A keeper that never had a supervisor stands in no record: what it takes away goes when it does.
    let stays = |file: &Path| {
        let gone = || (!file.exists()).then_some(());
        let dir = file.parent().unwrap_or(stage.sandbox.root());
        file.exists() && wait_on_dir(dir, SOON, gone).is_none()
    };
    let waste: Vec<_> = waste
        .filter(|file| is_waste(file) && !taken_over(file) && stays(file))
        .collect();
    tally.escaped_unless(waste.is_empty(), || format!("{what}: {waste:?}"));
    // A launcher that is cut short leaves the index behind, which is a cache: `gc` brings it up to the truth.
    let cut_short = stage.fault.as_ref();
    let cut_short = cut_short.filter(|(point, _)| point.role == "launcher");
    match cut_short {
        None => of_the_listing(stage, tally),
        // What it could not write down it could not.
        Some((_, Action::Fail(_))) => {}
        Some(_) => nobody_gone_is_listed(stage, tally),
    }
    let collected = stage.sandbox.json(["gc", "--max-jobs", "0"]).value;
    tally.lost_unless(collected["ok"] == true, || format!("{what}: {collected}"));
    if cut_short.is_some() {
        of_the_listing(stage, tally);
    }
    for id in stage.sandbox.job_ids() {
        let deleted = stage.sandbox.json(["delete", &id]).value;
        tally.lost_unless(deleted["ok"] == true, || format!("{what}: {deleted}"));
    }
    let left = files(&stage.sandbox.root().join("jobs")).into_iter();
    let left: Vec<_> = left.filter(|file| !is_draft(file)).collect();
    tally.escaped_unless(left.is_empty(), || format!("{what}: {left:?}"));
}

/// The jobs that there are are listed, and no others.
fn of_the_listing(stage: &Stage, tally: &mut Tally) {
    let (ids, known) = (listed(stage), stage.sandbox.job_ids());
    tally.lost_unless(ids == known, || {
        format!("{}: listed {ids:?} of {known:?}", stage.what())
    });
}

/// No job is listed that there is not.
fn nobody_gone_is_listed(stage: &Stage, tally: &mut Tally) {
    let (ids, known) = (listed(stage), stage.sandbox.job_ids());
    tally.lost_unless(ids.iter().all(|id| known.contains(id)), || {
        format!("{}: listed {ids:?} of {known:?}", stage.what())
    });
}

fn listed(stage: &Stage) -> Vec<String> {
    let answer = stage.sandbox.json(["list", "--all"]).value;
    let jobs = answer["jobs"].as_array().into_iter().flatten();
    let ids = jobs.filter_map(|job| job["job_id"].as_str());
    let mut ids: Vec<_> = ids.map(str::to_owned).collect();
    ids.sort_unstable();
    ids
}

/// A half-made folder of a launcher that was killed is swept when it is old: until then somebody may be making it.
fn is_draft(path: &Path) -> bool {
    let mut names = path.iter().filter_map(|name| name.to_str());
    names.any(|name| name.starts_with(".new-"))
}

fn is_waste(path: &Path) -> bool {
    let unfinished = path.extension().is_some_and(|extension| extension == "new");
    !is_draft(path) && (unfinished || path.ends_with("sock"))
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
