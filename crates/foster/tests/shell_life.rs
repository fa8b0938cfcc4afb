//! Foster at a person's prompt: completions, the manual, colours, and a listing that is watched.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "the helpers of a test fail by panicking"
)]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use foster_testkit::{
    DEADLINE, Finished, Sandbox, Watched, finish, kill_at_once, require, wait_for_file,
};
use serde_json::{Value, json};

type Variables = [(&'static str, &'static str)];

fn sandbox() -> Sandbox {
    Sandbox::new(Path::new(env!("CARGO_BIN_EXE_foster")))
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(' ').filter(|word| !word.is_empty())
}

fn call(sandbox: &Sandbox, line: &str, variables: &[(&str, &str)]) -> Finished {
    let mut command = sandbox.foster();
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
        command.env_remove(name);
    }
    command.args(words(line)).envs(variables.iter().copied());
    finish(command, None, DEADLINE)
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text")
}

fn id(answer: &Value) -> String {
    answer["job_id"].as_str().expect("a job id").to_owned()
}

/// Waits until the index says what became of the jobs: that is written after the answer is given.
fn settle(sandbox: &Sandbox) {
    sandbox.assert_nothing_left(DEADLINE);
}

/// Asks as bash does, with the last of `typed` under the cursor.
fn completed(sandbox: &Sandbox, typed: &[&str]) -> Vec<String> {
    let mut command = sandbox.foster();
    command
        .env("FOSTER_COMPLETE", "bash")
        .env("_CLAP_IFS", "\n")
        .env("_CLAP_COMPLETE_INDEX", typed.len().to_string())
        .args(["--", "foster"])
        .args(typed);
    let done = finish(command, None, DEADLINE);
    assert!(done.status.success() && done.stderr.is_empty(), "{done:?}");
    text(&done.stdout).lines().map(str::to_owned).collect()
}

/// As [`completed`], without the options that could be typed too.
fn values(sandbox: &Sandbox, typed: &[&str]) -> Vec<String> {
    let all = completed(sandbox, typed).into_iter();
    all.filter(|word| !word.starts_with('-')).collect()
}

#[test]
fn jobs_complete_by_name_id_and_age_as_the_verb_can_use_them() {
    let sandbox = sandbox();
    let done = id(&sandbox.ok(["run", "--name", "build", "--tag", "ci.lint", "--", "true"]));
    settle(&sandbox);
    let web = ["--name", "web", "--group", "site"];
    let busy = id(&sandbox.ok([&["run", "--no-wait"], &web[..], &["--", "sleep", "600"]].concat()));
    let end = |id: &str| id[id.len() - 8..].to_owned();
    let both = ["web", "build", &end(&busy), &end(&done), "@1", "@2"].map(str::to_owned);
    for verb in ["status", "tail", "logs", "recover"] {
        assert_eq!(values(&sandbox, &[verb, ""]), both, "{verb}");
    }
    let running = ["web", &end(&busy), "@1"].map(str::to_owned);
    for verb in ["kill", "wait"] {
        assert_eq!(values(&sandbox, &[verb, ""]), running, "{verb}");
    }
    assert_eq!(values(&sandbox, &["status", "bu"]), ["build"]);
    assert_eq!(
        values(&sandbox, &["status", &done[..20]])[..],
        *std::slice::from_ref(&done)
    );
    assert_eq!(
        values(&sandbox, &["status", &end(&done)[..7]]),
        [end(&done)]
    );
    assert_eq!(values(&sandbox, &["status", "@2"]), ["@2"]);
    assert_eq!(values(&sandbox, &["list", "--tag", "c"]), ["ci.lint"]);
    for verb in ["list", "wait", "kill", "delete", "run", "create"] {
        assert_eq!(
            values(&sandbox, &[verb, "--group", "s"]),
            ["site"],
            "{verb}"
        );
        assert!(values(&sandbox, &[verb, "--group", "x"]).is_empty());
    }
    assert_eq!(values(&sandbox, &["list", "--state", "r"]), ["running"]);
    assert_eq!(values(&sandbox, &["kill", "--signal", "TER"]), ["TERM"]);
    assert_eq!(
        values(&sandbox, &["kill", "--signal", "sigter"]),
        ["SIGTERM"]
    );
    assert_eq!(values(&sandbox, &["man", "ki"]), ["kill"]);
    assert_eq!(values(&sandbox, &["ki"]), ["kill"]);
    assert_eq!(
        completed(&sandbox, &["run", "--stdin-"]),
        ["--stdin-file", "--stdin-max"]
    );
    fs::write(sandbox.work().join("a-file"), "").unwrap();
    assert_eq!(
        values(&sandbox, &["run", "--stdin-file", "a-f"]),
        ["a-file"]
    );
    // Everything that is offered does name the job.
    for name in values(&sandbox, &["status", ""]) {
        sandbox.ok(["status", &name]);
    }
    sandbox.ok(["kill", &busy, "--grace", "0s"]);
    settle(&sandbox);
    assert!(values(&sandbox, &["kill", ""]).is_empty());
}

#[test]
fn jobs_of_the_directory_come_first_and_the_root_may_be_typed() {
    let sandbox = sandbox();
    let here = id(&sandbox.ok(["run", "--", "true"]));
    let there = id(&sandbox.ok(["run", "--cwd", "/", "--", "true"]));
    settle(&sandbox);
    let end = |id: &str| id[id.len() - 8..].to_owned();
    let found = values(&sandbox, &["status", ""]);
    assert_eq!(
        found,
        [end(&here), end(&there), "@1".to_owned(), "@2".to_owned()]
    );
    let mut elsewhere = sandbox.foster();
    elsewhere
        .env("FOSTER_ROOT", "/nowhere")
        .env("FOSTER_COMPLETE", "fish");
    elsewhere
        .args(["--", "foster", "--root"])
        .arg(sandbox.root())
        .args(["status", "@"]);
    let told = finish(elsewhere, None, DEADLINE);
    assert_eq!(text(&told.stdout), "@1\texited: true\n@2\texited: true\n");
}

#[test]
fn a_shell_that_asks_hears_of_no_trouble_and_nothing_is_touched() {
    let sandbox = sandbox();
    sandbox.ok(["run", "--", "true"]);
    settle(&sandbox);
    let index = sandbox.root().join("index");
    let whole = fs::read(&index).unwrap();
    fs::write(&index, &whole[..100]).unwrap();
    assert!(values(&sandbox, &["status", ""]).is_empty());
    assert_eq!(fs::read(&index).unwrap(), whole[..100]);
    fs::remove_file(&index).unwrap();
    assert!(values(&sandbox, &["status", ""]).is_empty());
    assert!(!index.exists());
    let variables = [
        ("FOSTER_CONFIG", "nowhere.toml"),
        ("FOSTER_ROOT", "/proc/nowhere"),
        ("FOSTER_OUTPUT", "xml"),
    ];
    for (shell, line) in [
        ("bash", "-- foster status x"),
        ("bash", ""),
        ("bash", "--"),
        ("bash", "-- foster --root"),
        ("nosuch", "-- foster status x"),
        ("zsh", "-- foster nope nope nope"),
    ] {
        let variables = [&variables[..], &[("FOSTER_COMPLETE", shell)]].concat();
        let done = call(&sandbox, line, &variables);
        assert_eq!(done.status.code(), Some(0), "{shell} {line}: {done:?}");
        assert!(done.stderr.is_empty(), "{shell} {line}: {done:?}");
    }
}

#[test]
fn a_hostile_command_reaches_no_terminal_by_a_completion() {
    let sandbox = sandbox();
    sandbox.ok(["run", "--", "true", "\x1b[2J\nrm -rf"]);
    settle(&sandbox);
    let done = call(
        &sandbox,
        "-- foster status @",
        &[("FOSTER_COMPLETE", "fish")],
    );
    assert_eq!(text(&done.stdout), "@1\texited: true \\u{1b}[2J\\nrm -rf\n");
}

#[test]
fn each_shell_is_told_what_to_do() {
    let sandbox = sandbox();
    for (shell, sign) in [
        ("bash", "complete -o"),
        ("zsh", "compdef"),
        ("fish", "complete --keep-order"),
        ("powershell", "Register-ArgumentCompleter"),
    ] {
        let done = call(&sandbox, &format!("completions {shell}"), &[]);
        assert!(done.status.success(), "{done:?}");
        let script = text(&done.stdout);
        assert!(
            script.contains(sign) && script.contains("FOSTER_COMPLETE"),
            "{script}"
        );
        assert!(script.contains(env!("CARGO_BIN_EXE_foster")), "{script}");
    }
    assert_eq!(sandbox.err(["completions", "tcsh"]).0, "invalid_argument");
}

#[test]
fn bash_completes() {
    let available = Command::new("bash").arg("--version").output().is_ok();
    if !require("bash", available) {
        return;
    }
    let sandbox = sandbox();
    sandbox.ok(["run", "--name", "it-is-me", "--", "true"]);
    // As bash does it at a prompt: the function that is registered, with the words and the cursor.
    let script = r#"
        source <("$1" completions bash) || exit 1
        complete -p foster | grep -q -- '-F _clap_complete_foster' || exit 2
        COMP_WORDS=(foster status it) COMP_CWORD=2 COMP_TYPE=9
        _clap_complete_foster foster it status
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let foster = sandbox.foster();
    let mut bash = Command::new("bash");
    let set = foster
        .get_envs()
        .filter_map(|(name, value)| Some((name, value?)));
    bash.envs(set).current_dir(sandbox.work());
    bash.args([
        "--norc",
        "--noprofile",
        "-c",
        script,
        "bash",
        env!("CARGO_BIN_EXE_foster"),
    ]);
    let done = finish(bash, None, DEADLINE);
    assert_eq!(
        (text(&done.stdout), text(&done.stderr)),
        ("it-is-me\n", ""),
        "{}",
        done.status
    );
}

#[test]
fn the_manual_has_a_page_for_every_verb() {
    let sandbox = sandbox();
    let written = sandbox.ok(["man", "--dir", "pages/man1"]);
    let files: Vec<_> = written["files"].as_array().unwrap().iter().collect();
    let help = call(&sandbox, "--help", &[]);
    let verbs = text(&help.stdout)
        .lines()
        .skip_while(|line| *line != "Verbs:")
        .skip(1);
    let verbs: Vec<_> = verbs
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .filter(|verb| *verb != "help")
        .collect();
    assert!(verbs.contains(&"run") && !verbs.contains(&"_supervise"));
    assert_eq!(files.len(), verbs.len() + 1);
    for verb in verbs {
        let page = call(&sandbox, &format!("man {verb}"), &[]).stdout;
        let file = sandbox.work().join(format!("pages/man1/foster-{verb}.1"));
        assert_eq!(fs::read(&file).unwrap(), page, "{verb}");
        let page = text(&page);
        assert!(
            page.contains(".SH EXAMPLES") && page.contains(".SH SYNOPSIS"),
            "{page}"
        );
        let help = call(&sandbox, &format!("{verb} --help"), &[]);
        assert!(text(&help.stdout).contains("\nExamples:\n"), "{verb}");
    }
    assert_eq!(sandbox.err(["man", "nope"]).0, "invalid_argument");
    assert_eq!(sandbox.err(["man", "_supervise"]).0, "invalid_argument");
    fs::write(sandbox.work().join("file"), "").unwrap();
    assert_eq!(sandbox.err(["man", "--dir", "file/x"]).0, "io_error");
}

#[test]
fn colours_are_where_they_are_wanted_alone() {
    const ESC: u8 = 0x1b;
    let sandbox = sandbox();
    sandbox.ok(["run", "--", "false"]);
    let rows: [(&str, &Variables, bool); 10] = [
        ("list --output text", &[], false),
        ("list --output text", &[("CLICOLOR_FORCE", "1")], true),
        (
            "list --output text --color never",
            &[("CLICOLOR_FORCE", "1")],
            false,
        ),
        (
            "list --output text --color always",
            &[("NO_COLOR", "1")],
            true,
        ),
        (
            "list --output text",
            &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")],
            false,
        ),
        ("status @1 --output text --color always", &[], true),
        ("list --json --color always", &[], false),
        ("list --output yaml", &[("CLICOLOR_FORCE", "1")], false),
        ("run --help --color always", &[], true),
        ("run --help", &[("NO_COLOR", "1")], false),
    ];
    for (line, variables, painted) in rows {
        let done = call(&sandbox, line, variables);
        assert!(done.status.success(), "{line}: {done:?}");
        assert_eq!(done.stdout.contains(&ESC), painted, "{line} {variables:?}");
    }
    let error = call(&sandbox, "status nope --output text --color always", &[]);
    assert!(
        error.stdout.is_empty() && error.stderr.starts_with(b"\x1b["),
        "{error:?}"
    );
    let error = call(&sandbox, "status nope --output text", &[]);
    assert!(error.stderr.starts_with(b"error: "), "{error:?}");
    // What a job is called is escaped all the same.
    sandbox.ok(["run", "--", "true", "\x1b[31m"]);
    let listed = call(&sandbox, "list --output text --color never", &[]);
    assert!(!listed.stdout.contains(&ESC));
}

/// Returns what runs a command line of a shell's on a terminal; `$foster` is the program there.
fn on_a_terminal(sandbox: &Sandbox, line: &str, term: &str) -> Option<Command> {
    let available = Command::new("script").arg("--version").output().is_ok();
    if !require("script", available) {
        return None;
    }
    let foster = sandbox.foster();
    let mut script = Command::new("script");
    let set = foster
        .get_envs()
        .filter_map(|(name, value)| Some((name, value?)));
    script.envs(set).current_dir(sandbox.work());
    script
        .env("TERM", term)
        .env("foster", env!("CARGO_BIN_EXE_foster"));
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
        script.env_remove(name);
    }
    script.args(["--quiet", "--return", "--command", line, "/dev/null"]);
    Some(script)
}

#[test]
fn a_terminal_gets_colours_if_it_has_some() {
    let sandbox = sandbox();
    sandbox.ok(["run", "--", "true"]);
    for (term, painted) in [("xterm-256color", true), ("dumb", false)] {
        let Some(script) = on_a_terminal(&sandbox, "$foster list", term) else {
            return;
        };
        let done = finish(script, Some(b""), DEADLINE);
        assert!(text(&done.stdout).contains("exited"), "{done:?}");
        assert_eq!(done.stdout.contains(&0x1b), painted, "{term}: {done:?}");
    }
}

#[test]
fn a_watched_listing_is_left_by_q_or_ctrl_c_and_the_keyboard_is_as_before() {
    let sandbox = sandbox();
    sandbox.ok(["run", "--name", "me", "--", "true"]);
    for keys in [&b"xq"[..], b"\x03"] {
        let line = "$foster list --watch; echo ended with $?; stty -a";
        let Some(mut script) = on_a_terminal(&sandbox, line, "xterm") else {
            return;
        };
        script.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = script.spawn().expect("it starts");
        let mut screen = BufReader::new(child.stdout.take().unwrap());
        let mut drawn = String::new();
        // The keyboard was taken before anything was drawn.
        while !drawn.contains("me ") {
            assert_ne!(screen.read_line(&mut drawn).unwrap(), 0, "{drawn}");
        }
        let mut keyboard = child.stdin.take().unwrap();
        keyboard.write_all(keys).unwrap();
        screen.read_to_string(&mut drawn).unwrap();
        drop(keyboard);
        assert!(ended(&mut child).success());
        assert!(drawn.contains("\u{1b}[H\u{1b}[2J"), "{drawn}");
        assert!(drawn.contains("ended with 0"), "{drawn}");
        let modes: Vec<_> = drawn.split_whitespace().collect();
        for mode in ["icanon", "isig", "echo"] {
            assert!(modes.contains(&mode), "{mode}: {drawn}");
        }
    }
}

#[test]
fn a_watched_listing_tells_of_each_change_from_before_the_first_job() {
    let sandbox = sandbox();
    let root = sandbox.work().join("not/yet/there");
    let mut command = sandbox.foster();
    command
        .env("FOSTER_ROOT", &root)
        .args(["list", "--watch", "--json"]);
    let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || -> Value {
        let line = lines.next().expect("a line").expect("text");
        serde_json::from_str(&line).expect("a document")
    };
    let first = next();
    assert_eq!(
        (&first["type"], &first["jobs"]),
        (&"list".into(), &serde_json::json!([]))
    );
    let mut run = sandbox.foster();
    run.env("FOSTER_ROOT", &root)
        .args(["run", "--name", "web", "--", "true"]);
    let job = id(&sandbox.json_of(run, None).into_ok());
    let last = loop {
        let listed = next();
        assert_eq!(listed["ok"], true);
        if listed["jobs"][0]["state"] == "exited" {
            break listed;
        }
    };
    assert_eq!(last["jobs"][0]["job_id"].as_str(), Some(job.as_str()));
    // It ends when nobody reads it any more, without another change.
    drop(lines);
    assert!(ended(&mut child).success());
}

/// Waits for its end, within the deadline.
fn ended(child: &mut Child) -> ExitStatus {
    let process = Watched::from_pid(i32::try_from(child.id()).unwrap());
    if !process.is_none_or(|process| process.wait_gone(DEADLINE)) {
        let _ = child.kill();
    }
    child.wait().expect("it can be waited for")
}

#[test]
fn a_root_that_is_removed_and_made_again_is_watched_on() {
    let sandbox = sandbox();
    sandbox.ok(["run", "--", "true"]);
    let mut command = sandbox.foster();
    command.args(["list", "--watch", "--json"]);
    let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut count = || {
        let line = lines.next().expect("a line").expect("text");
        let listed: Value = serde_json::from_str(&line).expect("a document");
        listed["jobs"].as_array().map_or(0, Vec::len)
    };
    assert_eq!(count(), 1);
    fs::remove_dir_all(sandbox.root()).unwrap();
    while count() != 0 {}
    sandbox.ok(["run", "--", "true"]);
    while count() != 1 {}
    drop(lines);
    assert!(ended(&mut child).success());
}

#[test]
fn waiting_tells_nobody_who_has_no_terminal() {
    let sandbox = sandbox();
    let job = id(&sandbox.ok(["run", "--no-wait", "--", "sleep", "600"]));
    let done = call(
        &sandbox,
        &format!("wait {job} --timeout 0s"),
        &[("TERM", "xterm")],
    );
    assert!(done.stderr.is_empty(), "{done:?}");
    let line = format!("$foster wait {job} --timeout 10ms --json");
    if let Some(script) = on_a_terminal(&sandbox, &line, "xterm") {
        let done = finish(script, Some(b""), DEADLINE);
        assert!(
            text(&done.stdout).contains(&format!("waiting for {job}")),
            "{done:?}"
        );
    }
    sandbox.ok(["kill", &job, "--grace", "0s"]);
}

#[test]
fn deleting_tells_a_person_how_far_it_has_come_and_nobody_else() {
    let sandbox = sandbox();
    let some = || {
        for _ in 0..3 {
            sandbox.ok(["run", "--no-auto-gc", "--", "true"]);
        }
    };
    for verb in ["delete --all", "gc --max-jobs 0"] {
        some();
        for (line, told) in [
            (format!("{verb} --dry-run"), "looking at jobs 0/3"),
            (verb.to_owned(), "deleting jobs 0/3"),
        ] {
            let on_terminal = format!("$foster {line} --json");
            let Some(script) = on_a_terminal(&sandbox, &on_terminal, "xterm") else {
                return;
            };
            let done = finish(script, Some(b""), DEADLINE);
            assert!(text(&done.stdout).contains(told), "{line}: {done:?}");
        }
        assert_eq!(sandbox.ok(["list", "--all"])["jobs"], json!([]), "{verb}");
        some();
        let done = call(&sandbox, verb, &[("TERM", "xterm")]);
        assert!(done.status.success() && done.stderr.is_empty(), "{done:?}");
    }
}

#[test]
fn who_waits_at_a_terminal_has_a_lost_job_told_of_as_anybody_else() {
    let sandbox = sandbox();
    let notify = ["--notify-file", "told"];
    let run = ["run", "--no-wait", "--containment", "subreaper"];
    let job = id(&sandbox.ok([&run[..], &notify, &["--", "sleep", "600"]].concat()));
    let state = fs::read(sandbox.job_dir(&job).join("state.json")).unwrap();
    let state: Value = serde_json::from_slice(&state).unwrap();
    let pid = |name: &str| state["record"][name]["pid"].as_i64().unwrap() as i32;
    let guardians = [pid("keeper"), pid("supervisor")].map(|pid| Watched::from_pid(pid).unwrap());
    kill_at_once(&guardians);
    let line = format!("$foster wait {job} --json");
    let Some(script) = on_a_terminal(&sandbox, &line, "xterm") else {
        return;
    };
    let done = finish(script, Some(b""), DEADLINE);
    assert!(text(&done.stdout).contains("lost"), "{done:?}");
    assert!(wait_for_file(&sandbox.work().join("told"), DEADLINE));
}
