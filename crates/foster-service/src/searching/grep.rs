use std::collections::VecDeque;

use regex::bytes::{Regex, RegexBuilder};

use crate::error::ServiceError;

/// Which lines are wanted, and how many around each.
#[derive(Debug, Clone)]
pub struct GrepRequest {
    /// A regular expression, in the syntax of the `regex` crate, tried on each line without its end.
    pub expression: String,
    /// Whether the other lines are wanted.
    pub invert: bool,
    /// Whether upper and lower case are the same.
    pub ignore_case: bool,
    /// How many lines before each that matches.
    pub before: usize,
    /// How many lines after each that matches.
    pub after: usize,
    /// After how many lines that match it ends.
    pub max_matches: Option<u64>,
}

/// The most lines of context on either side: they are held in memory.
pub(crate) const MOST_CONTEXT: usize = 10_000;

/// Chooses lines, as `grep` does. It holds the lines that may prove to be context, and no others; the
/// time is linear in what it is given, whatever the expression.
#[derive(Debug)]
pub(crate) struct Grep<T> {
    expression: Regex,
    invert: bool,
    before: usize,
    after: usize,
    left: Option<u64>,
    held: VecDeque<T>,
    /// How many lines of context are still to come.
    due: usize,
}

/// What `wait` and `logs` make of an expression.
pub(crate) fn expression(text: &str, ignore_case: bool) -> Result<Regex, ServiceError> {
    let expression = RegexBuilder::new(text)
        .case_insensitive(ignore_case)
        .build();
    expression.map_err(|error| {
        // The parser draws a picture of several lines; its last one has the words.
        let error = error.to_string();
        let reason = error.lines().last().unwrap_or_default();
        let reason = reason.trim_start_matches("error: ");
        ServiceError::Invalid(format!("{text:?} is no regular expression: {reason}"))
    })
}

impl<T> Grep<T> {
    pub fn new(request: &GrepRequest) -> Result<Self, ServiceError> {
        for context in [request.before, request.after] {
            if context > MOST_CONTEXT {
                return Err(ServiceError::Invalid(format!(
                    "{context} lines of context are too many: {MOST_CONTEXT} at most"
                )));
            }
        }
        Ok(Self {
            expression: expression(&request.expression, request.ignore_case)?,
            invert: request.invert,
            before: request.before,
            after: request.after,
            left: request.max_matches,
            held: VecDeque::new(),
            due: 0,
        })
    }

    /// Returns whether a line is one of those that are looked for.
    pub fn matches(&self, line: &[u8]) -> bool {
        self.left != Some(0) && self.expression.is_match(line) != self.invert
    }

    /// Takes the next line, of which it was asked whether it matches, and gives out those that are
    /// wanted by now, in order, each with whether it matches.
    pub fn take<E>(
        &mut self,
        line: T,
        matches: bool,
        mut give: impl FnMut(T, bool) -> Result<(), E>,
    ) -> Result<(), E> {
        if matches {
            for held in self.held.drain(..) {
                give(held, false)?;
            }
            self.left = self.left.map(|left| left.saturating_sub(1));
            self.due = self.after;
            return give(line, true);
        }
        if self.due > 0 {
            self.due -= 1;
            return give(line, false);
        }
        if self.before > 0 {
            if self.held.len() == self.before {
                self.held.pop_front();
            }
            self.held.push_back(line);
        }
        Ok(())
    }

    /// Returns whether no line will be given out any more.
    pub fn is_done(&self) -> bool {
        self.left == Some(0) && self.due == 0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn request(expression: &str, before: usize, after: usize) -> GrepRequest {
        GrepRequest {
            expression: expression.to_owned(),
            invert: false,
            ignore_case: false,
            before,
            after,
            max_matches: None,
        }
    }

    fn chosen(request: &GrepRequest, lines: &[&str]) -> Vec<(usize, bool)> {
        let mut grep = Grep::new(request).unwrap();
        let mut given = Vec::new();
        for (number, line) in lines.iter().enumerate() {
            if grep.is_done() {
                break;
            }
            let matches = grep.matches(line.as_bytes());
            grep.take::<()>(number, matches, |line, matches| {
                given.push((line, matches));
                Ok(())
            })
            .unwrap();
        }
        given
    }

    #[test]
    fn expressions_that_are_none_are_refused_in_one_line() {
        let error = Grep::<()>::new(&request("(", 0, 0))
            .unwrap_err()
            .to_string();
        assert!(
            !error.contains('\n') && error.contains("unclosed"),
            "{error}"
        );
        assert!(Grep::<()>::new(&request("x{1000}{1000}", 0, 0)).is_err());
        assert!(Grep::<()>::new(&request("x", MOST_CONTEXT + 1, 0)).is_err());
    }

    #[test]
    fn case_and_sense_can_be_turned() {
        let lines = ["ab", "AB", "c"];
        let mut asked = request("b", 0, 0);
        assert_eq!(chosen(&asked, &lines), [(0, true)]);
        asked.ignore_case = true;
        assert_eq!(chosen(&asked, &lines), [(0, true), (1, true)]);
        asked.invert = true;
        assert_eq!(chosen(&asked, &lines), [(2, true)]);
        asked = request("", 0, 1);
        asked.max_matches = Some(1);
        assert_eq!(chosen(&asked, &lines), [(0, true), (1, false)]);
        asked.max_matches = Some(0);
        assert_eq!(chosen(&asked, &lines), []);
    }

    proptest! {
        #[test]
        fn context_is_what_lies_near(
            marks in proptest::collection::vec(any::<bool>(), 0..60),
            before in 0usize..6,
            after in 0usize..6,
            most in proptest::option::of(0u64..8),
        ) {
            let lines: Vec<_> = marks.iter().map(|mark| if *mark { "x" } else { "." }).collect();
            let mut asked = request("x", before, after);
            asked.max_matches = most;
            let most = most.map_or(usize::MAX, |most| most as usize);
            let matches: Vec<_> = (0..marks.len()).filter(|at| marks[*at]).take(most).collect();
            let near = |at: usize| {
                matches.iter().any(|hit| at + before >= *hit && at <= hit + after)
            };
            let expected: Vec<_> =
                (0..marks.len()).filter(|at| near(*at)).map(|at| (at, matches.contains(&at))).collect();
            prop_assert_eq!(chosen(&asked, &lines), expected);
        }
    }
}
