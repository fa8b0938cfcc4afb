use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use foster_testkit::{Sandbox, Tally};

use crate::common::{picture, sandbox, settled, text};

/// What can be replaced by a link to something of the same shape outside, with what is behind it.
const PLACES: [&str; 18] = [
    "jobs",
    "jobs/DAY",
    "jobs/DAY/JOB",
    "jobs/DAY/JOB/runs",
    "jobs/DAY/JOB/runs/1",
    "jobs/DAY/JOB/runs/1/stdout.log",
    "jobs/DAY/JOB/runs/1/timeline",
    "jobs/DAY/JOB/meta.json",
    "jobs/DAY/JOB/state.json",
    "jobs/DAY/JOB/state.json.new",
    "jobs/DAY/JOB/meta.json.new",
    "jobs/DAY/JOB/events.ndjson",
    "jobs/DAY/JOB/secrets.json",
    "jobs/DAY/JOB/lock",
    "jobs/DAY/JOB/sock",
    "index",
    "index.lock",
    "gc.lock",
];

const VERBS: [&str; 15] = [
    "list --all",
    "status JOB",
    "tail JOB",
    "logs JOB",
    "wait JOB --timeout 1ms",
    "notify show JOB",
    "tag JOB --add x",
    "notify set JOB --notify-file of.ndjson",
    "kill JOB --grace 0s",
    "recover",
    "restart JOB --wait",
    "run --wait -- true",
    "gc --older-than 1ms",
    "delete JOB --kill",
    "recover",
];

/// Moves what is at `place` out of the root and puts a link to it there, as an absolute path.
fn link_out(sandbox: &Sandbox, place: &str, id: &str) -> PathBuf {
    let folder = sandbox.job_dir(id);
    let day = folder.parent().unwrap().file_name().unwrap();
    let place = place
        .replace("DAY", day.to_str().unwrap())
        .replace("JOB", id);
    let inside = sandbox.root().join(place);
    let outside = sandbox.work().join("outside");
    fs::create_dir(&outside).unwrap();
    let target = outside.join(inside.file_name().unwrap());
    if inside.exists() {
        fs::rename(&inside, &target).unwrap();
    } else {
        fs::write(&target, "what is not Foster's").unwrap();
    }
    symlink(&target, &inside).unwrap();
    outside
}

#[test]
fn no_verb_follows_a_link_out_of_the_root() {
    let mut tally = Tally::new("a link out of the root, by place and verb");
    for place in PLACES {
        let sandbox = sandbox();
        let options = ["--keep-env", "--log-cap", "4KiB", "--", "seq", "5000"];
        let job = sandbox.ok([&["run", "--wait"], &options[..]].concat());
        let id = text(&job["job_id"]);
        settled(&sandbox, id);
        let outside = link_out(&sandbox, place, id);
        let before = picture(&outside);
        for verb in VERBS {
            tally.run();
            let words = verb.split(' ');
            let answer = sandbox.json(words.map(|word| if word == "JOB" { id } else { word }));
            if picture(&outside) != before {
                let answer = answer.value;
                tally.stranger_hit(format!("{verb} with a link in place of {place}: {answer}"));
                break;
            }
        }
    }
}
