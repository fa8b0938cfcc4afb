//! Unix systems other than Linux, by what POSIX has: process groups, sessions, `poll`, `sigaction`.
//!
//! What is weaker than on Linux, and why:
//! - There are no control groups and no subreapers. A tree is the descendants of this process, and
//!   whoever is in the group or session of a child of ours that is not reaped. An orphan that has
//!   left both is not found.
//! - A process is a number. It is a child of ours, which keeps the number its own until we reap it,
//!   or its start time is compared right before each signal; the moment between the two remains.
//! - Only the end of a child of ours wakes a wait. Another's is seen when the wait is over.
//! - Starting a process copies this one's page tables (`fork`), so it costs more in a large caller.
//! - `SpawnPlan::parent_death` has no effect.
//!
//! With `--cfg foster_portable` this is what Linux uses too, so that it can be run and tested there.

mod batch;
mod cgroup;
#[cfg(not(target_os = "linux"))]
mod details;
mod events;
mod features;
mod group;
mod handle;
mod latch;
mod memory;
mod namespace;
mod open_files;
mod outside;
mod parent_death;
mod poller;
mod relay;
mod signals;
mod spawn;
mod title;
mod tree;

#[cfg(target_os = "macos")]
#[path = "macos.rs"]
mod system;
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
#[path = "unknown.rs"]
mod system;
#[cfg(target_os = "linux")]
#[path = "forced.rs"]
mod system;

pub use batch::Batch;
pub use cgroup::Cgroup;
#[cfg(not(target_os = "linux"))]
pub use details::{process_details, process_environment};
pub use features::kernel_features;
pub use group::group_is_there;
pub use handle::ProcessHandle;
pub use latch::Latch;
pub use memory::{PAGE, prefer_huge_pages, release_unused_memory};
pub use namespace::{PidNamespace, spawn_in_namespace};
pub use open_files::{open_descriptors, open_files_limit};
pub use outside::fork_outside;
pub use parent_death::set_parent_death_signal;
pub use poller::{Poller, Ready, wait_any};
pub use relay::Relay;
pub use signals::{Received, SignalQueue, realtime_signals};
pub use spawn::spawn_process;
pub use system::{
    all_processes, environment_has, host_identity, peer_credentials, pipe_holders, process_stat,
    set_process_title, thread_count, uptime, why_alive, zombie_wait_word,
};
#[cfg(target_os = "linux")]
pub use system::{process_details, process_environment};
pub use title::{
    close_all_but, hide_arguments, is_subreaper, move_bytes, set_subreaper, widen_pipe,
};
pub use tree::{belongs, children_of, newest_process, newest_since, own_children};

use crate::containment::Level;

/// How a tree is held.
pub const OWN_LEVEL: Level = Level::Group;

/// That level, for people.
pub const OWN_LEVEL_DETAIL: &str = "descendants, and the leader's group and session; an orphan that \
    has left both is not found";
