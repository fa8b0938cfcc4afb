//! The end of a log of 1 GiB.

use super::{aim, keep};
use crate::Error;
use crate::child::{command, output, run};
use crate::measure::{Contestant, rounds};
use crate::peers::{Foster, Peer as _};
use crate::results::{Limit, Measured, Results};
use crate::setting::Setting;

pub fn measure(setting: &mut Setting, results: &mut Results) -> Result<(), Error> {
    let bytes: u64 = if setting.quick { 64 << 20 } else { 1 << 30 };
    let foster = &setting.foster;
    let (blast, count) = (setting.own("blast"), bytes.to_string());
    let job = [&*blast, "lines".as_ref(), count.as_ref()];
    let answer = output(&mut foster.result(&job)?)?;
    let id = Foster::id(&answer)?;
    let since = (bytes - 8000).to_string();
    let verbs: [(&str, Vec<&str>); 3] = [
        ("foster status", vec!["status", &id]),
        ("foster tail", vec!["tail", &id]),
        (
            "foster logs --since",
            vec!["logs", "--stdout", "--since", &since, &id],
        ),
    ];
    let mut contestants: Vec<Contestant<'_>> = verbs
        .iter()
        .map(|(name, words)| {
            Contestant::new(*name, || {
                let took = run(&mut foster.verb(words))?;
                Ok(vec![took.milliseconds, took.peak_kib / 1024.0])
            })
        })
        .collect();
    let log = foster.output(&answer)?;
    contestants.push(Contestant::new("tail -n 50", move || {
        let took = run(command("tail").args(["-n", "50"]).arg(&log))?;
        Ok(vec![took.milliseconds, took.peak_kib / 1024.0])
    }));
    let mut measured = rounds(contestants, 2, setting.rounds(31), true)?.into_iter();
    let times = measured.next().unwrap_or_default();
    let peaks = measured.next().unwrap_or_default();
    for (key, who) in [
        ("log-end/tail", "foster tail"),
        ("log-end/since", "foster logs --since"),
    ] {
        // Each goal is one row: the verb, beside what it is measured against.
        let others =
            |one: &Measured| one.who == who || !verbs[1..].iter().any(|(name, _)| *name == one.who);
        let of = |all: &[Measured]| all.iter().filter(|one| others(one)).cloned().collect();
        keep(results, key, "the end of a log of 1 GiB", "ms", of(&times));
        aim(results, key, who, Limit::Times(2.0));
        let key = format!("{key}-memory");
        keep(results, &key, "the same, memory at most", "MiB", of(&peaks));
        aim(results, &key, who, Limit::AtMost(8.0));
    }
    run(&mut foster.verb(&["delete", &id]))?;
    Ok(())
}
