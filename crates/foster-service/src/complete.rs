use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use foster_model::State;
use foster_store::{IndexRow, Root};

use crate::context::Context;
use crate::error::ServiceError;

/// How many of the newest jobs are looked at: whoever waits for a completion has a key in hand.
const LOOKED_AT: usize = 4096;
/// How many jobs are offered at most.
const OFFERED: usize = 100;
/// How many are offered by their age.
const AGES: usize = 9;
/// The length of an id's end that is offered, if it is the only one of its kind.
const END: usize = 8;

/// Something that a job can be called by, for whoever completes a command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callable {
    /// A name, the end of an id, a whole id, or an age such as `@1`.
    pub text: String,
    /// The job's state, as far as the index knows.
    pub state: State,
    /// Its command, cut if long.
    pub command: String,
}

/// The labels of the newest jobs, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Labels {
    /// Their names.
    pub names: Vec<String>,
    /// Their marks.
    pub tags: Vec<String>,
    /// Their groups.
    pub groups: Vec<String>,
}

/// Returns what can be typed after `typed` to call a job that is in one of `states` (in any, if there
/// are none): jobs of the caller's directory first, then the newer ones; names, then ids, then ages.
///
/// It reads the index as it stands: no job is looked at, judged or waited for.
///
/// # Errors
/// The root or the index can't be read.
pub fn callable(
    ctx: &Context,
    states: &[State],
    typed: &str,
) -> Result<Vec<Callable>, ServiceError> {
    let Some((root, rows)) = newest(ctx)? else {
        return Ok(Vec::new());
    };
    let offer = Offer::new(&rows, states, typed);
    let scope = ctx.cwd.canonicalize().unwrap_or_else(|_| ctx.cwd.clone());
    let here = |row: &&IndexRow| Path::new(&row.cwd).starts_with(&scope);
    let (near, far): (Vec<_>, Vec<_>) = rows.iter().partition(here);
    let mut called = Vec::new();
    for jobs in [near, far] {
        let wanted = || jobs.iter().copied().filter(|row| offer.wants(row));
        let names = wanted().filter_map(|row| offer.by_name(row));
        let ids = wanted().filter_map(|row| offer.by_id(row));
        let there = names
            .chain(ids)
            .filter(|(row, _)| root.has_folder(row.job_id));
        called.extend(there.take(OFFERED).map(|(row, text)| of(row, text)));
    }
    called.truncate(OFFERED);
    if typed.is_empty() || typed.starts_with('@') {
        let there = rows.iter().filter(|row| root.has_folder(row.job_id));
        let aged = there.take(AGES).zip(1..);
        let aged = aged.filter(|(row, _)| offer.wants(row));
        let aged = aged.map(|(row, age)| of(row, format!("@{age}")));
        called.extend(aged.filter(|job| job.text.starts_with(typed)));
    }
    Ok(called)
}

/// Returns the names, marks and groups of the newest jobs.
///
/// # Errors
/// The root or the index can't be read.
pub fn labels(ctx: &Context) -> Result<Labels, ServiceError> {
    let (mut names, mut tags) = (BTreeSet::new(), BTreeSet::new());
    let mut groups = BTreeSet::new();
    for row in newest(ctx)?.map_or_else(Vec::new, |(_, rows)| rows) {
        names.extend(row.name.map(String::from));
        tags.extend(row.tags.into_iter().map(String::from));
        groups.extend(row.group.map(String::from));
    }
    Ok(Labels {
        names: names.into_iter().collect(),
        tags: tags.into_iter().collect(),
        groups: groups.into_iter().collect(),
    })
}

fn newest(ctx: &Context) -> Result<Option<(Root, Vec<IndexRow>)>, ServiceError> {
    let Some(root) = ctx.look_for_root()? else {
        return Ok(None);
    };
    let rows = root.index().as_it_stands();
    let rows = rows.map_err(ServiceError::io("the index can't be read"))?;
    let rows = rows.into_iter().flatten().take(LOOKED_AT).collect();
    Ok(Some((root, rows)))
}

fn of(row: &IndexRow, text: String) -> Callable {
    Callable {
        text,
        state: row.state,
        command: row.command.clone(),
    }
}

/// Which jobs are offered, and by which of their names.
struct Offer<'a> {
    states: &'a [State],
    typed: &'a str,
    /// How many jobs have an id that ends so.
    ends: HashMap<String, usize>,
    /// The job that is meant by each name; `None` if that is not clear.
    named: HashMap<&'a str, Option<&'a IndexRow>>,
}

impl<'a> Offer<'a> {
    fn new(rows: &'a [IndexRow], states: &'a [State], typed: &'a str) -> Self {
        let mut ends = HashMap::new();
        let mut named: HashMap<&str, Option<&IndexRow>> = HashMap::new();
        for row in rows {
            *ends.entry(end(row)).or_default() += 1;
            let Some(name) = &row.name else { continue };
            // As a name is resolved: the only unfinished one, else the newest.
            let meant = named.entry(name.as_ref()).or_insert(Some(row));
            match *meant {
                Some(other) if other.job_id == row.job_id || row.state.is_final() => {}
                Some(other) if other.state.is_final() => *meant = Some(row),
                _ => *meant = None,
            }
        }
        Self {
            states,
            typed,
            ends,
            named,
        }
    }

    fn wants(&self, row: &IndexRow) -> bool {
        self.states.is_empty() || self.states.contains(&row.state)
    }

    fn by_name<'b>(&self, row: &'b IndexRow) -> Option<(&'b IndexRow, String)> {
        let name = row.name.as_ref()?.as_ref();
        let meant = self.named.get(name).copied().flatten()?;
        let fits = meant.job_id == row.job_id && name.starts_with(self.typed);
        fits.then(|| (row, name.to_owned()))
    }

    fn by_id<'b>(&self, row: &'b IndexRow) -> Option<(&'b IndexRow, String)> {
        let typed = self.typed.to_ascii_lowercase();
        let (id, end) = (row.job_id.to_string(), end(row));
        let only = self.ends.get(&end) == Some(&1);
        let fitting = [only.then_some(end), Some(id)].into_iter().flatten();
        let mut fitting = fitting.filter(|text| text.starts_with(&typed));
        fitting.next().map(|text| (row, text))
    }
}

fn end(row: &IndexRow) -> String {
    let id = row.job_id.to_string();
    id[id.len() - END..].to_owned()
}

#[cfg(test)]
mod tests {
    use foster_model::{JobId, Time};

    use super::*;

    fn row(id: &str, name: Option<&str>, state: State) -> IndexRow {
        let job_id: JobId = id.parse().unwrap();
        IndexRow {
            job_id,
            name: name.map(|name| name.to_owned().try_into().unwrap()),
            tags: Vec::new(),
            group: None,
            state,
            cause: None,
            exit_code: None,
            signal: None,
            command: "true".to_owned(),
            cwd: "/".to_owned(),
            created_at: Time::from_unix_ms(0),
            started_at: None,
            finished_at: None,
            duration_ms: None,
            disk_bytes: None,
            more: false,
            leaving: false,
        }
    }

    const OLD: &str = "01h00000000000000000000001";
    const NEW: &str = "01h00000000000000000000002";
    const TWIN: &str = "01h00000000000000100000001";

    #[test]
    fn a_name_is_offered_for_the_job_that_it_means() {
        let rows = [
            row(NEW, Some("web"), State::Exited),
            row(OLD, Some("web"), State::Running),
        ];
        let offer = Offer::new(&rows, &[], "w");
        assert_eq!(offer.by_name(&rows[0]), None);
        assert_eq!(offer.by_name(&rows[1]).unwrap().1, "web");
        let both = [
            row(NEW, Some("web"), State::Running),
            row(OLD, Some("web"), State::Running),
        ];
        let offer = Offer::new(&both, &[], "");
        assert!(both.iter().all(|row| offer.by_name(row).is_none()));
        let over = [
            row(NEW, Some("web"), State::Exited),
            row(OLD, Some("web"), State::Lost),
        ];
        let offer = Offer::new(&over, &[], "");
        assert!(offer.by_name(&over[0]).is_some() && offer.by_name(&over[1]).is_none());
        assert!(Offer::new(&over, &[], "x").by_name(&over[0]).is_none());
    }

    #[test]
    fn an_end_is_offered_if_it_is_the_only_one() {
        let rows = [row(NEW, None, State::Exited), row(OLD, None, State::Exited)];
        let text = |rows: &[IndexRow], at: usize, typed: &str| {
            Offer::new(rows, &[], typed)
                .by_id(&rows[at])
                .map(|(_, text)| text)
        };
        assert_eq!(text(&rows, 0, "").unwrap(), "00000002");
        assert_eq!(text(&rows, 0, "01H").unwrap(), NEW);
        assert_eq!(text(&rows, 0, "00000001"), None);
        let twins = [
            row(TWIN, None, State::Exited),
            row(OLD, None, State::Exited),
        ];
        assert_eq!(text(&twins, 0, "").unwrap(), TWIN);
    }

    #[test]
    fn states_are_chosen() {
        let rows = [row(NEW, None, State::Exited)];
        assert!(Offer::new(&rows, &[], "").wants(&rows[0]));
        assert!(!Offer::new(&rows, &[State::Running], "").wants(&rows[0]));
    }
}
