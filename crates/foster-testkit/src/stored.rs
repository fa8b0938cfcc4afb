//! Stores with as many jobs as one likes, for whoever measures what a store of that size costs.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::DEADLINE;
use crate::belongings::{Job, members};
use crate::finish;
use crate::template::{Template, id_at};

/// How far from each other the jobs of a store were made: close to three thousand a day.
const APART: Duration = Duration::from_secs(30);
/// How many jobs of a store bear the rare marks.
const RARE: u32 = 10;
/// Their tag, their group and their name.
pub const RARE_LABEL: &str = "rare";

/// Makes a store of `count` jobs that are over, the newest half a minute old, each half a minute older
/// than the next, and returns their ids, the oldest first. Ten of them, evenly spread, have
/// [`RARE_LABEL`] as tag, group and name; the others have the tag `common`.
///
/// Two jobs are run; the others have the files of these, with an id and times of their own, as jobs of
/// an earlier boot. The index is there and whole.
///
/// # Panics
///
/// If there are jobs in `root`, `foster` does not do as it is told, or something can't be written.
pub fn fill_store(foster: &Path, root: &Path, count: u32) -> Vec<String> {
    let made = fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(root);
    made.expect("the root can be made");
    assert!(Job::all(root).is_empty(), "{root:?} has jobs");
    let common = template(foster, root, &["--tag", "common"]);
    let rare = [
        "--tag", RARE_LABEL, "--group", RARE_LABEL, "--name", RARE_LABEL,
    ];
    let rare = template(foster, root, &rare);
    let jobs = root.join("jobs");
    fs::remove_dir_all(&jobs).expect("the two that were run can be removed");
    fs::remove_file(root.join("index")).expect("so can their index");
    let now = SystemTime::now();
    let numbers: Vec<u32> = (0..count).collect();
    let id_of = |number: u32| id_at(now - APART * (count - number), number);
    shared_out(&numbers, |number| {
        let (age, id) = (APART * (count - number), id_of(*number));
        let is_rare = number % (count / RARE).max(1) == 0;
        let template = if is_rare { &rare } else { &common };
        let day = jobs.join(day_of(now - age));
        let made = fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&day);
        made.expect("a day can be made");
        template.earlier(age).copy_to(&day.join(&id), &id);
    });
    // So that no other call pays for the index.
    ask(foster, root, ["list", "--all", "--limit", "1"]);
    numbers.into_iter().map(id_of).collect()
}

/// Does something for each, on all processors.
pub(crate) fn shared_out<T: Sync>(all: &[T], work: impl Fn(&T) + Sync) {
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let (share, work) = (all.len().div_ceil(workers).max(1), &work);
    thread::scope(|scope| {
        for share in all.chunks(share) {
            scope.spawn(move || share.iter().for_each(work));
        }
    });
}

/// Runs a job, and returns its files once nobody looks after it any more.
fn template(foster: &Path, root: &Path, marks: &[&str]) -> Template {
    let command = ["--", "echo", "hello"];
    let args = ["run"].iter().chain(marks).chain(&command);
    let id = ask(foster, root, args)["job_id"]
        .as_str()
        .map(str::to_owned);
    let id = id.expect("an answer of run names the job");
    for process in members(&Job::all(root)) {
        assert!(process.wait_gone(DEADLINE), "a quick job goes on");
    }
    let jobs = Job::all(root);
    let job = jobs.iter().find(|job| job.id == id);
    Template::read(&job.expect("the job has a folder").dir, &id)
}

fn ask<S: AsRef<OsStr>>(foster: &Path, root: &Path, args: impl IntoIterator<Item = S>) -> Value {
    let mut command = Command::new(foster);
    command.args(args).stdin(Stdio::null());
    command
        .env("FOSTER_ROOT", root)
        .env("FOSTER_OUTPUT", "json");
    let done = finish(command, None, DEADLINE);
    let answer = serde_json::from_slice::<Value>(&done.stdout);
    let answer = answer.expect("foster answers in JSON");
    assert_eq!(answer["ok"], true, "{answer:#}");
    answer
}

/// Returns the day of a moment, as the folder of its jobs is called.
fn day_of(at: SystemTime) -> String {
    let mut day = humantime::format_rfc3339_seconds(at).to_string();
    day.truncate("2026-11-20".len());
    day
}
