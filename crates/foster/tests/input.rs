//! What a command reads: given with the job, or sent to it while it runs, all of it and in order,
//! whatever becomes of those who look after the job. And nothing that was not given on purpose.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use foster_testkit::{
    Answer, Sandbox, Stream, Watched, fill_flood, flood, habit, race_time, wait_for_file,
    wait_on_dir,
};
use rustix::process::Signal;
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(30);

fn sandbox() -> Sandbox {
    Sandbox::new(env!("CARGO_BIN_EXE_foster"))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// Starts a job whose standard input is open.
fn open(sandbox: &Sandbox, command: &[&str]) -> String {
    let args = [&["run", "--no-wait", "--stdin", "open", "--"], command].concat();
    text(&sandbox.ok(args)["job_id"]).to_owned()
}

/// Calls `foster` with `source` on its standard input.
fn with_input(sandbox: &Sandbox, args: &[&str], source: impl Into<Stdio>) -> Answer {
    let mut command = sandbox.foster();
    command.args(args).stdin(source);
    sandbox.json_of(command, None)
}

fn send_bytes(sandbox: &Sandbox, args: &[&str], bytes: &[u8]) -> Answer {
    let mut command = sandbox.foster();
    command.arg("send").args(args);
    sandbox.json_of(command, Some(bytes))
}

/// Waits for the job's end, and returns all that it printed.
fn printed(sandbox: &Sandbox, id: &str) -> Vec<u8> {
    let answer = sandbox.ok(["wait", id, "--timeout", "60s"]);
    assert_eq!(answer["reason"], "finished", "{answer:#}");
    fs::read(text(&answer["stdout_log_path"])).unwrap()
}

fn wait_for_output(sandbox: &Sandbox, id: &str, wanted: &[u8]) {
    let run = sandbox.job_dir(id).join("runs/1");
    let read = || fs::read(run.join("stdout.log")).unwrap_or_default();
    let found = wait_on_dir(&run, SOON, || read().ends_with(wanted).then_some(()));
    assert!(found.is_some(), "{:?}", String::from_utf8_lossy(&read()));
}

fn events(sandbox: &Sandbox, id: &str) -> Vec<Value> {
    let journal = fs::read_to_string(sandbox.job_dir(id).join("events.ndjson")).unwrap();
    let lines = journal
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    lines.collect()
}

fn event(sandbox: &Sandbox, id: &str, name: &str) -> Option<Value> {
    let mut events = events(sandbox, id).into_iter();
    events.find(|event| event["event"] == name)
}

/// Keeper and supervisor, as they were launched.
fn guardians(sandbox: &Sandbox, id: &str) -> (Watched, Watched) {
    let launched = event(sandbox, id, "launched").unwrap();
    let process = |name: &str| Watched::from_json(&launched[name]).unwrap();
    (process("keeper"), process("supervisor"))
}

fn leader(sandbox: &Sandbox, id: &str) -> Watched {
    Watched::from_json(&event(sandbox, id, "started").unwrap()["leader"]).unwrap()
}

fn fifo(sandbox: &Sandbox, name: &str) -> PathBuf {
    let path = sandbox.work().join(name);
    let made = Command::new("mkfifo").arg(&path).status().unwrap();
    assert!(made.success());
    path
}

fn let_go(fifo: &Path) {
    let mut fifo = OpenOptions::new().write(true).open(fifo).unwrap();
    fifo.write_all(b"go\n").unwrap();
}

/// Everything in the folders of the days, half-made folders too.
fn folders(sandbox: &Sandbox) -> Vec<String> {
    let days = fs::read_dir(sandbox.root().join("jobs"))
        .into_iter()
        .flatten();
    let names = days
        .flatten()
        .flat_map(|day| fs::read_dir(day.path()).unwrap());
    let names = names.map(|name| name.unwrap().file_name().into_string().unwrap());
    names.collect()
}

const SENT: [&str; 3] = ["sent_bytes", "unconfirmed_bytes", "stdin"];

fn pick(value: &Value, fields: &[&str]) -> Value {
    fields.iter().map(|field| value[*field].clone()).collect()
}

#[test]
fn every_form_gives_its_bytes_and_a_restart_gives_them_again() {
    type Row<'a> = (&'a [&'a str], Option<&'a [u8]>, &'a [u8], &'a str);
    let sandbox = sandbox();
    let bytes = flood(Stream::Stdout, 300_001);
    let path = sandbox.work().join("input");
    fs::write(&path, &bytes).unwrap();
    let run = ["run", "--wait"];
    let rows: [Row<'_>; 8] = [
        (&[], Some(b"not for the job"), b"", "nothing"),
        (&["--stdin", "a text\n"], None, b"a text\n", "given"),
        (&["--stdin", ""], None, b"", "given"),
        (&["--stdin", "-"], Some(&bytes), &bytes, "given"),
        (&["--stdin", "-"], Some(b""), b"", "given"),
        (&["--stdin", "-"], Some(b"open"), b"open", "given"),
        (&["--stdin-file", "input"], None, &bytes, "given"),
        // To its last byte, and no byte more.
        (
            &["--stdin=12345", "--stdin-max", "5B"],
            None,
            b"12345",
            "given",
        ),
    ];
    for (options, input, expected, stdin) in rows {
        let mut command = sandbox.foster();
        command.args([&run, options, &["--", "cat"]].concat());
        let answer = sandbox.json_of(command, input).into_ok();
        assert_eq!(answer["stdin"], stdin, "{options:?}");
        let id = text(&answer["job_id"]);
        assert!(printed(&sandbox, id) == expected, "{options:?}");
        let kept = sandbox.job_dir(id).join("stdin.bin");
        assert_eq!(kept.exists(), stdin == "given", "{options:?}");
        if kept.exists() {
            let mode = fs::metadata(&kept).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
            fs::write(&path, "changed since").unwrap();
        }
        let again = sandbox.ok(["restart", id, "--wait"]);
        let log = fs::read(text(&again["stdout_log_path"])).unwrap();
        assert!(log == expected, "{options:?} once more");
        fs::write(&path, &bytes).unwrap();
    }
    let created = with_input(
        &sandbox,
        &["create", "--stdin", "-", "--", "cat"],
        File::open(&path).unwrap(),
    )
    .into_ok();
    fs::remove_file(&path).unwrap();
    let id = text(&created["job_id"]);
    sandbox.ok(["start", id, "--wait"]);
    assert!(printed(&sandbox, id) == bytes);
}

#[test]
fn an_idle_pipe_on_standard_input_is_left_alone() {
    let sandbox = sandbox();
    let (reader, writer) = std::io::pipe().unwrap();
    for options in [
        &["run", "--no-wait"][..],
        &["run", "--wait"],
        &["run", "--stdin", "text"],
        &["create"],
    ] {
        let args = [options, &["--", "true"]].concat();
        let answer = with_input(&sandbox, &args, reader.try_clone().unwrap());
        assert!(answer.elapsed < Duration::from_secs(10), "{options:?}");
        answer.into_ok();
    }
    let id = open(&sandbox, &["cat"]);
    let source = || reader.try_clone().unwrap();
    with_input(&sandbox, &["send", &id, "text"], source()).into_ok();
    with_input(&sandbox, &["send", &id, "--eof"], source()).into_ok();
    assert_eq!(printed(&sandbox, &id), b"text\n");
    // It is waited for where it was asked for, and no longer than the job is there.
    let id = open(&sandbox, &["cat"]);
    let args = ["send", &id, "-", "--timeout", "300ms"];
    let (code, answer) = with_input(&sandbox, &args, source()).into_err();
    assert_eq!(code, "timed_out", "{answer:#}");
    let args = ["send", &id, "-", "--timeout", "none"];
    std::thread::scope(|scope| {
        let sending = scope.spawn(|| with_input(&sandbox, &args, source()));
        sandbox.ok(["kill", &id]);
        let (code, answer) = sending.join().unwrap().into_err();
        assert_eq!(code, "invalid_state", "{answer:#}");
    });
    drop(writer);
}

#[test]
fn more_than_is_taken_makes_no_job() {
    let sandbox = sandbox();
    let path = sandbox.work().join("large");
    File::create(&path)
        .unwrap()
        .set_len((64 << 20) + 1)
        .unwrap();
    let large = || File::open(&path).unwrap();
    let rows: [&[&str]; 5] = [
        &["run", "--stdin-file", "large"],
        &["run", "--stdin", "-"],
        &["create", "--stdin-file", "large"],
        &["create", "--stdin", "-"],
        &["run", "--stdin", "four", "--stdin-max", "3B"],
    ];
    for row in rows {
        let args = [row, &["--", "wc", "-c"]].concat();
        let (code, answer) = with_input(&sandbox, &args, large()).into_err();
        assert_eq!(code, "stdin_too_large", "{answer:#}");
        assert_eq!(answer["error"]["job_id"], Value::Null, "{answer:#}");
    }
    assert_eq!(folders(&sandbox), [""; 0], "nothing half-made");
    File::create(&path).unwrap().set_len(64 << 20).unwrap();
    let args = ["run", "--wait", "--stdin", "-", "--", "wc", "-c"];
    let answer = with_input(&sandbox, &args, large()).into_ok();
    assert_eq!(answer["snapshot"]["stdout"]["tail"], "67108864\n");
}

#[test]
fn a_terminal_and_what_can_not_be_read_are_refused() {
    let sandbox = sandbox();
    // The side of a terminal that a terminal emulator has is one too.
    let terminal = || {
        File::options()
            .read(true)
            .write(true)
            .open("/dev/ptmx")
            .unwrap()
    };
    let id = open(&sandbox, &["cat"]);
    for args in [
        &["run", "--stdin", "-", "--", "cat"][..],
        &["create", "--stdin", "-", "--", "cat"],
        &["send", &id, "-"],
    ] {
        let answer = with_input(&sandbox, args, terminal());
        assert_eq!(answer.code(), Some(2));
        let (code, answer) = answer.into_err();
        assert_eq!(code, "stdin_required", "{answer:#}");
        assert!(answer["error"]["hint"].is_string(), "{answer:#}");
    }
    let folder = File::open(sandbox.work()).unwrap();
    let args = ["run", "--stdin", "-", "--", "cat"];
    assert_eq!(
        with_input(&sandbox, &args, folder).into_err().0,
        "bad_stdin"
    );
    assert_eq!(folders(&sandbox), [id]);
    // Neither its writer nor its end is waited for.
    fifo(&sandbox, "pipe");
    for file in [".", "pipe", "/dev/ptmx"] {
        let args = ["run", "--stdin-file", file, "--", "cat"];
        assert_eq!(sandbox.err(args).0, "bad_stdin", "{file}");
    }
    sandbox.ok(["run", "--wait", "--stdin-file", "/dev/null", "--", "cat"]);
    let args = ["run", "--stdin", "a", "--stdin-file", "b", "--", "cat"];
    assert_eq!(sandbox.err(args).0, "invalid_argument");
}

#[test]
fn what_is_sent_arrives_byte_for_byte_and_eof_is_the_end() {
    let sandbox = sandbox();
    let echo = habit("echo-stdin");
    let id = open(&sandbox, &[echo.to_str().unwrap()]);
    let all: Vec<u8> = (0..=u8::MAX).collect();
    let sent = sandbox.ok(["send", &id, "a line"]);
    assert_eq!(pick(&sent, &SENT), json!([7, 0, "open"]));
    sandbox.ok(["send", &id, "no end", "--no-newline"]);
    sandbox.ok(["send", &id, ""]);
    let sent = send_bytes(&sandbox, &[&id, "-"], &all).into_ok();
    assert_eq!(pick(&sent, &SENT), json!([256, 0, "open"]));
    assert_eq!(sandbox.ok(["status", &id])["stdin"], "open");
    let sent = sandbox.ok(["send", &id, "--eof", "--", "--last"]);
    assert_eq!(pick(&sent, &SENT), json!([7, 0, "closed"]));
    let expected = [b"a line\nno end\n".as_slice(), &all, b"--last\n"].concat();
    assert!(printed(&sandbox, &id) == expected);
    let status = sandbox.ok(["status", &id]);
    assert_eq!(status["exit_code"], 0, "{status:#}");
    let closed = event(&sandbox, &id, "stdin_closed").unwrap();
    assert!(closed["by"]["pid"].is_i64(), "{closed:#}");
    // A new run has a new pipe.
    sandbox.ok(["restart", &id, "--no-wait"]);
    assert_eq!(sandbox.ok(["status", &id])["stdin"], "open");
    sandbox.ok(["send", &id, "again", "--eof"]);
    assert_eq!(printed(&sandbox, &id), b"again\n");
}

#[test]
fn the_command_has_an_ordinary_pipe_and_nothing_else() {
    let sandbox = sandbox();
    let id = open(&sandbox, &["sleep", "600"]);
    let proc = PathBuf::from(format!("/proc/{}", leader(&sandbox, &id).pid));
    let fds = fs::read_dir(proc.join("fd")).unwrap().flatten();
    let mut fds: Vec<_> = fds
        .map(|fd| fd.file_name().into_string().unwrap())
        .collect();
    fds.sort();
    assert_eq!(fds, ["0", "1", "2"]);
    assert!(
        fs::metadata(proc.join("fd/0"))
            .unwrap()
            .file_type()
            .is_fifo()
    );
    let info = fs::read_to_string(proc.join("fdinfo/0")).unwrap();
    let flags = info
        .lines()
        .find_map(|line| line.strip_prefix("flags:"))
        .unwrap();
    let flags = i64::from_str_radix(flags.trim(), 8).unwrap();
    assert_eq!(flags & 0o4003, 0, "it is to be read, and blocks");
    // It can be opened by its path, as a socket can't.
    let id = open(&sandbox, &["sh", "-c", "cat /dev/stdin"]);
    sandbox.ok(["send", &id, "by path", "--eof"]);
    assert_eq!(printed(&sandbox, &id), b"by path\n");
}

#[test]
fn what_can_not_be_sent_is_told() {
    let sandbox = sandbox();
    let started = |options: &[&str], command: &[&str]| {
        let args = [&["run", "--no-wait"], options, &["--"], command].concat();
        text(&sandbox.ok(args)["job_id"]).to_owned()
    };
    let not_open = started(&[], &["sleep", "600"]);
    let given = started(&["--stdin", "text"], &["sleep", "600"]);
    let over = open(&sandbox, &["true"]);
    sandbox.ok(["wait", &over]);
    let created = sandbox.ok(["create", "--stdin", "open", "--", "cat"]);
    assert_eq!(created["stdin"], "open", "{created:#}");
    let ended = open(&sandbox, &["sleep", "600"]);
    sandbox.ok(["send", &ended, "--eof"]);
    for id in [&not_open, &given, &over, text(&created["job_id"]), &ended] {
        for args in [&["send", id, "x"][..], &["send", id, "--eof"]] {
            let answer = sandbox.json(args);
            assert_eq!(answer.code(), Some(4));
            let (code, answer) = answer.into_err();
            assert_eq!(code, "invalid_state", "{answer:#}");
            assert_eq!(answer["error"]["job_id"], *id, "{answer:#}");
        }
    }
    let deaf = ["sh", "-c", "exec 0<&-; echo deaf; exec sleep 600"];
    let id = open(&sandbox, &deaf);
    wait_for_output(&sandbox, &id, b"deaf\n");
    for _ in 0..2 {
        let (code, answer) = sandbox.err(["send", &id, "x"]);
        assert_eq!(code, "broken_pipe", "{answer:#}");
        assert_eq!(answer["sent_bytes"], 0, "{answer:#}");
    }
    assert_eq!(sandbox.ok(["status", &id])["supervision"], "full");
}

#[test]
fn a_command_that_does_not_read_holds_up_nobody_and_nothing_is_lost() {
    let sandbox = sandbox();
    let go = fifo(&sandbox, "go");
    let id = open(&sandbox, &["sh", "-c", "read x < go; exec cat"]);
    let input = flood(Stream::Stdout, 300_000);
    let timeout = ["--timeout", "500ms"];
    let args = [&[id.as_str(), "-"], &timeout[..]].concat();
    let answer = send_bytes(&sandbox, &args, &input);
    assert!(
        answer.elapsed < Duration::from_secs(10),
        "{:?}",
        answer.elapsed
    );
    let (code, answer) = answer.into_err();
    assert_eq!(code, "timed_out", "{answer:#}");
    assert_eq!(answer["unconfirmed_bytes"], 0, "{answer:#}");
    let sent = answer["sent_bytes"].as_u64().unwrap() as usize;
    assert!((4096..300_000).contains(&sent), "{answer:#}");
    // The supervisor serves others, and does not spin.
    assert_eq!(sandbox.ok(["status", &id])["state"], "running");
    let args = [&["send", &id, "x"], &timeout[..]].concat();
    let (code, answer) = sandbox.err(args);
    assert_eq!(
        (code.as_str(), &answer["sent_bytes"]),
        ("timed_out", &json!(0))
    );
    // Whoever is killed while it waits leaves no rest behind.
    let mut killed = sandbox.foster();
    killed.args(["send", &id, "never to arrive", "--timeout", "none"]);
    let mut killed = killed.stdout(Stdio::null()).spawn().unwrap();
    std::thread::scope(|scope| {
        let rest = scope.spawn(|| {
            let args = [id.as_str(), "-", "--timeout", "none", "--eof"];
            send_bytes(&sandbox, &args, &input[sent..]).into_ok()
        });
        killed.kill().unwrap();
        killed.wait().unwrap();
        let_go(&go);
        let rest = rest.join().unwrap();
        assert_eq!(rest["sent_bytes"], json!(input.len() - sent), "{rest:#}");
    });
    assert!(printed(&sandbox, &id) == input);
}

#[test]
fn many_senders_do_not_mix_what_they_send() {
    const SENDERS: usize = 6;
    const EACH: usize = 5;
    let sandbox = sandbox();
    let id = open(&sandbox, &["cat"]);
    // Of several pieces, and no two are alike.
    let lines = |sender: usize, number: usize| format!("{sender} {number}\n").repeat(20_000);
    std::thread::scope(|scope| {
        for sender in 0..SENDERS {
            let (sandbox, id) = (&sandbox, &id);
            scope.spawn(move || {
                for number in 0..EACH {
                    let path = sandbox.work().join(format!("{sender}-{number}"));
                    fs::write(&path, lines(sender, number)).unwrap();
                    let args = ["send", id, "-", "--timeout", "none"];
                    let sent = with_input(sandbox, &args, File::open(path).unwrap()).into_ok();
                    assert_eq!(sent["sent_bytes"], 80_000, "{sent:#}");
                }
            });
        }
    });
    sandbox.ok(["send", &id, "--eof"]);
    let printed = String::from_utf8(printed(&sandbox, &id)).unwrap();
    assert_eq!(printed.len(), SENDERS * EACH * 80_000);
    let mut next = [0; SENDERS];
    let mut rest = printed.as_str();
    while let Some(sender) = rest.chars().next() {
        let sender = sender.to_digit(10).unwrap() as usize;
        let whole = lines(sender, next[sender]);
        next[sender] += 1;
        rest = rest.strip_prefix(&whole).unwrap_or_else(|| {
            panic!(
                "a piece of {sender} is broken: {:?}",
                &rest[..rest.len().min(200)]
            )
        });
    }
    assert_eq!(next, [EACH; SENDERS]);
}

/// The most memory that a process ever had, in KiB.
fn peak(process: Watched) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", process.pid)).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.unwrap()
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .unwrap()
}

#[test]
fn a_hundred_mebibytes_to_a_slow_reader_take_no_memory() {
    const PART: u64 = 25 << 20;
    const SIZE: u64 = 4 * PART;
    let sandbox = sandbox();
    let path = sandbox.work().join("large");
    let mut file = File::create(&path).unwrap();
    let mut part = vec![0; 1 << 20];
    for mebibyte in 0..SIZE >> 20 {
        fill_flood(Stream::Stdout, mebibyte << 20, &mut part);
        file.write_all(&part).unwrap();
    }
    // Small blocks, through a second pipe, after a while in which nothing is read.
    let slow = "read x < go; dd bs=2048 2>/dev/null | sha256sum; read x < done";
    let (go, done) = (fifo(&sandbox, "go"), fifo(&sandbox, "done"));
    let id = open(&sandbox, &["sh", "-c", slow]);
    let (_, supervisor) = guardians(&sandbox, &id);
    let before = peak(supervisor);
    std::thread::scope(|scope| {
        let sending = scope.spawn(|| {
            for part in 0..SIZE / PART {
                // A build for tests takes its time, and no call of it may take more than a minute.
                let mut source = File::open(&path).unwrap();
                source.seek(SeekFrom::Start(part * PART)).unwrap();
                let mut bytes = vec![0; PART as usize];
                source.read_exact(&mut bytes).unwrap();
                let sent = send_bytes(&sandbox, &[&id, "-", "--timeout", "none"], &bytes);
                let sent = sent.into_ok();
                assert_eq!(pick(&sent, &SENT), json!([PART, 0, "open"]));
            }
        });
        let_go(&go);
        sending.join().unwrap();
    });
    sandbox.ok(["send", &id, "--eof"]);
    wait_for_output(&sandbox, &id, b"-\n");
    let grown = peak(supervisor) - before;
    println!(
        "the supervisor grew by {grown} KiB to {} KiB",
        peak(supervisor)
    );
    assert!(grown < 2048, "it grew by {grown} KiB");
    let_go(&done);
    let expected = Command::new("sha256sum")
        .stdin(File::open(&path).unwrap())
        .output()
        .unwrap();
    assert_eq!(printed(&sandbox, &id), expected.stdout);
}

#[test]
fn the_leaders_end_closes_it_for_those_whom_it_leaves_behind() {
    let sandbox = sandbox();
    fifo(&sandbox, "go");
    let line = "exec 3<&0; (echo begun; cat <&3; echo end) & read x < go";
    let options = ["--stragglers", "wait", "--stdin", "open"];
    let args = [
        &["run", "--no-wait"],
        &options[..],
        &["--", "sh", "-c", line],
    ]
    .concat();
    let id = text(&sandbox.ok(args)["job_id"]).to_owned();
    wait_for_output(&sandbox, &id, b"begun\n");
    assert!(leader(&sandbox, &id).signal(Signal::TERM));
    assert_eq!(printed(&sandbox, &id), b"begun\nend\n");
}

/// Kills the supervisor at some moment while lines are sent, and returns what was told of each.
fn send_through_a_death(sandbox: &Sandbox, id: &str) -> Vec<(String, Value)> {
    let (_, supervisor) = guardians(sandbox, id);
    std::thread::scope(|scope| {
        let sender = scope.spawn(|| {
            let mut told = Vec::new();
            while told.len() < 40 {
                let line = format!("line {}", told.len());
                let answer = sandbox.json(["send", id, &line]).value;
                told.push((line, answer));
            }
            told
        });
        let lines = 1 + u32::from(supervisor.pid as u8 % 16);
        let path = sandbox.job_dir(id).join("runs/1");
        wait_on_dir(&path, SOON, || {
            let log = fs::read_to_string(path.join("stdout.log")).ok()?;
            (log.lines().count() as u32 >= lines).then_some(())
        });
        assert!(supervisor.kill());
        sender.join().unwrap()
    })
}

#[test]
fn no_confirmed_byte_is_lost_or_doubled_when_the_supervisor_is_killed() {
    let end = Instant::now() + race_time();
    for round in 0..50 {
        if round > 0 && Instant::now() >= end {
            break;
        }
        let sandbox = sandbox();
        let id = open(&sandbox, &["cat"]);
        let told = send_through_a_death(&sandbox, &id);
        let sent = sandbox.ok(["send", &id, "last", "--eof"]);
        assert_eq!(sent["stdin"], "closed", "{sent:#}");
        let printed = String::from_utf8(printed(&sandbox, &id)).unwrap();
        let mut printed = printed.lines().peekable();
        for (line, answer) in told {
            let there = printed.next_if(|printed| *printed == line).is_some();
            let unconfirmed = answer["unconfirmed_bytes"].as_u64().unwrap_or(0) > 0;
            assert!(there || answer["ok"] != true, "{line} is lost: {answer:#}");
            assert!(!there || answer["ok"] == true || unconfirmed, "{answer:#}");
        }
        assert_eq!(printed.collect::<Vec<_>>(), ["last"], "nothing is doubled");
        let status = sandbox.ok(["status", &id]);
        let end = ["state", "exit_code", "stdin"];
        assert_eq!(pick(&status, &end), json!(["exited", 0, "closed"]));
        assert!(event(&sandbox, &id, "supervision").is_some());
    }
}

#[test]
fn a_stream_cut_by_the_supervisors_death_tells_where() {
    let input = flood(Stream::Stdout, 8 << 20);
    let end = Instant::now() + race_time();
    let mut cut = 0;
    for round in 0..50 {
        if cut > 0 && Instant::now() >= end {
            break;
        }
        let sandbox = sandbox();
        let id = open(&sandbox, &["cat"]);
        let (_, supervisor) = guardians(&sandbox, &id);
        let run = sandbox.job_dir(&id).join("runs/1");
        let answer = std::thread::scope(|scope| {
            let args = [id.as_str(), "-", "--timeout", "none"];
            let (sandbox, input) = (&sandbox, &input);
            let sender = scope.spawn(move || send_bytes(sandbox, &args, input));
            let wanted = 50_000 * (round % 7 + 1);
            let size = || fs::metadata(run.join("stdout.log")).map_or(0, |meta| meta.len());
            wait_on_dir(&run, SOON, || (size() >= wanted).then_some(()));
            assert!(supervisor.kill());
            sender.join().unwrap()
        });
        sandbox.ok(["send", &id, "--eof"]);
        let printed = printed(&sandbox, &id);
        assert!(input.starts_with(&printed), "what arrived is in order");
        let [sent, unconfirmed] = ["sent_bytes", "unconfirmed_bytes"]
            .map(|field| answer.value[field].as_u64().unwrap() as usize);
        assert!(sent > 0, "{:#}", answer.value);
        let there = sent..=sent + unconfirmed;
        assert!(
            there.contains(&printed.len()),
            "{} {there:?}",
            printed.len()
        );
        if answer.value["ok"] == false {
            cut += 1;
            let error = &answer.value["error"];
            let told = pick(error, &["code", "retryable"]);
            assert_eq!(told, json!(["supervisor_unreachable", false]), "{error:#}");
        }
    }
    assert!(cut > 0, "it was never cut");
}

#[test]
fn the_end_is_real_whoever_is_dead_or_stopped() {
    let harm: [fn(Watched, Watched); 4] = [
        |keeper, _| assert!(keeper.signal(Signal::STOP)),
        |keeper, _| assert!(keeper.kill() && keeper.wait_gone(SOON)),
        |_, supervisor| assert!(supervisor.kill() && supervisor.wait_gone(SOON)),
        |_, _| {},
    ];
    for (number, harm) in harm.into_iter().enumerate() {
        let sandbox = sandbox();
        let id = open(&sandbox, &["sh", "-c", "cat; echo over; read x < go"]);
        let go = fifo(&sandbox, "go");
        let (keeper, supervisor) = guardians(&sandbox, &id);
        sandbox.ok(["send", &id, "before"]);
        wait_for_output(&sandbox, &id, b"before\n");
        harm(keeper, supervisor);
        sandbox.ok(["send", &id, "after", "--eof"]);
        wait_for_output(&sandbox, &id, b"after\nover\n");
        // A successor of the one that has closed it knows that.
        let _ = keeper.signal(Signal::CONT);
        if number == 3 {
            assert!(supervisor.kill() && supervisor.wait_gone(SOON));
        }
        assert_eq!(sandbox.err(["send", &id, "x"]).0, "invalid_state");
        let_go(&go);
        assert_eq!(printed(&sandbox, &id), b"before\nafter\nover\n");
        sandbox.assert_nothing_left(SOON);
    }
}

#[test]
fn a_job_that_waits_for_input_is_ended_as_any_other() {
    let sandbox = sandbox();
    let path = sandbox.work().join("there");
    let id = open(&sandbox, &["sh", "-c", "touch there; exec cat"]);
    assert!(wait_for_file(&path, SOON));
    let killed = sandbox.ok(["kill", &id]);
    assert_eq!(killed["signal"], "TERM", "{killed:#}");
    assert_eq!(killed["report"]["empty"], true, "{killed:#}");
    sandbox.assert_nothing_left(SOON);
}
