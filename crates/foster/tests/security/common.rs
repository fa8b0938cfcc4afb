use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use foster_testkit::{Sandbox, Watched};
use serde_json::Value;

pub const FOSTER: &str = env!("CARGO_BIN_EXE_foster");
pub const SOON: Duration = Duration::from_secs(30);

pub fn sandbox() -> Sandbox {
    Sandbox::new(FOSTER)
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// Starts a job, and returns its id.
pub fn start(sandbox: &Sandbox, args: &[&str]) -> String {
    let args = [&["run", "--no-wait"], args].concat();
    text(&sandbox.ok(args)["job_id"]).to_owned()
}

/// Everything below a folder, and the folder itself. What goes away meanwhile is left out.
pub fn everything(dir: &Path) -> Vec<(PathBuf, Metadata)> {
    let there = |path: PathBuf| path.symlink_metadata().ok().map(|meta| (path, meta));
    let mut found: Vec<_> = there(dir.to_owned()).into_iter().collect();
    let entries = fs::read_dir(dir).into_iter().flatten();
    for (path, meta) in entries.filter_map(|entry| there(entry.ok()?.path())) {
        if meta.is_dir() {
            found.extend(everything(&path));
        } else {
            found.push((path, meta));
        }
    }
    found
}

/// What there is below a folder, to be compared: paths, modes, owners, and the content of files.
pub fn picture(dir: &Path) -> Vec<(PathBuf, u32, u32, Option<Vec<u8>>)> {
    let mut all: Vec<_> = everything(dir)
        .into_iter()
        .map(|(path, meta)| {
            let content = meta.is_file().then(|| fs::read(&path).unwrap());
            (path, meta.mode(), meta.uid(), content)
        })
        .collect();
    all.sort();
    all
}

pub fn record(sandbox: &Sandbox, id: &str) -> Value {
    let state = fs::read(sandbox.job_dir(id).join("state.json")).unwrap();
    serde_json::from_slice::<Value>(&state).unwrap()["record"].take()
}

/// Keeper and supervisor.
pub fn guardians(sandbox: &Sandbox, id: &str) -> [Watched; 2] {
    let record = record(sandbox, id);
    ["keeper", "supervisor"].map(|who| Watched::from_json(&record[who]).unwrap())
}

/// Waits until a finished job's processes are gone, so that nobody writes its files.
pub fn settled(sandbox: &Sandbox, id: &str) {
    for process in guardians(sandbox, id) {
        assert!(process.wait_gone(SOON));
    }
}
