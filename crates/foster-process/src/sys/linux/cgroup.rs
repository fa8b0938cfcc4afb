use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use rustix::fs::{Mode, OFlags};

use super::procfs::read_text;
use crate::usage::TreeUsage;

/// `CGROUP2_SUPER_MAGIC` (include/uapi/linux/magic.h).
const CGROUP2_MAGIC: u64 = 0x6367_7270;

/// A leaf of the cgroup v2 hierarchy that holds one tree, and whatever leaves that tree makes in it.
#[derive(Debug)]
pub struct Cgroup {
    path: PathBuf,
    directory: OwnedFd,
    events: Option<File>,
}

impl Cgroup {
    /// Makes the leaf `name` within this process's own cgroup.
    ///
    /// # Errors
    /// Where there is no cgroup v2, where its files are not ours to write, and where systemd owns
    /// the subtree: making a leaf in what it manages is against
    /// [its rules](https://systemd.io/CGROUP_DELEGATION/), whoever we are.
    pub fn create(name: &str) -> io::Result<Self> {
        let own = own_cgroup()?;
        if Path::new("/run/systemd/system").is_dir() && !is_delegated(&own) {
            let message = "systemd manages this cgroup and has not delegated it";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, message));
        }
        let path = own.join(name);
        fs::create_dir(&path)?;
        let made = Self::open(&path).and_then(|cgroup| {
            // Before Linux 5.14 there is no cgroup.kill, and a leaf is no stronger than a sweep.
            rustix::fs::accessat(
                &cgroup.directory,
                "cgroup.kill",
                rustix::fs::Access::WRITE_OK,
                rustix::fs::AtFlags::EACCESS,
            )?;
            Ok(cgroup)
        });
        made.inspect_err(|_| drop(fs::remove_dir(&path)))
    }

    /// Returns the leaf at `path`.
    ///
    /// # Errors
    /// `InvalidInput` if that is no control group: a path may come from a file that somebody wrote.
    pub fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::RDONLY;
        let directory = rustix::fs::open(path, flags, Mode::empty())?;
        if rustix::fs::fstatfs(&directory)?.f_type as u64 != CGROUP2_MAGIC {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let read_only = OFlags::CLOEXEC | OFlags::RDONLY;
        let events = rustix::fs::openat(&directory, "cgroup.events", read_only, Mode::empty()).ok();
        let events = events.map(File::from);
        Ok(Self {
            path: path.to_owned(),
            directory,
            events,
        })
    }

    /// Returns where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns its directory, for `CLONE_INTO_CGROUP`.
    pub fn directory(&self) -> BorrowedFd<'_> {
        self.directory.as_fd()
    }

    /// Returns a descriptor that has something urgent to say when `populated` changes.
    pub fn events_fd(&self) -> Option<BorrowedFd<'_>> {
        self.events.as_ref().map(File::as_fd)
    }

    /// Returns whether any process lives in it or below it. A leaf that was removed holds nobody.
    pub fn populated(&self) -> io::Result<bool> {
        let Some(events) = self.events.as_ref() else {
            return Ok(false);
        };
        // Two short lines. Read at a place of its own: several threads may look at once, and one
        // that moved the file's offset would make the other read nothing, which looks like nobody.
        let mut text = [0; 128];
        match events.read_at(&mut text, 0) {
            Ok(length) => Ok(text[..length]
                .split(|b| *b == b'\n')
                .any(|line| line == b"populated 1")),
            Err(error) if error.raw_os_error() == Some(libc::ENODEV) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Returns whether the kernel has killed a process in it for want of memory. Known only where
    /// the memory controller counts in it.
    pub fn oom_killed(&self) -> bool {
        self.usage().oom_kills.is_some_and(|count| count > 0)
    }

    /// Returns what its members, past and present, used. Processor time is counted in every group,
    /// the rest where its controller is enabled.
    pub fn usage(&self) -> TreeUsage {
        let micros = |key| self.count_in("cpu.stat", key).map(Duration::from_micros);
        TreeUsage {
            user: micros("user_usec"),
            system: micros("system_usec"),
            memory_peak: self.count("memory.peak"),
            oom_kills: self.count_in("memory.events", "oom_kill"),
            processes_peak: self.count("pids.peak"),
            forks_refused: self.count_in("pids.events", "max"),
        }
    }

    fn count(&self, file: &str) -> Option<u64> {
        let text = fs::read_to_string(self.path.join(file)).ok()?;
        text.trim_end().parse().ok()
    }

    fn count_in(&self, file: &str, key: &str) -> Option<u64> {
        let text = fs::read_to_string(self.path.join(file)).ok()?;
        let mut pairs = text.lines().filter_map(|line| line.split_once(' '));
        let (_, count) = pairs.find(|(name, _)| *name == key)?;
        count.parse().ok()
    }

    /// Limits its members by writing `value` to `file`, which begins with its controller's name; that
    /// controller is enabled first if need be.
    pub fn limit(&self, file: &str, value: &str) -> io::Result<()> {
        if !fs::exists(self.path.join(file))? {
            let controller = file.split_once('.').map_or(file, |(name, _)| name);
            enable_below(self.parent()?, controller)?;
        }
        fs::write(self.path.join(file), value)?;
        if file == "memory.max" {
            // What can't stay in memory would go to swap, and the limit be none. Where the kernel
            // does not count swap there is no such file.
            let none = if value == "max" { "max" } else { "0" };
            match fs::write(self.path.join("memory.swap.max"), none) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    fn parent(&self) -> io::Result<&Path> {
        self.path.parent().ok_or(io::ErrorKind::NotFound.into())
    }

    /// Returns the numbers of all processes in it and below it.
    pub fn members(&self) -> Vec<i32> {
        let mut members = Vec::new();
        each_below(&self.path, &mut |directory| {
            // A leaf may be removed while we look; then nobody is in it.
            if let Ok(list) = read_text(directory.join("cgroup.procs")) {
                members.extend(
                    list.lines()
                        .flat_map(str::parse::<i32>)
                        .filter(|pid| *pid > 0),
                );
            }
        });
        members
    }

    /// Returns whether `pid` is in it or below it now.
    pub fn contains(&self, pid: i32) -> bool {
        let Some(name) = self.path.file_name().and_then(|name| name.to_str()) else {
            return false;
        };
        let groups = read_text(format!("/proc/{pid}/cgroup")).unwrap_or_default();
        let unified = groups.lines().find_map(|line| line.strip_prefix("0::"));
        unified.is_some_and(|path| path.split('/').any(|part| part == name))
    }

    /// Kills every process in it and below it, at once (Linux 5.14).
    pub fn kill(&self) -> io::Result<()> {
        match fs::write(self.path.join("cgroup.kill"), "1") {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result,
        }
    }

    /// Removes it and what is below it. All of it must be empty.
    pub fn remove(&self) -> io::Result<()> {
        // Hardly any has something below it, so that is found out by trying.
        if fs::remove_dir(&self.path).is_ok() {
            return Ok(());
        }
        let mut directories = Vec::new();
        each_below(&self.path, &mut |directory| {
            directories.push(directory.to_owned());
        });
        for directory in directories.iter().rev() {
            match fs::remove_dir(directory) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Enables a controller for the groups within this one.
///
/// The kernel refuses it where processes live in this group, with two exceptions. The root of all may
/// hold processes; it is told by having no type. A controller that knows threads (`cpu`, `pids`) would
/// be enabled all the same, and make of every group within a part of one threaded domain that no process
/// can be put into: so that is asked here, and not left to the kernel.
fn enable_below(group: &Path, controller: &str) -> io::Result<()> {
    let offered = fs::read_to_string(group.join("cgroup.controllers"))?;
    if !offered
        .split_ascii_whitespace()
        .any(|name| name == controller)
    {
        let message = format!("the controller {controller} is not to be had in this hierarchy");
        return Err(io::Error::new(io::ErrorKind::Unsupported, message));
    }
    let is_root = !fs::exists(group.join("cgroup.type"))?;
    if !is_root && !fs::read_to_string(group.join("cgroup.procs"))?.is_empty() {
        let message = "processes live beside it, and are not ours to move";
        return Err(io::Error::new(io::ErrorKind::ResourceBusy, message));
    }
    fs::write(
        group.join("cgroup.subtree_control"),
        format!("+{controller}"),
    )
}

fn each_below(directory: &Path, visit: &mut dyn FnMut(&Path)) {
    visit(directory);
    // Of a directory's links, two are its own and the others are of those within it.
    if fs::metadata(directory).is_ok_and(|meta| meta.nlink() == 2) {
        return;
    }
    let Ok(entries) = fs::read_dir(directory) else {
        return;
    };
    for entry in entries.flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            each_below(&entry.path(), visit);
        }
    }
}

/// Returns the directory of this process's own cgroup in the v2 hierarchy, wherever that is mounted:
/// at `/sys/fs/cgroup`, or beside v1 at `/sys/fs/cgroup/unified`.
fn own_cgroup() -> io::Result<PathBuf> {
    let missing = |what: &str| io::Error::new(io::ErrorKind::Unsupported, what.to_owned());
    let mount = mounted_at()?.ok_or_else(|| missing("no cgroup v2 hierarchy is mounted"))?;
    // Each time, since it may be moved.
    let groups = read_text("/proc/self/cgroup")?;
    let own = groups.lines().find_map(|line| line.strip_prefix("0::"));
    let own = own.ok_or_else(|| missing("this process is in no cgroup v2"))?;
    if own.split('/').any(|part| part == "..") {
        return Err(missing(
            "this process's cgroup lies outside its cgroup namespace",
        ));
    }
    Ok(mount.join(own.trim_start_matches('/')))
}

/// Returns where the v2 hierarchy is mounted. Once found it is remembered: the list of mounts is
/// long, and each start would read it again. Who unmounts it gets an error from what is done there.
fn mounted_at() -> io::Result<Option<&'static Path>> {
    static MOUNT: OnceLock<PathBuf> = OnceLock::new();
    if let Some(known) = MOUNT.get() {
        return Ok(Some(known));
    }
    let mounts = read_text("/proc/self/mountinfo")?;
    let found = mounts.lines().find_map(|line| {
        let (left, right) = line.split_once(" - ")?;
        right
            .starts_with("cgroup2 ")
            .then(|| left.split(' ').nth(4))?
    });
    Ok(found.map(|path| MOUNT.get_or_init(|| path.into()).as_path()))
}

fn is_delegated(own: &Path) -> bool {
    let marked = ["user.delegate", "trusted.delegate"]
        .into_iter()
        .any(|name| {
            let mut value = [0; 8];
            rustix::fs::getxattr(own, name, &mut value[..]).is_ok_and(|n| value[..n] == *b"1")
        });
    let user = rustix::process::geteuid();
    let owned = fs::metadata(own).is_ok_and(|meta| meta.uid() == user.as_raw());
    marked || (owned && !user.is_root())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a leaf and its parent look like, in ordinary files.
    fn pretended(files: &[(&str, &str)]) -> (tempfile::TempDir, Cgroup) {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("leaf");
        fs::create_dir(&path).unwrap();
        for (name, text) in files {
            fs::write(parent.path().join(name), text).unwrap();
        }
        let directory = File::open(&path).unwrap().into();
        let leaf = Cgroup {
            path,
            directory,
            events: None,
        };
        (parent, leaf)
    }

    #[test]
    fn a_controller_is_enabled_only_where_that_disturbs_nobody() {
        let offered = ("cgroup.controllers", "cpu memory pids");
        let control = |parent: &tempfile::TempDir| {
            fs::read_to_string(parent.path().join("cgroup.subtree_control")).ok()
        };
        let (root, leaf) = pretended(&[offered, ("cgroup.procs", "1\n")]);
        leaf.limit("pids.max", "7").unwrap();
        assert_eq!(control(&root).as_deref(), Some("+pids"));
        let own = [
            offered,
            ("cgroup.procs", "1\n"),
            ("cgroup.type", "domain\n"),
        ];
        let (busy, leaf) = pretended(&own);
        let error = leaf.limit("pids.max", "7").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ResourceBusy);
        assert_eq!(control(&busy), None);
        let (empty, leaf) =
            pretended(&[offered, ("cgroup.procs", ""), ("cgroup.type", "domain\n")]);
        leaf.limit("cpu.max", "50000 100000").unwrap();
        assert_eq!(control(&empty).as_deref(), Some("+cpu"));
        let (_none, leaf) = pretended(&[("cgroup.controllers", "hugetlb")]);
        let error = leaf.limit("memory.max", "7").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::Unsupported);
    }

    #[test]
    fn what_is_counted_is_told_and_nothing_else() {
        let (_parent, leaf) = pretended(&[
            ("leaf/memory.max", "max"),
            ("leaf/memory.swap.max", "max"),
            ("leaf/memory.peak", "4096\n"),
            ("leaf/memory.events", "low 0\nmax 3\noom 1\noom_kill 1\n"),
            (
                "leaf/cpu.stat",
                "usage_usec 5\nuser_usec 3\nsystem_usec 2\n",
            ),
            ("leaf/pids.events", "max 9\n"),
        ]);
        leaf.limit("memory.max", "4096").unwrap();
        let swap = fs::read_to_string(leaf.path.join("memory.swap.max"));
        assert_eq!(swap.unwrap(), "0");
        let usage = leaf.usage();
        assert!(leaf.oom_killed());
        assert_eq!(usage.user, Some(Duration::from_micros(3)));
        assert_eq!(usage.system, Some(Duration::from_micros(2)));
        assert_eq!((usage.memory_peak, usage.oom_kills), (Some(4096), Some(1)));
        assert_eq!((usage.processes_peak, usage.forks_refused), (None, Some(9)));
    }
}
