//! Memory that forked processes share, as bytes that any of them may touch at any time.
#![expect(unsafe_code, reason = "a shared mapping has no safe form")]

use std::io;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU8, AtomicU64};

use rustix::mm::{MapFlags, ProtFlags};

/// A mapping that stays shared with children made by a fork: one word, and bytes.
#[derive(Debug)]
pub struct SharedBytes {
    base: NonNull<u8>,
    len: usize,
}

/// The bytes begin behind the word.
const HEAD: usize = size_of::<AtomicU64>();

impl SharedBytes {
    /// Returns a new mapping of that many bytes, all of them zero.
    pub fn new(len: usize) -> io::Result<Self> {
        let whole = len.checked_add(HEAD).ok_or(io::ErrorKind::InvalidInput)?;
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a new anonymous mapping at an address of the kernel's choice touches nobody's
        // memory.
        let base = unsafe {
            rustix::mm::mmap_anonymous(std::ptr::null_mut(), whole, protection, MapFlags::SHARED)
        }?;
        let base = NonNull::new(base.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self { base, len })
    }

    /// Returns the word.
    pub fn word(&self) -> &AtomicU64 {
        // SAFETY: mapped until drop, aligned (a page begins there), and only ever accessed as an
        // atomic, by this process and by others.
        unsafe { self.base.cast().as_ref() }
    }

    /// Returns the bytes.
    pub fn bytes(&self) -> &[AtomicU8] {
        // SAFETY: mapped until drop with `HEAD + len` bytes, and only ever accessed as atomics, so
        // that another process that writes there at the same time makes no undefined behaviour.
        unsafe { std::slice::from_raw_parts(self.base.add(HEAD).cast().as_ptr(), self.len) }
    }
}

impl Drop for SharedBytes {
    fn drop(&mut self) {
        // SAFETY: mapped by `new` with this length, and no reference outlives `self`. An error
        // would leave it mapped, which harms nobody.
        let _ = unsafe { rustix::mm::munmap(self.base.as_ptr().cast(), HEAD + self.len) };
    }
}
