use std::time::Instant;

use fastrand::Rng;
use foster_testkit::Sandbox;

use crate::bystanders::Bystanders;
use crate::ledger::{Ledger, Round};

/// Asks every verb about everything, while others are made, ended and removed.
pub fn ask_until(
    end: Instant,
    sandbox: &Sandbox,
    ledger: &Ledger,
    bystanders: &Bystanders,
    mut rng: Rng,
) {
    while Instant::now() < end {
        ledger.scenario("verbs asked while jobs come and go", |round| {
            ask(sandbox, bystanders, round, &mut rng);
        });
    }
}

fn ask(sandbox: &Sandbox, bystanders: &Bystanders, round: &mut Round, rng: &mut Rng) {
    match rng.u8(0..9) {
        0 => drop(sandbox.ok(["list", "--all", "--limit", "none"])),
        1 => drop(sandbox.ok(["list", "--all", "--tag", "soak", "--state", "running"])),
        2 => drop(sandbox.ok(["recover"])),
        3 => drop(sandbox.ok(["gc", "--max-jobs", "150"])),
        4 => drop(sandbox.ok(["doctor"])),
        5 => page(sandbox, round),
        6 => bystanders.send(sandbox),
        _ => about_one(sandbox, round, rng),
    }
}

/// Page by page, no job comes twice.
fn page(sandbox: &Sandbox, round: &mut Round) {
    let (mut seen, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let mut args = vec!["list", "--all", "--limit", "7"];
        args.extend(
            cursor
                .iter()
                .flat_map(|cursor| ["--cursor", cursor.as_str()]),
        );
        let page = sandbox.ok(args);
        let jobs = page["jobs"].as_array().cloned().unwrap_or_default();
        seen.extend(jobs.iter().map(|job| job["job_id"].to_string()));
        match page["next"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => break,
        }
    }
    round.lost_unless(seen.is_sorted_by(|a, b| a > b), || {
        format!("out of order: {seen:?}")
    });
}

/// What is asked of a job that may go at any moment is answered, or there is no such job.
fn about_one(sandbox: &Sandbox, round: &mut Round, rng: &mut Rng) {
    let ids = sandbox.job_ids();
    let Some(id) = rng.choice(&ids) else {
        return;
    };
    let questions = [
        vec!["status", id],
        vec!["tail", id, "--max-bytes", "1KiB"],
        vec!["tail", id, "--digest"],
        vec!["wait", id, "--timeout", "10ms"],
        vec!["notify", "show", id],
    ];
    let question = &questions[rng.usize(..questions.len())];
    let value = sandbox.json(question).value;
    let well = value["ok"] == true
        || match value["error"]["code"].as_str() {
            Some("job_not_found") => true,
            // Its launcher was killed before it could start it.
            Some("invalid_state") => question[0] == "wait" && was_never_started(sandbox, id),
            _ => false,
        };
    round.lost_unless(well, || format!("{question:?}: {value:#}"));
}

fn was_never_started(sandbox: &Sandbox, id: &str) -> bool {
    let status = sandbox.json(["status", id]).value;
    status["state"] == "created" || status["error"]["code"] == "job_not_found"
}
