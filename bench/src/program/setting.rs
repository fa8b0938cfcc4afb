//! Where it is measured: a folder that is removed afterwards, the programs, and how much of everything.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::Error;
use crate::bell::{Bell, Gate};
use crate::options::Options;
use crate::peers::{self, Foster, Peer};

pub struct Setting {
    // Dropped before the folder: some have a daemon in it.
    pub peers: Vec<Box<dyn Peer>>,
    pub missing: Vec<String>,
    pub foster: Foster,
    pub program: PathBuf,
    pub kit: PathBuf,
    pub cache: PathBuf,
    pub quick: bool,
    own: PathBuf,
    names: usize,
    work: Work,
}

struct Work(PathBuf);

impl Drop for Work {
    fn drop(&mut self) {
        // Whatever is left is in a folder for temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Setting {
    pub fn new(options: &Options) -> Result<Self, Error> {
        let folder = std::env::temp_dir().join(format!("foster-bench-{}", std::process::id()));
        std::fs::create_dir(&folder)?;
        let work = Work(folder);
        let foster = Foster::new(&options.foster, &work.0.join("root"));
        let (peers, missing) = peers::all(&work.0, &options.peers)?;
        let own = std::env::current_exe()?;
        Ok(Self {
            peers,
            missing,
            foster,
            program: options.foster.clone(),
            kit: options.kit.clone(),
            cache: options.cache.clone(),
            quick: options.quick,
            own,
            names: 0,
            work,
        })
    }

    /// Returns Foster and all of its peers.
    pub fn all(&self) -> impl Iterator<Item = &dyn Peer> {
        let foster: &dyn Peer = &self.foster;
        std::iter::once(foster).chain(self.peers.iter().map(AsRef::as_ref))
    }

    pub fn work(&self) -> &Path {
        &self.work.0
    }

    /// Returns the path of a program of this package.
    pub fn own(&self, program: &str) -> OsString {
        self.own.with_file_name(program).into()
    }

    /// Returns so many rounds, or a few where it is only to be seen that it runs.
    pub fn rounds(&self, full: usize) -> usize {
        if self.quick { full.min(3) } else { full }
    }

    pub fn bell(&mut self) -> Result<Bell, Error> {
        Bell::new(self.name("bell"))
    }

    pub fn gate(&mut self) -> Result<Gate, Error> {
        Gate::new(self.name("gate"))
    }

    fn name(&mut self, what: &str) -> PathBuf {
        self.names += 1;
        self.work.0.join(format!("{what}-{}", self.names))
    }

    /// Lets what a job leaves behind come to its end: it would be measured with whoever is next.
    pub fn settle() {
        std::thread::sleep(Duration::from_millis(15));
    }
}
