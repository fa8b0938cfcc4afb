//! What a verb costs beside many finished jobs: as much as beside few. What it reads is counted, and no time.
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use foster_testkit::{RARE_LABEL, Reads, fill_store, require};

const FOSTER: &str = env!("CARGO_BIN_EXE_foster");
/// More than are looked at for a page.
const FEW: u32 = 1_200;
const MANY: u32 = 2_400;
/// The length of a record of the index.
const RECORD: u64 = 512;
/// What may be different from one call to the next: the length of an id, a number, a path.
const SLACK: u64 = 4 * RECORD;

struct Store {
    _temp: tempfile::TempDir,
    root: PathBuf,
    ids: Vec<String>,
}

fn store(jobs: u32) -> Store {
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path().join("root");
    let ids = fill_store(Path::new(FOSTER), &root, jobs);
    Store {
        _temp: temp,
        root,
        ids,
    }
}

impl Store {
    fn foster(&self, args: &[&str]) -> Command {
        let mut command = Command::new(FOSTER);
        command.args(args).env("FOSTER_ROOT", &self.root);
        command.env("FOSTER_OUTPUT", "json");
        command.env("XDG_CONFIG_HOME", self.root.with_file_name("config"));
        command
    }

    /// Returns what `foster` reads for an answer. `ID` in `args` is the job in the middle.
    fn reads(&self, args: &[&str]) -> Option<Reads> {
        let middle = self.ids[self.ids.len() / 2].as_str();
        let args = args
            .iter()
            .map(|arg| if *arg == "ID" { middle } else { arg });
        let reads = Reads::of_program(self.foster(&args.collect::<Vec<_>>()));
        require("a kernel that counts what a program reads", reads.is_some()).then_some(reads?)
    }
}

#[test]
fn many_jobs_cost_a_verb_no_more_than_few() {
    let (few, many) = (store(FEW), store(MANY));
    let length = u64::from(MANY - FEW) * RECORD;
    // A verb, and how much more it may read of the larger index. What seeks a row by anything but its id or its
    // age reads all of it, once; `list` here looks whether there are jobs of other directories, and finds none.
    let verbs: [(&[&str], u64); 10] = [
        (&["status", "ID"], 0),
        (&["tail", "ID"], 0),
        (&["logs", "ID"], 0),
        (&["status", "@1"], 0),
        (&["list", "--all"], 0),
        (&["list"], length),
        (&["list", "--all", "--tag", RARE_LABEL], length),
        (&["list", "--all", "--name", RARE_LABEL], length),
        (&["status", RARE_LABEL], length),
        // The last, since it makes a job; what it reads is that of its launcher.
        (&["run", "--wait", "--", "true"], 0),
    ];
    for (args, more) in verbs {
        let Some((few, many)) = few.reads(args).zip(many.reads(args)) else {
            return;
        };
        let shown = format!("{args:?}: {few:?} {many:?}");
        assert!(many.bytes <= few.bytes + more + SLACK, "{shown}");
        assert!(many.calls <= few.calls + more / (64 << 10) + 8, "{shown}");
    }
}

/// Each of them comes late for two of three jobs.
#[test]
fn clean_ups_side_by_side_do_not_read_the_index_for_each_job() {
    let store = store(FEW);
    let most = (FEW / 3).to_string();
    let clean_up = || {
        let mut command = store.foster(&["gc", "--max-jobs", &most]);
        command.stdout(Stdio::piped()).stdin(Stdio::null());
        command
    };
    let reads: Vec<_> = std::thread::scope(|scope| {
        let running = [(); 3].map(|()| scope.spawn(|| Reads::of_program(clean_up())));
        running.map(|one| one.join().unwrap()).to_vec()
    });
    let listed = store.foster(&["list", "--all", "--limit", "none", "--ids"]);
    let listed = { listed }.output().unwrap();
    let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
    let Some(jobs) = listed["jobs"].as_array() else {
        panic!("{listed:#}")
    };
    assert_eq!(jobs.len() as u32, FEW / 3);
    let removed = u64::from(FEW - FEW / 3);
    // A job's own files, and the index around its row.
    let each = 160 << 10;
    for reads in reads.into_iter().flatten() {
        let most = removed * each + 8 * u64::from(FEW) * RECORD;
        assert!(reads.bytes <= most, "{reads:?}, and {most} are enough");
    }
}
