//! Every two verbs at once, in every state of a job.

use std::time::{Duration, Instant};

use foster_testkit::{Tally, race_time, random};

use crate::setting::{Job, Stage, sandbox};
use crate::truth::Race;
use crate::verbs::Verb;

/// So many pairs there are: each verb with each, itself too.
const PAIRS: usize = Verb::ALL.len() * (Verb::ALL.len() + 1) / 2;

/// Returns all pairs, each time in another order and each with the first or the second to go first.
fn pairs() -> Vec<[Verb; 2]> {
    let mut pairs = Vec::with_capacity(PAIRS);
    for (place, one) in Verb::ALL.into_iter().enumerate() {
        for other in &Verb::ALL[place..] {
            let pair = [[one, *other], [*other, one]];
            pairs.insert(
                random(pairs.len() as u64 + 1) as usize,
                pair[random(2) as usize],
            );
        }
    }
    pairs
}

/// Returns how far apart the two are at most: mostly little, sometimes as long as a launch takes.
fn offset() -> Duration {
    Duration::from_micros(1 << random(16))
}

/// Whether there is anything that the two could race for.
fn worth_it(stage: Stage, [one, other]: [Verb; 2]) -> bool {
    let runs = matches!(stage, Stage::RunningShort | Stage::RunningLong);
    let guardians = one.kills_a_guardian() || other.kills_a_guardian();
    !guardians || runs || one.begins_a_run() || other.begins_a_run()
}

fn walk(stage: Stage, scenario: &str) {
    let mut tally = Tally::new(scenario);
    let sandbox = sandbox();
    let end = Instant::now() + 2 * race_time();
    for pair in pairs()
        .into_iter()
        .cycle()
        .filter(|pair| worth_it(stage, *pair))
    {
        let job = Job::in_stage(&sandbox, stage);
        Race::run(job, stage, &pair, offset()).judge(&mut tally);
        if Instant::now() >= end {
            break;
        }
    }
}

#[test]
fn two_at_once_with_a_job_that_is_defined() {
    walk(Stage::Created, "two verbs at once, the job defined");
}

#[test]
fn two_at_once_with_a_job_that_is_about_to_end() {
    walk(
        Stage::RunningShort,
        "two verbs at once, the job ends just then",
    );
}

#[test]
fn two_at_once_with_a_job_that_runs() {
    walk(Stage::RunningLong, "two verbs at once, the job runs on");
}

#[test]
fn two_at_once_with_a_job_that_is_over() {
    walk(Stage::Finished, "two verbs at once, the job is over");
}
