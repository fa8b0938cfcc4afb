//! A disk that is full: nothing cut stays behind, nothing is forgotten.
//!
//! The test runs itself again under a limit of file sizes, which stops writes in the middle as a
//! full disk does, and needs no privilege.

#[cfg(test)]
mod common;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::Command;

    use foster_model::Event;
    use foster_store::{JobFolder, Stream};
    use rustix::process::{Resource, getrlimit};

    use crate::common::{at, job, root};

    #[test]
    fn writers_stand_a_full_disk() {
        let script = "trap '' XFSZ; ulimit -f 40; exec \"$0\" --ignored --exact tests::limited";
        let itself = std::env::current_exe().unwrap();
        let output = Command::new("sh")
            .args(["-c", script])
            .arg(itself)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && said.contains("1 passed"),
            "{said}"
        );
    }

    #[test]
    #[ignore = "writers_stand_a_full_disk runs it, under a limit"]
    fn limited() {
        let Some(limit) = getrlimit(Resource::Fsize).current else {
            return;
        };
        let (_temp, root) = root();
        let (folder, _lock) = job(&root, 1);
        journal_has_no_cut_line(&folder);
        timeline_forgets_nothing(&folder, limit);
        index_stays_whole(&root);
    }

    fn journal_has_no_cut_line(folder: &JobFolder) {
        let mut writer = folder.journal_writer().unwrap();
        let entry = at(9, Event::Created {});
        let written = (0..1000)
            .take_while(|_| writer.append(&entry).is_ok())
            .count();
        assert!(written < 1000);
        for _ in 0..3 {
            assert!(writer.append(&entry).is_err());
            assert_eq!(folder.journal().unwrap().len(), written + 1);
            let bytes = fs::read(folder.path().join("events.ndjson")).unwrap();
            assert_eq!(bytes.last(), Some(&b'\n'));
        }
        folder.write_state(&folder.replay().unwrap()).unwrap();
    }

    fn timeline_forgets_nothing(folder: &JobFolder, limit: u64) {
        let path = folder.path().join("runs/1/timeline");
        let mut writer = folder.run(1).unwrap().timeline_writer().unwrap();
        for number in 0..limit {
            let stream = Stream::ALL[number as usize % 2];
            let _ = writer.append(number as i64 * 10_000, stream, 1);
        }
        assert_eq!(writer.covered(), [limit / 2; 2]);
        assert!(writer.flush().is_err());
        assert_eq!(fs::metadata(&path).unwrap().len() % 16, 0);
    }

    fn index_stays_whole(root: &foster_store::Root) {
        for number in 2..60 {
            let _ = job(root, number);
        }
        assert_eq!(
            fs::metadata(root.path().join("index")).unwrap().len() % 512,
            0
        );
        assert!(root.index().newest_first().unwrap().count() > 10);
    }
}
