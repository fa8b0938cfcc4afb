//! Random jobs, random verbs and random faults, for as long as is asked for: `soak [DURATION] [--seed N]`
//! (an hour by default). `scripts/soak` builds what it needs.
//!
//! Several workers lead jobs through their lives in one root; each life has one fault, or none, and what
//! came of it is compared with what must have come of it. One more asks every verb about all of them, one
//! fills a disk of a few MiB again and again. In the end nothing may be there that was not there before.
//! What goes wrong is said at once, counted by `foster_testkit::Tally`, and makes the exit status 1.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "what it does not expect ends a round, and the round tells of it"
)]

mod bystanders;
mod fault;
mod full_disk;
mod ledger;
mod life;
mod questions;
mod started_job;
mod traces;
mod work;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use fastrand::Rng;
use foster_testkit::Sandbox;

use bystanders::Bystanders;
use ledger::Ledger;
use traces::Traces;

/// How many lives are led at the same time.
const WORKERS: u64 = 4;

struct Wish {
    time: Duration,
    seed: u64,
}

fn wish() -> Result<Wish, String> {
    let mut args = std::env::args().skip(1);
    let mut wish = Wish {
        time: Duration::from_hours(1),
        seed: fastrand::u64(..),
    };
    while let Some(arg) = args.next() {
        if arg == "--seed" {
            let seed = args.next().and_then(|text| text.parse().ok());
            wish.seed = seed.ok_or("--seed needs a number")?;
        } else {
            wish.time =
                humantime::parse_duration(&arg).map_err(|error| format!("{arg}: {error}"))?;
        }
    }
    Ok(wish)
}

fn main() -> ExitCode {
    match wish() {
        Ok(wish) => soak(&wish),
        Err(message) => {
            eprintln!("soak: {message}\nusage: soak [DURATION] [--seed N]");
            ExitCode::from(2)
        }
    }
}

fn soak(wish: &Wish) -> ExitCode {
    eprintln!("soak: {:?}, --seed {}", wish.time, wish.seed);
    let before = Traces::own();
    let ledger = Ledger::default();
    let sandbox = Sandbox::new(foster());
    let bystanders = Bystanders::start(&sandbox);
    let end = Instant::now() + wish.time;
    std::thread::scope(|scope| {
        for worker in 0..WORKERS {
            let rng = Rng::with_seed(wish.seed.wrapping_add(worker));
            let (sandbox, ledger) = (&sandbox, &ledger);
            scope.spawn(move || life::lead_until(end, sandbox, ledger, worker, rng));
        }
        let rng = Rng::with_seed(wish.seed.wrapping_sub(1));
        scope.spawn(|| questions::ask_until(end, &sandbox, &ledger, &bystanders, rng));
        let rng = Rng::with_seed(wish.seed.wrapping_sub(2));
        scope.spawn(|| full_disk::fill_until(end, &ledger, rng));
    });
    ledger.scenario("a job that runs through all of it", |tally| {
        bystanders.end(&sandbox, tally);
    });
    ledger.scenario("all that is left in the end", |tally| {
        traces::find_left(&sandbox, tally);
    });
    drop(sandbox);
    ledger.scenario("the soak's own descriptors and children", |tally| {
        before.compare(&Traces::own(), tally);
    });
    ExitCode::from(u8::from(!ledger.close()))
}

/// The program lies beside this one: `scripts/soak` builds both.
fn foster() -> PathBuf {
    let own = std::env::current_exe().expect("a program knows its own path");
    own.with_file_name("foster")
}
