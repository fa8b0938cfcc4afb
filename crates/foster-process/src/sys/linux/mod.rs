//! Linux: pidfds, cgroup v2, subreapers, epoll, splice.

mod arch;
mod batch;
mod cgroup;
mod clone;
mod details;
mod dumpable;
mod features;
mod group;
mod handle;
mod host;
mod latch;
mod memory;
mod namespace;
mod newest;
mod open_files;
mod outside;
mod parent_death;
mod peer;
mod pipe_size;
mod poller;
mod procfs;
mod relay;
mod signals;
mod splice;
mod title;

pub use batch::Batch;
pub use cgroup::Cgroup;
pub use clone::spawn_process;
pub use details::{process_details, process_environment};
pub use features::kernel_features;
pub use group::group_is_there;
pub use handle::ProcessHandle;
pub use host::{host_identity, uptime};
pub use latch::Latch;
pub use memory::{PAGE, prefer_huge_pages, release_unused_memory};
pub use namespace::{PidNamespace, spawn_in_namespace};
pub use newest::{newest_process, newest_since};
pub use open_files::{open_descriptors, open_files_limit};
pub use outside::fork_outside;
pub use parent_death::set_parent_death_signal;
pub use peer::peer_credentials;
pub use pipe_size::widen_pipe;
pub use poller::{Poller, Ready, wait_any};
pub use procfs::{
    all_processes, children_of, environment_has, own_children, pipe_holders, process_stat,
    thread_count, why_alive, zombie_wait_word,
};
pub use relay::Relay;
pub use signals::{Received, SignalQueue, realtime_signals};
pub use splice::move_bytes;
pub use title::{close_all_but, hide_arguments, is_subreaper, set_process_title, set_subreaper};

use std::collections::HashSet;
use std::hash::BuildHasher;

use crate::containment::Level;
use crate::sys::ProcessStat;

/// How a tree is held without a control group.
pub const OWN_LEVEL: Level = Level::Subreaper;

/// That level, for people.
pub const OWN_LEVEL_DETAIL: &str =
    "orphans come back to their subreaper, which sweeps them through pidfds";

/// Returns whether a process is still what it was found as: the child of one of these parents.
pub fn belongs<S: BuildHasher>(
    stat: &ProcessStat,
    parents: [Option<i32>; 2],
    _: &HashSet<i32, S>,
) -> bool {
    parents.contains(&Some(stat.parent))
}
