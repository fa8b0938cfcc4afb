//! What must hold for any bytes that Foster reads: files that were damaged, peers that say anything,
//! output that no program should print, words that were mistyped.
//!
//! One target for each reader, in a file of its own: a function of bytes that panics where a promise is
//! broken. Two drivers call them: the test of this crate (`tests/bounded.rs`), which works on stable Rust
//! and takes part in CI, and libFuzzer (`fuzz/`), for long runs that are led by coverage. Both begin with
//! the same corpus, `fuzz/corpus/TARGET/`.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a target fails by panicking with what it saw"
)]

mod scratch;
mod targets;

pub use targets::TARGETS;

/// A reader, and what must hold for any bytes that it is given.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, and that of the folder of its corpus.
    pub name: &'static str,
    /// Panics where a promise is broken.
    pub check: fn(&[u8]),
}

/// Returns the target of this name.
///
/// # Panics
///
/// If there is none.
pub fn target(name: &str) -> Target {
    let found = TARGETS.into_iter().find(|target| target.name == name);
    found.unwrap_or_else(|| panic!("there is no target {name}"))
}
