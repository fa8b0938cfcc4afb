use std::fs;

use foster_testkit::{Sandbox, Tally, Watched};
use serde_json::{Value, json};

use crate::tree::{SOON, Tree};
use crate::way::Way;

/// Holds what became of a tree, and what was answered, against what was promised.
pub fn judge(sandbox: &Sandbox, tree: &Tree, way: Way, answer: &Value, tally: &mut Tally) {
    let title = tree.title();
    let tell = |what: &str| format!("{title}: {what}: {}", answer["report"]);
    let left: Vec<_> = tree.members.iter().filter(|m| m.is_alive()).collect();
    if is_out_of_reach(tree, way) {
        // So docs/platforms.md says, and the answer does not say otherwise.
        tally.lost_unless(!left.is_empty(), || tell("the limit is none any more"));
        for member in left {
            end(member);
        }
    } else {
        tally.escaped_unless(left.is_empty(), || tell(&format!("{left:?} live")));
    }
    if let Some(harm) = tree.bystander.harm() {
        tally.stranger_hit(tell(&harm));
    }
    judge_answer(sandbox, tree, way, answer, tally);
    // And those that have taken the place of one that was killed.
    let own = [tree.keeper, tree.supervisor].into_iter();
    for own in own.chain(sandbox.left_over()) {
        tally.escaped_unless(own.wait_gone(SOON), || tell("one of Foster's own stays"));
    }
    // Whom nobody looks after, nobody of Foster's can reap.
    let zombies = tree.members.iter().filter(|m| m.state().is_some());
    let zombies: Vec<_> = zombies.filter(|_| !way.is_unsupervised()).collect();
    tally.escaped_unless(zombies.is_empty(), || {
        tell(&format!("{zombies:?} are zombies"))
    });
    let bearers = bearers(&tree.id);
    tally.escaped_unless(bearers.is_empty(), || tell(&format!("{bearers:?} live")));
    let kept = tree.leaf.as_ref().filter(|leaf| leaf.exists());
    tally.escaped_unless(kept.is_none(), || tell("its control group is there still"));
}

/// Whether some of it can't be found: they bear no mark that can be seen, and neither a supervisor nor a
/// control group has them.
fn is_out_of_reach(tree: &Tree, way: Way) -> bool {
    way.is_unsupervised() && tree.kind == "hidden" && tree.place.level == "subreaper"
}

fn end(member: &Watched) {
    assert!(member.kill() && member.wait_gone(SOON), "{member:?}");
}

/// Who bears the job's name in his environment.
fn bearers(id: &str) -> Vec<Watched> {
    let mark = format!("FOSTER_JOB={id}/");
    let names = fs::read_dir("/proc").unwrap().flatten();
    let pids = names.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let all = pids.filter_map(Watched::from_pid);
    all.filter(|process| process.has_variable(|entry| entry.starts_with(mark.as_bytes())))
        .collect()
}

fn judge_answer(sandbox: &Sandbox, tree: &Tree, way: Way, answer: &Value, tally: &mut Tally) {
    let title = tree.title();
    if way == Way::Delete {
        let (code, _) = sandbox.err(["status", &tree.id]);
        tally.lost_unless(code == "job_not_found", || format!("{title}: {code}"));
        return;
    }
    let status = sandbox.ok(["status", &tree.id]);
    // Where nobody looked after it, marks prove nothing.
    let is_proved = !way.is_unsupervised() || tree.leaf.is_some();
    let empty = if is_proved { json!(true) } else { Value::Null };
    let told = &status["tree_empty"];
    tally.lost_unless(told == &empty, || {
        format!("{title}: empty is {told}, not {empty}")
    });
    let report = &answer["report"];
    let is_right = report["empty"] == empty && report["survivors"] == json!([]);
    tally.lost_unless(report.is_null() || is_right, || {
        format!("{title}: {report}")
    });
}
