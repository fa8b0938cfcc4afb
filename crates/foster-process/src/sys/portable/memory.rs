use std::mem::MaybeUninit;

/// What copies are aligned by.
pub const PAGE: usize = 4096;

/// Does nothing: who has huge pages here gives them unasked.
pub fn prefer_huge_pages(_memory: &mut [MaybeUninit<u8>]) {}

/// Does nothing: what is free stays with the process.
pub fn release_unused_memory() {}
