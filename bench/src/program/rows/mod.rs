//! What is measured.

mod at_once;
mod binary;
mod capture;
mod ending;
mod exec;
mod following;
mod idle;
mod launch;
mod listing;
mod log_end;
mod result;
mod waiting;

use crate::Error;
use crate::machine;
use crate::results::{Goal, Limit, Measured, Results, Row};
use crate::setting::Setting;

pub type Measure = fn(&mut Setting, &mut Results) -> Result<(), Error>;

/// All works, in the order in which they are measured and shown.
pub const ALL: [(&str, Measure); 12] = [
    ("binary", binary::measure),
    ("launch", launch::measure),
    ("result", result::measure),
    ("exec", exec::measure),
    ("capture", capture::measure),
    ("following", following::measure),
    ("waiting", waiting::measure),
    ("log-end", log_end::measure),
    ("listing", listing::measure),
    ("idle", idle::measure),
    ("at-once", at_once::measure),
    ("ending", ending::measure),
];

/// Keeps what was measured. The key says where the row stands: the work's, and a word.
fn keep(results: &mut Results, key: &str, work: &str, unit: &str, contestants: Vec<Measured>) {
    let place = ALL
        .iter()
        .position(|(name, _)| key.split('/').next() == Some(name))
        .unwrap_or(ALL.len());
    let row = Row {
        place,
        work: work.to_owned(),
        unit: unit.to_owned(),
        reference: contestants
            .first()
            .map(|one| one.who.clone())
            .unwrap_or_default(),
        goal: None,
        measured: machine::moment(),
        contestants,
    };
    results.rows.insert(key.to_owned(), row);
}

/// Says what `who` should reach in a row that was kept.
fn aim(results: &mut Results, key: &str, who: &str, limit: Limit) {
    if let Some(row) = results.rows.get_mut(key) {
        let who = who.to_owned();
        row.goal = Some(Goal { who, limit });
    }
}
