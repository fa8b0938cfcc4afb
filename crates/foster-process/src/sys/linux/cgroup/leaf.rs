use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};

use super::own::{is_delegated, own_cgroup};
use crate::sys::linux::procfs::read_text;

/// `CGROUP2_SUPER_MAGIC` (include/uapi/linux/magic.h).
const CGROUP2_MAGIC: u64 = 0x6367_7270;

/// A leaf of the cgroup v2 hierarchy that holds one tree, and whatever leaves that tree makes in it.
#[derive(Debug)]
pub struct Cgroup {
    pub(super) path: PathBuf,
    pub(super) directory: OwnedFd,
    pub(super) events: Option<File>,
}

impl Cgroup {
    /// Makes the leaf `name` within this process's own cgroup.
    ///
    /// A new one for each tree, though to make and to remove it is most of what a leaf costs. One that is
    /// used again would charge a tree for what another used, and hold what that may have written there as
    /// root: limits, a freezer, groups within. And one that is kept for the next would be left behind by
    /// an owner who is killed with nothing running, since nobody removes it then.
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
        let made = Self::open_at(&path).and_then(|cgroup| {
            // Before Linux 5.14 there is no cgroup.kill, and a leaf is no stronger than a sweep. A directory
            // that is no control group has none either.
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

    /// Returns the leaf `name` within this process's own cgroup.
    pub fn find(name: &str) -> io::Result<Self> {
        Self::open(&own_cgroup()?.join(name))
    }

    /// Returns the leaf at `path`.
    ///
    /// # Errors
    /// `InvalidInput` if that is no control group: a path may come from a file that somebody wrote.
    pub fn open(path: &Path) -> io::Result<Self> {
        let cgroup = Self::open_at(path)?;
        if rustix::fs::fstatfs(&cgroup.directory)?.f_type as u64 != CGROUP2_MAGIC {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        Ok(cgroup)
    }

    fn open_at(path: &Path) -> io::Result<Self> {
        let flags = OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::RDONLY;
        let directory = rustix::fs::open(path, flags, Mode::empty())?;
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
