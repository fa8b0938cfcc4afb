use foster_model::{Cause, JobName, State, TagPattern};
use memchr::memmem::Finder;

/// A quick look at the bytes of the index's records: which can't be what is wanted, and need not be
/// parsed. It holds back too little rather than too much: who uses it still looks at the rows.
///
/// Rows of jobs that are not over pass whatever state and cause they bear, since the index may be
/// behind; so do rows that did not fit into their record.
#[derive(Debug, Clone)]
pub struct Sieve {
    /// What a record holds that does not have all of its row.
    more: Finder<'static>,
    /// Of these one is in the record of a job that is not over.
    open: [Finder<'static>; 2],
    /// What every record has to hold.
    demanded: Vec<Finder<'static>>,
    /// Of these one has to be in the record of a job that is over; any, if there are none.
    endings: Vec<Finder<'static>>,
}

impl Default for Sieve {
    /// Returns one that holds back nothing.
    fn default() -> Self {
        let unfinished = [State::Running, State::Created];
        Self {
            // Quotes in a value are escaped, so these stand nowhere but in their fields.
            more: Finder::new(r#","m":true"#).into_owned(),
            open: unfinished.map(|state| in_record("s", state.as_str())),
            demanded: Vec::new(),
            endings: Vec::new(),
        }
    }
}

impl Sieve {
    /// Asks for rows that bear such a tag; each call asks for one more.
    #[must_use]
    pub fn tag(self, pattern: &TagPattern) -> Self {
        self.demand(match pattern {
            TagPattern::Exact(tag) => format!(r#""{}""#, tag.as_ref()),
            TagPattern::Below(above) => format!(r#""{}."#, above.as_ref()),
        })
    }

    /// Asks for rows of this group.
    #[must_use]
    pub fn group(self, group: &JobName) -> Self {
        self.demand(format!(r#","G":"{}""#, group.as_ref()))
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

    fn demand(mut self, text: String) -> Self {
        self.demanded.push(Finder::new(&text).into_owned());
        self
    }

    pub(crate) fn takes(&self, record: &[u8]) -> bool {
        let holds = |finder: &Finder<'_>| finder.find(record).is_some();
        if !self.demanded.iter().all(holds) {
            return holds(&self.more);
        }
        self.endings.is_empty()
            || self.endings.iter().any(holds)
            || self.open.iter().any(holds)
            || holds(&self.more)
    }
}

fn in_record(name: &str, word: &str) -> Finder<'static> {
    Finder::new(&format!(r#","{name}":"{word}""#)).into_owned()
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
