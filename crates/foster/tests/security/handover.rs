use std::fs::File;
use std::io::{IoSlice, Write as _};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

use foster_testkit::{Sandbox, try_finish};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags};
use serde_json::json;

use crate::common::{SOON, picture, sandbox, settled, text};

/// A socket with bytes in it, and copies of a descriptor that is nothing of what is expected.
fn forged(bytes: &[u8], descriptors: bool) -> Stdio {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let null = File::open("/dev/null").unwrap();
    let fds = [null.as_fd(); 4];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))];
    let mut rights = SendAncillaryBuffer::new(&mut space);
    if descriptors {
        rights.push(SendAncillaryMessage::ScmRights(&fds));
    }
    let first = [IoSlice::new(b"F")];
    rustix::net::sendmsg(&ours, &first, &mut rights, SendFlags::empty()).unwrap();
    (&ours).write_all(bytes).unwrap();
    Stdio::from(OwnedFd::from(theirs))
}

fn refuses(sandbox: &Sandbox, verb: &str, stdin: Stdio) {
    let mut command = sandbox.foster();
    command.arg(verb).stdin(stdin);
    refuses_as(command, verb);
}

fn refuses_as(command: Command, verb: &str) {
    let done = try_finish(command, None, SOON).unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(1), "{verb}: {said}");
    assert!(said.starts_with("error: "), "{verb}: {said}");
}

/// The hidden verbs are for those who launch jobs; whoever types one is told off and harms nothing.
#[test]
fn a_hidden_verb_that_is_called_by_hand_does_nothing() {
    let sandbox = sandbox();
    let job = sandbox.ok(["run", "--wait", "--", "true"]);
    let id = text(&job["job_id"]);
    settled(&sandbox, id);
    let before = picture(sandbox.root());
    let root = sandbox.root().to_str().unwrap();
    let handover = json!({
        "root": root, "folder": sandbox.job_dir(id), "job_id": id, "argv": ["touch", "made"],
        "cwd": sandbox.work(), "log": null, "env": [], "containment": "auto", "secrets": [],
        "redact": [],
    });
    let handover = handover.to_string().into_bytes();
    for verb in ["_supervise", "_notify"] {
        refuses(&sandbox, verb, Stdio::null());
        refuses(&sandbox, verb, File::open("/etc/passwd").unwrap().into());
        for descriptors in [false, true] {
            let rows: [&[u8]; 4] = [b"", b"{}", b"\xff\x00", &handover];
            for bytes in rows {
                refuses(&sandbox, verb, forged(bytes, descriptors));
            }
        }
    }
    let mut closed = Command::new("sh");
    closed.args(["-c", "exec \"$0\" _supervise <&-"]);
    closed.arg(sandbox.foster().get_program());
    refuses_as(closed, "without standard input");
    assert_eq!(picture(sandbox.root()), before);
    assert!(!sandbox.work().join("made").exists());
    sandbox.assert_nothing_left(SOON);
}
