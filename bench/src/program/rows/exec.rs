//! A command in the foreground, contained.

use std::process::Command;

use super::{aim, keep};
use crate::Error;
use crate::child::{command, run};
use crate::measure::{Contestant, rounds};
use crate::results::{Limit, Results};
use crate::setting::Setting;

/// Other programs that stand between a command and what is left of it.
const SHIMS: [(&str, &[&str]); 3] = [
    ("tini -s", &["/usr/bin/tini", "-s", "--", "/bin/true"]),
    (
        "bwrap --unshare-pid",
        &[
            "/usr/bin/bwrap",
            "--dev-bind",
            "/",
            "/",
            "--unshare-pid",
            "/bin/true",
        ],
    ),
    ("timeout 60", &["/usr/bin/timeout", "60", "/bin/true"]),
];

pub fn measure(setting: &mut Setting, results: &mut Results) -> Result<(), Error> {
    let once = |mut command: Command| Ok(vec![run(&mut command)?.milliseconds]);
    let foster = &setting.foster;
    let mut contestants = vec![
        Contestant::new("/bin/true", || once(command("/bin/true"))),
        Contestant::new("foster exec", || {
            once(foster.verb(&["exec", "--", "/bin/true"]))
        }),
    ];
    for (name, words) in SHIMS {
        let mut shim = command(words[0]);
        shim.args(&words[1..]);
        // It is left out where it is not there, or may not do this.
        if run(&mut shim).is_err() {
            results.missing.push(format!("{name} could not be had"));
            continue;
        }
        contestants.push(Contestant::new(name, move || {
            Ok(vec![run(&mut shim)?.milliseconds])
        }));
    }
    let measured = rounds(contestants, 1, setting.rounds(51), true)?;
    keep(
        results,
        "exec",
        "exec /bin/true in the foreground",
        "ms",
        measured.concat(),
    );
    aim(results, "exec", "foster exec", Limit::Times(2.5));
    Ok(())
}
