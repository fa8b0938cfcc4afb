use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::sys::linux::procfs::read_text;

/// Returns the directory of this process's own cgroup in the v2 hierarchy, wherever that is mounted:
/// at `/sys/fs/cgroup`, or beside v1 at `/sys/fs/cgroup/unified`.
pub fn own_cgroup() -> io::Result<PathBuf> {
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
    if let Some(usual) = usual_mount() {
        return Ok(Some(MOUNT.get_or_init(|| usual.to_owned()).as_path()));
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

/// Returns one of the two places where systemd mounts the hierarchy, if it is there: that is a question
/// for the kernel which costs a tenth of the list.
fn usual_mount() -> Option<&'static Path> {
    let usual = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].map(Path::new);
    let is_v2 = |place: &&Path| {
        let found = rustix::fs::statfs(*place);
        found.is_ok_and(|found| found.f_type == libc::CGROUP2_SUPER_MAGIC)
    };
    usual.into_iter().find(is_v2)
}

pub fn is_delegated(own: &Path) -> bool {
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
