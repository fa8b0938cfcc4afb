use std::ffi::OsStr;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::belongings::{Job, end_all, members};
use crate::contract;
use crate::delegated::Delegated;
use crate::user::barred;
use crate::{Answer, DEADLINE, Watched, as_ordinary_user, finish, give_to_ordinary_user};
use crate::{is_root, say_aloud, try_finish};

/// A root of its own for `foster`, and a directory to work in. When it is dropped, also by a test
/// that panics, every process that belongs to a job of this root is ended and everything removed.
#[derive(Debug)]
pub struct Sandbox {
    foster: PathBuf,
    home: TempDir,
    root: PathBuf,
    work: PathBuf,
    ordinary: bool,
    /// Dropped last, when all that lived in it was ended.
    delegated: Option<Delegated>,
}

impl Sandbox {
    /// Makes the folders. `foster` is the program to test: `env!("CARGO_BIN_EXE_foster")`.
    ///
    /// # Panics
    ///
    /// If the temporary directory can't be written.
    pub fn new(foster: impl AsRef<Path>) -> Self {
        let home = tempfile::Builder::new().prefix("foster-test-").tempdir();
        let home = home.expect("a temporary directory can be made");
        // On some systems the temporary directory is a symbolic link; Foster's answers are not.
        let path = home
            .path()
            .canonicalize()
            .expect("the new directory is there");
        let (root, work) = (path.join("root"), path.join("work"));
        for dir in [&root, &work] {
            DirBuilder::new()
                .mode(0o700)
                .create(dir)
                .expect("a folder can be made");
        }
        Self {
            foster: foster.as_ref().to_owned(),
            home,
            root,
            work,
            ordinary: false,
            delegated: None,
        }
    }

    /// Makes a sandbox that belongs to an ordinary user, who also runs `foster` in it. Without
    /// root's privileges it is the same as [`Sandbox::new`].
    ///
    /// # Panics
    ///
    /// As [`Sandbox::new`]; and if that user can't get at the program.
    pub fn for_ordinary_user(foster: impl AsRef<Path>) -> Self {
        let mut sandbox = Self::new(foster);
        if is_root() {
            sandbox.ordinary = true;
            for dir in [sandbox.home.path(), &sandbox.root, &sandbox.work] {
                give_to_ordinary_user(dir);
            }
            for path in [&sandbox.foster, &sandbox.root] {
                if let Some(barred) = barred(path) {
                    let (path, barred) = (path.display(), barred.display());
                    panic!("{path}: an ordinary user may not enter {barred}");
                }
            }
        }
        sandbox
    }

    /// As [`Sandbox::for_ordinary_user`], within a control group that was given to that user;
    /// `None` where there is none to give.
    ///
    /// # Panics
    ///
    /// As [`Sandbox::for_ordinary_user`].
    pub fn for_ordinary_user_in_a_cgroup(foster: impl AsRef<Path>) -> Option<Self> {
        let mut sandbox = Self::for_ordinary_user(foster);
        let name = sandbox.home.path().file_name()?.to_str()?;
        sandbox.delegated = Some(Delegated::new(name).ok()?);
        Some(sandbox)
    }

    /// Returns Foster's root, `FOSTER_ROOT`.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns where `foster` looks for its configuration, `XDG_CONFIG_HOME`: nothing is there.
    pub fn config_home(&self) -> PathBuf {
        self.root.with_file_name("config")
    }

    /// Returns the directory that `foster` runs in.
    pub fn work(&self) -> &Path {
        &self.work
    }

    /// Returns `foster` without arguments: in the work directory, with this root, no configuration
    /// file, no standard input, and of the test's own `FOSTER_*` only `FOSTER_CONTAINMENT`.
    pub fn foster(&self) -> Command {
        let mut command = Command::new(&self.foster);
        for (name, _) in std::env::vars_os() {
            if name.as_encoded_bytes().starts_with(b"FOSTER_") && name != "FOSTER_CONTAINMENT" {
                command.env_remove(name);
            }
        }
        command
            .env("FOSTER_ROOT", &self.root)
            .env("XDG_CONFIG_HOME", self.config_home())
            .current_dir(&self.work)
            .stdin(Stdio::null());
        let command = if self.ordinary {
            as_ordinary_user(&command)
        } else {
            command
        };
        match &self.delegated {
            Some(group) => group.enter(&command),
            None => command,
        }
    }

    /// Runs `foster` with `args` to its end, within [`DEADLINE`], and reads its one JSON document.
    ///
    /// # Panics
    ///
    /// If the deadline passes, or standard output is not exactly one JSON document.
    pub fn json<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Answer {
        let mut command = self.foster();
        command.args(args);
        self.json_of(command, None)
    }

    /// Each answer is held against its published schema.
    ///
    /// [`Sandbox::json`] for a command made from [`Sandbox::foster`], and with something on
    /// standard input.
    ///
    /// # Panics
    ///
    /// As [`Sandbox::json`].
    pub fn json_of(&self, command: Command, input: Option<&[u8]>) -> Answer {
        let shown = format!("{command:?}");
        let done = finish(command, input, DEADLINE);
        let value = serde_json::from_slice(&done.stdout).unwrap_or_else(|error| {
            panic!(
                "{shown}: {}; not one JSON document: {error}\nstdout: {}\nstderr: {}",
                done.status,
                String::from_utf8_lossy(&done.stdout),
                String::from_utf8_lossy(&done.stderr),
            )
        });
        contract::assert_kept(&self.foster, &value);
        let (status, elapsed) = (done.status, done.elapsed);
        Answer {
            status,
            value,
            stdout: done.stdout,
            stderr: done.stderr,
            elapsed,
        }
    }

    /// Returns the answer to `args`, which must be good: `ok` is true, and the exit code 0.
    ///
    /// # Panics
    ///
    /// If it is not.
    pub fn ok<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Value {
        self.json(args).into_ok()
    }

    /// Returns the error's code and the answer to `args`, which must be an error: `ok` is false,
    /// and the exit code not 0.
    ///
    /// # Panics
    ///
    /// If it is not.
    pub fn err<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> (String, Value) {
        self.json(args).into_err()
    }

    /// Returns the ids of this root's jobs, the oldest first, as their folders are called.
    pub fn job_ids(&self) -> Vec<String> {
        let mut ids: Vec<_> = Job::all(&self.root).into_iter().map(|job| job.id).collect();
        ids.sort();
        ids
    }

    /// Returns the folder of a job.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn job_dir(&self, id: &str) -> PathBuf {
        let job = Job::all(&self.root).into_iter().find(|job| job.id == id);
        job.unwrap_or_else(|| panic!("no folder of {id} in {}", self.root.display()))
            .dir
    }

    /// Returns every living process that belongs to a job of this root, Foster's own among them:
    /// by Foster's records, as their descendants, in a job's control group, or by `FOSTER_JOB`.
    pub fn left_over(&self) -> Vec<Watched> {
        members(&Job::all(&self.root)).into_iter().collect()
    }

    /// Returns the control groups of this root's jobs that are still there.
    pub fn control_groups(&self) -> Vec<PathBuf> {
        let jobs = Job::all(&self.root);
        jobs.iter().flat_map(Job::cgroups).collect()
    }

    /// Makes sure that [`Sandbox::left_over`] becomes empty within `timeout`.
    ///
    /// # Panics
    ///
    /// If something is left.
    pub fn assert_nothing_left(&self, timeout: Duration) {
        let end = Instant::now() + timeout;
        for process in self.left_over() {
            let _ = process.wait_gone(end.saturating_duration_since(Instant::now()));
        }
        let left = self.left_over();
        assert!(left.is_empty(), "left behind: {}", shown(&left));
    }

    fn end_jobs(&self) {
        let jobs = Job::all(&self.root);
        for job in jobs.iter().filter(|job| job.may_run()) {
            let mut kill = self.foster();
            kill.args(["kill", &job.id, "--grace", "0s"]);
            // Whatever it says: what it has not ended is ended below.
            let _ = try_finish(kill, None, Duration::from_secs(10));
        }
        let left: Vec<_> = end_all(&jobs).into_iter().collect();
        if !left.is_empty() {
            say_aloud(&format!("could not be ended: {}", shown(&left)));
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.end_jobs();
    }
}

fn shown(processes: &[Watched]) -> String {
    let shown = processes.iter().map(|process| {
        let state = process.state().unwrap_or('-');
        format!("{} ({}, {state})", process.pid, process.name())
    });
    shown.collect::<Vec<_>>().join(", ")
}
