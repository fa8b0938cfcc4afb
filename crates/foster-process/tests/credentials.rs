//! A process becomes the user that it is to be, and its parent stays what it was.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "this is a test")]

use foster_process::blocking::Process;
use foster_process::output::{CollectBytes, Keep};
use foster_process::{
    Command, CompletionOptions, Containment, Credential, Output, SpawnError, StartError,
};

const NOBODY: u32 = 65534;

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn id(command: Command) -> String {
    let command = command
        .arg("-c")
        .arg("id -u; id -g; id -G")
        .stdout(Output::captured());
    let process = Process::start(command).unwrap();
    let options = CompletionOptions::new().stdout(CollectBytes::new(Keep::Head(4096)));
    let done = process.wait_for_completion(options).unwrap();
    let words = String::from_utf8(done.stdout.to_vec()).unwrap();
    words.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn groups_group_and_user_are_set_in_order() {
    if !is_root() {
        return;
    }
    for containment in [Containment::Auto, Containment::Group] {
        let shell = || Command::new("sh").containment(containment);
        let told = id(shell().uid(NOBODY).gid(4).groups([20, 24]));
        assert_eq!(told, "65534 4 4 20 24");
        // Root's own groups are not another's.
        assert_eq!(id(shell().uid(NOBODY).gid(4)), "65534 4 4");
        assert_eq!(id(shell().gid(4).groups([])), "0 4 4");
    }
}

#[test]
fn its_parent_stays_what_it_was() {
    if !is_root() {
        return;
    }
    let before = rustix::process::dumpable_behavior().unwrap();
    let threads = (0..4).map(|_| {
        std::thread::spawn(|| {
            for _ in 0..8 {
                assert_eq!(id(Command::new("sh").uid(NOBODY).gid(4)), "65534 4 4");
            }
        })
    });
    for thread in threads.collect::<Vec<_>>() {
        thread.join().unwrap();
    }
    assert_eq!(rustix::process::dumpable_behavior().unwrap(), before);
    assert!(is_root());
}

#[test]
fn its_directory_is_entered_with_its_own_rights() {
    if !is_root() {
        return;
    }
    let private = tempfile::tempdir().unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(private.path(), mode).unwrap();
    let command = Command::new("true").uid(NOBODY).current_dir(private.path());
    let refused = Process::start(command).unwrap_err();
    let is_bad = matches!(refused, StartError::Spawn(SpawnError::BadCwd { .. }));
    assert!(is_bad, "{refused:?}");
}

#[test]
fn what_is_refused_is_named() {
    // No such user or group can be: the number means that none is to be set.
    let wishes = [
        (Command::new("true").uid(u32::MAX), Credential::Uid),
        (Command::new("true").gid(u32::MAX), Credential::Gid),
    ];
    for (command, named) in wishes {
        match Process::start(command).unwrap_err() {
            StartError::Spawn(SpawnError::CredentialRefused { credential, .. }) => {
                assert_eq!(credential, named);
            }
            other => panic!("{other:?}"),
        }
    }
}
