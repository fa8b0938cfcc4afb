//! Ids, what names a job, and places in a listing: refused, or the same when said again; order is time.

use std::fmt::Display;
use std::str::FromStr;

use foster_model::{Cursor, JobId, JobSelector};

use crate::scratch::{job_id, scratch};

pub(super) fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Some(id) = same_again::<JobId>(&text) {
        assert_eq!(id.to_string(), text.to_ascii_lowercase());
        assert_eq!(id.to_string().len(), JobId::LENGTH);
        assert!(id.time().day().starts_with(&id.day()));
        let other = job_id(1);
        assert_eq!(id < other, id.to_string() < other.to_string());
        assert!(id >= other || id.time() <= other.time());
    }
    same_again::<Cursor>(&text);
    if let Some(selector) = same_again::<JobSelector>(&text) {
        resolve(&selector, &text);
    }
    if let Some(number) = data.first_chunk().map(|bytes| u64::from_le_bytes(*bytes)) {
        let (id, later) = (
            JobId::made_at(number, 0),
            JobId::made_at(number.saturating_add(1), 0),
        );
        assert!(id <= later, "{number}");
        assert_eq!(id.to_string().parse(), Ok(id));
    }
}

/// What may name a job finds ours only by what is ours: no path is made of it.
fn resolve(selector: &JobSelector, text: &str) {
    assert!(!text.contains(['/', '\0']) && text != "." && text != "..");
    scratch().with(|scratch| {
        let ours = scratch.folder.id();
        for ending in [false, true] {
            let Ok(found) = scratch.root.resolve(selector, ending) else {
                continue;
            };
            assert_eq!(found, ours);
            let (id, text) = (ours.to_string(), text.to_ascii_lowercase());
            let part = id.starts_with(&text) || id.ends_with(&text);
            assert!(part || matches!(selector, JobSelector::Newest(1)), "{text}");
            let long = text.len() >= JobSelector::SHORTEST_FOR_ENDING;
            assert!(!ending || long || text.starts_with('@'), "{text}");
        }
    });
}

/// Reads `text`, and returns what it means if what that is called means the same.
fn same_again<T: FromStr + Display + PartialEq + std::fmt::Debug>(text: &str) -> Option<T> {
    let value: T = text.parse().ok()?;
    let again = value.to_string().parse().ok();
    assert_eq!(again.as_ref(), Some(&value));
    Some(value)
}
