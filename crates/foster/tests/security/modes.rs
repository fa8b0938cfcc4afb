use std::fs;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::Path;
use std::process::{Command, Stdio};

use foster_testkit::{Sandbox, Tally, wait_for_file, wait_on_dir};
use serde_json::Value;

use crate::common::{SOON, everything, guardians, record, sandbox, text};

/// Counts what others could read, write or enter.
fn look(tally: &mut Tally, root: &Path, phase: &str) {
    tally.run();
    let owner = rustix::process::geteuid().as_raw();
    for (path, meta) in everything(root) {
        let kind = meta.file_type();
        let wanted = if meta.is_dir() { 0o700 } else { 0o600 };
        let mode = meta.mode() & 0o7777;
        let known = meta.is_dir() || meta.is_file() || kind.is_socket();
        tally.escaped_unless(known && mode == wanted && meta.uid() == owner, || {
            let path = path.display();
            format!("{phase}: {kind:?} {mode:o} of {}: {path}", meta.uid())
        });
    }
}

/// Runs `foster` under a mask, with the words of a line.
fn call(sandbox: &Sandbox, umask: &str, line: &str) -> Value {
    let foster = sandbox.foster();
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("umask {umask}; exec \"$@\""), "sh"]);
    shell.arg(foster.get_program());
    shell
        .args(line.split_whitespace())
        .current_dir(sandbox.work());
    let variables = foster.get_envs();
    shell.envs(variables.filter_map(|(name, value)| Some((name, value?))));
    shell.env("TOKEN", "a-value-that-is-redacted");
    shell.stdin(Stdio::null());
    sandbox.json_of(shell, None).into_ok()
}

/// Waits until a job's first run was told of: the notifier begins with a copy of the lock.
fn wait_for_told(sandbox: &Sandbox, id: &str) {
    let run = sandbox.job_dir(id).join("runs/1");
    let told = wait_on_dir(&run, SOON, || {
        let event = fs::read(run.join("completion_event.json")).ok()?;
        let event: Value = serde_json::from_slice(&event).ok()?;
        (event["delivered"] == true).then_some(())
    });
    assert!(told.is_some());
}

/// Leads a job with all that makes files from its definition to its end, and looks at each step.
fn one_life(tally: &mut Tally, sandbox: &Sandbox, umask: &str) {
    let (root, work) = (sandbox.root(), sandbox.work());
    let call = |line: &str| call(sandbox, umask, line);
    fs::remove_dir(root).unwrap();
    fs::write(work.join("given"), "input").unwrap();
    let script = "read x; echo found; echo $TOKEN; seq 9999; sleep 600";
    fs::write(work.join("job"), script).unwrap();

    let created = call(
        "create --stdin open --redact TOKEN --keep-env --log-cap 4KiB --log logs/both.log \
         --notify-file told/of.ndjson --on-output found --on-output-interval 0s -- sh ./job",
    );
    let id = text(&created["job_id"]);
    look(tally, root, "created");
    call(&format!("start {id} --no-wait"));
    look(tally, root, "running");
    call(&format!("send {id} x"));
    for made in ["told", "told/of.ndjson"] {
        assert!(wait_for_file(&work.join(made), SOON));
    }
    look(tally, root, "telling of its output");
    call(&format!("tag {id} --add a.tag"));
    call(&format!("deadline {id} 1h"));
    call(&format!("notify set {id} --notify-file told/of.ndjson"));
    look(tally, root, "amended");

    let before = guardians(sandbox, id);
    assert!(before[1].kill());
    let two_again = wait_on_dir(&sandbox.job_dir(id), SOON, || {
        let full = record(sandbox, id)["supervision"] == "full";
        (full && guardians(sandbox, id) != before).then_some(())
    });
    assert!(two_again.is_some(), "{:#}", record(sandbox, id));
    look(tally, root, "supervised again");
    call(&format!("kill {id} --grace 0s"));
    wait_for_told(sandbox, id);
    look(tally, root, "killed, and told of");
    call(&format!("restart {id} --no-wait"));
    look(tally, root, "restarted");
    for process in guardians(sandbox, id) {
        assert!(process.kill() && process.wait_gone(SOON));
    }
    call(&format!("kill {id} --grace 0s"));
    look(tally, root, "lost, and ended");
    call("run --wait --stdin-file given -- cat");
    call("list --all");
    look(tally, root, "finished");
    call(&format!("delete {id}"));
    call("recover");
    look(tally, root, "deleted");
    for outside in ["logs", "told"] {
        look(tally, &work.join(outside), "outside of the root");
    }
}

#[test]
fn what_a_job_leaves_on_disk_is_its_owners_alone_in_every_phase() {
    let mut tally = Tally::new("modes of files, by phase and umask");
    for umask in ["000", "022", "077"] {
        one_life(&mut tally, &sandbox(), umask);
    }
}
