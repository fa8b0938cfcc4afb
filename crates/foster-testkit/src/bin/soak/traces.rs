use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use foster_testkit::{Sandbox, Watched};

use crate::ledger::Round;

/// How long those may take to go who have nothing left to do.
const SOON: Duration = Duration::from_secs(20);

/// What this process holds. The temporary folder is its own: `scripts/soak` makes one.
#[derive(Debug)]
pub struct Traces {
    descriptors: BTreeSet<String>,
    children: BTreeSet<Watched>,
    temporary: BTreeSet<PathBuf>,
}

impl Traces {
    /// Looks at what it holds now.
    pub fn own() -> Self {
        let names = fs::read_dir("/proc/self/fd")
            .into_iter()
            .flatten()
            .flatten();
        let links = names.filter_map(|entry| fs::read_link(entry.path()).ok());
        let own = Watched::from_pid(std::process::id() as i32).expect("we live");
        let temporary = fs::read_dir(std::env::temp_dir())
            .into_iter()
            .flatten()
            .flatten();
        Self {
            descriptors: links.map(|link| link.display().to_string()).collect(),
            children: own.descendants(),
            temporary: temporary.map(|entry| entry.path()).collect(),
        }
    }

    /// Compares it with what it holds later.
    pub fn compare(&self, now: &Self, round: &mut Round) {
        let more: Vec<_> = now.descriptors.difference(&self.descriptors).collect();
        round.escaped_unless(more.is_empty(), || format!("descriptors: {more:?}"));
        let more: Vec<_> = now.children.difference(&self.children).collect();
        round.escaped_unless(more.is_empty(), || format!("children: {more:?}"));
        let more: Vec<_> = now.temporary.difference(&self.temporary).collect();
        round.escaped_unless(more.is_empty(), || format!("temporary files: {more:?}"));
    }
}

/// Returns the living processes whose environment has an entry that begins like this.
pub fn marked(mark: &[u8]) -> Vec<Watched> {
    let names = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = names.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let all = pids.filter_map(Watched::from_pid);
    let ours = |process: &Watched| process.has_variable(|entry| entry.starts_with(mark));
    all.filter(|process| process.is_alive() && ours(process))
        .collect()
}

/// Ends and removes what the rounds left there on purpose, and looks for what is left then.
pub fn find_left(sandbox: &Sandbox, round: &mut Round) {
    let ids = sandbox.job_ids();
    sandbox.ok(["delete", "--all", "--everywhere"]);
    // What was made and never launched is no job that is over: it is deleted by its name.
    for id in sandbox.job_ids() {
        sandbox.ok(["delete", &id]);
    }
    let mark = format!("FOSTER_ROOT={}", sandbox.root().display());
    let left: Vec<_> = marked(mark.as_bytes())
        .into_iter()
        .filter(|process| !process.wait_gone(SOON))
        .map(|process| (process.pid, process.name()))
        .collect();
    round.escaped_unless(left.is_empty(), || format!("processes: {left:?}"));
    sandbox.ok(["gc"]);
    let files = files_below(sandbox.root());
    let known = ["index", "index.lock", "gc.lock"];
    // A launcher that was killed leaves a draft, which is swept away when it is a minute old.
    let draft = |path: &Path| path.to_string_lossy().contains("/.new-");
    let more: Vec<_> = files
        .iter()
        .filter(|path| !draft(path))
        .filter(|path| !known.iter().any(|name| **path == sandbox.root().join(name)))
        .collect();
    round.escaped_unless(more.is_empty(), || {
        format!("of {} jobs: {more:?}", ids.len())
    });
}

/// Returns every file and socket below a folder.
fn files_below(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let (dirs, mut files): (Vec<_>, Vec<_>) =
        entries.map(|entry| entry.path()).partition(|p| p.is_dir());
    files.extend(dirs.iter().flat_map(|dir| files_below(dir)));
    files
}
