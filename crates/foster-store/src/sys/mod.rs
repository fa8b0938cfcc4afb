//! What differs between systems. Each file has the same functions; nothing above knows which.

#[cfg(all(any(target_os = "linux", target_os = "android"), not(foster_portable)))]
#[path = "linux.rs"]
mod chosen;
#[cfg(not(all(any(target_os = "linux", target_os = "android"), not(foster_portable))))]
#[path = "other.rs"]
mod chosen;

pub(crate) use chosen::{lock_is_held, open_dir_within, reserve, socket_paths, try_lock};
