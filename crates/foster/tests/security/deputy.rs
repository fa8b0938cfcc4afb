use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use foster_testkit::{Sandbox, Tally, Watched, give_to_ordinary_user, is_root, require};
use serde_json::Value;

use crate::common::{FOSTER, guardians, picture, settled, start, text};

/// Every verb that looks at a root or changes something in it.
const VERBS: [&str; 20] = [
    "list --all",
    "ps",
    "status JOB",
    "processes JOB",
    "tail JOB",
    "logs JOB",
    "wait JOB --timeout 1ms",
    "events JOB",
    "kill JOB --grace 0s",
    "delete JOB --kill",
    "gc --older-than 1ms",
    "recover",
    "start JOB",
    "restart JOB --grace 0s",
    "tag JOB --add x",
    "deadline JOB 1h",
    "notify show JOB",
    "send JOB x",
    "create -- true",
    "run --wait -- true",
];

/// Makes the state name a process that is none of the job's, as whoever owns the root can.
fn forge(folder: &Path, stranger: Watched) {
    let path = folder.join("state.json");
    let mut state: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let forged = serde_json::json!({"pid": stranger.pid, "start_time": stranger.start_time});
    for who in ["leader", "supervisor", "keeper"] {
        state["record"][who] = forged.clone();
    }
    fs::write(&path, serde_json::to_vec(&state).unwrap()).unwrap();
}

/// Root looks after another user's jobs: what that user has laid out there is not for root to follow.
#[test]
fn root_does_nothing_in_another_user_s_root() {
    if !require("root, to act in another user's root", is_root()) {
        return;
    }
    let theirs = Sandbox::for_ordinary_user(FOSTER);
    let own = Sandbox::new(FOSTER);
    let stranger = start(&own, &["--", "sleep", "600"]);
    let [stranger, _] = guardians(&own, &stranger);
    let secret = own.work().join("of-root-alone");
    fs::write(&secret, "kept").unwrap();

    let running = start(&theirs, &["--", "sleep", "600"]);
    let trap = text(&theirs.ok(["run", "--wait", "--", "true"])["job_id"]).to_owned();
    settled(&theirs, &trap);
    let folder = theirs.job_dir(&trap);
    forge(&folder, stranger);
    fs::remove_file(folder.join("runs/1/stdout.log")).unwrap();
    symlink(&secret, folder.join("runs/1/stdout.log")).unwrap();
    symlink(own.work(), folder.join("runs/2")).unwrap();
    give_to_ordinary_user(&folder.join("state.json"));
    let link = own.work().join("a-link-to-it");
    symlink(theirs.root(), &link).unwrap();

    let before = (picture(theirs.root()), picture(own.work()));
    let mut tally = Tally::new("root is sent into another user's root");
    for root in [theirs.root(), &link] {
        for verb in VERBS {
            for job in [&running, &trap] {
                tally.run();
                let mut foster = own.foster();
                foster.arg("--root").arg(root);
                let words = verb.split(' ');
                foster.args(words.map(|word| if word == "JOB" { job } else { word }));
                let (code, answer) = own.json_of(foster, None).into_err();
                tally.lost_unless(code == "root_not_owned", || format!("{verb}: {answer}"));
            }
        }
    }
    let after = (picture(theirs.root()), picture(own.work()));
    if before != after || !stranger.is_alive() {
        tally.stranger_hit("root has changed something");
    }
    assert_eq!(theirs.ok(["status", &running])["state"], "running");
}
