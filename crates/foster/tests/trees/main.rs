//! Each kind of tree that is hard to end, ended in each way: nobody of it is left, the answer says so
//! and says no more than it knows, and a bystander of the same program, name and user got no signal.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "this is a test")]

mod place;
mod tree;
mod verdict;
mod way;

use std::sync::Mutex;
use std::thread;

use foster_testkit::Tally;

use place::{Place, levels};
use tree::{KINDS, Tree};
use verdict::judge;
use way::Way;

/// Grows each kind of tree at each level, all kinds side by side, and ends it so. Whose it is takes turns:
/// a kind that one way ends for root the next way ends for an ordinary user.
fn all_end(way: Way) {
    let title = format!("a tree that is hard to end: {}", way.title());
    let tally = Mutex::new(Tally::new(title));
    for (turn, level) in levels().into_iter().enumerate() {
        thread::scope(|scope| {
            for (number, kind) in KINDS.into_iter().enumerate() {
                let is_ordinary = (way as usize + turn + number) % 2 == 1;
                let place = Place::of(level, kind, is_ordinary);
                let tally = &tally;
                scope.spawn(move || one_ends(kind, way, place, tally));
            }
        });
    }
}

fn one_ends(kind: &'static str, way: Way, place: Place, tally: &Mutex<Tally>) {
    let sandbox = place.sandbox();
    let tree = Tree::grow(&sandbox, kind, way, place);
    let answer = way.end(&sandbox, &tree);
    let mut tally = tally.lock().unwrap();
    tally.run();
    judge(&sandbox, &tree, way, &answer, &mut tally);
}

#[test]
fn all_end_by_kill() {
    all_end(Way::Kill);
}

#[test]
fn all_end_by_kill_without_grace() {
    all_end(Way::KillAtOnce);
}

#[test]
fn all_end_by_a_single_signal() {
    all_end(Way::Signal);
}

#[test]
fn all_end_by_a_timeout() {
    all_end(Way::Timeout);
}

#[test]
fn all_end_when_they_are_idle() {
    all_end(Way::Idle);
}

#[test]
fn all_end_after_their_leader() {
    all_end(Way::LeaderFirst);
}

#[test]
fn all_end_by_deletion() {
    all_end(Way::Delete);
}

#[test]
fn all_end_by_kill_as_their_supervisor_dies() {
    all_end(Way::SupervisorFirst);
}

#[test]
fn all_end_by_kill_as_their_keeper_dies() {
    all_end(Way::KeeperFirst);
}

#[test]
fn all_end_by_kill_when_supervisor_and_keeper_are_dead() {
    all_end(Way::BothFirst);
}

#[test]
fn all_end_when_supervisor_and_keeper_are_dead_and_the_job_was_recovered() {
    all_end(Way::Recovered);
}
