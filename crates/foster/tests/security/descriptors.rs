use std::fs::{self, File};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use foster_model::CommandLine;
use foster_service::{Containment, Context, Observe, RunRequest, Way, run};
use foster_testkit::{Watched, wait_for_pid_file};
use rustix::io::FdFlags;

use crate::common::{FOSTER, SOON, guardians, sandbox};

/// What a careless program has open when it launches a job: inherited by whatever it executes.
fn careless() -> Vec<OwnedFd> {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    let file = File::open("/etc/passwd").unwrap();
    let all: [OwnedFd; 5] = [
        ours.into(),
        theirs.into(),
        reader.into(),
        writer.into(),
        file.into(),
    ];
    let inherited = all.into_iter().zip([210, 300, 400, 500, 600]);
    inherited
        .map(|(fd, least)| {
            let high = rustix::io::fcntl_dupfd_cloexec(&fd, least).unwrap();
            rustix::io::fcntl_setfd(&high, FdFlags::empty()).unwrap();
            high
        })
        .collect()
}

/// The files behind a process's descriptors, as device and inode.
fn open_files(pid: i32) -> Vec<(u64, u64, String)> {
    let entries = fs::read_dir(format!("/proc/{pid}/fd")).unwrap().flatten();
    let files = entries.filter_map(|entry| {
        let meta = fs::metadata(entry.path()).ok()?;
        let name = fs::read_link(entry.path()).ok()?;
        Some((meta.dev(), meta.ino(), name.display().to_string()))
    });
    files.collect()
}

#[test]
fn nothing_of_a_program_with_threads_is_inherited() {
    let sandbox = sandbox();
    let careless = careless();
    let theirs: Vec<_> = careless
        .iter()
        .map(|fd| {
            let meta = fs::metadata(format!("/proc/self/fd/{}", fd.as_raw_fd())).unwrap();
            (meta.dev(), meta.ino())
        })
        .collect();
    let context = Context {
        root: sandbox.root().to_owned(),
        cwd: sandbox.work().to_owned(),
        env: std::env::vars_os().collect(),
        way: Way::Exec(PathBuf::from(FOSTER)),
        auto_gc: None,
        interrupt: None,
        containment: Containment::Auto,
    };
    let line = "echo one; echo $$ > job.pid; exec sleep 600";
    let mut request = RunRequest::new(CommandLine::Shell(line.into()));
    request.job.notify.patterns = vec![(foster_model::MatchKind::Contains, "one".to_owned())];
    let hangs = "echo $$ > sink.pid; exec sleep 600";
    request.job.notify.shells = vec![hangs.into()];
    request.observation.observe = Observe::NoWait;
    let id = run(&context, request).unwrap().job.job_id.to_string();

    let job = wait_for_pid_file(&sandbox.work().join("job.pid"), SOON);
    let sink = wait_for_pid_file(&sandbox.work().join("sink.pid"), SOON);
    let notifier = Watched::from_pid(sink.parent().unwrap()).unwrap();
    let [keeper, supervisor] = guardians(&sandbox, &id);
    for process in [job, sink, notifier, keeper, supervisor] {
        for (device, inode, name) in open_files(process.pid) {
            let inherited = theirs.contains(&(device, inode));
            assert!(!inherited, "{} has {name}", process.name());
        }
    }
    for process in [job, sink] {
        assert_eq!(open_files(process.pid).len(), 3, "{}", process.name());
    }
    sandbox.ok(["kill", &id, "--grace", "0s"]);
    assert!(notifier.kill() && sink.wait_gone(SOON));
}
