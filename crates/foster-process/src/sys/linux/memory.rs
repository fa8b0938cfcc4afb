#![expect(unsafe_code, reason = "advice is about memory given by its address")]

use std::fs;
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

/// How far below the frame that is asked for it the stack may be in use by what that one calls.
const IN_USE: usize = 4 * PAGE;

/// Gives back to the kernel the memory that was used before and is not now: free pieces of the heap, where
/// the C library is one that can tell, and what lies below the frames of the main thread's stack.
///
/// For a process that will do nothing for long. What can't be given back stays as it was.
pub fn release_unused_memory() {
    release_stack();
    #[cfg(target_env = "gnu")]
    // SAFETY: it touches nothing but what is free.
    unsafe {
        libc::malloc_trim(0);
    }
}

fn release_stack() {
    let here = 0_u8;
    let lowest_used = (&raw const here).addr().saturating_sub(IN_USE) / PAGE * PAGE;
    let Some(bottom) = stack_bottom(lowest_used) else {
        return;
    };
    // SAFETY: the range lies within this thread's own stack, below every frame there is and those that
    // this call makes. Nothing is kept there: what a signal handler may write is written anew.
    let _ = unsafe {
        let start = std::ptr::with_exposed_provenance_mut(bottom);
        madvise(start, lowest_used - bottom, Advice::LinuxDontNeed)
    };
}

/// Returns where the main thread's stack begins, if this address lies within it.
fn stack_bottom(address: usize) -> Option<usize> {
    let maps = fs::read_to_string("/proc/self/maps").ok()?;
    let stack = maps.lines().find(|line| line.ends_with("[stack]"))?;
    let (start, rest) = stack.split_once('-')?;
    let (end, _) = rest.split_once(' ')?;
    let parse = |text| usize::from_str_radix(text, 16).ok();
    let (start, end) = (parse(start)?, parse(end)?);
    (start..end).contains(&address).then_some(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Uses much of the stack for nothing.
    fn dig(depth: usize) -> usize {
        let dug = std::hint::black_box([depth; 512]);
        match depth {
            0 => dug.len(),
            _ => dig(depth - 1) + dug[511],
        }
    }

    #[test]
    fn what_is_in_use_stays_as_it_is() {
        let (kept, text) = (vec![7_u8; 100_000], "on the stack".to_owned());
        assert!(dig(50) > 0);
        release_unused_memory();
        assert_eq!((kept[99_999], text.as_str()), (7, "on the stack"));
        assert!(dig(50) > 0);
    }
}
