//! A removal is not led out of its folder by what changes while it is under way.
#![cfg(target_os = "linux")]

#[cfg(test)]
mod common;

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::os::unix::fs::symlink;
    use std::path::Path;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Instant;

    use foster_store::Root;
    use foster_testkit::{Tally, race_time};
    use rustix::fs::RenameFlags;
    use tempfile::TempDir;

    use crate::common::{id, job};

    /// How many entries of a folder become links and folders again.
    const TURNING: usize = 2;

    /// Fills a job's folder with folders, and `aside` with links to `outside` of the same names.
    fn fill(folder: &Path, aside: &Path, outside: &Path) {
        fs::create_dir(aside).unwrap();
        for name in (0..TURNING).map(|number| number.to_string()) {
            fs::create_dir(folder.join(&name)).unwrap();
            fs::write(folder.join(&name).join("kept"), "no").unwrap();
            symlink(outside, aside.join(&name)).unwrap();
        }
    }

    /// Goes on exchanging the one for the other. The folder may get another name meanwhile.
    fn exchange(folder: &File, aside: &File, enough: &AtomicBool) {
        while !enough.load(Ordering::Relaxed) {
            for name in (0..TURNING).map(|number| number.to_string()) {
                // One of them may be gone by now.
                let turn = RenameFlags::EXCHANGE;
                let _ = rustix::fs::renameat_with(folder, &name, aside, &name, turn);
            }
        }
    }

    /// A folder in memory where there is one: on a disk too few rounds fit into the time.
    fn in_memory() -> TempDir {
        tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| tempfile::tempdir().unwrap())
    }

    fn is_kept(outside: &Path) -> bool {
        fs::read(outside.join("kept")).is_ok_and(|text| text == b"yes")
    }

    #[test]
    fn folders_that_become_links_lead_nowhere() {
        let temp = in_memory();
        let root = Root::open(&temp.path().join("root"), true).unwrap();
        let (outside, aside) = (temp.path().join("outside"), temp.path().join("aside"));
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("kept"), "yes").unwrap();
        let mut tally = Tally::new("folders become links while a job is removed");
        let end = Instant::now() + race_time();
        for number in 0.. {
            tally.run();
            drop(job(&root, number));
            let folder = root.job(id(number)).unwrap();
            fill(folder.path(), &aside, &outside);
            let (from, to) = (
                File::open(folder.path()).unwrap(),
                File::open(&aside).unwrap(),
            );
            let enough = AtomicBool::new(false);
            std::thread::scope(|scope| {
                scope.spawn(|| exchange(&from, &to, &enough));
                let lock = folder.try_lock().unwrap();
                // It may well be refused: somebody goes on changing what it removes.
                let _ = root.removal(id(number), lock).unwrap().finish();
                enough.store(true, Ordering::Relaxed);
            });
            if !is_kept(&outside) {
                tally.stranger_hit(format!("a file outside, in round {number}"));
                break;
            }
            fs::remove_dir_all(&aside).unwrap();
            if Instant::now() > end {
                break;
            }
        }
    }
}
