//! Leaves of cgroup v2: where they are made, what they limit, and what was used in them.

mod leaf;
mod limits;
mod own;
mod usage;

pub use leaf::Cgroup;

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::io;
    use std::time::Duration;

    use super::*;

    /// What a leaf and its parent look like, in ordinary files.
    fn pretended(files: &[(&str, &str)]) -> (tempfile::TempDir, Cgroup) {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("leaf");
        fs::create_dir(&path).unwrap();
        for (name, text) in files {
            fs::write(parent.path().join(name), text).unwrap();
        }
        let directory = File::open(&path).unwrap().into();
        let leaf = Cgroup {
            path,
            directory,
            events: None,
        };
        (parent, leaf)
    }

    #[test]
    fn a_controller_is_enabled_only_where_that_disturbs_nobody() {
        let offered = ("cgroup.controllers", "cpu memory pids");
        let control = |parent: &tempfile::TempDir| {
            fs::read_to_string(parent.path().join("cgroup.subtree_control")).ok()
        };
        let (root, leaf) = pretended(&[offered, ("cgroup.procs", "1\n")]);
        leaf.limit("pids.max", "7").unwrap();
        assert_eq!(control(&root).as_deref(), Some("+pids"));
        let own = [
            offered,
            ("cgroup.procs", "1\n"),
            ("cgroup.type", "domain\n"),
        ];
        let (busy, leaf) = pretended(&own);
        let error = leaf.limit("pids.max", "7").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ResourceBusy);
        assert_eq!(control(&busy), None);
        let (empty, leaf) =
            pretended(&[offered, ("cgroup.procs", ""), ("cgroup.type", "domain\n")]);
        leaf.limit("cpu.max", "50000 100000").unwrap();
        assert_eq!(control(&empty).as_deref(), Some("+cpu"));
        let (_none, leaf) = pretended(&[("cgroup.controllers", "hugetlb")]);
        let error = leaf.limit("memory.max", "7").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::Unsupported);
    }

    #[test]
    fn what_is_counted_is_told_and_nothing_else() {
        let (_parent, leaf) = pretended(&[
            ("leaf/memory.max", "max"),
            ("leaf/memory.swap.max", "max"),
            ("leaf/memory.peak", "4096\n"),
            ("leaf/memory.events", "low 0\nmax 3\noom 1\noom_kill 1\n"),
            (
                "leaf/cpu.stat",
                "usage_usec 5\nuser_usec 3\nsystem_usec 2\n",
            ),
            ("leaf/pids.events", "max 9\n"),
        ]);
        leaf.limit("memory.max", "4096").unwrap();
        let swap = fs::read_to_string(leaf.path.join("memory.swap.max"));
        assert_eq!(swap.unwrap(), "0");
        let usage = leaf.usage();
        assert!(leaf.oom_killed());
        assert_eq!(usage.user, Some(Duration::from_micros(3)));
        assert_eq!(usage.system, Some(Duration::from_micros(2)));
        assert_eq!((usage.memory_peak, usage.oom_kills), (Some(4096), Some(1)));
        assert_eq!((usage.processes_peak, usage.forks_refused), (None, Some(9)));
    }
}
