//! Keeper and supervisor of a job may be killed again and again: after each death there are two once
//! more, nothing is lost, and nobody who waits, reads or writes notices more than a pause.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

use std::fs;
use std::hash::{BuildHasher as _, Hasher as _};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use foster_testkit::{
    Sandbox, Stream, Tally, Watched, flood, flood_line, habit, race_time, wait_for_file,
    wait_for_pid_file, wait_on_dir,
};
use serde_json::Value;

const SOON: Duration = Duration::from_secs(30);
/// Within this time somebody looks after the job again; a busy machine gets more to be judged by.
const AGAIN: Duration = Duration::from_secs(5);

fn sandbox() -> Sandbox {
    Sandbox::new(env!("CARGO_BIN_EXE_foster"))
}

fn random(below: u64) -> u64 {
    let hasher = std::collections::hash_map::RandomState::new();
    hasher.build_hasher().finish() % below
}

/// The two processes that look after a job.
#[derive(Clone, Copy, PartialEq)]
struct Pair {
    keeper: Watched,
    supervisor: Watched,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Victim {
    Keeper,
    Supervisor,
}

/// A job whose keeper and supervisor are killed.
struct Job<'a> {
    sandbox: &'a Sandbox,
    id: String,
    dir: PathBuf,
}

impl<'a> Job<'a> {
    fn run(sandbox: &'a Sandbox, options: &[&str], line: &str) -> Self {
        let args = [&["run", "--no-wait"], options, &["--", "sh", "-c", line]].concat();
        let id = sandbox.ok(args)["job_id"].as_str().unwrap().to_owned();
        let dir = sandbox.job_dir(&id);
        Self { sandbox, id, dir }
    }

    fn record(&self) -> Option<Value> {
        let state = fs::read(self.dir.join("state.json")).ok()?;
        Some(serde_json::from_slice::<Value>(&state).ok()?["record"].take())
    }

    /// Both, as soon as there are two; `None` if the job is over before that.
    fn pair_after(&self, before: Option<Pair>) -> Option<Pair> {
        let found = wait_on_dir(&self.dir, AGAIN, || {
            let record = self.record()?;
            if record["finished_at"].is_string() {
                return Some(None);
            }
            let process = |role: &str| Watched::from_json(&record[role]);
            let pair = Pair {
                keeper: process("keeper")?,
                supervisor: process("supervisor")?,
            };
            (record["supervision"] == "full" && before != Some(pair)).then_some(Some(pair))
        });
        found.unwrap_or_else(|| panic!("nobody looks after it: {:#?}", self.record()))
    }

    /// Kills one of them, and returns how long it took until there were two again; `None` if the job
    /// was over before.
    fn kill(&self, victim: Victim, pair: &mut Pair) -> Option<Duration> {
        let began = Instant::now();
        match victim {
            Victim::Keeper => pair.keeper.kill(),
            Victim::Supervisor => pair.supervisor.kill(),
        };
        *pair = self.pair_after(Some(*pair))?;
        Some(began.elapsed())
    }

    fn kill_each_way(&self) {
        let mut pair = self.pair_after(None).unwrap();
        for victim in [
            Victim::Supervisor,
            Victim::Supervisor,
            Victim::Keeper,
            Victim::Keeper,
            Victim::Supervisor,
        ] {
            assert!(self.kill(victim, &mut pair).is_some(), "{victim:?}");
        }
    }

    fn wait(&self) -> Value {
        self.sandbox.ok(["wait", &self.id])
    }

    /// What a test shows of an answer.
    fn brief(answer: &Value) -> String {
        let fields = [
            "state",
            "cause",
            "exit_code",
            "signal",
            "output",
            "tree_empty",
        ];
        let shown = fields.map(|field| format!("{field}: {}", answer[field]));
        shown.join(", ")
    }

    fn log(&self, stream: &str) -> Vec<u8> {
        fs::read(self.dir.join(format!("runs/1/{stream}.log"))).unwrap()
    }
}

/// Kills one or the other of such a job, at random, until it is over, and looks at what is kept.
/// Returns the longest time that it took until there were two again.
fn survive(
    tally: &mut Tally,
    options: &[&str],
    line: &str,
    expected: &[(&str, Vec<u8>)],
) -> Duration {
    let sandbox = sandbox();
    let job = Job::run(&sandbox, options, &format!("echo x >> ran; {line}; exit 7"));
    let mut worst = Duration::ZERO;
    let answer = std::thread::scope(|scope| {
        let waiter = scope.spawn(|| job.wait());
        let mut pair = job.pair_after(None);
        while let Some(known) = &mut pair {
            let victim = [Victim::Keeper, Victim::Supervisor][random(2) as usize];
            match job.kill(victim, known) {
                Some(took) => worst = worst.max(took),
                None => pair = None,
            }
            tally.run();
        }
        waiter.join().unwrap()
    });
    for (stream, bytes) in expected {
        tally.lost_unless(job.log(stream) == *bytes, || {
            format!("{stream} of {}", job.dir.display())
        });
    }
    let told = ["state", "exit_code", "output"].map(|field| answer[field].clone());
    let expected: [Value; 3] = ["exited".into(), 7.into(), "complete".into()];
    tally.lost_unless(told == expected, || Job::brief(&answer));
    let executions = fs::read_to_string(sandbox.work().join("ran")).unwrap();
    tally.lost_unless(executions == "x\n", || "executed twice".to_owned());
    sandbox.assert_nothing_left(SOON);
    worst
}

fn repeat(scenario: &str, mut round: impl FnMut(&mut Tally) -> Duration) {
    let mut tally = Tally::new(scenario);
    let (end, mut worst) = (Instant::now() + race_time(), Duration::ZERO);
    for _ in 0..100 {
        worst = worst.max(round(&mut tally));
        if Instant::now() >= end {
            break;
        }
    }
    let _ = writeln!(
        std::io::stderr(),
        "{scenario}: two again after {worst:?} at the longest"
    );
}

#[test]
fn either_may_be_killed_as_often_as_you_like() {
    const BYTES: usize = 4 << 20;
    let flooder = habit("flood").to_str().unwrap().to_owned();
    let line = format!("{flooder} --stdout {BYTES} --stderr {BYTES}");
    let expected = [
        ("stdout", flood(Stream::Stdout, BYTES)),
        ("stderr", flood(Stream::Stderr, BYTES)),
    ];
    repeat(
        "keeper or supervisor killed again and again while the job prints",
        |tally| survive(tally, &[], &line, &expected),
    );
}

#[test]
fn either_may_be_killed_while_values_are_taken_out() {
    const LINES: usize = 20_000;
    let line = format!("i=0; while test $i -lt {LINES}; do echo $i $K x; i=$((i+1)); done");
    let lines = (0..LINES).map(|number| format!("{number} *** x\n"));
    let expected = [("stdout", lines.collect::<String>().into_bytes())];
    let options = ["--env", "K=a value to be hidden", "--redact", "K"];
    repeat(
        "keeper or supervisor killed again and again while a value is taken out",
        |tally| survive(tally, &options, &line, &expected),
    );
}

/// What was changed while a job runs is known to whoever looks after it next, and so are later changes.
#[test]
fn what_was_changed_outlives_who_changed_it() {
    for victim in [Victim::Supervisor, Victim::Keeper] {
        let sandbox = sandbox();
        let job = Job::run(&sandbox, &[], "sleep 600");
        let mut pair = job.pair_after(None).unwrap();
        sandbox.ok(["notify", "set", &job.id, "--notify-file", "told"]);
        assert!(job.kill(victim, &mut pair).is_some());
        sandbox.ok(["tag", &job.id, "--set", "later"]);
        assert!(job.kill(victim, &mut pair).is_some());
        sandbox.ok(["kill", &job.id, "--grace", "0s"]);
        let told = sandbox.work().join("told");
        assert!(wait_for_file(&told, SOON), "{victim:?}");
        let status = sandbox.ok(["status", &job.id]);
        assert_eq!(status["tags"], serde_json::json!(["later"]), "{victim:?}");
        assert!(!status["notifications"].is_null(), "{victim:?}: {status}");
        sandbox.assert_nothing_left(SOON);
    }
}

/// A waiter, a follower and a writer keep their connections when the keeper dies; when the supervisor
/// does, a reader comes again.
#[test]
fn who_writes_and_reads_goes_on() {
    let sandbox = sandbox();
    let job = Job::run(&sandbox, &["--stdin", "open"], "cat; exit 3");
    let mut pair = job.pair_after(None).unwrap();
    let mut follower = sandbox.foster();
    follower.args(["logs", &job.id, "--follow", "--stdout", "--output", "text"]);
    // To a file, so that it does not wait for this test to read.
    let followed = sandbox.work().join("followed");
    follower.stdout(fs::File::create(&followed).unwrap());
    let mut follower = follower.spawn().unwrap();
    let lines = (0..).map(|number| flood_line(Stream::Stdout, number));
    let input: Vec<u8> = lines.flat_map(String::into_bytes).take(3 << 20).collect();
    for (piece, victim) in
        input
            .chunks(1 << 20)
            .zip([Victim::Keeper, Victim::Supervisor, Victim::Keeper])
    {
        let mut command = sandbox.foster();
        command.args(["send", &job.id, "-"]).stdin(Stdio::piped());
        let mut send = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut pipe = send.stdin.take().unwrap();
        let (first, second) = piece.split_at(300_000);
        pipe.write_all(first).unwrap();
        if victim == Victim::Keeper {
            // In the middle of it: the writer's own connection must not break.
            assert!(job.kill(victim, &mut pair).is_some());
        }
        pipe.write_all(second).unwrap();
        drop(pipe);
        let sent = send.wait_with_output().unwrap();
        assert!(sent.status.success(), "{sent:?}");
        if victim == Victim::Supervisor {
            assert!(job.kill(victim, &mut pair).is_some());
        }
    }
    sandbox.ok(["send", &job.id, "--eof"]);
    let answer = job.wait();
    assert_eq!(answer["exit_code"], 3, "{}", Job::brief(&answer));
    assert!(job.log("stdout") == input);
    assert!(follower.wait().unwrap().success());
    assert!(fs::read(followed).unwrap() == input);
    sandbox.assert_nothing_left(SOON);
}

/// Whoever's children the members are by then, all of them are ended, with proof where it can be had.
#[test]
fn a_tree_with_another_parent_is_ended_all_the_same() {
    let mut tally = Tally::new("kill of a tree whose keeper and supervisor were killed before");
    for (signal, grace) in [("TERM", "5s"), ("KILL", "0s")] {
        let sandbox = sandbox();
        let line = "setsid sleep 300 & (setsid sh -c 'echo $$ > daemon; exec sleep 300' &); \
            echo $$ > leader; wait";
        let job = Job::run(&sandbox, &[], line);
        let pid = |name: &str| wait_for_pid_file(&sandbox.work().join(name), SOON);
        let members = [pid("leader"), pid("daemon")];
        job.kill_each_way();
        tally.run();
        sandbox.ok(["kill", &job.id, "--grace", grace]);
        for member in members {
            tally.escaped_unless(member.wait_gone(SOON), || format!("{member:?}"));
        }
        let answer = job.wait();
        tally.lost_unless(answer["state"] == "killed", || Job::brief(&answer));
        tally.lost_unless(answer["signal"] == signal, || Job::brief(&answer));
        sandbox.assert_nothing_left(SOON);
    }
}

/// Nothing but the end of what is left can tell a process that it was not born to that all is over.
#[test]
fn the_end_of_what_is_left_is_heard_of() {
    for kills in [
        &[Victim::Supervisor][..],
        &[Victim::Keeper],
        &[Victim::Supervisor, Victim::Keeper],
        &[Victim::Keeper, Victim::Keeper, Victim::Supervisor],
    ] {
        let sandbox = sandbox();
        let fifo = sandbox.work().join("go");
        assert!(
            Command::new("mkfifo")
                .arg(&fifo)
                .status()
                .unwrap()
                .success()
        );
        let line = "setsid sh -c ': > up; read x < go; exec sleep 0.1' > /dev/null 2>&1 & exit 5";
        let job = Job::run(&sandbox, &["--stragglers", "wait"], line);
        assert!(wait_for_file(&sandbox.work().join("up"), SOON));
        let mut pair = job.pair_after(None).unwrap();
        for victim in kills {
            assert!(job.kill(*victim, &mut pair).is_some(), "{kills:?}");
        }
        let answer = std::thread::scope(|scope| {
            let waiter = scope.spawn(|| job.wait());
            fs::write(&fifo, "go\n").unwrap();
            waiter.join().unwrap()
        });
        let told = ["state", "exit_code", "tree_empty"].map(|field| answer[field].clone());
        let expected = [Value::from("exited"), 5.into(), true.into()];
        assert_eq!(told, expected, "{kills:?}");
        sandbox.assert_nothing_left(SOON);
    }
}

/// How a leader ended is told also if a stranger reaped it, where the kernel keeps that for its holders.
#[test]
fn the_exit_code_of_a_strangers_child_is_known() {
    let mut tally = Tally::new("the parent of a leader killed, and the leader ends after it");
    for kills in [
        &[Victim::Keeper, Victim::Keeper][..],
        &[Victim::Supervisor, Victim::Keeper],
        &[Victim::Supervisor, Victim::Keeper, Victim::Supervisor],
    ] {
        let sandbox = sandbox();
        let fifo = sandbox.work().join("go");
        assert!(
            Command::new("mkfifo")
                .arg(&fifo)
                .status()
                .unwrap()
                .success()
        );
        let job = Job::run(&sandbox, &[], "read x < go; echo done; exit 9");
        let mut pair = job.pair_after(None).unwrap();
        for victim in kills {
            assert!(job.kill(*victim, &mut pair).is_some(), "{kills:?}");
            tally.run();
        }
        fs::write(&fifo, "go\n").unwrap();
        let answer = job.wait();
        assert_eq!(job.log("stdout"), b"done\n");
        if keeps_exits() {
            tally.lost_unless(answer["exit_code"] == 9, || {
                format!("{kills:?}: {}", Job::brief(&answer))
            });
        } else {
            let cause = &answer["cause"];
            assert!(cause == "exit" || cause == "supervisor_lost", "{cause}");
        }
        sandbox.assert_nothing_left(SOON);
    }
}

/// Whether this kernel tells whoever held a process how it ended (Linux 6.15).
fn keeps_exits() -> bool {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    let mut numbers = release.split(['.', '-']).map_while(|n| n.parse().ok());
    let version: (u32, u32) = (
        numbers.next().unwrap_or_default(),
        numbers.next().unwrap_or_default(),
    );
    version >= (6, 15)
}

/// What an idle pair costs is the same after it was made anew: both sleep.
#[test]
fn a_new_pair_sleeps_too() {
    let sandbox = sandbox();
    let job = Job::run(&sandbox, &[], "exec sleep 300");
    job.kill_each_way();
    let pair = job.pair_after(None).unwrap();
    let calls = |process: Watched| switches(process.pid);
    let asleep = |process: Watched| {
        wait_on_dir(Path::new("/tmp"), SOON, || {
            (process.state() == Some('S')).then_some(())
        })
    };
    assert!(asleep(pair.keeper).is_some() && asleep(pair.supervisor).is_some());
    let before = (calls(pair.keeper), calls(pair.supervisor));
    // Something else happens meanwhile, so that they had reason to wake if they polled.
    for _ in 0..20 {
        sandbox.ok(["list"]);
    }
    assert_eq!(before, (calls(pair.keeper), calls(pair.supervisor)));
    sandbox.ok(["kill", &job.id]);
}

/// How often a process has gone to sleep by itself.
fn switches(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("voluntary_ctxt_switches"));
    line.unwrap().split('\t').nth(1).unwrap().parse().unwrap()
}
