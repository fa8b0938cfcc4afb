#![expect(unsafe_code, reason = "advice is about memory given by its address")]

use std::mem::MaybeUninit;

use rustix::mm::{Advice, madvise};

/// The size of a page, and what memory is advised about by. No processor that Linux runs on has
/// smaller ones; with larger ones the kernel refuses the advice unless the place happens to fit.
pub const PAGE: usize = 4096;

/// Asks for huge pages where this memory was not touched yet
/// ([madvise(2)](https://man7.org/linux/man-pages/man2/madvise.2.html), `MADV_HUGEPAGE`). A system that
/// has none, or wants to give none, is as good a place as before: nothing is told of that.
pub fn prefer_huge_pages(memory: &mut [MaybeUninit<u8>]) {
    let skip = memory.as_ptr().align_offset(PAGE);
    let Some(whole) = memory.get_mut(skip..) else {
        return;
    };
    let length = whole.len() / PAGE * PAGE;
    // SAFETY: the range lies within memory that is borrowed exclusively, and this advice changes by
    // what pages it is backed, not what is in it.
    let _ = unsafe { madvise(whole.as_mut_ptr().cast(), length, Advice::LinuxHugepage) };
}
