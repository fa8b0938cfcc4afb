use std::fs;
use std::time::Duration;

use super::Cgroup;
use crate::usage::TreeUsage;

impl Cgroup {
    /// Returns whether the kernel has killed a process in it for want of memory. Known only where
    /// the memory controller counts in it.
    pub fn oom_killed(&self) -> bool {
        self.usage().oom_kills.is_some_and(|count| count > 0)
    }

    /// Returns what its members, past and present, used. Processor time is counted in every group,
    /// the rest where its controller is enabled.
    pub fn usage(&self) -> TreeUsage {
        let micros = |key| self.count_in("cpu.stat", key).map(Duration::from_micros);
        TreeUsage {
            user: micros("user_usec"),
            system: micros("system_usec"),
            memory_peak: self.count("memory.peak"),
            oom_kills: self.count_in("memory.events", "oom_kill"),
            processes_peak: self.count("pids.peak"),
            forks_refused: self.count_in("pids.events", "max"),
        }
    }

    fn count(&self, file: &str) -> Option<u64> {
        let text = fs::read_to_string(self.path.join(file)).ok()?;
        text.trim_end().parse().ok()
    }

    fn count_in(&self, file: &str, key: &str) -> Option<u64> {
        let text = fs::read_to_string(self.path.join(file)).ok()?;
        let mut pairs = text.lines().filter_map(|line| line.split_once(' '));
        let (_, count) = pairs.find(|(name, _)| *name == key)?;
        count.parse().ok()
    }
}
