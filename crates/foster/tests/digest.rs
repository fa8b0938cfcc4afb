//! `--digest`: an excerpt for a language model, through the built program.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at what it did not expect"
)]

use std::fs;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use foster_testkit::{DEADLINE, Sandbox, finish};
use serde_json::{Value, json};

fn sandbox() -> Sandbox {
    Sandbox::new(env!("CARGO_BIN_EXE_foster"))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// What a real tool printed.
fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../foster-service/testdata/digest")
        .join(format!("{name}.txt"))
}

fn validate(sandbox: &Sandbox, answer: &Value) {
    let kind = text(&answer["type"]);
    let schema = sandbox.ok(["schema", kind])["schemas"][kind].take();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<_> = validator
        .iter_errors(answer)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:?}\n{answer:#}");
}

fn id(answer: &Value) -> String {
    text(&answer["job_id"]).to_owned()
}

#[test]
fn an_answer_holds_a_digest_or_the_last_lines_and_never_both() {
    let sandbox = sandbox();
    let shell = "printf '10%%\\r100%%\\n\\033[31mred\\033[0m\\n'; echo err >&2";
    let run = sandbox.ok(["run", "--digest", "--shell", shell]);
    let id = id(&run);
    let wait = sandbox.ok(["wait", &id, "--digest"]);
    let tail = sandbox.ok(["tail", &id, "--digest"]);
    let streams = [&run["snapshot"], &wait["snapshot"], &tail];
    for (answer, streams) in [&run, &wait, &tail].into_iter().zip(streams) {
        validate(&sandbox, answer);
        let (stdout, stderr) = (&streams["stdout"], &streams["stderr"]);
        assert_eq!(stdout["tail"], Value::Null);
        let expected = json!({
            "text": "100%\nred\n", "original_bytes": 22, "lines_total": 2, "lines_folded": 0,
            "lines_omitted": 0, "kept": ["whole"], "applied": true, "reason": null,
        });
        assert_eq!(stdout["digest"], expected);
        assert_eq!(stdout["range"], json!([0, 22]));
        assert_eq!(stdout["truncated"], false);
        assert_eq!(stderr["digest"]["text"], "err\n");
        assert_eq!(stderr["digest"]["applied"], false);
        assert_eq!(stderr["digest"]["reason"], "unchanged");
    }
    for plain in [
        sandbox.ok(["wait", &id])["snapshot"].take(),
        sandbox.ok(["tail", &id]),
    ] {
        assert!(plain["stdout"]["tail"].is_string());
        assert!(plain["stdout"].get("digest").is_none(), "{plain:#}");
    }
}

#[test]
fn failures_are_in_the_digest_however_much_comes_after_them() {
    let sandbox = sandbox();
    let job = sandbox.work().join("job.sh");
    let script = format!(
        "cat '{}'\ni=0\nwhile [ $i -lt 3000 ]; do echo \"note $i: $((i * 7)) of $((i * i))\"; echo; i=$((i+1)); done\n\
         seq 100000 140000\necho the end\n",
        sample("cargo_build").display()
    );
    fs::write(&job, script).unwrap();
    let size = ["--max-bytes", "4KiB"];
    let command = ["--", "sh", job.to_str().unwrap()];
    let run = sandbox.ok([&["run", "--wait", "--digest"], &size[..], &command[..]].concat());
    let stdout = &run["snapshot"]["stdout"];
    let shown = text(&stdout["digest"]["text"]);
    assert!(shown.contains("error[E0308]: mismatched types"), "{shown}");
    assert!(
        shown.contains("[the last of 40001 like it]\nthe end\n"),
        "{shown}"
    );
    assert!(shown.len() <= 4096);
    let plain = sandbox.ok(["tail", &id(&run), "--lines", "0", "--max-bytes", "4KiB"]);
    let plain = text(&plain["stdout"]["tail"]);
    assert!(shown.len() <= plain.len() && !plain.contains("E0308"));
}

#[test]
fn an_answer_with_a_choice_is_no_longer_than_the_plain_one() {
    let sandbox = sandbox();
    let file = sandbox.work().join("words");
    let word = |n: usize| (0..40).map(move |at| char::from(b'a' + ((n >> (at % 13)) % 26) as u8));
    let lines: Vec<String> = (0..3_000).map(|n| word(n).collect()).collect();
    fs::write(&file, lines.join("\n")).unwrap();
    let id = id(&sandbox.ok(["run", "--", "cat", file.to_str().unwrap()]));
    for size in ["2KiB", "8KiB", "64KiB"] {
        let args = ["tail", &id, "--lines", "0", "--max-bytes", size];
        let plain = sandbox.json(args).stdout.len();
        let digest = sandbox
            .json([&args[..], &["--digest"]].concat())
            .stdout
            .len();
        let slack = if size == "2KiB" { 200 } else { 0 };
        assert!(
            digest <= plain + slack,
            "{size}: {digest} instead of {plain}"
        );
    }
}

#[test]
fn a_digest_goes_on_where_the_last_one_ended() {
    let sandbox = sandbox();
    let run = sandbox.ok(["run", "--shell", "echo one; echo two"]);
    let tail = sandbox.ok(["tail", &id(&run), "--digest", "--from", "4"]);
    assert_eq!(tail["stdout"]["digest"]["text"], "two\n");
    assert_eq!(tail["stdout"]["range"], json!([4, 8]));
    let end = sandbox.ok(["tail", &id(&run), "--digest", "--from", "8", "--stdout"]);
    assert_eq!(end["stdout"]["digest"]["text"], "");
    assert_eq!(end["stdout"]["range"], json!([8, 8]));
    assert_eq!(end["stderr"], Value::Null);
    let beyond = sandbox.ok(["tail", &id(&run), "--digest", "--from", "99"]);
    assert_eq!(beyond["stdout"]["range"], json!([8, 8]));
}

#[test]
fn of_a_long_log_both_ends_are_read_and_the_rest_is_marked() {
    let sandbox = sandbox();
    let run = sandbox.ok(["run", "--shell", "echo begin"]);
    // A hole costs nothing to make, and would cost much to read.
    let log = fs::File::options()
        .write(true)
        .open(text(&run["stdout_log_path"]))
        .unwrap();
    let len = 1_u64 << 34;
    log.write_all_at(b"\nthe very end\n", len - 14).unwrap();
    let before = read_by_children();
    let tail = sandbox.ok(["tail", &id(&run), "--digest", "--stdout"]);
    let read = read_by_children() - before;
    let stdout = &tail["stdout"];
    let digest = &stdout["digest"];
    let shown = text(&digest["text"]);
    assert!(shown.starts_with("begin\n"), "{shown:.200}");
    assert!(shown.ends_with("\nthe very end\n"));
    assert!(shown.contains(" bytes not read …\n"), "{shown:.200}");
    assert_eq!(digest["original_bytes"], 256 * 1024 + 4 * 1024 * 1024);
    assert_eq!(stdout["range"], json!([0, len]));
    assert_eq!(stdout["truncated"], true);
    assert!(
        (4 << 20..16 << 20).contains(&read),
        "{read} bytes were read"
    );
}

/// How many bytes the programs that this process has waited for have read.
fn read_by_children() -> u64 {
    let io = fs::read_to_string("/proc/self/io").unwrap();
    let line = io.lines().find_map(|line| line.strip_prefix("rchar: "));
    line.unwrap().parse().unwrap()
}

#[test]
fn people_are_shown_the_digest_and_what_it_leaves_out() {
    let sandbox = sandbox();
    let shell = "yes again | head -n 300; echo end";
    let id = id(&sandbox.ok(["run", "--shell", shell]));
    for verb in ["tail", "wait"] {
        let mut command = sandbox.foster();
        command.args([verb, &id, "--digest", "--output", "text"]);
        let done = finish(command, None, DEADLINE);
        let shown = String::from_utf8(done.stdout).unwrap();
        assert!(shown.contains("again  [300 times]\nend\n"), "{shown}");
        let line = "(digest of 301 lines of stdout: 0 left out, 299 folded; all is in ";
        assert!(shown.contains(line), "{shown}");
    }
}

#[test]
fn what_real_tools_print_takes_less_room_as_a_digest() {
    let sandbox = sandbox();
    for name in ["cargo_test", "pytest", "progress", "node_test", "jest"] {
        let file = sample(name);
        let id = id(&sandbox.ok(["run", "--", "cat", file.to_str().unwrap()]));
        let plain = sandbox.json(["tail", &id, "--lines", "0"]).stdout.len();
        let digest = sandbox.json(["tail", &id, "--digest"]).stdout.len();
        assert!(digest < plain + 400, "{name}: {digest} instead of {plain}");
        if name != "jest" {
            assert!(digest < plain, "{name}: {digest} instead of {plain}");
        }
    }
}

/// Whatever a command printed, its digest takes no more room than the plain excerpt would.
#[test]
fn a_digest_is_never_longer_than_the_plain_excerpt() {
    let sandbox = sandbox();
    let lines = [
        "seq 1 20000",
        "seq 1 20",
        "true",
        "printf 'no end'",
        "i=0; while test $i -lt 300; do echo \"step $i ok\"; i=$((i+1)); done; echo 'error: no such thing' >&2",
        "echo 'error: early'; i=0; while test $i -lt 3000; do echo .; i=$((i+1)); done",
    ];
    for line in lines {
        let run = sandbox.ok(["run", "--wait", "--", "sh", "-c", line]);
        let id = run["job_id"].as_str().unwrap();
        for options in [
            vec![],
            vec!["--max-bytes", "100B"],
            vec!["--lines", "0", "--max-bytes", "2KiB"],
            vec!["--lines", "500"],
            vec!["--from", "1"],
        ] {
            let plain = sandbox.ok([&["tail", id], &options[..]].concat());
            let digest = sandbox.ok([&["tail", id, "--digest"], &options[..]].concat());
            for stream in ["stdout", "stderr"] {
                let plain = plain[stream]["tail"].as_str().unwrap().len();
                let text = digest[stream]["digest"]["text"].as_str().unwrap();
                assert!(text.len() <= plain, "{line} {options:?}: {plain}, {text:?}");
            }
        }
    }
}
