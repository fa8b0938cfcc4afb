//! An index that may say anything: a cache, so each job comes once, in order, page by page.

use std::fs;

use foster_model::{JobId, JobRecord, JobSelector};
use foster_store::{IndexOrder, IndexRow};

use crate::scratch::{Scratch, definition, job_id, scratch};

/// The length of a record.
const RECORD: usize = 512;

pub(super) fn check(data: &[u8]) {
    // How many bytes a record is cut from, so that small inputs make several; then the records.
    let [length, bytes @ ..] = data else {
        return;
    };
    let mut records = Vec::new();
    for piece in bytes.chunks(usize::from(*length).max(16) * 2) {
        records.extend_from_slice(&piece[..piece.len().min(RECORD - 1)]);
        let spaces = records.len().next_multiple_of(RECORD) - records.len() - 1;
        records.extend(std::iter::repeat_n(b' ', spaces));
        records.push(b'\n');
    }
    // Bytes that are no whole record: the index is made anew then.
    records.extend_from_slice(&vec![b'{'; usize::from(length & 1)]);
    scratch().with(|scratch| {
        fs::write(scratch.root_file("index"), &records).expect("a file can be written");
        let noted = scratch.root_file("index.lock");
        fs::write(noted, []).expect("a file can be written");
        for order in [IndexOrder::NewestFirst, IndexOrder::OldestFirst] {
            check_pages(scratch, order);
        }
        check_change(scratch);
    });
}

/// Each job once, in order; and from any place the same as behind it in one piece.
fn check_pages(scratch: &Scratch, order: IndexOrder) {
    let all = ids(scratch, order, None);
    let sorted = match order {
        IndexOrder::NewestFirst => all.is_sorted_by(|a, b| a > b),
        IndexOrder::OldestFirst => all.is_sorted_by(|a, b| a < b),
    };
    assert!(sorted, "{all:?}");
    for (at, id) in all.iter().enumerate() {
        assert_eq!(ids(scratch, order, Some(*id)), all[at + 1..]);
    }
}

fn ids(scratch: &Scratch, order: IndexOrder, after: Option<JobId>) -> Vec<JobId> {
    let rows = scratch.root.index().newest_first();
    let rows = rows.expect("an index can be had").in_order(order);
    let mut rows = match after {
        Some(id) => rows.after(id).expect("any place can be found"),
        None => rows,
    };
    let ids = rows.by_ref().map(|row| row.job_id).collect();
    assert!(rows.take_error().is_none());
    ids
}

/// What is written is found, what is removed is not, and what is made anew tells of the folders alone.
fn check_change(scratch: &Scratch) {
    let index = scratch.root.index();
    let id = job_id(7);
    let row = IndexRow::from_parts(&definition(id), &JobRecord::new(id));
    index.remove(id).expect("a job can be removed");
    assert!(!ids(scratch, IndexOrder::NewestFirst, None).contains(&id));
    index.rebuild().expect("the index can be made anew");
    index.update(&row).expect("a row can be written");
    let ours = scratch.folder.id();
    assert_eq!(ids(scratch, IndexOrder::NewestFirst, None), [id, ours]);
    // A row without a folder names no job.
    let newest = scratch.root.resolve(&JobSelector::Newest(1), false);
    assert_eq!(newest.ok(), Some(ours));
}
