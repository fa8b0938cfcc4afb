//! A job with its result.

use super::{aim, keep};
use crate::Error;
use crate::child::{command, run};
use crate::measure::{Contestant, rounds};
use crate::results::{Limit, Results};
use crate::setting::Setting;

pub fn measure(setting: &mut Setting, results: &mut Results) -> Result<(), Error> {
    let mut contestants = vec![Contestant::new("/bin/true", || {
        Ok(vec![run(&mut command("/bin/true"))?.milliseconds])
    })];
    for peer in setting.all() {
        let run = move || {
            let mut command = peer.result(&["/bin/true".as_ref()])?;
            let took = run(&mut command)?;
            Setting::settle();
            Ok(vec![took.milliseconds])
        };
        // Its wait looks every second.
        let most = if peer.name() == "pueue" {
            5
        } else {
            usize::MAX
        };
        contestants.push(Contestant::new(peer.name(), run).at_most(most));
    }
    let measured = rounds(contestants, 1, setting.rounds(31), true)?;
    keep(
        results,
        "result",
        "run /bin/true with its result",
        "ms",
        measured.concat(),
    );
    aim(results, "result", "foster", Limit::Times(4.0));
    Ok(())
}
