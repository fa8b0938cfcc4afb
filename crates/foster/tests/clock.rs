//! The wall clock set back and forward, a machine that sleeps, and one that was started anew.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "this is a test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use foster_testkit::{Gate, Sandbox, Tally, WallClock, Watched, kill_at_once, require};
use rustix::process::Signal;
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(30);
const DAY: i64 = 24 * 60 * 60;
/// Forward and back, a little and far: beyond the age at which jobs are cleaned up, and before 1970.
const SHIFTS: [i64; 6] = [3600, -3600, 40 * DAY, -40 * DAY, 3650 * DAY, -30000 * DAY];

/// A sandbox whose `foster` goes by a clock that the test can set.
struct Wound {
    sandbox: Sandbox,
    clock: WallClock,
}

impl Wound {
    fn new() -> Option<Self> {
        let clock = WallClock::new();
        if !require("a C compiler", clock.is_some()) {
            return None;
        }
        let sandbox = Sandbox::new(env!("CARGO_BIN_EXE_foster"));
        clock.map(|clock| Self { sandbox, clock })
    }

    fn ok(&self, args: &[&str]) -> Value {
        let mut command = self.sandbox.foster();
        self.clock.wind(command.args(args));
        self.sandbox.json_of(command, None).into_ok()
    }

    fn start(&self, options: &[&str], line: &str) -> String {
        let args = [&["run", "--no-wait"], options, &["--", "sh", "-c", line]].concat();
        text(&self.ok(&args)["job_id"]).to_owned()
    }

    fn listed(&self, options: &[&str]) -> Vec<String> {
        let listed = self.ok(&[&["list", "--all", "--limit", "1000"], options].concat());
        let jobs = listed["jobs"].as_array().unwrap();
        jobs.iter()
            .map(|job| text(&job["job_id"]).to_owned())
            .collect()
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[test]
fn a_clock_that_is_set_moves_no_deadline() {
    let Some(wound) = Wound::new() else { return };
    let mut tally = Tally::new("wall clock set while jobs have deadlines");
    for shift in SHIFTS {
        tally.run();
        wound.clock.set(0);
        let far = wound.start(&["--timeout", "1h", "--idle-timeout", "1h"], "sleep 600");
        let near = wound.start(&["--timeout", "1s"], "sleep 600");
        let idle = wound.start(&["--idle-timeout", "1s"], "sleep 600");
        wound.clock.set(shift);
        for id in [&near, &idle] {
            let ended = wound.ok(&["wait", id, "--timeout", "20s"]);
            tally.lost_unless(ended["cause"] == "timeout", || {
                format!("{shift}: {ended:#}")
            });
            let lasted = ended["duration_ms"].as_u64().unwrap_or(0);
            let true_time = (1_000..20_000).contains(&lasted);
            tally.lost_unless(true_time, || format!("{shift}: it ran for {lasted} ms"));
        }
        let status = wound.ok(&["status", &far]);
        let number = |name: &str| status[name].as_u64().unwrap_or(u64::MAX);
        let (running, remaining) = (number("running_ms"), number("remaining_ms"));
        let told = status["state"] == "running"
            && running < 100_000
            && (3_500_000..=3_600_000).contains(&remaining);
        tally.lost_unless(told, || {
            format!("{shift}: {running}, {remaining}: {status:#}")
        });
        let moved = wound.ok(&["deadline", &far, "1s"]);
        let remaining = moved["remaining_ms"].as_u64().unwrap_or(u64::MAX);
        tally.lost_unless(remaining <= 1_000, || format!("{shift}: {moved:#}"));
        let ended = wound.ok(&["wait", &far, "--timeout", "20s"]);
        tally.lost_unless(ended["cause"] == "timeout", || {
            format!("{shift}: {ended:#}")
        });
    }
    wound.sandbox.assert_nothing_left(SOON);
}

#[test]
fn a_clock_that_is_set_while_a_job_prints_loses_no_line_and_no_order() {
    let Some(wound) = Wound::new() else { return };
    let gate = Gate::new(&wound.sandbox, "gate");
    let mut tally = Tally::new("wall clock set while a job prints, and before it ends");
    for shift in SHIFTS {
        tally.run();
        wound.clock.set(0);
        let line = "echo before; read x < gate; echo after; echo after >&2; exit 3";
        let id = wound.start(&[], line);
        wound.ok(&["wait", &id, "--for", "before", "--timeout", "20s"]);
        wound.clock.set(shift);
        gate.open();
        let ended = wound.ok(&["wait", &id]);
        tally.lost_unless(ended["exit_code"] == 3, || format!("{shift}: {ended:#}"));
        let lasted = ended["duration_ms"].as_u64().unwrap_or(u64::MAX);
        tally.lost_unless(lasted < 20_000, || {
            format!("{shift}: it lasted {lasted} ms")
        });
        let logs = wound.ok(&["logs", &id, "--json"]);
        let lines = logs["lines"].as_array().unwrap();
        let lines: Vec<_> = lines.iter().map(|line| text(&line["text"])).collect();
        let whole = lines == ["before", "after", "after"];
        tally.lost_unless(whole, || format!("{shift}: {logs:#}"));
    }
}

#[test]
fn jobs_made_at_any_time_have_ids_of_their_own_and_are_all_found() {
    let Some(wound) = Wound::new() else { return };
    let mut tally = Tally::new("wall clock set between launches");
    let mut made = Vec::new();
    for shift in [0].into_iter().chain(SHIFTS).chain([0]) {
        tally.run();
        wound.clock.set(shift);
        // A clean-up is due at each end, by a clock that says that all before is old.
        let answer = wound.ok(&["run", "--wait", "--no-auto-gc", "--", "true"]);
        made.push(text(&answer["job_id"]).to_owned());
        let listed = wound.listed(&[]);
        let mut sorted = made.clone();
        sorted.sort_by(|one, other| other.cmp(one));
        tally.lost_unless(listed == sorted, || {
            format!("{shift}: {listed:?}, not {sorted:?}")
        });
        let table = wound.sandbox.foster();
        tally.lost_unless(no_negative_age(&wound, table), || {
            format!("{shift}: the table")
        });
    }
    let distinct: BTreeSet<_> = made.iter().collect();
    assert_eq!(distinct.len(), made.len(), "two jobs have one id");
    // Seen from the right time: what says that it was made later is not taken for old.
    let young = wound.listed(&["--since", "10m"]);
    let later: Vec<_> = made.iter().filter(|id| young.contains(id)).collect();
    assert_eq!(
        later.len(),
        5,
        "three of the future and the two of now: {young:?}"
    );
}

/// Ages that would be negative are shown as none.
fn no_negative_age(wound: &Wound, mut table: Command) -> bool {
    wound
        .clock
        .wind(table.args(["list", "--all", "--output", "text"]));
    let done = foster_testkit::finish(table, None, SOON);
    let shown = String::from_utf8(done.stdout).unwrap();
    let mut cells = shown.lines().skip(1).flat_map(str::split_whitespace);
    done.status.success() && !cells.any(|cell| cell.len() > 1 && cell.starts_with('-'))
}

#[test]
fn a_clock_that_was_wrong_makes_no_job_of_this_boot_old() {
    let Some(wound) = Wound::new() else { return };
    let mut tally = Tally::new("wall clock set 40 days and 60 years forward: clean-up by age");
    for shift in [40 * DAY, 60 * 365 * DAY] {
        tally.run();
        wound.clock.set(0);
        let kept = text(&wound.ok(&["run", "--wait", "--", "echo", "mine"])["job_id"]).to_owned();
        wound.clock.set(shift);
        // Its keeper cleans up: the other job seems to be over for long.
        let last = text(&wound.ok(&["run", "--wait", "--", "true"])["job_id"]).to_owned();
        wound.sandbox.assert_nothing_left(SOON);
        wound.ok(&["gc"]);
        let listed = wound.listed(&[]);
        for id in [&kept, &last] {
            tally.lost_unless(listed.contains(id), || format!("{shift}: {id}: {listed:?}"));
        }
    }
}

fn record(sandbox: &Sandbox, id: &str) -> Value {
    let state = fs::read(sandbox.job_dir(id).join("state.json")).unwrap();
    let mut state: Value = serde_json::from_slice(&state).unwrap();
    state["record"].take()
}

/// All that belongs to a running job: keeper, supervisor and tree.
fn everybody(sandbox: &Sandbox, id: &str) -> Vec<Watched> {
    let record = record(sandbox, id);
    let keeper = Watched::from_json(&record["keeper"]).unwrap();
    let mut all: Vec<_> = keeper.descendants().into_iter().collect();
    all.push(keeper);
    all
}

#[test]
fn a_job_that_slept_with_its_machine_is_ended_when_it_wakes_if_its_time_is_over() {
    let sandbox = Sandbox::new(env!("CARGO_BIN_EXE_foster"));
    let gate = Gate::new(&sandbox, "gate");
    let mut tally = Tally::new("all of a job stopped, as in suspend, beyond its deadline");
    let start = |options: &[&str], line: &str| {
        let args = [&["run", "--no-wait"], options, &["--", "sh", "-c", line]].concat();
        text(&sandbox.ok(args)["job_id"]).to_owned()
    };
    for deadline in [&["--timeout", "1s"], &["--idle-timeout", "1s"]] {
        tally.run();
        let due = start(deadline, "echo before; sleep 600");
        let other = start(&[], "echo before; read x < gate; echo after; exit 5");
        for id in [&due, &other] {
            sandbox.ok(["wait", id, "--for", "before", "--timeout", "20s"]);
        }
        let asleep: Vec<_> = [&due, &other]
            .into_iter()
            .flat_map(|id| everybody(&sandbox, id))
            .collect();
        // From the leaves up, so that nobody wakes anybody.
        assert!(asleep.iter().all(|process| process.signal(Signal::STOP)));
        // A deadline that was set later is over: so are those of the sleepers.
        let clock = start(&["--timeout", "1s"], "sleep 600");
        sandbox.ok(["wait", &clock]);
        tally.lost_unless(record(&sandbox, &due)["state"] == "running", || {
            "it woke".to_owned()
        });
        for process in &asleep {
            // Those who woke first may have ended him by now.
            let _ = process.signal(Signal::CONT);
        }
        let ended = sandbox.json(["wait", &due, "--timeout", "20s"]);
        let prompt = ended.elapsed < Duration::from_secs(15);
        let ended = ended.into_ok();
        tally.lost_unless(prompt && ended["cause"] == "timeout", || {
            format!("{ended:#}")
        });
        gate.open();
        let ended = sandbox.ok(["wait", &other]);
        tally.lost_unless(ended["exit_code"] == 5, || format!("{ended:#}"));
        let whole = fs::read(sandbox.job_dir(&other).join("runs/1/stdout.log")).unwrap();
        tally.lost_unless(whole == b"before\nafter\n", || format!("{whole:?}"));
    }
    sandbox.assert_nothing_left(SOON);
}

/// Makes the files of a job say that they were written in an earlier boot of this machine.
fn reboot(dir: &Path) {
    let path = dir.join("meta.json");
    let mut meta: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert!(meta["host"]["boot"].is_string(), "{meta:#}");
    meta["host"]["boot"] = json!("00000000-0000-4000-8000-000000000000");
    fs::write(&path, serde_json::to_vec(&meta).unwrap()).unwrap();
}

#[test]
fn after_a_reboot_each_job_is_what_it_can_be_and_runs_again() {
    let sandbox = Sandbox::new(env!("CARGO_BIN_EXE_foster"));
    let mut tally = Tally::new("reboot: jobs running, defined, over, with a deadline, with sinks");
    let told = sandbox.work().join("told");
    let told = told.to_str().unwrap();
    let line = "echo run; [ -e second ] || sleep 600";
    let kinds: [(&str, &[&str], &str); 5] = [
        ("running", &["run", "--no-wait"], "lost"),
        (
            "with a deadline",
            &["run", "--no-wait", "--timeout", "1h"],
            "lost",
        ),
        (
            "with a sink",
            &["run", "--no-wait", "--notify-file", told],
            "lost",
        ),
        ("defined", &["create"], "created"),
        ("over", &["run", "--wait", "--timeout", "100ms"], "killed"),
    ];
    let mut jobs = Vec::new();
    for (kind, args, expected) in kinds {
        let answer = sandbox.ok([args, &["--", "sh", "-c", line]].concat());
        let id = text(&answer["job_id"]).to_owned();
        if expected == "lost" {
            sandbox.ok(["wait", &id, "--for", "run", "--timeout", "20s"]);
            kill_at_once(&everybody(&sandbox, &id));
        }
        reboot(&sandbox.job_dir(&id));
        jobs.push((kind, id, expected));
    }
    fs::write(sandbox.work().join("second"), "").unwrap();
    for (kind, id, expected) in jobs {
        tally.run();
        let status = sandbox.ok(["status", &id]);
        tally.lost_unless(status["state"] == expected, || {
            format!("{kind}: {status:#}")
        });
        let cause = (expected == "lost").then_some("reboot");
        let right = cause.is_none_or(|cause| status["cause"] == cause);
        tally.lost_unless(right, || format!("{kind}: {status:#}"));
        let verb = if expected == "created" {
            "start"
        } else {
            "restart"
        };
        let again = sandbox.ok([verb, &id, "--wait"]);
        let ran = again["state"] == "exited" && again["exit_code"] == 0;
        tally.lost_unless(ran, || format!("{kind}, again: {again:#}"));
    }
    let ends = fs::read_to_string(told).unwrap();
    let causes: Vec<Value> = ends
        .lines()
        .map(|end| serde_json::from_str(end).unwrap())
        .collect();
    let lost = causes.iter().filter(|end| end["cause"] == "reboot").count();
    tally.lost_unless(lost == 1, || {
        format!("told {lost} times of the loss: {ends}")
    });
    drop(tally);
    sandbox.assert_nothing_left(SOON);
}
