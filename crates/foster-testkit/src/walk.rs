use std::path::Path;
use std::time::Duration;

use crate::{Action, Passing, Point, Stage, Tally, race_time, say_aloud};

/// Something that Foster is asked to do, and what has to be true of it whatever happens meanwhile.
pub trait Scenario {
    /// What is done, in a few words.
    const NAME: &'static str;

    /// Makes what has to be there before.
    fn prepare(&self, _stage: &Stage) {}

    /// Does it.
    fn play(&self, stage: &Stage) -> Vec<crate::Heard>;

    /// Looks at what came of it, and counts what is wrong.
    fn judge(&self, stage: &Stage, heard: &[crate::Heard], tally: &mut Tally);
}

/// Plays a scenario once undisturbed, which tells what points there are, and then once for each point that is
/// `chosen`, with `action` taken there. The more time there is for races, the more occurrences of a point.
///
/// # Panics
///
/// If the undisturbed scenario is not as it should be, or a walk meets no point.
pub fn walk<S: Scenario>(
    foster: &Path,
    scenario: &S,
    action: Action,
    chosen: impl Fn(&Point) -> bool,
) {
    let most = u32::try_from(race_time().as_secs()).map_or(3, |seconds| seconds.clamp(1, 3));
    let mut tally = Tally::new(format!("{}: {}", S::NAME, action.at_each_point()));
    let mut points = points_of(foster, scenario, most, &mut tally);
    points.retain(chosen);
    let mut worst: Option<(Duration, Point)> = None;
    let mut walked = Vec::new();
    for point in points {
        let mut stage = Stage::new(foster, Some((point.clone(), action)));
        play(scenario, &mut stage, &mut tally);
        if stage.faults.made().is_none() {
            // It was not passed so often this time.
            continue;
        }
        tally.run();
        walked.push(point.to_string());
        if let Some(gap) = stage
            .gap()
            .filter(|gap| worst.as_ref().is_none_or(|(most, _)| gap > most))
        {
            worst = Some((gap, point));
        }
    }
    say_aloud(&format!(
        "{} walked {}: {}",
        S::NAME,
        action.word(),
        walked.join(" ")
    ));
    if let Some((gap, point)) = worst {
        let known = format!("supervised again after {gap:?} at the most, at {point}");
        say_aloud(&format!("{}: {known}", S::NAME));
        tally.lost_unless(gap < LONGEST_GAP, || known);
    }
}

/// How long a job may be without a supervisor before a walk fails. Machines are noisy: the longest time met is
/// printed, and is a few milliseconds on one that is not.
const LONGEST_GAP: Duration = Duration::from_secs(2);

fn points_of<S: Scenario>(foster: &Path, scenario: &S, most: u32, tally: &mut Tally) -> Vec<Point> {
    let mut stage = Stage::new(foster, None);
    play(scenario, &mut stage, tally);
    let points = Passing::points(&stage.faults.passed(), most);
    assert!(!points.is_empty(), "{} has no points", S::NAME);
    points
}

fn play<S: Scenario>(scenario: &S, stage: &mut Stage, tally: &mut Tally) {
    scenario.prepare(stage);
    stage.begin();
    let heard = scenario.play(stage);
    scenario.judge(stage, &heard, tally);
}
