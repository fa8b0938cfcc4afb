use std::path::Path;

use crate::doctor::filesystem_of;

/// File systems that tell a machine nothing of what another one writes.
const SHARED: [&str; 12] = [
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "9p",
    "ceph",
    "afs",
    "lustre",
    "gpfs",
    "glusterfs",
    "fuse.glusterfs",
    "fuse.sshfs",
];

/// Returns the type of the file system that a path lies on, if other machines may write there unseen.
pub(super) fn shared_filesystem(path: &Path) -> Option<String> {
    filesystem_of(path).filter(|kind| SHARED.contains(&kind.as_str()))
}
