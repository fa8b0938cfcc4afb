use std::fs::{self, File, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use foster_testkit::{ORDINARY_USER, Sandbox, Tally, Watched, is_root, require};
use rustix::process::{Gid, Pid, PidfdFlags, Signal, Uid, pidfd_open, pidfd_send_signal};
use serde_json::json;

use crate::common::{FOSTER, SOON, everything, guardians, sandbox, start};

/// Does something as the ordinary user, in a thread of its own: credentials are a thread's.
fn as_another<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let become_another = || {
        let (user, group) = (Uid::from_raw(ORDINARY_USER), Gid::from_raw(ORDINARY_USER));
        rustix::thread::set_thread_groups(&[]).unwrap();
        rustix::thread::set_thread_res_gid(group, group, group).unwrap();
        rustix::thread::set_thread_res_uid(user, user, user).unwrap();
    };
    std::thread::scope(|scope| {
        let thread = scope.spawn(move || {
            become_another();
            work()
        });
        thread.join().unwrap()
    })
}

fn is_denied(result: &io::Result<()>) -> bool {
    matches!(result, Err(error) if error.kind() == io::ErrorKind::PermissionDenied)
}

fn signal(process: Watched) -> io::Result<()> {
    let pid = Pid::from_raw(process.pid).unwrap();
    let pidfd = pidfd_open(pid, PidfdFlags::empty())?;
    Ok(pidfd_send_signal(&pidfd, Signal::CONT)?)
}

/// What another user tries on a job, and what came of it.
fn attempts(files: &[PathBuf], processes: &[Watched]) -> Vec<(String, io::Result<()>)> {
    let mut made = Vec::new();
    for path in files {
        let shown = path.display();
        made.push((format!("read {shown}"), File::open(path).map(drop)));
        let writing = File::options().append(true).open(path).map(drop);
        made.push((format!("write {shown}"), writing));
        let talking = UnixStream::connect(path).map(drop);
        made.push((format!("talk to {shown}"), talking));
        made.push((format!("remove {shown}"), fs::remove_file(path)));
    }
    for process in processes {
        let (pid, name) = (process.pid, process.name());
        made.push((format!("signal {name}"), signal(*process)));
        for file in ["environ", "mem", "maps", "fd/0"] {
            let opened = File::open(format!("/proc/{pid}/{file}")).and_then(|mut file| {
                let mut byte = [0];
                file.read(&mut byte).map(drop)
            });
            made.push((format!("read {file} of {name}"), opened));
        }
    }
    made
}

#[test]
fn another_user_can_t_read_talk_to_or_signal_anything() {
    if !require("root, to act as another user", is_root()) {
        return;
    }
    let sandbox = sandbox();
    let id = start(&sandbox, &["--stdin", "open", "--", "sleep", "600"]);
    let files: Vec<_> = everything(sandbox.root())
        .into_iter()
        .filter(|(_, meta)| !meta.is_dir())
        .map(|(path, _)| path)
        .collect();
    assert!(files.iter().any(|path| path.ends_with("sock")));
    let leader = sandbox.ok(["status", &id])["pid"].as_i64().unwrap();
    let leader = Watched::from_pid(leader as i32).unwrap();
    let [keeper, supervisor] = guardians(&sandbox, &id);
    let mut tally = Tally::new("another user reads, writes, talks and signals");
    for (what, came_of_it) in as_another(|| attempts(&files, &[keeper, supervisor, leader])) {
        tally.run();
        if !is_denied(&came_of_it) {
            tally.stranger_hit(format!("{what}: {came_of_it:?}"));
        }
    }
    assert_eq!(sandbox.ok(["status", &id])["state"], "running");
}

/// Lets everybody reach the control socket, as no job of Foster's does by itself.
fn open_the_way(socket: &Path) {
    for folder in socket.ancestors().skip(1) {
        let mode = folder.metadata().unwrap().mode() & 0o7777;
        fs::set_permissions(folder, Permissions::from_mode(mode | 0o011)).unwrap();
        if folder.parent() == Some(&std::env::temp_dir()) {
            break;
        }
    }
    fs::set_permissions(socket, Permissions::from_mode(0o666)).unwrap();
}

/// Says something to a supervisor, and returns what it answers until it hangs up or a second line came.
fn converse(socket: &Path, said: &str) -> io::Result<String> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(SOON))?;
    // Whoever is not let in may find the connection closed already.
    let _ = stream.write_all(said.as_bytes());
    stream.shutdown(std::net::Shutdown::Write)?;
    let mut heard = String::new();
    match stream.read_to_string(&mut heard) {
        Err(error) if error.kind() != io::ErrorKind::ConnectionReset => Err(error),
        _ => Ok(heard),
    }
}

#[test]
fn a_supervisor_hears_its_own_user_and_root_and_nobody_else() {
    if !require("root, to act as another user", is_root()) {
        return;
    }
    let stop = format!("{}\n", json!({"request": "stop", "phases": null}));
    let sandbox = sandbox();
    let id = start(&sandbox, &["--", "sleep", "600"]);
    let socket = sandbox.job_dir(&id).join("sock");
    open_the_way(&socket);
    let heard = as_another(|| converse(&socket, &stop)).unwrap();
    assert_eq!(heard, "", "another user is told nothing");
    assert_eq!(sandbox.ok(["status", &id])["state"], "running");
    assert!(converse(&socket, "").unwrap().contains("hello"));

    let theirs = Sandbox::for_ordinary_user(FOSTER);
    let id = start(&theirs, &["--", "sleep", "600"]);
    let socket = theirs.job_dir(&id).join("sock");
    assert!(converse(&socket, "").unwrap().contains("hello"), "root");
}
