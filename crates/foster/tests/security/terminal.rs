use std::fs;
use std::process::{Command, Stdio};

use foster_testkit::{Sandbox, finish, require, wait_for_file};

use crate::common::{FOSTER, SOON, sandbox, settled, start};

/// A title, a cleared screen, a clipboard, an 8-bit sequence, a direction, a step back.
const HOSTILE: &str = "\x1b]0;title\x07\x1b[2J\x1b]52;c;ZXZpbA==\x1b\\\u{9b}2J\u{202e}x\x08\x7f";

/// What comes out on a terminal of a call.
fn on_a_terminal(sandbox: &Sandbox, form: &str, words: &[&str]) -> String {
    let quoted: Vec<_> = words
        .iter()
        .map(|word| format!("'{}'", word.replace('\'', r"'\''")))
        .collect();
    let line = format!("{FOSTER} --output {form} {}", quoted.join(" "));
    let foster = sandbox.foster();
    let mut script = Command::new("script");
    script.args(["-qec", &line, "/dev/null"]);
    script.current_dir(sandbox.work()).stdin(Stdio::null());
    for (name, value) in foster.get_envs() {
        match value {
            Some(value) => script.env(name, value),
            None => script.env_remove(name),
        };
    }
    // On a dumb one Foster draws nothing itself.
    script.env("TERM", "dumb").env("SHELL", "/bin/sh");
    let done = finish(script, None, SOON);
    String::from_utf8_lossy(&done.stdout).into_owned()
}

/// Takes out the sequences that colour text, as Foster's own do.
fn without_colors(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |out, part| {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        match rest.strip_prefix('m') {
            Some(rest) => out + rest,
            None => out + "\x1b[" + part,
        }
    })
}

/// What a terminal would act on.
fn acts(c: char) -> bool {
    let text = matches!(c, '\r' | '\n' | '\t');
    let turns = matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    (c.is_control() && !text) || turns
}

fn assert_harmless(sandbox: &Sandbox, words: &[&str]) {
    for form in ["text", "json"] {
        let shown = on_a_terminal(sandbox, form, words);
        assert!(!shown.trim().is_empty(), "{words:?} shows nothing");
        let left = without_colors(&shown);
        assert!(!left.contains(acts), "{words:?}: {left:?}");
    }
}

/// A job that is as hostile as it can be, and has left a process behind that is called so, too.
fn hostile_job(sandbox: &Sandbox) -> String {
    let program = sandbox.work().join(format!("p{HOSTILE}").replace('/', ""));
    fs::copy("/bin/sleep", &program).unwrap();
    let folder = sandbox.work().join(format!("d{HOSTILE}"));
    fs::create_dir(&folder).unwrap();
    let line = format!(
        "printf '%s\\n' '{HOSTILE}'; printf '%s\\r%s\\n' '{HOSTILE}' y >&2; \
         '{}' 600 & echo > ../started; exec sleep 600 '{HOSTILE}'",
        program.display()
    )
    .replace("exec sleep 600 '", ": '");
    let log = format!("l{HOSTILE}");
    let variable = format!("V={HOSTILE}");
    let sink = format!("n{HOSTILE}");
    let shell = format!(": '{HOSTILE}'; exit 3");
    let options = [
        "--cwd",
        folder.to_str().unwrap(),
        "--log",
        &log,
        "--env",
        &variable,
        "--notify-file",
        &sink,
        "--notify-shell",
        &shell,
        "--on-output",
        "title",
        "--stragglers",
        "leave",
        "--shell",
        &line,
    ];
    let id = start(sandbox, &options);
    assert!(wait_for_file(&sandbox.work().join("started"), SOON));
    id
}

#[test]
fn a_hostile_job_can_t_act_on_the_terminal_of_who_looks_at_it() {
    let sandbox = sandbox();
    let script = Command::new("script").arg("--version").output();
    if !require("script(1), for a terminal", script.is_ok()) {
        return;
    }
    let id = hostile_job(&sandbox);
    let other = start(&sandbox, &["--shell", &format!("printf '%s' '{HOSTILE}'")]);
    settled(&sandbox, &other);
    let missing = format!("/no/such{HOSTILE}");
    let rows: [&[&str]; 31] = [
        &["wait", &id, "--timeout", "10s"],
        &["list", "--all"],
        &["ps", "--all"],
        &["status", &id],
        &["processes", &id],
        &["tail", &id],
        &["tail", &id, "--digest"],
        &["tail", &other],
        &["logs", &id],
        &["logs", &id, "--timestamps"],
        &["logs", &id, "--grep", "title", "--context", "1"],
        &["logs", &other],
        &["events", &id],
        &["notify", "show", &id],
        &["wait", &other, "--output", "title"],
        &["tag", &id, "--add", "x"],
        &["deadline", &id, "1h"],
        &["recover"],
        &["doctor"],
        &["config"],
        &["run", "--wait", "--", "printf", "%s", HOSTILE],
        &["run", "--", &missing],
        &["run", "--cwd", &missing, "--", "true"],
        &["run", "--name", HOSTILE, "--", "true"],
        &["run", HOSTILE],
        &["status", HOSTILE],
        &["list", "--root", &missing],
        &["list", "--config", &missing],
        &["kill", &id],
        &["gc", "--older-than", "1ms", "--dry-run"],
        &["delete", &id, &other],
    ];
    for words in rows {
        assert_harmless(&sandbox, words);
    }
    // Who asks for the bytes gets them: a file or a pipe is no terminal.
    let mut piped = sandbox.foster();
    piped.args(["--output", "text", "run", "--wait", "--", "printf", HOSTILE]);
    let done = finish(piped, None, SOON);
    assert!(String::from_utf8_lossy(&done.stdout).contains("\x1b]0;title"));
}
