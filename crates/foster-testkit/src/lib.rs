//! What Foster's own tests are made of: child programs with one bad habit each (`src/bin/`), and a
//! harness that runs `foster` in a root of its own and leaves nothing behind.
//!
//! ```no_run
//! use foster_testkit::{Sandbox, habit};
//!
//! # let foster = std::path::Path::new("foster");
//! let sandbox = Sandbox::new(foster);
//! let program = habit("exit");
//! let answer = sandbox.ok(["run", "--", program.to_str().unwrap(), "3"]);
//! assert_eq!(answer["exit_code"], 3);
//! ```
//!
//! It keeps the promises that it tests: waiting is done by pidfd, `poll` and inotify, never by
//! sleeping and looking again, and no signal goes to a bare number. Linux only, so far.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a harness fails by panicking with what it saw"
)]

mod answer;
mod belongings;
mod bystander;
mod chance;
mod contract;
mod copies;
mod delegated;
mod faults;
mod files;
mod finish;
mod flood;
mod gate;
pub mod parts;
mod reads;
mod sandbox;
mod small_disk;
mod stage;
mod started;
mod stored;
mod tally;
mod template;
mod user;
mod walk;
mod wall_clock;
mod watched;

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

pub use answer::Answer;
pub use bystander::{Bystander, harm_of};
pub use chance::{random, random_moment};
pub use copies::Copies;
pub use faults::{Faults, Passing, Point};
pub use files::{read_pid_file, wait_for_file, wait_for_pid_file, wait_on_dir};
pub use finish::{Finished, finish, try_finish};
pub use flood::{Stream, fill_flood, flood, flood_line};
pub use gate::Gate;
pub use reads::Reads;
pub use sandbox::Sandbox;
pub use small_disk::{Left, SmallDisk, in_own_mounts};
pub use stage::{Action, Heard, Stage};
pub use started::Started;
pub use stored::{RARE_LABEL, fill_store};
pub use tally::Tally;
pub use user::{ORDINARY_USER, as_ordinary_user, give_to_ordinary_user, is_root};
pub use walk::{Scenario, walk};
pub use wall_clock::WallClock;
pub use watched::{Watched, kill_at_once};

/// How long a single call of `foster` may take before the test fails.
pub const DEADLINE: Duration = Duration::from_mins(1);

/// Returns the path of the built program `habit-NAME`; `name` may be given with or without the
/// prefix.
///
/// # Panics
///
/// If it was not built: Cargo builds the programs of this package only when asked to.
pub fn habit(name: &str) -> PathBuf {
    let name = name.strip_prefix("habit-").unwrap_or(name);
    let exe = std::env::current_exe().expect("a test knows its own path");
    let mut folder = exe.parent().expect("a program lies in a folder");
    if folder.file_name().is_some_and(|name| name == "deps") {
        folder = folder.parent().expect("`deps` lies in a folder");
    }
    let path = folder.join(format!("habit-{name}"));
    assert!(
        path.is_file(),
        "{} is missing: build it first, with the same profile and target, by\n    \
         cargo build -p foster-testkit --bins",
        path.display()
    );
    path
}

/// Returns how long a test that looks for a race goes on trying: `FOSTER_RACE_SECONDS`, else one
/// second.
///
/// # Panics
///
/// If the variable is not a number of seconds.
pub fn race_time() -> Duration {
    let Ok(text) = std::env::var("FOSTER_RACE_SECONDS") else {
        return Duration::from_secs(1);
    };
    let seconds = text
        .parse::<f64>()
        .ok()
        .and_then(|s| Duration::try_from_secs_f64(s).ok());
    seconds.unwrap_or_else(|| panic!("FOSTER_RACE_SECONDS={text:?} is not a number of seconds"))
}

/// Returns `available`, and says it loudly if what a test needs is missing, so that a skipped test
/// is seen.
///
/// # Panics
///
/// If it is missing and `FOSTER_REQUIRE_ALL=1`: a machine that has to test everything must not
/// skip anything.
#[must_use = "a test that goes on without what it needs tests something else"]
pub fn require(feature: &str, available: bool) -> bool {
    if !available {
        let all = std::env::var_os("FOSTER_REQUIRE_ALL").is_some_and(|value| value == "1");
        assert!(
            !all,
            "MISSING: {feature}, and FOSTER_REQUIRE_ALL=1 demands it"
        );
        say_aloud(&format!(
            "MISSING: {feature}: this test checks nothing here"
        ));
    }
    available
}

/// Says it on standard error itself: what `eprintln!` writes is shown only if the test fails.
pub(crate) fn say_aloud(message: &str) {
    let _ = writeln!(std::io::stderr(), "{message}");
}
