//! What differs between systems. Each file has the same functions; nothing above knows which.

#[cfg(all(any(target_os = "linux", target_os = "android"), not(foster_portable)))]
#[path = "linux.rs"]
mod chosen;
#[cfg(not(all(any(target_os = "linux", target_os = "android"), not(foster_portable))))]
#[path = "other.rs"]
mod chosen;
#[cfg(all(any(target_os = "linux", target_os = "android"), not(foster_portable)))]
#[path = "inotify.rs"]
mod folder_watch;
#[cfg(not(all(any(target_os = "linux", target_os = "android"), not(foster_portable))))]
#[path = "no_inotify.rs"]
mod folder_watch;

pub(crate) use chosen::{
    exchange, lock_is_held, open_dir_within, reserve, socket_paths, try_lock, wait_for_lock,
};
pub(crate) use folder_watch::{FolderChange, FolderWatch};
