use std::fs;
use std::time::Duration;

use super::Cgroup;
use crate::usage::TreeUsage;

impl Cgroup {
    /// Returns whether the kernel has killed a process in it for want of memory. Known only where
    /// the memory controller counts in it.
    pub fn oom_killed(&self) -> bool {
        self.oom_kills().is_some_and(|count| count > 0)
    }

    /// Returns what its members, past and present, used. Processor time is counted in every group,
    /// the rest where its controller is enabled.
    pub fn usage(&self) -> TreeUsage {
        let times = self.read("cpu.stat").unwrap_or_default();
        let micros = |key| count_of(&times, key).map(Duration::from_micros);
        TreeUsage {
            user: micros("user_usec"),
            system: micros("system_usec"),
            memory: self.count("memory.current"),
            memory_peak: self.count("memory.peak"),
            oom_kills: self.oom_kills(),
            processes_peak: self.count("pids.peak"),
            forks_refused: self
                .read("pids.events")
                .and_then(|text| count_of(&text, "max")),
        }
    }

    fn oom_kills(&self) -> Option<u64> {
        count_of(&self.read("memory.events")?, "oom_kill")
    }

    fn read(&self, file: &str) -> Option<String> {
        fs::read_to_string(self.path.join(file)).ok()
    }

    fn count(&self, file: &str) -> Option<u64> {
        self.read(file)?.trim_end().parse().ok()
    }
}

/// Returns the count that bears the name, in a file of `NAME COUNT` lines.
fn count_of(text: &str, name: &str) -> Option<u64> {
    let mut pairs = text.lines().filter_map(|line| line.split_once(' '));
    let (_, count) = pairs.find(|(key, _)| *key == name)?;
    count.parse().ok()
}
