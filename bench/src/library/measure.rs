//! Rounds in which all contestants of a row run one after another, and what comes of them.
//!
//! A ratio is made of two runs of the same round, so that what disturbs the machine for longer than a
//! round disturbs both. The order turns by one each round: nobody is always the first.

use std::time::{Duration, Instant};

pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// What one run took.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    pub wall: Duration,
    /// Processor time of this process, its threads included and its children not.
    pub cpu: Duration,
}

/// Measures from its making on.
pub struct Clock {
    wall: Instant,
    cpu: Duration,
}

impl Clock {
    pub fn start() -> Self {
        Self {
            wall: Instant::now(),
            cpu: cpu_time(),
        }
    }

    pub fn stop(&self) -> Cost {
        Cost {
            wall: self.wall.elapsed(),
            cpu: cpu_time().saturating_sub(self.cpu),
        }
    }
}

fn cpu_time() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    now.try_into().unwrap_or_default()
}

/// What a contestant is measured against, and what it should reach.
#[derive(Debug, Clone, Copy)]
pub struct Reference {
    pub name: &'static str,
    /// The least ratio that was aimed at, if any was.
    pub goal: Option<f64>,
}

type Run = Box<dyn FnMut() -> Result<Cost, Error>>;

/// One way to do the work of a row.
pub struct Contestant {
    pub name: &'static str,
    pub against: Vec<Reference>,
    run: Run,
    costs: Vec<Cost>,
}

impl Contestant {
    /// Returns one that is measured as a whole.
    pub fn new(name: &'static str, mut work: impl FnMut() -> Result<(), Error> + 'static) -> Self {
        Self::measured(name, move || {
            let clock = Clock::start();
            work()?;
            Ok(clock.stop())
        })
    }

    /// Returns one that measures itself.
    pub fn measured(
        name: &'static str,
        run: impl FnMut() -> Result<Cost, Error> + 'static,
    ) -> Self {
        Self {
            name,
            against: Vec::new(),
            run: Box::new(run),
            costs: Vec::new(),
        }
    }

    pub fn against(mut self, name: &'static str) -> Self {
        self.against.push(Reference { name, goal: None });
        self
    }

    pub fn goal(mut self, name: &'static str, least: f64) -> Self {
        let goal = Some(least);
        self.against.push(Reference { name, goal });
        self
    }

    /// Returns the median of what its runs took.
    pub fn median_wall(&self) -> f64 {
        median(self.costs.iter().map(|cost| cost.wall.as_secs_f64()))
    }

    /// Returns the median of the processor time of its runs.
    pub fn median_cpu(&self) -> f64 {
        median(self.costs.iter().map(|cost| cost.cpu.as_secs_f64()))
    }
}

/// The same work, done in several ways.
pub struct Row {
    pub title: String,
    /// How much work one run does, and of what.
    pub amount: f64,
    pub unit: &'static str,
    pub contestants: Vec<Contestant>,
    /// How much memory this process holds, and has touched, while the row is measured. In bytes.
    pub ballast: usize,
}

/// The speed of one contestant as a multiple of its reference's, round by round.
#[derive(Debug, Clone, Copy)]
pub struct Ratio {
    pub median: f64,
    pub min: f64,
    pub max: f64,
    /// The same of the processor time of this process.
    pub cpu: f64,
}

impl Row {
    /// Runs all rounds. The first one of all is not counted: it fills the caches.
    pub fn measure(&mut self, rounds: usize) -> Result<(), Error> {
        let count = self.contestants.len();
        let ballast = std::hint::black_box(vec![1_u8; self.ballast]);
        for round in 0..=rounds {
            for turn in 0..count {
                let contestant = &mut self.contestants[(turn + round) % count];
                let failed = |error| format!("{}: {error}", contestant.name);
                let cost = (contestant.run)().map_err(failed)?;
                if round > 0 {
                    contestant.costs.push(cost);
                }
            }
        }
        drop(ballast);
        Ok(())
    }

    /// Returns how fast `contestant` was beside the one of this name; `None` if there is none.
    pub fn ratio(&self, contestant: &Contestant, name: &str) -> Option<Ratio> {
        let reference = self.contestants.iter().find(|other| other.name == name)?;
        let pairs = || reference.costs.iter().zip(&contestant.costs);
        let walls = || pairs().map(|(theirs, own)| quotient(theirs.wall, own.wall));
        Some(Ratio {
            median: median(walls()),
            min: walls().fold(f64::INFINITY, f64::min),
            max: walls().fold(0.0, f64::max),
            cpu: median(pairs().map(|(theirs, own)| quotient(theirs.cpu, own.cpu))),
        })
    }
}

fn quotient(theirs: Duration, own: Duration) -> f64 {
    theirs.as_secs_f64() / own.as_secs_f64()
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}
