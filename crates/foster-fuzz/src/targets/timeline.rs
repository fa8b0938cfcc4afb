//! A timeline that may say anything of two logs: every byte of them comes out once, at its place.

use foster_model::answer::LogPosition;
use foster_store::{LineMerger, RawLine, Stream};

use crate::scratch::{Scratch, scratch};

pub(super) fn check(data: &[u8]) {
    // How long the logs are, and after how many lines another reader goes on; the logs; the timeline.
    let [out, err, pause, rest @ ..] = data else {
        return;
    };
    let (out, rest) = rest.split_at(usize::from(*out).min(rest.len()));
    let (err, timeline) = rest.split_at(usize::from(*err).min(rest.len()));
    scratch().with(|scratch| {
        scratch.write("runs/1/stdout.log", out);
        scratch.write("runs/1/stderr.log", err);
        scratch.write("runs/1/timeline", timeline);
        let most = out.len() + err.len() + 2;
        let (lines, _) = read(scratch, LogPosition::default(), most);
        assert_all(&lines, [out, err], [0, 0]);
        resume(scratch, usize::from(*pause), [out, err]);
        go_on(scratch, out);
    });
}

/// Returns all lines from there on, and the place behind them.
fn read(scratch: &Scratch, from: LogPosition, most: usize) -> (Vec<RawLine>, LogPosition) {
    let merger = LineMerger::new(&scratch.run(), from, None, None);
    let mut merger = merger.expect("the logs are there");
    let mut lines = Vec::new();
    while let Some(line) = merger.finish().expect("the logs can be read") {
        lines.push(line);
        assert!(lines.len() <= most, "more lines than bytes");
    }
    (lines, merger.position())
}

/// Every byte stands in one line, and the lines of a stream in their order.
fn assert_all(lines: &[RawLine], logs: [&[u8]; 2], from: [usize; 2]) {
    for stream in Stream::ALL {
        let from = from[stream.index()];
        let mut bytes = logs[stream.index()][..from].to_vec();
        for line in lines.iter().filter(|line| line.stream == stream) {
            assert_eq!(line.offset, bytes.len() as u64);
            bytes.extend_from_slice(&line.bytes);
            bytes.extend_from_slice(if line.terminated { b"\n" } else { b"" });
        }
        assert_eq!(bytes, logs[stream.index()]);
    }
}

/// A reader that stopped after some lines told of a place from which another gives the rest.
fn resume(scratch: &Scratch, pause: usize, logs: [&[u8]; 2]) {
    let merger = LineMerger::new(&scratch.run(), LogPosition::default(), None, None);
    let mut merger = merger.expect("the logs are there");
    for _ in 0..pause {
        if merger.next_line().expect("the logs can be read").is_none() {
            break;
        }
    }
    let place = merger.position();
    let from = [place.stdout, place.stderr].map(|at| usize::try_from(at).expect("it is small"));
    let most = logs[0].len() + logs[1].len() + 2;
    let (lines, _) = read(scratch, place, most);
    assert_all(&lines, logs, from);
}

/// Who takes over a timeline adds to it, and it can be read then.
fn go_on(scratch: &Scratch, out: &[u8]) {
    let mut writer = scratch.run().timeline_writer().expect("it can be written");
    let [covered, _] = writer.covered();
    if covered <= out.len() as u64 {
        writer.append(1, Stream::Stdout, 1).expect("there is room");
        writer.flush().expect("there is room");
        let mut reader = scratch.run().timeline().expect("it is there");
        let mut end = 0;
        while let Some(chunk) = reader.next().expect("it was mended") {
            if chunk.stream == Stream::Stdout {
                end = chunk.offset + u64::from(chunk.len);
            }
        }
        assert_eq!(end, covered + 1);
    }
}
