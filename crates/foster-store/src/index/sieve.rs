use std::path::Path;

use foster_model::{Cause, JobName, State, TagPattern};
use memchr::memmem::Finder;
use memchr::memrchr;

/// A quick look at the bytes of the index's records: which can't be what is wanted, and need not be
/// parsed. It holds back too little rather than too much: who uses it still looks at the rows.
///
/// Rows of jobs that are not over pass whatever state and cause they bear, since the index may be
/// behind; so do rows that did not fit into their record.
#[derive(Debug, Clone)]
pub struct Sieve {
    /// Of these one is in the record of a job that is not over.
    open: [Finder<'static>; 2],
    /// Of each of these one has to be in the record.
    demanded: Vec<Vec<Finder<'static>>>,
    /// None of these may be in the record.
    refused: Vec<Finder<'static>>,
    /// Of these one has to be in the record of a job that is over; any, if there are none.
    endings: Vec<Finder<'static>>,
}

impl Default for Sieve {
    /// Returns one that holds back nothing.
    fn default() -> Self {
        let unfinished = [State::Running, State::Created];
        Self {
            // Quotes in a value are escaped, so these stand nowhere but in their fields.
            open: unfinished.map(|state| in_record("s", state.as_str())),
            demanded: Vec::new(),
            refused: Vec::new(),
            endings: Vec::new(),
        }
    }
}

impl Sieve {
    /// Asks for rows that bear such a tag; each call asks for one more.
    #[must_use]
    pub fn tag(self, pattern: &TagPattern) -> Self {
        self.demand(&[&match pattern {
            TagPattern::Exact(tag) => format!(r#""{}""#, tag.as_ref()),
            TagPattern::Below(above) => format!(r#""{}."#, above.as_ref()),
        }])
    }

    /// Asks for rows of this group.
    #[must_use]
    pub fn group(self, group: &JobName) -> Self {
        self.demand(&[&format!(r#","G":"{}""#, group.as_ref())])
    }

    /// Asks for rows of jobs with a name that begins so.
    #[must_use]
    pub fn name_begins(self, beginning: &str) -> Self {
        self.demand(&[&format!(r#","n":"{}"#, escaped(beginning))])
    }

    /// Asks for rows with this text in the command, as far as the record has it.
    #[must_use]
    pub fn command_holds(self, text: &str) -> Self {
        self.demand(&[&escaped(text), "…\""])
    }

    /// Asks for rows of jobs that run at or below a directory.
    #[must_use]
    pub fn within(self, dir: &Path) -> Self {
        self.demand(&[&beginning_of_cwd(dir)])
    }

    /// Asks for rows of jobs that run neither at a directory nor below it.
    #[must_use]
    pub fn outside(mut self, dir: &Path) -> Self {
        let dir = beginning_of_cwd(dir);
        let ends = if dir.ends_with('/') {
            &[""][..]
        } else {
            &["\"", "/"]
        };
        self.refused
            .extend(ends.iter().map(|end| finder(&format!("{dir}{end}"))));
        self
    }

    /// Asks for rows of jobs in one of these states, or of which that is not certain; of any, if
    /// there are none.
    #[must_use]
    pub fn states(mut self, states: &[State]) -> Self {
        let ended = states.iter().filter(|state| state.is_final());
        self.endings = ended.map(|state| in_record("s", state.as_str())).collect();
        if !states.is_empty() && self.endings.is_empty() {
            // No job that is over is wanted.
            self.endings.push(Finder::new("\0").into_owned());
        }
        self
    }

    /// Asks for rows of jobs that ended for one of these causes; of any, if there are none.
    #[must_use]
    pub fn causes(mut self, causes: &[Cause]) -> Self {
        if !causes.is_empty() {
            let causes = causes.iter().map(|cause| in_record("c", cause.as_str()));
            self.endings = causes.collect();
        }
        self
    }

    fn demand(mut self, one_of: &[&str]) -> Self {
        self.demanded
            .push(one_of.iter().map(|text| finder(text)).collect());
        self
    }

    pub(crate) fn takes(&self, record: &[u8]) -> bool {
        let holds = |finder: &Finder<'_>| finder.find(record).is_some();
        let holds_one = |finders: &Vec<Finder<'_>>| finders.iter().any(holds);
        if !self.demanded.iter().all(holds_one) || self.refused.iter().any(holds) {
            return lacks_some(record);
        }
        self.endings.is_empty()
            || self.endings.iter().any(holds)
            || self.open.iter().any(holds)
            || lacks_some(record)
    }
}

/// Returns whether a record says that it does not have all of its row. It says so at its end, which is found
/// sooner than it would be by a search.
fn lacks_some(record: &[u8]) -> bool {
    let text = memrchr(b'}', record).map(|end| &record[..end]);
    text.is_some_and(|text| text.ends_with(br#","m":true"#))
}

fn finder(text: &str) -> Finder<'static> {
    Finder::new(text).into_owned()
}

fn in_record(name: &str, word: &str) -> Finder<'static> {
    finder(&format!(r#","{name}":"{word}""#))
}

/// Returns how the directory stands in the record of a job that runs there, without its end.
fn beginning_of_cwd(dir: &Path) -> String {
    format!(r#","d":"{}"#, escaped(&dir.to_string_lossy()))
}

/// Returns a text as it stands in a string of JSON.
fn escaped(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(text: &str) -> bool {
        tagged().takes(text.as_bytes())
    }

    fn tagged() -> Sieve {
        Sieve::default()
            .tag(&"ci.*".parse().unwrap())
            .states(&[State::Killed])
    }

    #[test]
    fn a_directory_is_looked_for_in_its_field() {
        let dir = Path::new("/a \"b\"");
        let (within, outside) = (Sieve::default().within(dir), Sieve::default().outside(dir));
        let rows = [
            (r#"{"i":"0","a":"x","d":"/a \"b\"","C":1}"#, true, false),
            (r#"{"i":"0","a":"x","d":"/a \"b\"/c","C":1}"#, true, false),
            // A neighbour: held back by neither, since who asks looks at the row.
            (r#"{"i":"0","a":"x","d":"/a \"b\"c","C":1}"#, true, true),
            (r#"{"i":"0","a":"x","d":"/","C":1}"#, false, true),
            (
                r#"{"i":"0","a":",\"d\":\"/a \"b\"","d":"/","C":1}"#,
                false,
                true,
            ),
            (r#"{"i":"0","a":"x","d":"","C":1,"m":true}"#, true, true),
        ];
        for (row, is_within, is_outside) in rows {
            assert_eq!(within.takes(row.as_bytes()), is_within, "{row}");
            assert_eq!(outside.takes(row.as_bytes()), is_outside, "{row}");
        }
        let root = Sieve::default().outside(Path::new("/"));
        assert!(!root.takes(rows[0].0.as_bytes()));
    }

    #[test]
    fn a_command_that_was_cut_may_hold_anything() {
        let tabbed = Sieve::default().command_holds("a\tb");
        assert!(tabbed.takes(r#"{"i":"0","a":"say a\tb","d":"/"}"#.as_bytes()));
        assert!(tabbed.takes(r#"{"i":"0","a":"say…","d":"/"}"#.as_bytes()));
        assert!(!tabbed.takes(r#"{"i":"0","a":"say a b","d":"/"}"#.as_bytes()));
    }

    #[test]
    fn a_row_that_lacks_some_is_held_back_by_none() {
        let row = crate::IndexRow::unreadable(foster_model::JobId::from_parts(1, 1), None);
        assert!(tagged().takes(&row.encode().unwrap()));
        assert!(!tagged().takes(b"{}") && !tagged().takes(b""));
    }

    #[test]
    fn what_can_not_be_wanted_is_held_back() {
        assert!(record(r#"{"i":"0","t":["ci.lint"],"s":"killed","a":"x"}"#));
        assert!(record(r#"{"i":"0","t":["ci.lint"],"s":"running","a":"x"}"#));
        assert!(record(r#"{"i":"0","s":"exited","a":"x","m":true}"#));
        assert!(!record(r#"{"i":"0","t":["ci"],"s":"killed","a":"x"}"#));
        assert!(!record(r#"{"i":"0","t":["ci.lint"],"s":"exited","a":"x"}"#));
        assert!(!record(r#"{"i":"0","s":"exited","a":"\",\"m\":true"}"#));
        assert!(Sieve::default().takes(b"{}"));
        let running = Sieve::default().states(&[State::Running]);
        assert!(!running.takes(br#"{"i":"0","s":"lost","a":"x"}"#));
        assert!(running.takes(br#"{"i":"0","s":"created","a":"x"}"#));
    }
}
