//! Much output, recorded.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use super::{aim, keep};
use crate::Error;
use crate::child::{command, now, output, run};
use crate::measure::{Contestant, rounds};
use crate::peers::Peer;
use crate::results::{Limit, Plot, Results};
use crate::setting::Setting;

/// A kind of output: as `blast` calls it, how it is told, and what Foster should reach beside whom.
struct Kind {
    blast: &'static str,
    work: &'static str,
    beside: &'static str,
    goal: f64,
    rounds: usize,
    /// Whether the peers do it too.
    peers: bool,
}

const FILE: &str = "> file";
/// What a slow peer is asked for.
const LITTLE: u64 = 16 << 20;
/// How much is compared at once.
const PART: usize = 640 << 10;
const CAT: &str = "| cat > file";

const KINDS: [Kind; 4] = [
    Kind {
        blast: "by-line",
        work: "lines of 80 bytes, one write each",
        beside: FILE,
        goal: 0.95,
        rounds: 5,
        peers: false,
    },
    Kind {
        blast: "lines",
        work: "lines of 80 bytes, 64 KiB at once",
        beside: CAT,
        goal: 1.2,
        rounds: 7,
        peers: true,
    },
    Kind {
        blast: "bytes",
        work: "bytes without a newline, 64 KiB at once",
        beside: CAT,
        goal: 1.2,
        rounds: 7,
        peers: false,
    },
    Kind {
        blast: "yes",
        work: "what `yes` writes, 8 KiB at once",
        beside: CAT,
        goal: 1.2,
        rounds: 7,
        peers: false,
    },
];

/// What Foster does besides, and the least speed beside `> file`.
const BESIDES: [(&str, &[&str], f64); 3] = [
    (
        "foster, with a pattern watched",
        &["--on-output", "never printed", "--notify-file", "/dev/null"],
        0.5,
    ),
    (
        "foster, with redaction",
        &["--env", "SECRET=never-printed-either", "--redact", "SECRET"],
        0.5,
    ),
    ("foster, with --log", &["--log"], 0.3),
];

pub fn measure(setting: &mut Setting, results: &mut Results) -> Result<(), Error> {
    let bytes: u64 = if setting.quick { 64 << 20 } else { 1 << 30 };
    for kind in &KINDS {
        plain(setting, results, kind, bytes)?;
    }
    for (who, options, goal) in BESIDES {
        besides(setting, results, who, options, goal, bytes)?;
    }
    by_size(setting, results, bytes)
}

fn plain(setting: &Setting, results: &mut Results, kind: &Kind, bytes: u64) -> Result<(), Error> {
    let mut contestants = bare(setting, kind.blast, bytes);
    if kind.beside == CAT {
        contestants.swap(0, 1);
    }
    contestants.push(foster("foster", setting, kind.blast, bytes, &[]));
    if kind.peers {
        for peer in &setting.peers {
            contestants.push(by_peer(setting, &**peer, kind.blast, bytes));
        }
    }
    let measured = rounds(contestants, 2, setting.rounds(kind.rounds), true)?;
    let [speeds, peaks] = measured.as_slice() else {
        return Err("two measures were asked for".into());
    };
    let key = format!("capture/{}", kind.blast);
    let work = format!("{} of {}", size(bytes), kind.work);
    keep(results, &key, &work, "MiB/s", speeds.clone());
    aim(results, &key, "foster", Limit::Speed(kind.goal));
    let peaks: Vec<_> = peaks
        .iter()
        .filter(|one| one.who == "foster")
        .cloned()
        .collect();
    let key = format!("{key}-memory");
    keep(
        results,
        &key,
        "the same, the supervisor's memory at most",
        "MiB",
        peaks,
    );
    aim(results, &key, "foster", Limit::AtMost(6.0));
    Ok(())
}

fn besides(
    setting: &Setting,
    results: &mut Results,
    who: &'static str,
    options: &'static [&'static str],
    goal: f64,
    bytes: u64,
) -> Result<(), Error> {
    let mut contestants = bare(setting, "lines", bytes);
    contestants.push(foster(who, setting, "lines", bytes, options));
    let mut measured = rounds(contestants, 1, setting.rounds(5), true)?;
    let key = format!("capture/{}", who.rsplit(' ').next().unwrap_or_default());
    let work = format!(
        "{} of lines of 80 bytes, {}",
        size(bytes),
        who.trim_start_matches("foster, ")
    );
    keep(results, &key, &work, "MiB/s", measured.remove(0));
    aim(results, &key, who, Limit::Speed(goal));
    Ok(())
}

fn by_size(setting: &Setting, results: &mut Results, most: u64) -> Result<(), Error> {
    let mut plot = Plot {
        title: "Recording lines of 80 bytes, by size".to_owned(),
        across: "MiB".to_owned(),
        up: "milliseconds".to_owned(),
        lines: Vec::new(),
    };
    for bytes in [1_u64 << 20, 16 << 20, 64 << 20, 256 << 20, 1 << 30] {
        if bytes > most {
            break;
        }
        let mut contestants = bare(setting, "lines", bytes);
        contestants.push(foster("foster", setting, "lines", bytes, &[]));
        for peer in &setting.peers {
            if !(slow(&**peer) && bytes > LITTLE) {
                contestants.push(by_peer(setting, &**peer, "lines", bytes));
            }
        }
        for one in rounds(contestants, 1, setting.rounds(3), false)?.concat() {
            let mebibytes = bytes as f64 / f64::from(1 << 20);
            plot.add(&one.who, mebibytes, mebibytes / one.median * 1e3);
        }
    }
    results.plots.insert("capture-by-size".to_owned(), plot);
    Ok(())
}

fn size(bytes: u64) -> String {
    match bytes >> 30 {
        0 => format!("{} MiB", bytes >> 20),
        gibibytes => format!("{gibibytes} GiB"),
    }
}

fn speed(bytes: u64, milliseconds: f64) -> f64 {
    bytes as f64 / f64::from(1 << 20) / milliseconds * 1e3
}

/// What a shell would do: a file, and a pipe with `cat`.
fn bare<'a>(setting: &'a Setting, kind: &'static str, bytes: u64) -> Vec<Contestant<'a>> {
    let path = setting.work().join("captured");
    let direct = path.clone();
    vec![
        Contestant::new(FILE, move || {
            let mut blast = blast(setting, kind, bytes);
            blast.stdout(File::create(&direct)?);
            let took = run(&mut blast)?;
            taken(&direct, false, kind, bytes, took.milliseconds)
        }),
        Contestant::new(CAT, move || {
            let mut blast = blast(setting, kind, bytes);
            let began = now();
            let mut blast = blast.stdout(Stdio::piped()).spawn()?;
            let pipe = blast.stdout.take().ok_or("no pipe")?;
            let mut cat = command("cat");
            run(cat.stdin(pipe).stdout(File::create(&path)?))?;
            blast.wait()?;
            taken(&path, false, kind, bytes, now() - began)
        }),
    ]
}

fn blast(setting: &Setting, kind: &str, bytes: u64) -> Command {
    let mut blast = command(setting.own("blast"));
    blast.args([kind, &bytes.to_string()]);
    blast
}

fn foster<'a>(
    who: &'static str,
    setting: &'a Setting,
    kind: &'static str,
    bytes: u64,
    options: &'static [&'static str],
) -> Contestant<'a> {
    let foster = &setting.foster;
    Contestant::new(who, move || {
        let noted = setting.work().join("peak");
        let merged = setting.work().join("merged");
        // Without a cap, so that all of a stream is in one file, which can be compared.
        let mut run_it = foster.verb(&["run", "--wait", "--log-cap", "none", "--tail-lines", "0"]);
        run_it.env("BLAST_PARENT", &noted).args(options);
        if options == ["--log"] {
            run_it.arg(&merged);
        }
        run_it
            .arg("--")
            .arg(setting.own("blast"))
            .args([kind, &bytes.to_string()]);
        let began = now();
        let answer = output(&mut run_it)?;
        let milliseconds = now() - began;
        let mut figures = taken(&foster.output(&answer)?, false, kind, bytes, milliseconds)?;
        run(&mut foster.verb(&["delete", &crate::peers::Foster::id(&answer)?]))?;
        figures.push(peak(&noted)?);
        std::fs::remove_file(&noted)?;
        if merged.exists() {
            std::fs::remove_file(&merged)?;
        }
        Ok(figures)
    })
}

/// Returns what the job has noted of its supervisor, in MiB.
fn peak(noted: &Path) -> Result<f64, Error> {
    let text = std::fs::read_to_string(noted)?;
    let kib = text.split_whitespace().nth(1).ok_or("no peak was noted")?;
    Ok(kib.parse::<f64>()? / 1024.0)
}

fn by_peer<'a>(
    setting: &'a Setting,
    peer: &'a dyn Peer,
    kind: &'static str,
    bytes: u64,
) -> Contestant<'a> {
    let most = if slow(peer) { LITTLE } else { bytes };
    let name = if most < bytes {
        format!("{}, {} of it", peer.name(), size(most))
    } else {
        peer.name().to_owned()
    };
    let bytes = bytes.min(most);
    let contestant = Contestant::new(name, move || {
        let (blast, count) = (setting.own("blast"), bytes.to_string());
        let job: [&OsStr; 3] = [&blast, kind.as_ref(), count.as_ref()];
        let mut run_it = peer.result(&job)?;
        let began = now();
        let answer = output(&mut run_it)?;
        let milliseconds = now() - began;
        taken(
            &peer.output(&answer)?,
            peer.frames(),
            kind,
            bytes,
            milliseconds,
        )
    });
    contestant.at_most(if slow(peer) { 1 } else { 3 })
}

/// One of them takes most of an hour for 1 GiB: it is asked for less.
fn slow(peer: &dyn Peer) -> bool {
    peer.name() == "agent-exec"
}

/// Looks whether every byte has arrived, removes the file, and returns the speed.
fn taken(
    path: &Path,
    framed: bool,
    kind: &str,
    bytes: u64,
    milliseconds: f64,
) -> Result<Vec<f64>, Error> {
    let mut file = BufReader::with_capacity(PART, File::open(path)?);
    if framed {
        // The command, and an empty line.
        file.skip_until(b'\n')?;
        file.skip_until(b'\n')?;
    }
    compare(&mut file, &pattern(kind), bytes as usize)?;
    if !framed && !file.fill_buf()?.is_empty() {
        return Err("more has arrived than was written".into());
    }
    std::fs::remove_file(path)?;
    Ok(vec![speed(bytes, milliseconds)])
}

fn pattern(kind: &str) -> Vec<u8> {
    let unit = match kind {
        "bytes" => b"x".repeat(80),
        "yes" => b"y\n".repeat(40),
        _ => [&*b"x".repeat(79), b"\n"].concat(),
    };
    unit.repeat(PART / unit.len())
}

fn compare(file: &mut impl Read, pattern: &[u8], mut left: usize) -> Result<(), Error> {
    let mut read = vec![0; pattern.len()];
    while left > 0 {
        let part = left.min(pattern.len());
        file.read_exact(&mut read[..part])
            .map_err(|error| format!("bytes are missing: {error}"))?;
        if read[..part] != pattern[..part] {
            return Err("other bytes have arrived than were written".into());
        }
        left -= part;
    }
    Ok(())
}
