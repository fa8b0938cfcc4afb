//! Journals that are read while they are written, and what is told of changes.
#![cfg(target_os = "linux")]

mod common;

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::io::Write as _;

    use foster_model::Event;
    use foster_store::{Change, Changes, Root};

    use super::common::{at, definition, id, job, life, root};

    fn changes(changes: &mut Changes, root: &Root) -> Vec<Change> {
        changes.take(root).unwrap()
    }

    #[test]
    fn a_reader_goes_on_where_it_was() {
        let (_temp, root) = root();
        let (folder, _lock) = job(&root, 1);
        let mut reader = folder.journal_reader().unwrap();
        assert!(matches!(
            reader.next().unwrap().unwrap().event,
            Event::Created {}
        ));
        assert_eq!(reader.next().unwrap(), None);
        let mut writer = folder.journal_writer().unwrap();
        for entry in life() {
            writer.append(&entry).unwrap();
            assert_eq!(reader.next().unwrap(), Some(entry));
            assert_eq!(reader.next().unwrap(), None);
        }
        let mut again = folder.journal_reader_from(reader.place()).unwrap();
        assert_eq!(again.next().unwrap(), None);
    }

    #[test]
    fn a_cut_line_waits_and_may_be_replaced() {
        let (_temp, root) = root();
        let (folder, _lock) = job(&root, 1);
        let path = folder.path().join("events.ndjson");
        let mut reader = folder.journal_reader().unwrap();
        reader.next().unwrap().unwrap();
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"{\"at\":\"2026-11-20T00:00").unwrap();
        assert_eq!(reader.next().unwrap(), None);
        // The next writer takes the piece away, and writes another line in its place.
        let entry = at(7, Event::Empty {});
        folder.journal_writer().unwrap().append(&entry).unwrap();
        assert_eq!(reader.next().unwrap(), Some(entry));
        // A long line comes in pieces.
        let long = format!(
            "{{\"at\":\"2026-11-20T00:00:00Z\",{:40000}\"event\":\"empty\"}}\n",
            ""
        );
        let (head, tail) = long.split_at(30_000);
        file.write_all(head.as_bytes()).unwrap();
        assert_eq!(reader.next().unwrap(), None);
        file.write_all(tail.as_bytes()).unwrap();
        assert!(matches!(
            reader.next().unwrap().unwrap().event,
            Event::Empty {}
        ));
        file.write_all(b"nonsense\n").unwrap();
        assert!(reader.next().unwrap_err().to_string().contains("line 4"));
    }

    #[test]
    fn what_was_written_is_read_also_when_the_job_is_deleted() {
        let (_temp, root) = root();
        let (folder, _lock) = job(&root, 1);
        let mut reader = folder.journal_reader().unwrap();
        std::fs::remove_dir_all(folder.path()).unwrap();
        assert!(reader.next().unwrap().is_some());
        assert_eq!(reader.next().unwrap(), None);
    }

    #[test]
    fn new_jobs_their_journals_and_their_ends_are_told() {
        let (_temp, root) = root();
        let mut told = Changes::new().unwrap();
        // There is no day yet, not even the folder of the days.
        assert_eq!(told.watch_root(&root).unwrap(), []);
        let (folder, _lock) = job(&root, 1);
        let news = changes(&mut told, &root);
        let new = [Change::Everything, Change::New(id(1))];
        assert!(
            !news.is_empty() && news.iter().all(|change| new.contains(change)),
            "{news:?}"
        );
        told.watch_job(&folder).unwrap();
        assert_eq!(changes(&mut told, &root), []);
        folder.journal_writer().unwrap().append(&life()[0]).unwrap();
        folder.write_state(&folder.replay().unwrap()).unwrap();
        assert_eq!(changes(&mut told, &root), [Change::Written(id(1))]);
        let (_other, _lock) = job(&root, 2);
        assert_eq!(changes(&mut told, &root), [Change::New(id(2))]);
        // Held open by us, as a follower holds it.
        std::fs::remove_dir_all(folder.path()).unwrap();
        assert!(changes(&mut told, &root).contains(&Change::Gone(id(1))));
    }

    #[test]
    fn a_day_that_begins_is_watched() {
        let (_temp, root) = root();
        let (_first, _lock) = job(&root, 1);
        let mut told = Changes::new().unwrap();
        assert_eq!(told.watch_root(&root).unwrap(), [id(1)]);
        let tomorrow = id(100_000_000);
        assert_ne!(tomorrow.day(), id(1).day());
        let made = root.create_job(&definition(tomorrow), None, None).unwrap();
        let news = changes(&mut told, &root);
        let new = [Change::Everything, Change::New(tomorrow)];
        assert!(
            !news.is_empty() && news.iter().all(|change| new.contains(change)),
            "{news:?}"
        );
        drop(made);
        let later = id(100_000_001);
        root.create_job(&definition(later), None, None).unwrap();
        assert_eq!(changes(&mut told, &root), [Change::New(later)]);
    }

    #[test]
    fn when_more_has_changed_than_can_be_told_everything_is_looked_at() {
        let (_temp, root) = root();
        let (folder, _lock) = job(&root, 1);
        let queued = std::fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap();
        let queued: usize = queued.trim().parse().unwrap();
        if queued > 200_000 {
            return;
        }
        let mut told = Changes::new().unwrap();
        told.watch_root(&root).unwrap();
        told.watch_job(&folder).unwrap();
        let open = |name| {
            OpenOptions::new()
                .append(true)
                .create(true)
                .open(folder.path().join(name))
        };
        // One after the other, since the kernel tells of equal changes in a row but once.
        let (mut journal, mut other) = (open("events.ndjson").unwrap(), open("other").unwrap());
        for _ in 0..=queued / 2 {
            journal.write_all(b" ").unwrap();
            other.write_all(b" ").unwrap();
        }
        let (_new, _lock) = job(&root, 2);
        let news = changes(&mut told, &root);
        assert_eq!(news, [Change::Written(id(1)), Change::Everything]);
        // The days are still watched.
        let (_new, _lock) = job(&root, 3);
        assert_eq!(changes(&mut told, &root), [Change::New(id(3))]);
    }
}
