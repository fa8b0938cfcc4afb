use std::path::Path;

use fastrand::Rng;
use foster_testkit::{Stream, flood, flood_line, habit};

/// What a job does, and what must come of it if nobody interferes.
pub struct Work {
    /// The command.
    pub command: Vec<String>,
    /// Options of `run` that belong to it.
    pub options: Vec<String>,
    /// How it ends.
    pub end: End,
    /// What it prints on each stream.
    pub output: [Vec<u8>; 2],
    /// Whether it leaves processes behind that write their pids to the file.
    pub leaves_others: bool,
}

/// How a job ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// With this code.
    Code(i32),
    /// By this signal.
    Signal(&'static str),
    /// By its deadline.
    Timeout,
    /// Never: somebody has to stop it.
    Never,
}

impl Work {
    /// Returns some work. `pids` is a file that those write to who leave others behind.
    pub fn some(rng: &mut Rng, pids: &Path) -> Self {
        let code = rng.i32(0..=255);
        let pid_file = format!("--pid-file {}", pids.display());
        match rng.u8(0..12) {
            0 => Self::new(&format!("exit {code}"), End::Code(code)),
            1 => Self::flood(rng),
            2 => Self::lines(rng.u64(0..2000)),
            3 => Self::drip(rng.usize(1..300)),
            4 => Self::death(rng),
            5 => Self::new("ignore-term", End::Never).printing("ready\n"),
            6 => Self::daemon(rng, &format!("double-fork {pid_file}")),
            7 => Self::daemon(rng, &format!("new-session --drop-output {pid_file}")),
            8 => Self::crowd(rng, &pid_file),
            9 => Self::new(
                &format!("hold-pipe --exit-code {code} --seconds 1"),
                End::Code(code),
            ),
            10 => Self::new("stop-self", End::Never).printing("ready\n"),
            _ => Self::new("ignore-term", End::Timeout)
                .printing("ready\n")
                .with("--timeout 300ms"),
        }
    }

    fn new(line: &str, end: End) -> Self {
        let mut words = line.split(' ').map(str::to_owned);
        let program = habit(&words.next().unwrap_or_default());
        Self {
            command: std::iter::once(program.display().to_string())
                .chain(words)
                .collect(),
            options: vec![],
            end,
            output: [vec![], vec![]],
            leaves_others: line.contains("--pid-file"),
        }
        // Few rounds should be spent on waiting.
        .with("--kill-after 200ms --drain 500ms")
    }

    fn with(mut self, options: &str) -> Self {
        self.options.extend(options.split(' ').map(str::to_owned));
        self
    }

    fn printing(mut self, text: &str) -> Self {
        self.output[0] = text.as_bytes().to_vec();
        self
    }

    fn flood(rng: &mut Rng) -> Self {
        let most = if rng.u8(0..10) == 0 { 8 << 20 } else { 300_000 };
        let (out, err) = (rng.usize(0..most), rng.usize(0..most / 2));
        let block = rng.usize(1000..100_000);
        let line = format!("flood --stdout {out} --stderr {err} --block {block}");
        let mut work = Self::new(&line, End::Code(0));
        work.output = [flood(Stream::Stdout, out), flood(Stream::Stderr, err)];
        work
    }

    fn lines(count: u64) -> Self {
        let mut work = Self::new(&format!("flood --lines {count}"), End::Code(0));
        let text = |stream| (0..count).map(move |number| flood_line(stream, number));
        work.output =
            [Stream::Stdout, Stream::Stderr].map(|s| text(s).collect::<String>().into_bytes());
        work
    }

    fn drip(count: usize) -> Self {
        let text: String = ('a'..='z').cycle().take(count).collect();
        Self::new(&format!("drip --every 1 --count {count}"), End::Code(0)).printing(&text)
    }

    fn death(rng: &mut Rng) -> Self {
        let deaths = [
            (1, "HUP"),
            (6, "ABRT"),
            (9, "KILL"),
            (11, "SEGV"),
            (15, "TERM"),
        ];
        let (number, name) = deaths[rng.usize(..deaths.len())];
        Self::new(&format!("die --signal {number}"), End::Signal(name))
    }

    fn daemon(rng: &mut Rng, line: &str) -> Self {
        let ignoring = if rng.bool() { " --ignore-term" } else { "" };
        let (stay, end) = [("", End::Code(0)), (" --stay", End::Never)][rng.usize(..2)];
        Self::new(&format!("{line}{ignoring}{stay}"), end).printing("ready\n")
    }

    fn crowd(rng: &mut Rng, pid_file: &str) -> Self {
        let count = rng.u8(1..30);
        Self::new(
            &format!("thousand --count {count} {pid_file}"),
            End::Code(0),
        )
        .printing("ready\n")
    }
}
