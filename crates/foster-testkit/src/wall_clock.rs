use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

const SOURCE: &str = include_str!("wall_clock.c");

/// A wall clock that a test can set, for the programs that it starts by it. All other clocks go on as
/// they do, and the machine's own is not touched.
///
/// A small library is compiled and loaded into those programs: so the programs are those that are
/// shipped, with no door in them for tests.
#[derive(Debug)]
pub struct WallClock {
    dir: TempDir,
    offset: File,
}

impl WallClock {
    /// Makes a clock that is right. `None` without a C compiler, which also links Rust programs.
    ///
    /// # Panics
    ///
    /// If the temporary directory can't be written, or the compiler refuses.
    pub fn new() -> Option<Self> {
        let dir = tempfile::tempdir().expect("a temporary directory can be made");
        let offset = File::create(dir.path().join("offset")).expect("a file can be made");
        let source = dir.path().join("wall_clock.c");
        fs::write(&source, SOURCE).expect("a file can be written");
        let clock = Self { dir, offset };
        clock.set(0);
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-O1", "-o"]);
        let status = compiler.arg(clock.library()).arg(&source).status().ok()?;
        assert!(status.success(), "{compiler:?}: {status}");
        Some(clock)
    }

    fn library(&self) -> PathBuf {
        self.dir.path().join("wall_clock.so")
    }

    /// Sets the clock so many seconds after, or before, the right time. It counts at once, also for
    /// programs that run.
    ///
    /// # Panics
    ///
    /// If the file can't be written.
    pub fn set(&self, seconds: i64) {
        let written = self.offset.write_all_at(&seconds.to_ne_bytes(), 0);
        written.expect("the offset can be written");
    }

    /// Makes a program, and all that it starts, go by this clock.
    pub fn wind(&self, command: &mut Command) {
        command
            .env("LD_PRELOAD", self.library())
            .env("WALL_CLOCK", self.dir.path().join("offset"));
    }
}
