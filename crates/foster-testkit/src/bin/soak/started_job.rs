use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use foster_testkit::Watched;
use serde_json::Value;

/// A job as it was launched.
pub struct StartedJob {
    pub id: String,
    /// Its folder.
    pub dir: PathBuf,
}

impl StartedJob {
    /// Reads an answer that tells of a job.
    pub fn from_answer(answer: &Value) -> Self {
        let log = Path::new(text(&answer["stdout_log_path"]));
        let dir = log
            .ancestors()
            .nth(3)
            .expect("a log lies in runs/1 of its job");
        Self {
            id: text(&answer["job_id"]).to_owned(),
            dir: dir.to_owned(),
        }
    }

    /// Returns whether somebody holds its lock, as `/proc/locks` tells.
    pub fn is_looked_after(&self) -> bool {
        let Ok(lock) = fs::metadata(self.dir.join("lock")) else {
            return false;
        };
        let file = format!(":{}", lock.ino());
        let locks = fs::read_to_string("/proc/locks").unwrap_or_default();
        let mut held = locks.lines().filter_map(|line| line.split(' ').nth_back(2));
        held.any(|held| held.ends_with(&file))
    }

    fn record(&self) -> Value {
        let text = fs::read(self.dir.join("state.json")).unwrap_or_default();
        let state: Value = serde_json::from_slice(&text).unwrap_or_default();
        state["record"].clone()
    }

    /// Kills its `keeper` or `supervisor`, if the job's own record tells of one that lives: by pidfd,
    /// and only if it is the process that started when the record says so.
    pub fn kill(&self, who: &str) {
        if let Some(process) = Watched::from_json(&self.record()[who]) {
            process.kill();
        }
    }

    /// Waits for the end of the leader, for so long at most.
    pub fn leader_ends_within(&self, time: Duration) {
        if let Some(leader) = Watched::from_json(&self.record()["leader"]) {
            let _ = leader.wait_gone(time);
        }
    }

    /// Returns who looks after it though it is over, having been given time to go.
    pub fn lingering(&self, time: Duration) -> Option<Watched> {
        let record = self.record();
        let daemons = ["supervisor", "keeper"].map(|who| Watched::from_json(&record[who]));
        let mut daemons = daemons.into_iter().flatten();
        daemons.find(|daemon| !daemon.wait_gone(time))
    }

    /// Returns the directory of its control group, if it has one.
    pub fn cgroup(&self) -> Option<PathBuf> {
        Some(self.record()["cgroup"].as_str()?.into())
    }

    /// Returns what was kept of a stream of a run.
    pub fn log(&self, run: u64, stream: usize) -> Vec<u8> {
        let name = ["stdout.log", "stderr.log"][stream];
        let path = self.dir.join(format!("runs/{run}/{name}"));
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }
}

/// Returns the text in an answer.
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}
