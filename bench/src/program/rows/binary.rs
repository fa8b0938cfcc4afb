//! How large the program is, and how soon a verb begins.

use super::{aim, keep};
use crate::Error;
use crate::child::{command, run};
use crate::measure::{Contestant, rounds};
use crate::results::{Limit, Measured, Results};
use crate::setting::Setting;

pub fn measure(setting: &mut Setting, results: &mut Results) -> Result<(), Error> {
    let mebibytes = std::fs::metadata(&setting.program)?.len() as f64 / f64::from(1 << 20);
    let size = Measured::new("foster", std::iter::once(mebibytes));
    keep(
        results,
        "binary/size",
        "size of the program",
        "MiB",
        vec![size],
    );
    aim(results, "binary/size", "foster", Limit::AtMost(8.0));

    let foster = &setting.foster;
    let contestants = vec![
        Contestant::new("/bin/true", || {
            Ok(vec![run(&mut command("/bin/true"))?.milliseconds])
        }),
        Contestant::new("foster --version", || {
            Ok(vec![run(&mut foster.verb(&["--version"]))?.milliseconds])
        }),
    ];
    let measured = rounds(contestants, 1, setting.rounds(101), true)?;
    let key = "binary/start";
    keep(
        results,
        key,
        "a verb begins and ends",
        "ms",
        measured.concat(),
    );
    aim(results, key, "foster --version", Limit::Times(1.5));
    Ok(())
}
