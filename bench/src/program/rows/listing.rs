//! Looking at jobs where many are stored.

use super::{aim, keep};
use crate::Error;
use crate::child::{command, output, run};
use crate::measure::{Contestant, rounds};
use crate::peers::Foster;
use crate::results::{Limit, Measured, Plot, Results};
use crate::setting::Setting;

const TAG: &str = "few";
/// How many jobs a peer is given; each has to be run.
const PEERS: [usize; 2] = [10, 1000];

/// A store of so many jobs, and one of them.
struct Store {
    jobs: usize,
    foster: Foster,
    id: String,
}

pub fn measure(setting: &mut Setting, results: &mut Results) -> Result<(), Error> {
    let sizes: &[usize] = if setting.quick {
        &[10, 1000]
    } else {
        &[10, 1000, 10_000, 100_000]
    };
    let stores = sizes
        .iter()
        .map(|jobs| store(setting, *jobs))
        .collect::<Result<Vec<_>, _>>()?;
    let mut plot = Plot {
        title: "Listing, by the number of stored jobs".to_owned(),
        across: "stored jobs".to_owned(),
        up: "milliseconds".to_owned(),
        lines: Vec::new(),
    };
    for (verb, who) in [("status", "foster status"), ("list", "foster list")] {
        let measured = by_size(setting, &stores, verb)?;
        for (store, one) in stores.iter().zip(&measured[1..]) {
            plot.add(who, store.jobs as f64, one.median);
        }
        judge(results, &stores, verb, &measured);
    }
    all_and_tagged(setting, &stores, results)?;
    peers(setting, &mut plot)?;
    results.plots.insert("list-by-jobs".to_owned(), plot);
    Ok(())
}

/// Returns a store of finished jobs, made once and kept.
fn store(setting: &Setting, jobs: usize) -> Result<Store, Error> {
    let root = setting.cache.join(format!("store-{jobs}"));
    let told = setting.cache.join(format!("store-{jobs}.id"));
    let foster = Foster::new(&setting.program, &root);
    if let Ok(id) = std::fs::read_to_string(&told) {
        return Ok(Store { jobs, foster, id });
    }
    // One that was half made is no store.
    if root.exists() {
        std::fs::remove_dir_all(&root)?;
    }
    std::fs::create_dir_all(&setting.cache)?;
    let count = jobs.to_string();
    let mut fill = command(setting.kit.join("fill-store"));
    fill.arg(&setting.program).arg(&root).arg(&count);
    let ids = String::from_utf8(output(&mut fill)?)?;
    let id = ids
        .lines()
        .next()
        .ok_or("fill-store names no job")?
        .to_owned();
    for id in some_ids(&foster)? {
        run(&mut foster.verb(&["tag", &id, "--add", TAG]))?;
    }
    std::fs::write(told, &id)?;
    Ok(Store { jobs, foster, id })
}

fn some_ids(foster: &Foster) -> Result<Vec<String>, Error> {
    let answer = output(&mut foster.verb(&["list", "--all", "--limit", "10"]))?;
    let answer: serde_json::Value = serde_json::from_slice(&answer)?;
    let jobs = answer["jobs"].as_array().ok_or("a listing without jobs")?;
    let ids = jobs.iter().filter_map(|job| job["job_id"].as_str());
    Ok(ids.map(str::to_owned).collect())
}

fn by_size(setting: &Setting, stores: &[Store], verb: &str) -> Result<Vec<Measured>, Error> {
    let mut contestants = vec![Contestant::new("/bin/true", || {
        Ok(vec![run(&mut command("/bin/true"))?.milliseconds])
    })];
    for store in stores {
        let words: Vec<&str> = match verb {
            "status" => vec!["status", &store.id],
            _ => vec!["list", "--all"],
        };
        contestants.push(Contestant::new(named(verb, store.jobs), move || {
            Ok(vec![run(&mut store.foster.verb(&words))?.milliseconds])
        }));
    }
    Ok(rounds(contestants, 1, setting.rounds(31), true)?.concat())
}

fn named(verb: &str, jobs: usize) -> String {
    format!("foster {verb}, {jobs} jobs")
}

fn judge(results: &mut Results, stores: &[Store], verb: &str, measured: &[Measured]) {
    let most = stores.last().map_or(0, |store| store.jobs);
    let key = format!("listing/{verb}");
    let work = format!("{verb} beside /bin/true");
    keep(results, &key, &work, "ms", measured.to_vec());
    aim(results, &key, &named(verb, most), Limit::Times(3.0));
    let key = format!("listing/{verb}-flat");
    let work = format!("{verb}, many jobs beside few");
    let ends = [measured.get(1), measured.last()];
    keep(
        results,
        &key,
        &work,
        "ms",
        ends.into_iter().flatten().cloned().collect(),
    );
    aim(results, &key, &named(verb, most), Limit::Times(2.0));
}

fn all_and_tagged(setting: &Setting, stores: &[Store], results: &mut Results) -> Result<(), Error> {
    let all = stores.iter().rfind(|store| store.jobs <= 10_000);
    let works = [
        (
            "all",
            all,
            ["list", "--all", "--limit", "none", "--json"],
            100.0,
        ),
        (
            "tag",
            stores.last(),
            ["list", "--all", "--tag", TAG, "--json"],
            250.0,
        ),
    ];
    for (key, store, words, goal) in works {
        let store = store.ok_or("no store was made")?;
        let contestant = Contestant::new("foster", || {
            Ok(vec![run(&mut store.foster.verb(&words))?.milliseconds])
        });
        let measured = rounds(vec![contestant], 1, setting.rounds(21), true)?;
        let key = format!("listing/{key}");
        let work = format!(
            "{}, {} jobs",
            words[..words.len() - 1].join(" "),
            store.jobs
        );
        keep(results, &key, &work, "ms", measured.concat());
        aim(results, &key, "foster", Limit::AtMost(goal));
    }
    Ok(())
}

/// The peers' lists, where they have one; each job of theirs is run, so there are fewer.
fn peers(setting: &Setting, plot: &mut Plot) -> Result<(), Error> {
    for peer in &setting.peers {
        let mut made = 0;
        for size in PEERS.into_iter().take(if setting.quick { 1 } else { 2 }) {
            let Some(mut list) = peer.list() else {
                continue;
            };
            // As many queued jobs as that exhaust its connections.
            let size = if peer.name() == "task-spooler" {
                size.min(900)
            } else {
                size
            };
            let mut newest = Vec::new();
            while made < size {
                newest = output(&mut peer.launch(&["/bin/true".as_ref()])?)?;
                made += 1;
            }
            run(&mut peer.wait(&newest)?)?;
            let contestant =
                Contestant::new(peer.name(), || Ok(vec![run(&mut list)?.milliseconds]));
            let measured = rounds(vec![contestant], 1, setting.rounds(7), true)?.concat();
            for one in measured {
                plot.add(peer.name(), size as f64, one.median);
            }
        }
    }
    Ok(())
}
