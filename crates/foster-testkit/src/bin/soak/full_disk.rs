use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use fastrand::Rng;
use foster_testkit::{Sandbox, habit, is_root};
use serde_json::Value;

use crate::ledger::{Ledger, Round};
use crate::started_job::{StartedJob, text};

/// Room for some jobs, and soon for none.
const SIZE: &str = "size=6m,mode=0700";

/// Fills a small disk again and again, under jobs that run on it. Needs root, and a mount namespace of
/// its own (`scripts/soak` makes it), so that nobody else sees the disk.
pub fn fill_until(end: Instant, ledger: &Ledger, mut rng: Rng) {
    if !is_root() || !alone_in_its_namespace() {
        eprintln!("soak: no disk is filled: that takes root, and a mount namespace of its own");
        return;
    }
    while Instant::now() < end {
        ledger.scenario("a full disk under a running job", |round| {
            let sandbox = Sandbox::new(crate::foster());
            let _disk = SmallDisk::mount(sandbox.root());
            play(&sandbox, round, &mut rng);
            sandbox.assert_nothing_left(Duration::from_secs(20));
        });
    }
}

/// How many bytes are dropped at once where there is no room.
const CHUNK: u64 = 64 * 1024;

/// A small disk at a place, until this is dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(place: &Path) -> Self {
        run(Command::new("mount")
            .args(["-t", "tmpfs", "-o", SIZE, "foster-soak"])
            .arg(place));
        Self(place.to_owned())
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily, since a round that failed may have left somebody there.
        run(Command::new("umount").arg("--lazy").arg(&self.0));
    }
}

fn alone_in_its_namespace() -> bool {
    let of = |who: &str| fs::read_link(format!("/proc/{who}/ns/mnt")).ok();
    of("self") != of("1")
}

fn run(command: &mut Command) {
    let status = command.status();
    assert!(
        status.as_ref().is_ok_and(std::process::ExitStatus::success),
        "{command:?}: {status:?}"
    );
}

/// A job prints more than there is room for; its end is kept all the same, and once there is room again
/// the next job loses nothing.
fn play(sandbox: &Sandbox, round: &mut Round, rng: &mut Rng) {
    let flood = habit("flood").display().to_string();
    let amount = 4_000_000 + rng.u64(0..8_000_000);
    let printed = amount.to_string();
    let args = [
        "run",
        "--no-wait",
        "--",
        &flood,
        "--stdout",
        &printed,
        "--block",
        "5000",
    ];
    let job = StartedJob::from_answer(&sandbox.ok(args));
    let ballast = sandbox.root().join("ballast");
    if rng.bool() {
        fill(&ballast);
    }
    let killed = rng.bool();
    if killed {
        job.kill(["supervisor", "keeper"][rng.usize(..2)]);
    }
    let last = sandbox.ok(["wait", &job.id, "--timeout", "45s", "--max-bytes", "1KiB"]);
    round.lost_unless(ended(&last), || format!("{}: {last:#}", job.id));
    let (kept, told) = (job.log(1, 0).len() as u64, &last["snapshot"]["stdout"]);
    let observed = told["observed_bytes"].as_u64().unwrap_or_default();
    // What is dropped for want of room is counted in memory and in a timeline that has no room either: a
    // supervisor that is killed then takes the count of its last chunk along.
    let uncounted = amount.saturating_sub(observed);
    let right = observed <= amount && uncounted <= if killed { CHUNK } else { 0 };
    round.lost_unless(right, || format!("{observed} of {amount}: {last}"));
    round.lost_unless(kept <= observed, || {
        format!("{kept} of {observed} are kept")
    });
    refused_or_done(sandbox, round);
    for path in [ballast, job.dir.join("runs/1/stdout.log")] {
        // The one may not have been made, the other is in the way.
        let _ = fs::remove_file(path);
    }
    let again = sandbox.ok(["run", "--wait", "--", &flood, "--stdout", "100000"]);
    let again = StartedJob::from_answer(&again);
    let kept = again.log(1, 0).len();
    round.lost_unless(kept == 100_000, || format!("{kept} bytes with room again"));
}

fn ended(last: &Value) -> bool {
    last["state"] == "exited" && last["exit_code"] == 0
}

/// On a full disk a job is made and ends well, or is refused with a reason.
fn refused_or_done(sandbox: &Sandbox, round: &mut Round) {
    let answer = sandbox.json(["run", "--wait", "--", "true"]).value;
    if answer["ok"] == true {
        round.lost_unless(ended(&answer), || format!("{answer:#}"));
    } else {
        assert!(!text(&answer["error"]["message"]).is_empty());
    }
}

/// Takes all the room that is left.
fn fill(path: &Path) {
    let mut file = File::create(path).expect("a file can be made");
    let zeros = vec![0; 16 * 1024];
    while file.write_all(&zeros).is_ok() {}
}
