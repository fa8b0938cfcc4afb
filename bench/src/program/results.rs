//! What was measured, kept in a file, so that one row can be measured again without the others.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::Error;

/// All rows that were ever measured, by the name of what was measured.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Results {
    pub machine: Vec<String>,
    /// What could not be had, and why.
    pub missing: Vec<String>,
    pub rows: BTreeMap<String, Row>,
    pub plots: BTreeMap<String, Plot>,
}

/// One work, done by several.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Row {
    /// Where it stands in the table.
    pub place: usize,
    pub work: String,
    pub unit: String,
    pub reference: String,
    pub goal: Option<Goal>,
    /// When, and how busy the machine was.
    pub measured: String,
    pub contestants: Vec<Measured>,
}

/// What Foster should reach.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Goal {
    pub who: String,
    pub limit: Limit,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub enum Limit {
    /// At most so many times the reference's figure.
    Times(f64),
    /// At least so many times the reference's speed, where the figures are speeds.
    Speed(f64),
    /// At most so much.
    AtMost(f64),
    /// At most so much in all but one of a hundred.
    Percentile99(f64),
}

/// The figures of one contestant, summed up.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Measured {
    pub who: String,
    pub count: usize,
    pub median: f64,
    pub min: f64,
    pub max: f64,
    pub percentile_99: f64,
}

impl Measured {
    pub fn new(who: &str, figures: impl Iterator<Item = f64>) -> Self {
        let mut figures: Vec<f64> = figures.collect();
        figures.sort_by(f64::total_cmp);
        let at = |part: f64| {
            let place = (part * figures.len().saturating_sub(1) as f64).round() as usize;
            figures.get(place).copied().unwrap_or(f64::NAN)
        };
        Self {
            who: who.to_owned(),
            count: figures.len(),
            median: at(0.5),
            min: at(0.0),
            max: at(1.0),
            percentile_99: at(0.99),
        }
    }
}

/// Cost against work, one line for each contestant.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Plot {
    pub title: String,
    pub across: String,
    pub up: String,
    pub lines: Vec<Line>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Line {
    pub who: String,
    pub points: Vec<(f64, f64)>,
}

impl Plot {
    /// Adds a point; a line begins with its first.
    pub fn add(&mut self, who: &str, across: f64, up: f64) {
        let place = self.lines.iter().position(|line| line.who == who);
        let place = place.unwrap_or_else(|| {
            let who = who.to_owned();
            let points = Vec::new();
            self.lines.push(Line { who, points });
            self.lines.len() - 1
        });
        self.lines[place].points.push((across, up));
    }
}

impl Row {
    pub fn of(&self, who: &str) -> Option<&Measured> {
        self.contestants.iter().find(|one| one.who == who)
    }

    /// Returns whether the goal was reached; `None` if there is none, or nothing to judge by.
    pub fn reached(&self) -> Option<bool> {
        let goal = self.goal.as_ref()?;
        let own = self.of(&goal.who)?;
        let reference = self.of(&self.reference).map(|one| one.median);
        Some(match goal.limit {
            Limit::Times(most) => own.median <= most * reference?,
            Limit::Speed(least) => own.median >= least * reference?,
            Limit::AtMost(most) => own.median <= most,
            Limit::Percentile99(most) => own.percentile_99 <= most,
        })
    }
}

impl Results {
    /// Reads what a former run has left; nothing is there before the first.
    pub fn load(path: &Path) -> Result<Self, Error> {
        match std::fs::read(path) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes)?),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error.into()),
        }
    }

    pub fn save(&self, path: &Path) -> Result<(), Error> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        Ok(std::fs::write(path, text)?)
    }
}
