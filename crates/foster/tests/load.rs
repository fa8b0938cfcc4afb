//! Many at once: jobs, launchers, followers, clients, and jobs that are over.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "this is a test")]

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use foster_testkit::{Sandbox, Tally, Watched, finish, race_time, wait_for_file};
use serde_json::Value;

const SOON: Duration = Duration::from_mins(2);
/// How many launch, or ask, at the same time.
const HANDS: usize = 8;

fn sandbox() -> Sandbox {
    Sandbox::new(env!("CARGO_BIN_EXE_foster"))
}

/// Says what was measured. It is no check: machines differ.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "MEASURED {line}");
}

/// What `foster` answers, without a look at the schema: that would be most of the load.
fn quick(sandbox: &Sandbox, args: &[&str]) -> Value {
    let mut command = sandbox.foster();
    command.args(args);
    let done = finish(command, None, SOON);
    serde_json::from_slice(&done.stdout).unwrap()
}

/// Calls `work` with each number below `count`, by several hands at once.
fn by_many_hands<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let hand = || {
        let mut done = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return done;
            }
            done.push(work(number));
        }
    };
    thread::scope(|scope| {
        let hands: Vec<_> = (0..HANDS).map(|_| scope.spawn(hand)).collect();
        hands
            .into_iter()
            .flat_map(|hand| hand.join().unwrap())
            .collect()
    })
}

/// 1,000 in CI, 200 at the desk; fewer where the machine has no room for three processes of each.
fn crowd() -> usize {
    let wanted = (race_time().as_secs_f64() * 200.0) as usize;
    let number = |path: &str| {
        let text = fs::read_to_string(path).unwrap_or_default();
        text.trim().parse::<usize>().ok()
    };
    let pids = number("/proc/sys/kernel/pid_max").unwrap_or(32768);
    let memory = fs::read_to_string("/proc/meminfo").unwrap();
    let free = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"));
    let free_kib: usize = free.unwrap().trim_end_matches("kB").trim().parse().unwrap();
    wanted.clamp(1, 1000).min(pids / 8).min(free_kib / 2048)
}

fn record(sandbox: &Sandbox, id: &str) -> Value {
    let state = fs::read(sandbox.job_dir(id).join("state.json")).unwrap();
    let mut state: Value = serde_json::from_slice(&state).unwrap();
    state["record"].take()
}

/// The memory that is a process's alone, in KiB.
fn private_kib(process: Watched) -> u64 {
    let text = fs::read_to_string(format!("/proc/{}/smaps_rollup", process.pid)).unwrap();
    let private = text.lines().filter(|line| line.starts_with("Private_"));
    let number = |line: &str| line.split_whitespace().nth(1)?.parse::<u64>().ok();
    private.filter_map(number).sum()
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let began = Instant::now();
    (work(), began.elapsed())
}

#[test]
fn a_thousand_jobs_run_at_once_and_are_ended_by_one_call() {
    let sandbox = sandbox();
    let jobs = crowd();
    let mut tally = Tally::new("a thousand jobs at once, launched in a burst, ended by one kill");
    let launch = |_| {
        quick(
            &sandbox,
            &["run", "--no-wait", "--tag", "crowd", "--", "sleep", "600"],
        )
    };
    let (answers, took) = timed(|| by_many_hands(jobs, launch));
    say(&format!(
        "{jobs} jobs launched in {took:?}, by {HANDS} at once"
    ));
    let mut ids = BTreeSet::new();
    for answer in &answers {
        tally.run();
        match answer["job_id"].as_str() {
            Some(id) if answer["ok"] == true => drop(ids.insert(id.to_owned())),
            _ => tally.lost(format!("a launch: {answer:#}")),
        }
    }
    tally.lost_unless(ids.len() == jobs, || format!("{} ids", ids.len()));
    let (listed, took) = timed(|| {
        quick(
            &sandbox,
            &[
                "list", "--tag", "crowd", "--state", "running", "--limit", "2000",
            ],
        )
    });
    let running = listed["jobs"].as_array().unwrap().len();
    say(&format!("list of {running} running jobs: {took:?}"));
    tally.lost_unless(running == jobs, || {
        format!("{running} of {jobs} are listed as running")
    });
    let (_, took) = timed(|| quick(&sandbox, &["status", ids.first().unwrap()]));
    say(&format!("status beside {jobs} running jobs: {took:?}"));
    let mut all = Vec::new();
    for id in &ids {
        let record = record(&sandbox, id);
        for who in ["keeper", "supervisor", "leader"] {
            all.push((who, Watched::from_json(&record[who]).unwrap()));
        }
    }
    for who in ["keeper", "supervisor"] {
        let of: Vec<_> = all.iter().filter(|(role, _)| *role == who).collect();
        let sum: u64 = of.iter().map(|(_, process)| private_kib(*process)).sum();
        say(&format!(
            "memory of a {who}: {} KiB private, of {}",
            sum / of.len() as u64,
            of.len()
        ));
    }
    let (killed, took) = timed(|| quick(&sandbox, &["kill", "--tag", "crowd"]));
    say(&format!("kill of {jobs} jobs by their tag: {took:?}"));
    let ended = killed["jobs"].as_array().unwrap();
    let empty = ended
        .iter()
        .filter(|job| job["report"]["empty"] == true)
        .count();
    tally.escaped_unless(empty == jobs, || format!("{empty} of {jobs} are empty"));
    for (who, process) in all {
        tally.escaped_unless(process.wait_gone(SOON), || format!("{who} {}", process.pid));
    }
    let listed = quick(
        &sandbox,
        &[
            "list", "--tag", "crowd", "--cause", "stop", "--limit", "2000",
        ],
    );
    let told = listed["jobs"].as_array().unwrap().len();
    tally.lost_unless(told == jobs, || {
        format!("the end of {told} of {jobs} is told")
    });
    let left = sandbox.left_over();
    tally.escaped_unless(left.is_empty(), || format!("{left:?}"));
}

/// Starts a follower of a job's output, whose standard output is a pipe.
fn follower(sandbox: &Sandbox, id: &str) -> Child {
    let mut command = sandbox.foster();
    command.args(["logs", "--follow", "--output", "text", id]);
    command.stdout(Stdio::piped()).spawn().unwrap()
}

#[test]
fn a_hundred_followers_of_one_job_each_get_every_byte() {
    const FOLLOWERS: usize = 100;
    let sandbox = sandbox();
    let mut tally = Tally::new("a hundred followers of one job, one of whom never reads");
    // Of two FIFOs, since who opens one again may still find the writer of before, and read its end.
    let line = "read x < first; seq -f %0200g 1 1000; : > ended; read x < last";
    let fifos = ["first", "last"].map(|name| sandbox.work().join(name));
    let made = Command::new("mkfifo").args(&fifos).status().unwrap();
    assert!(made.success());
    let answer = sandbox.ok(["run", "--no-wait", "--", "sh", "-c", line]);
    let id = answer["job_id"].as_str().unwrap();
    let mut idle = follower(&sandbox, id);
    let followers: Vec<_> = (0..FOLLOWERS).map(|_| follower(&sandbox, id)).collect();
    let pass = |fifo: &Path| {
        let mut fifo = File::options().write(true).open(fifo).unwrap();
        fifo.write_all(b"go\n").unwrap();
    };
    let began = Instant::now();
    pass(&fifos[0]);
    // It has printed all though one follower reads nothing.
    assert!(wait_for_file(&sandbox.work().join("ended"), SOON));
    say(&format!(
        "200 KB printed before {FOLLOWERS} followers in {:?}",
        began.elapsed()
    ));
    pass(&fifos[1]);
    let expected: Vec<_> = (1..=1000)
        .map(|number| format!("{number:0200}\n"))
        .collect();
    let expected = expected.concat();
    let read = |mut child: Child| {
        let mut all = Vec::new();
        child.stdout.take().unwrap().read_to_end(&mut all).unwrap();
        (all, child.wait().unwrap())
    };
    let heard: Vec<_> = thread::scope(|scope| {
        let readers: Vec<_> = followers
            .into_iter()
            .map(|child| scope.spawn(move || read(child)))
            .collect();
        readers
            .into_iter()
            .map(|reader| reader.join().unwrap())
            .collect()
    });
    say(&format!(
        "all {FOLLOWERS} followers are at the end after {:?}",
        began.elapsed()
    ));
    for (bytes, status) in heard {
        tally.run();
        tally.lost_unless(status.success(), || format!("a follower: {status}"));
        let whole = bytes == expected.as_bytes();
        tally.lost_unless(whole, || {
            format!("{} of {} bytes", bytes.len(), expected.len())
        });
    }
    idle.kill().unwrap();
    idle.wait().unwrap();
    let ended = sandbox.ok(["wait", id]);
    tally.lost_unless(ended["exit_code"] == 0, || format!("{ended:#}"));
    sandbox.assert_nothing_left(SOON);
}

#[test]
fn many_clients_who_say_nothing_or_nonsense_do_not_keep_others_out() {
    let sandbox = sandbox();
    let mut tally = Tally::new("a thousand clients on one control socket: silent, babbling, gone");
    let answer = sandbox.ok(["run", "--no-wait", "--", "sleep", "600"]);
    let id = answer["job_id"].as_str().unwrap();
    let socket = sandbox.job_dir(id).join("sock");
    let mut crowd = Vec::new();
    for number in 0..1000 {
        tally.run();
        let mut client = UnixStream::connect(&socket).unwrap();
        match number % 3 {
            0 => crowd.push(client),
            // Whoever is let go of by then can't be told.
            1 => drop(client.write_all(b"{\"nonsense\":")),
            _ => drop(client),
        }
    }
    let killed = sandbox.ok(["kill", id]);
    let ended = killed["report"]["empty"] == true;
    tally.escaped_unless(ended, || format!("{killed:#}"));
    let status = sandbox.ok(["status", id]);
    tally.lost_unless(status["cause"] == "stop", || format!("{status:#}"));
    drop(crowd);
    sandbox.assert_nothing_left(SOON);
}

/// 20,000 in CI, 4,000 at the desk, or as many as are asked for: each is a folder with all its files.
fn stored() -> u32 {
    let asked = std::env::var("FOSTER_STORED_JOBS").ok();
    let asked = asked.and_then(|number| number.parse().ok());
    asked
        .unwrap_or((race_time().as_secs_f64() * 4_000.0) as u32)
        .max(2_000)
}

/// `FOSTER_STORED_JOBS=100000 cargo test --release` measures with more.
#[test]
fn thousands_of_finished_jobs_stand_in_nobodys_way() {
    let sandbox = sandbox();
    let count = stored();
    let mut tally = Tally::new("thousands of finished jobs in the store: each verb beside them");
    let run = |tag: &str| {
        let answer = sandbox.ok(["run", "--wait", "--tag", tag, "--", "echo", "hello"]);
        answer["job_id"].as_str().unwrap().to_owned()
    };
    let template = run("common");
    sandbox.assert_nothing_left(SOON);
    let (copies, took) = timed(|| sandbox.fill_with_copies(&template, count));
    say(&format!("{count} jobs stored in {took:?}"));
    let mut ask = |what: &str, args: &[&str], right: &dyn Fn(&Value) -> bool| {
        tally.run();
        let (answer, took) = timed(|| quick(&sandbox, args));
        say(&format!("{what} beside {count} jobs: {took:?}"));
        let known = answer["ok"] == true && right(&answer);
        tally.lost_unless(known, || format!("{what}: {answer:#}"));
        answer
    };
    let jobs = |answer: &Value| answer["jobs"].as_array().map_or(0, Vec::len);
    let middle = &copies.ids[copies.ids.len() / 2];
    ask("index made anew, list", &["list"], &|answer| {
        jobs(answer) == 50
    });
    ask("list", &["list"], &|answer| jobs(answer) == 50);
    let ran = ask(
        "run",
        &["run", "--wait", "--tag", "rare", "--", "echo", "hello"],
        &|answer| answer["exit_code"] == 0,
    );
    let rare = ran["job_id"].as_str().unwrap();
    ask("list --tag", &["list", "--tag", "rare"], &|answer| {
        jobs(answer) == 1 && answer["jobs"][0]["job_id"] == rare
    });
    ask(
        "list --state running",
        &["list", "--all", "--state", "running"],
        &|answer| jobs(answer) == 0,
    );
    ask("status", &["status", middle], &|answer| {
        answer["exit_code"] == 0
    });
    ask("tail", &["tail", middle], &|answer| {
        answer.to_string().contains("hello")
    });
    ask("delete", &["delete", middle], &|answer| {
        answer["deleted"] == 1
    });
    let most = (count - 500).to_string();
    ask("gc of 501", &["gc", "--max-jobs", &most], &|answer| {
        answer["deleted"].as_array().map(Vec::len) == Some(501)
    });
    ask("list, after it", &["list", "--limit", "1"], &|answer| {
        answer["jobs"][0]["job_id"] == rare
    });
}
