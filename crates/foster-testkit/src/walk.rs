use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::{Action, Passing, Point, Stage, Tally, race_time, say_aloud};

/// Something that Foster is asked to do, and what has to be true of it whatever happens meanwhile.
pub trait Scenario {
    /// Returns what is done, in a few words.
    fn name(&self) -> &'static str;

    /// Returns whether it is killed at each point also where there is little time. Otherwise a third of them will do,
    /// and is another one each time.
    fn is_walked_whole(&self) -> bool {
        false
    }

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
    let name = scenario.name();
    let most = u32::try_from(race_time().as_secs()).map_or(2, |seconds| seconds.clamp(1, 2));
    let mut tally = Tally::new(format!("{name}: {}", action.at_each_point()));
    let mut points = points_of(foster, scenario, most, &mut tally);
    points.retain(chosen);
    let points = share(points, scenario.is_walked_whole() && action == Action::Kill);
    let mut worst: Option<(Duration, Point)> = None;
    for point in points {
        let mut stage = Stage::new(foster, Some((point.clone(), action)));
        play(scenario, &mut stage, &mut tally);
        if stage.faults.made().is_none() {
            // It was not passed so often this time.
            continue;
        }
        tally.run();
        let gap = stage.gap().map(|gap| (gap, point));
        worst = worst.max(gap);
    }
    if let Some((gap, point)) = worst {
        let known = format!("supervised again after {gap:?} at the most, at {point}");
        say_aloud(&format!("{name}: {known}"));
        tally.lost_unless(gap < LONGEST_GAP, || known);
    }
}

/// How long one goes on looking for a race where each point is walked.
const TIME_FOR_ALL: Duration = Duration::from_secs(5);

/// How long a job may be without a supervisor before a walk fails. Machines are noisy: the longest time met is
/// printed, and is a few milliseconds on one that is not.
const LONGEST_GAP: Duration = Duration::from_secs(2);

/// How many walks were begun in this process.
static WALKS: AtomicUsize = AtomicUsize::new(0);

/// Leaves out two of three points, others each time, where there is no time for all: at a desk.
fn share(points: Vec<Point>, walked_whole: bool) -> Vec<Point> {
    if walked_whole || race_time() >= TIME_FOR_ALL {
        return points;
    }
    let begin = std::process::id() as usize + WALKS.fetch_add(1, Ordering::Relaxed);
    let kept = points.into_iter().enumerate();
    kept.filter(|(at, _)| (at + begin).is_multiple_of(3))
        .map(|(_, point)| point)
        .collect()
}

fn points_of<S: Scenario>(foster: &Path, scenario: &S, most: u32, tally: &mut Tally) -> Vec<Point> {
    let mut stage = Stage::new(foster, None);
    play(scenario, &mut stage, tally);
    let points = Passing::points(&stage.faults.passed(), most);
    assert!(!points.is_empty(), "{} has no points", scenario.name());
    points
}

fn play<S: Scenario>(scenario: &S, stage: &mut Stage, tally: &mut Tally) {
    scenario.prepare(stage);
    stage.begin();
    let heard = scenario.play(stage);
    scenario.judge(stage, &heard, tally);
}
