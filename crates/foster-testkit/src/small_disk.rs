use std::fs::{self, File};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::fs::{FallocateFlags, StatVfs, fallocate, statvfs};

use crate::{Sandbox, is_root, require};

/// Set for a test that was executed once more, in a mount namespace of its own.
const WITHIN: &str = "FOSTER_TEST_OWN_MOUNTS";

/// What a file system has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// So many blocks, each of a page.
    Pages(u64),
    /// So many inodes.
    Inodes(u64),
}

/// A small file system in memory, mounted on the root of a sandbox, that can be filled up to the last
/// page or inode. What lives in the root is ended when this is dropped, and the file system with it.
#[derive(Debug)]
pub struct SmallDisk<'a> {
    sandbox: &'a Sandbox,
}

/// Executes the calling test, whose whole name is `test`, once more in a mount namespace of its own, so
/// that nothing is mounted where others see it. Returns whether this is that execution: the caller goes
/// on only then.
///
/// # Panics
///
/// If the test fails in there.
#[must_use = "the test runs in there"]
pub fn in_own_mounts(test: &str) -> bool {
    if std::env::var_os(WITHIN).is_some() {
        return true;
    }
    let offered = is_root()
        && unshare(Path::new("true"))
            .status()
            .is_ok_and(|s| s.success());
    if !require("a mount namespace of one's own", offered) {
        return false;
    }
    let itself = std::env::current_exe().expect("a test knows its own path");
    let mut within = unshare(&itself);
    within.args(["--exact", test, "--nocapture", "--include-ignored"]);
    // Not on our own standard output, where CI adds up what passed. Standard error is shared.
    let done = within.env(WITHIN, "1").stderr(Stdio::inherit()).output();
    let done = done.expect("unshare was there a moment ago");
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(
        done.status.success() && said.contains("1 passed"),
        "{test} failed in a mount namespace of its own: {said}"
    );
    false
}

fn unshare(program: &Path) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private"]);
    command.arg(program);
    command
}

impl<'a> SmallDisk<'a> {
    /// Mounts one of `bytes` bytes. Only within [`in_own_mounts`].
    ///
    /// # Panics
    ///
    /// If it can't be mounted.
    pub fn new(sandbox: &'a Sandbox, bytes: u64) -> Self {
        let options = format!("size={bytes},nr_inodes=1000,mode=700");
        let disk = Self { sandbox };
        disk.mount(&["-t", "tmpfs", "-o", &options, "tmpfs"]);
        disk
    }

    /// Lays a view over it that may only be read. Who holds files open writes on.
    ///
    /// # Panics
    ///
    /// If that fails.
    pub fn forbid_writing(&self) {
        let root = self.sandbox.root().to_owned();
        let root = root.to_str().expect("a sandbox has a plain path");
        self.mount(&["--bind", root]);
        self.mount(&["-o", "remount,bind,ro"]);
    }

    fn mount(&self, options: &[&str]) {
        let mut mount = Command::new("mount");
        mount.args(options).arg(self.sandbox.root());
        assert!(
            mount.status().is_ok_and(|status| status.success()),
            "{mount:?} failed"
        );
    }

    /// Fills it, until no more than that is left. What was filled before is emptied first.
    ///
    /// # Panics
    ///
    /// If it can't be filled.
    pub fn fill(&self, left: Left) {
        self.empty();
        match left {
            Left::Pages(pages) => {
                let filler = File::create(self.filler().join("pages"));
                let filler = filler.expect("there is an inode left");
                // Who still writes to it may take a page between the look and the filling.
                let filled = (0..100).any(|_| {
                    let stat = self.stat();
                    let length = stat.f_bavail.saturating_sub(pages) * stat.f_frsize;
                    length == 0 || fallocate(&filler, FallocateFlags::empty(), 0, length).is_ok()
                });
                assert!(filled, "there is no room to be filled");
            }
            Left::Inodes(inodes) => {
                for number in inodes..self.stat().f_ffree {
                    File::create(self.filler().join(number.to_string())).expect("an inode is left");
                }
            }
        }
    }

    /// Takes away what [`SmallDisk::fill`] has put there.
    ///
    /// # Panics
    ///
    /// If it can't be removed.
    pub fn empty(&self) {
        let filler = self.filler();
        if filler.exists() {
            fs::remove_dir_all(&filler).expect("what was made here can be removed");
        }
        let made = fs::DirBuilder::new().mode(0o700).create(&filler);
        made.expect("there is room now");
    }

    /// Returns how many bytes are free.
    ///
    /// # Panics
    ///
    /// If the system doesn't tell.
    pub fn free_bytes(&self) -> u64 {
        let stat = self.stat();
        stat.f_bavail * stat.f_frsize
    }

    fn stat(&self) -> StatVfs {
        statvfs(self.sandbox.root()).expect("it is mounted")
    }

    fn filler(&self) -> PathBuf {
        self.sandbox.root().join("filler")
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        for process in self.sandbox.left_over() {
            process.kill();
        }
        // All that lies on this folder, one over the other.
        let root = self.sandbox.root();
        let unmount = || {
            Command::new("umount")
                .args(["--lazy", "--quiet"])
                .arg(root)
                .status()
        };
        while unmount().is_ok_and(|status| status.success()) {}
    }
}
