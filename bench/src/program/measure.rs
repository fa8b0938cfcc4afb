//! Rounds in which all contestants of a row do the same work one after another, and what comes of them.

use crate::Error;
use crate::results::Measured;

type Run<'a> = Box<dyn FnMut() -> Result<Vec<f64>, Error> + 'a>;

/// One way to do the work of a row. A run returns one figure for each of the row's measures.
pub struct Contestant<'a> {
    pub name: String,
    /// In how many of the rounds it takes part; a slow peer need not be measured as often.
    rounds: usize,
    run: Run<'a>,
    figures: Vec<Vec<f64>>,
}

impl<'a> Contestant<'a> {
    pub fn new(name: impl Into<String>, run: impl FnMut() -> Result<Vec<f64>, Error> + 'a) -> Self {
        Self {
            name: name.into(),
            rounds: usize::MAX,
            run: Box::new(run),
            figures: Vec::new(),
        }
    }

    /// Takes part in so many rounds at most.
    pub fn at_most(mut self, rounds: usize) -> Self {
        self.rounds = rounds;
        self
    }

    /// Returns what its runs gave for the measure of this place.
    fn measured(&self, measure: usize) -> Measured {
        let figures = self.figures.iter().filter_map(|run| run.get(measure));
        Measured::new(&self.name, figures.copied())
    }
}

/// Runs all rounds and returns, for each measure, what each contestant reached.
///
/// The order turns by one each round, so that nobody is always the first. With `warm`, a first round is not
/// counted: it fills the caches.
pub fn rounds(
    mut contestants: Vec<Contestant<'_>>,
    measures: usize,
    rounds: usize,
    warm: bool,
) -> Result<Vec<Vec<Measured>>, Error> {
    let count = contestants.len();
    let skipped = usize::from(warm);
    for round in 0..rounds + skipped {
        for turn in 0..count {
            let contestant = &mut contestants[(turn + round) % count];
            if contestant.figures.len() >= contestant.rounds {
                continue;
            }
            let figures =
                (contestant.run)().map_err(|error| format!("{}: {error}", contestant.name))?;
            if round >= skipped {
                contestant.figures.push(figures);
            }
        }
    }
    Ok((0..measures)
        .map(|measure| {
            contestants
                .iter()
                .map(|one| one.measured(measure))
                .collect()
        })
        .collect())
}
