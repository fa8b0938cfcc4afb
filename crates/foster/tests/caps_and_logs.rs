//! Output that is more than there is room for, or one line, or whose files somebody else takes away: the
//! job and its end are what they were, caps hold, offsets are true.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use foster_testkit::{DEADLINE, Sandbox, SmallDisk, Tally, Watched, finish, in_own_mounts};
use serde_json::Value;

const SOON: Duration = Duration::from_secs(30);

fn sandbox() -> Sandbox {
    Sandbox::new(env!("CARGO_BIN_EXE_foster"))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

fn number(value: &Value) -> u64 {
    value
        .as_u64()
        .unwrap_or_else(|| panic!("no number: {value}"))
}

/// What `yes 0123456` prints: the byte at each offset is known.
fn is_yes(offset: u64, bytes: &[u8]) -> bool {
    let line = b"0123456\n";
    let wanted = line.iter().cycle().skip((offset % 8) as usize);
    bytes
        .iter()
        .zip(wanted)
        .all(|(found, wanted)| found == wanted)
}

#[test]
fn a_cap_holds_against_a_writer_that_never_stops() {
    if !in_own_mounts("a_cap_holds_against_a_writer_that_never_stops") {
        return;
    }
    let sandbox = sandbox();
    let mut tally = Tally::new("1 GiB against a cap of 1 MiB on a small disk");
    tally.run();
    let size: u64 = 4 << 20;
    let disk = SmallDisk::new(&sandbox, size);
    let total: u64 = 1 << 30;
    let line = format!("yes 0123456 | head -c {total}; exit 7");
    let run = [
        "run",
        "--wait",
        "--log-cap",
        "1MiB",
        "--",
        "sh",
        "-c",
        &line,
    ];
    let least = AtomicU64::new(u64::MAX);
    let over = AtomicBool::new(false);
    let answer = std::thread::scope(|scope| {
        // Each look yields to who writes; the mount is seen by this process's threads alike.
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                least.fetch_min(disk.free_bytes(), Ordering::Relaxed);
                std::thread::yield_now();
            }
        });
        let mut foster = sandbox.foster();
        foster.args(run);
        let done = finish(foster, None, DEADLINE * 3);
        over.store(true, Ordering::Relaxed);
        serde_json::from_slice::<Value>(&done.stdout).unwrap()
    });
    let stdout = &answer["snapshot"]["stdout"];
    assert_eq!(answer["exit_code"], 7, "{answer:#}");
    assert_eq!(stdout["observed_bytes"], total, "{stdout:#}");
    let journal = fs::read_to_string(
        sandbox
            .job_dir(text(&answer["job_id"]))
            .join("events.ndjson"),
    );
    tally.lost_unless(!journal.unwrap().contains("output_lost"), || {
        "output was dropped that the cap has room for".to_owned()
    });
    let head = Path::new(text(&answer["stdout_log_path"])).to_owned();
    let timeline = fs::metadata(head.with_file_name("timeline")).unwrap().len();
    let most = size - least.into_inner();
    // Beside the logs, what tells of them and of the job has less than a segment.
    tally.lost_unless(most <= (1 << 20) + timeline + (128 << 10), || {
        format!("{most} bytes were taken, {timeline} by the timeline")
    });
    let mut kept = 0;
    for file in fs::read_dir(head.parent().unwrap()).unwrap().flatten() {
        let name = file.file_name().into_string().unwrap();
        let Some(rest) = name.strip_prefix("stdout.log") else {
            continue;
        };
        let from = rest
            .strip_prefix('.')
            .map_or(0, |digits| digits.parse().unwrap());
        let bytes = fs::read(file.path()).unwrap();
        kept += bytes.len() as u64;
        tally.lost_unless(is_yes(from, &bytes), || {
            format!("{name} is not what was printed")
        });
    }
    tally.lost_unless((768 << 10..=1 << 20).contains(&kept), || {
        format!("{kept} bytes are kept")
    });
    tally.lost_unless(stdout["omitted_bytes"] == total - kept, || {
        format!("{stdout:#}")
    });
    sandbox.assert_nothing_left(SOON);
}

#[test]
fn a_line_of_many_megabytes_passes_all_who_look_at_it() {
    let sandbox = sandbox();
    let mut tally =
        Tally::new("one line of many MiB through redaction, patterns, tail, logs, grep");
    tally.run();
    let megabytes: u64 = if cfg!(debug_assertions) { 24 } else { 100 };
    let bytes = megabytes << 20;
    let line =
        format!("head -c {bytes} /dev/zero | tr '\\0' x; echo; echo the end is near; exit 7");
    let run = [
        "run",
        "--wait",
        "--env",
        "KEY=xyzzy-secret",
        "--redact",
        "KEY",
        "--notify-file",
        "told",
        "--on-output",
        "the end",
        "--",
        "sh",
        "-c",
        &line,
    ];
    let answer = sandbox.ok(run);
    let id = text(&answer["job_id"]);
    assert_eq!(answer["exit_code"], 7, "{answer:#}");
    let observed = number(&answer["snapshot"]["stdout"]["observed_bytes"]);
    tally.lost_unless(observed == bytes + 17, || format!("{observed} bytes"));
    let log = fs::read(text(&answer["stdout_log_path"])).unwrap();
    tally.lost_unless(log.len() as u64 == observed, || {
        format!("{} bytes", log.len())
    });
    let tail = sandbox.ok(["tail", id, "--lines", "1"]);
    tally.lost_unless(tail["stdout"]["tail"] == "the end is near\n", || {
        format!("{tail:#}")
    });
    let found = sandbox.ok(["tail", id, "--grep", "end is"]);
    let matches = &found["stdout"]["matches"];
    tally.lost_unless(matches[0] == bytes + 1, || format!("{matches}"));
    let mut logs = sandbox.foster();
    logs.args(["logs", id, "--output", "text"]);
    let shown = finish(logs, None, DEADLINE).stdout;
    let letters = shown
        .iter()
        .map(|byte| u64::from(*byte == b'x'))
        .sum::<u64>();
    tally.lost_unless(letters == bytes, || format!("{letters} letters are shown"));
    let last = String::from_utf8_lossy(&shown[shown.len() - 40..]).into_owned();
    tally.lost_unless(last.contains("the end is near"), || last.clone());
    let told = fs::read_to_string(sandbox.work().join("told")).unwrap_or_default();
    tally.lost_unless(told.contains("the end is near"), || {
        format!("the sink was told {} bytes", told.len())
    });
    sandbox.assert_nothing_left(SOON);
}

/// What somebody does to a log while the job goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    Emptied,
    Shortened,
    Deleted,
    Replaced,
    LinkOut,
    Fifo,
    Folder,
    RunFolder,
}

const TAKEN: [Taken; 8] = [
    Taken::Emptied,
    Taken::Shortened,
    Taken::Deleted,
    Taken::Replaced,
    Taken::LinkOut,
    Taken::Fifo,
    Taken::Folder,
    Taken::RunFolder,
];

impl Taken {
    fn carry_out(self, log: &Path, outside: &Path) {
        let cut = |length| {
            let file = fs::File::options().write(true).open(log).unwrap();
            file.set_len(length).unwrap();
        };
        if !matches!(self, Self::Emptied | Self::Shortened) {
            fs::remove_file(log).unwrap();
        }
        match self {
            Self::Emptied => cut(0),
            Self::Shortened => cut(3),
            Self::Deleted => {}
            Self::Replaced => fs::write(log, b"").unwrap(),
            Self::LinkOut => {
                fs::write(outside, b"private").unwrap();
                symlink(outside, log).unwrap();
            }
            Self::Fifo => assert!(Command::new("mkfifo").arg(log).status().unwrap().success()),
            Self::Folder => fs::create_dir(log).unwrap(),
            Self::RunFolder => fs::remove_dir_all(log.parent().unwrap()).unwrap(),
        }
    }

    /// Whether what is printed afterwards can be read.
    fn can_be_read(self) -> bool {
        !matches!(
            self,
            Self::LinkOut | Self::Fifo | Self::Folder | Self::RunFolder
        )
    }
}

#[test]
fn a_log_that_is_taken_away_is_a_gap_and_nothing_else() {
    let mut tally = Tally::new("a log deleted, truncated or replaced while the job prints");
    for (taken, killed) in TAKEN
        .into_iter()
        .flat_map(|taken| [(taken, false), (taken, true)])
    {
        if killed && !taken.can_be_read() {
            // Two faults that are too much at once: who takes over can't go on with what is no log.
            continue;
        }
        tally.run();
        let what = format!("{taken:?}, supervisor killed: {killed}");
        let sandbox = sandbox();
        let line = "echo before; read x; echo after; exit 7";
        let id = sandbox.ok([
            "run",
            "--no-wait",
            "--stdin",
            "open",
            "--",
            "sh",
            "-c",
            line,
        ]);
        let id = text(&id["job_id"]).to_owned();
        sandbox.ok(["wait", &id, "--for", "before"]);
        let dir = sandbox.job_dir(&id);
        let outside = sandbox.work().join("outside");
        taken.carry_out(&dir.join("runs/1/stdout.log"), &outside);
        if killed {
            let journal = fs::read_to_string(dir.join("events.ndjson")).unwrap();
            let mut events = journal
                .lines()
                .map(|line| serde_json::from_str::<Value>(line).unwrap());
            let launched = events.find(|event| event["event"] == "launched").unwrap();
            let supervisor = Watched::from_json(&launched["supervisor"]).unwrap();
            assert!(supervisor.kill() && supervisor.wait_gone(SOON));
        }
        sandbox.ok(["send", &id, "go on"]);
        let waited = sandbox.ok(["wait", &id]);
        let status = sandbox.ok(["status", &id]);
        let codes = [&waited["exit_code"], &status["exit_code"]];
        tally.lost_unless(codes == [7, 7], || format!("{what}: {codes:?}"));
        for verb in ["tail", "logs"] {
            let answer = sandbox.json([verb, &id]).value;
            let told = answer["ok"] == taken.can_be_read();
            tally.lost_unless(told && !answer.to_string().contains("private"), || {
                format!("{what}: {answer:#}")
            });
        }
        let stdout = &waited["snapshot"]["stdout"];
        if taken.can_be_read() {
            tally.lost_unless(text(&stdout["tail"]).ends_with("after\n"), || {
                format!("{what}: {stdout:#}")
            });
            let gaps = !stdout["omitted"].as_array().unwrap().is_empty();
            let range = &stdout["range"];
            tally.lost_unless(gaps && range[1] == 13, || format!("{what}: {stdout:#}"));
        } else {
            tally.lost_unless(stdout["damage"].is_string(), || {
                format!("{what}: {stdout:#}")
            });
        }
        if let Ok(kept) = fs::read(&outside)
            && kept != b"private"
        {
            tally.stranger_hit(format!("{what}: {}", outside.display()));
        }
        sandbox.assert_nothing_left(SOON);
    }
}

/// How often the supervisor looked into the pipes of a job's first run: each look that brought something
/// leaves a record at most.
fn looks(answer: &Value) -> u64 {
    let head = Path::new(text(&answer["stdout_log_path"])).to_owned();
    fs::metadata(head.with_file_name("timeline")).unwrap().len() / 16
}

#[test]
fn lines_that_come_one_after_the_other_are_moved_many_at_once() {
    let sandbox = sandbox();
    let lines = 100_000;
    let print =
        format!("i=0; while [ $i -lt {lines} ]; do echo a line of its own; i=$((i+1)); done");
    let answer = sandbox.ok(["run", "--wait", "--", "sh", "-c", &print]);
    let observed = number(&answer["snapshot"]["stdout"]["observed_bytes"]);
    assert_eq!(
        observed,
        lines * "a line of its own\n".len() as u64,
        "{answer:#}"
    );
    assert!(looks(&answer) < lines / 20, "{} looks", looks(&answer));
}
