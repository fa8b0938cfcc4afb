//! All targets, for a bounded time: their corpus, and what comes of it by chance.
//!
//! `FOSTER_FUZZ_SECONDS` is the time for each of them (0.3), `FOSTER_FUZZ_SEED` another beginning of the
//! chances (0): the same inputs come in the same order otherwise, so that what failed in CI fails here.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and tells how much it tried"
)]

mod mutation;
mod quiet;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use foster_fuzz::{TARGETS, Target};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

/// How many inputs are tried between two looks at the clock.
const BATCH: u32 = 32;

fn number(variable: &str, default: f64) -> f64 {
    let Ok(text) = std::env::var(variable) else {
        return default;
    };
    text.parse()
        .unwrap_or_else(|_| panic!("{variable}={text:?} is not a number"))
}

fn corpus(target: Target) -> Vec<Vec<u8>> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = manifest.join("../../fuzz/corpus").join(target.name);
    let entries = fs::read_dir(&folder).expect("each target has a corpus");
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let seeds = paths
        .iter()
        .map(|path| fs::read(path).expect("it can be read"));
    seeds.collect()
}

/// Runs a target's corpus, and changed inputs until the time is over.
fn drive(target: Target) {
    let corpus = corpus(target);
    assert!(!corpus.is_empty(), "{}: an empty corpus", target.name);
    for input in &corpus {
        (target.check)(input);
    }
    let seed = number("FOSTER_FUZZ_SEED", 0.0) as u64;
    let rng = TestRng::from_seed(
        RngAlgorithm::ChaCha,
        &[&seed.to_le_bytes()[..], &[0; 24]].concat(),
    );
    let config = Config {
        cases: BATCH,
        failure_persistence: None,
        max_shrink_iters: 5000,
        ..Config::default()
    };
    let mut source = TestRunner::new_with_rng(config.clone(), rng);
    let inputs = mutation::inputs(corpus);
    let time = Duration::from_secs_f64(number("FOSTER_FUZZ_SECONDS", 0.3));
    let (begun, mut tried) = (Instant::now(), 0);
    while begun.elapsed() < time {
        // A runner counts what it has tried in all its runs together.
        let mut runner = TestRunner::new_with_rng(config.clone(), source.new_rng());
        let outcome = runner.run(&inputs, |input| {
            quiet::catch(|| (target.check)(&input.0)).map_err(TestCaseError::fail)
        });
        outcome.unwrap_or_else(|failure| panic!("{}: {failure}", target.name));
        tried += BATCH;
    }
    println!("{}: {tried} inputs", target.name);
}

macro_rules! targets {
    ($($name:ident)*) => {
        $(#[test] fn $name() { drive(foster_fuzz::target(stringify!($name))); })*

        #[test]
        fn none_is_left_out() {
            let tested = [$(stringify!($name)),*];
            assert_eq!(TARGETS.map(|target| target.name), tested);
        }
    };
}

targets! {
    config control definition digest dotenv ids index journal kept limits line_parser redaction state
    tags timeline
}
