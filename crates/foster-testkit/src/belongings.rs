//! What belongs to the jobs of a root: processes and control groups, by Foster's own records.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::Watched;
use crate::watched::{everyone, numbers};

/// One job's folder.
pub(crate) struct Job {
    pub(crate) id: String,
    pub(crate) dir: PathBuf,
}

impl Job {
    /// Returns every job of a root. None, if it holds none, or none that can be read.
    pub(crate) fn all(root: &Path) -> Vec<Self> {
        let days = folders(&root.join("jobs"));
        let jobs = days.iter().flat_map(|day| folders(day));
        jobs.filter_map(|dir| {
            let id = dir.file_name()?.to_str()?.to_owned();
            // What begins with a dot is still being made.
            (!id.starts_with('.')).then_some(Self { id, dir })
        })
        .collect()
    }

    /// Returns whether its state file says that it is not over, or there is no state file.
    pub(crate) fn may_run(&self) -> bool {
        let state = self.state();
        let state = state
            .as_ref()
            .and_then(|state| state["record"]["state"].as_str());
        state.is_none_or(|state| state == "running")
    }

    fn state(&self) -> Option<Value> {
        serde_json::from_slice(&read_regular(&self.dir.join("state.json"))?).ok()
    }

    /// Returns all that Foster wrote about it: the state, and each event. Damaged parts are
    /// passed over, since a test may have damaged them.
    fn documents(&self) -> Vec<Value> {
        let events = read_regular(&self.dir.join("events.ndjson")).unwrap_or_default();
        let events = events
            .split(|byte| *byte == b'\n')
            .map(serde_json::from_slice);
        events.flatten().chain(self.state()).collect()
    }

    /// Returns keeper, supervisor and leader, as far as they were recorded.
    fn recorded(&self) -> Vec<Watched> {
        let mut found = Vec::new();
        for document in self.documents() {
            for key in ["keeper", "supervisor", "leader", "by"] {
                for place in [&document, &document["record"]] {
                    found.extend(place.get(key).and_then(Watched::from_json));
                }
            }
        }
        found
    }

    /// Returns its control groups that are still there: leaves that carry its id, and no others.
    pub(crate) fn cgroups(&self) -> BTreeSet<PathBuf> {
        let leaf = format!("foster-{}", self.id);
        let documents = self.documents();
        let recorded = documents
            .iter()
            .flat_map(|doc| [&doc["cgroup"], &doc["record"]["cgroup"]]);
        let recorded = recorded.filter_map(Value::as_str).map(PathBuf::from);
        let own = own_cgroup();
        let beside = own
            .iter()
            .flat_map(|own| own.ancestors().take(2))
            .map(|dir| dir.join(&leaf));
        recorded
            .chain(beside)
            .filter(|path| path.ends_with(&leaf) && path.join("cgroup.procs").is_file())
            .collect()
    }

    fn marks(&self, entry: &[u8]) -> bool {
        let value = entry.strip_prefix(b"FOSTER_JOB=");
        let rest = value.and_then(|value| value.strip_prefix(self.id.as_bytes()));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
    }
}

/// Returns every living process that belongs to one of `jobs`: those that Foster recorded, their
/// descendants, the members of the jobs' control groups, and whoever carries a job's `FOSTER_JOB`.
pub(crate) fn members(jobs: &[Job]) -> BTreeSet<Watched> {
    let mut found = BTreeSet::new();
    if jobs.is_empty() {
        return found;
    }
    let own = std::process::id() as i32;
    for job in jobs {
        for process in job.recorded().into_iter().filter(Watched::is_alive) {
            found.extend(process.descendants());
            found.insert(process);
        }
        for leaf in job.cgroups() {
            let pids = numbers(&leaf.join("cgroup.procs"));
            found.extend(pids.into_iter().filter_map(Watched::from_pid));
        }
    }
    let marked =
        |process: &Watched| process.has_variable(|entry| jobs.iter().any(|job| job.marks(entry)));
    found.extend(everyone().into_iter().filter(marked));
    found.retain(|process| process.is_alive() && process.pid != own);
    found
}

/// Kills every member of `jobs`, until a look finds none, and removes their control groups.
/// Returns what could not be ended.
pub(crate) fn end_all(jobs: &[Job]) -> BTreeSet<Watched> {
    // Control groups are asked for first: once nobody is left, files may be gone too.
    let leaves: Vec<_> = jobs.iter().flat_map(Job::cgroups).collect();
    let mut left = members(jobs);
    // What a member starts between the look and its death is found by the next look.
    for _ in 0..20 {
        if left.is_empty() {
            break;
        }
        for process in &left {
            process.kill();
        }
        let ended = left
            .iter()
            .all(|process| process.wait_gone(Duration::from_secs(5)));
        left = members(jobs);
        if !ended {
            break;
        }
    }
    for leaf in leaves {
        let _ = fs::remove_dir(leaf);
    }
    left
}

fn folders(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    folders.map(|entry| entry.path()).collect()
}

/// Returns the directory of the control group (version 2) that this process is in.
pub(crate) fn own_cgroup() -> Option<PathBuf> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let path = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    let mount = mounts.lines().find(|line| line.contains(" - cgroup2 "))?;
    Some(Path::new(mount.split(' ').nth(4)?).join(path))
}

/// Reads a file that a test may have put something else in the place of: a FIFO would hang us.
fn read_regular(path: &Path) -> Option<Vec<u8>> {
    path.symlink_metadata()
        .ok()?
        .is_file()
        .then(|| fs::read(path).ok())
        .flatten()
}
