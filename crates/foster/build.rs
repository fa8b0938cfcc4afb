//! Links the program without relocations that have to be made anew at each start.
//!
//! A position-independent program of this size has some 15,000 pointers that the loader sets before `main`:
//! 280 KiB of memory that each keeper and supervisor then holds as its own, and a tenth of the time that a
//! short command takes. What is given up is that the program itself lies at another address each time. Its
//! heap, its stacks and the system's libraries still do; what is unsafe in it lies in few places, none of
//! which reads what others have written. Who wants that too builds it with `FOSTER_PIE=1`;
//! `docs/benchmarks.md` has what it costs. A feature would be part of what `--all-features` tests, and the
//! tests are to run what is installed.
//!
//! Here and not in `.cargo/config.toml`, which `cargo install` does not read.

use std::path::Path;
use std::process::Command;

/// What the linker is told to leave out.
const SCRIPT: &str = "no-unwind-tables.ld";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=FOSTER_PIE");
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|found| found == value);
    if !is("CARGO_CFG_TARGET_OS", "linux") || !is("CARGO_CFG_TARGET_ENV", "gnu") {
        return;
    }
    if !is("FOSTER_PIE", "1") {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
    if is("PROFILE", "release") {
        // What is installed ends at a panic without unwinding, and has no symbols that could be shown on the way: the index
        // by which a stack is unwound, 110 KiB, and the tables behind it, 900 KiB.
        println!("cargo::rustc-link-arg-bins=-Wl,--no-eh-frame-hdr");
        if is("CARGO_CFG_TARGET_ARCH", "x86_64") && links_by_default() {
            println!("cargo::rerun-if-changed={SCRIPT}");
            let here = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
            println!("cargo::rustc-link-arg-bins=-T{here}/{SCRIPT}");
        }
    }
    if is_native() && has_static_unwinder() {
        // One library less to load. What it is for is the backtrace of a panic.
        println!("cargo::rustc-link-lib=static=gcc_eh");
    }
}

/// Returns whether the linker is the one that comes with Rust, which takes a script; mold, say, takes none.
fn links_by_default() -> bool {
    let flags = std::env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    !flags.contains("link") && std::env::var_os("RUSTC_LINKER").is_none()
}

/// Returns whether the program is built for the system that builds it, whose compiler can be asked.
fn is_native() -> bool {
    let target = std::env::var("TARGET");
    target.is_ok() && target == std::env::var("HOST")
}

/// Returns whether the C compiler, which also links, has its unwinder as an archive.
fn has_static_unwinder() -> bool {
    let asked = Command::new("cc")
        .arg("-print-file-name=libgcc_eh.a")
        .output();
    // It says the name alone of what it does not have.
    asked.is_ok_and(|told| Path::new(String::from_utf8_lossy(&told.stdout).trim()).is_absolute())
}
