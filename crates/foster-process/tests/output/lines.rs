use std::ops::ControlFlow;

use foster_process::output::{
    Gap, KeptLine, Line, LineEnding, LineOptions, LineOverflow, LineParser,
};
use proptest::prelude::*;

use crate::{chunks, cuts, text};

fn options() -> impl Strategy<Value = LineOptions> {
    let ending = prop::sample::select(vec![
        LineEnding::Lf,
        LineEnding::LfOrCrLf,
        LineEnding::AnyCr,
    ]);
    let overflow = prop::sample::select(vec![LineOverflow::Truncate, LineOverflow::Split]);
    (ending, overflow, 4_usize..12).prop_map(|(ending, overflow, length)| {
        LineOptions::default()
            .with_ending(ending)
            .with_overflow(overflow)
            .with_max_length(length)
            .unwrap()
    })
}

/// Returns where the first line ends and the next begins.
fn first_ending(bytes: &[u8], ending: LineEnding) -> Option<(usize, usize)> {
    let at = bytes.iter().position(|byte| match ending {
        LineEnding::AnyCr => matches!(byte, b'\n' | b'\r'),
        _ => *byte == b'\n',
    })?;
    let before = at.checked_sub(1).map(|before| bytes[before]);
    match ending {
        LineEnding::LfOrCrLf if before == Some(b'\r') => Some((at - 1, at + 1)),
        LineEnding::AnyCr if bytes[at..].starts_with(b"\r\n") => Some((at, at + 2)),
        _ => Some((at, at + 1)),
    }
}

/// Returns where bytes that are longer than `most` are to be cut.
fn cut(bytes: &[u8], most: usize) -> usize {
    let head = &bytes[..most];
    match std::str::from_utf8(head.utf8_chunks().last().unwrap().invalid()) {
        // What `utf8_chunks` calls invalid is, at the very end, a character that is not whole.
        Err(error) if error.error_len().is_none() => {
            let back = head.utf8_chunks().last().unwrap().invalid().len();
            if back < most { most - back } else { most }
        }
        _ => most,
    }
}

/// The lines of a whole stream, found the plain way.
fn model(bytes: &[u8], options: LineOptions) -> Vec<KeptLine> {
    let mut lines = Vec::new();
    let mut start = 0;
    while start < bytes.len() {
        let found = first_ending(&bytes[start..], options.ending());
        let (mut end, next) = found.map_or((bytes.len(), bytes.len()), |(end, next)| {
            (start + end, start + next)
        });
        if found.is_none() && options.ending() == LineEnding::LfOrCrLf && bytes.ends_with(b"\r") {
            end -= 1;
        }
        overflow(
            &bytes[start..end],
            start,
            found.is_some(),
            options,
            &mut lines,
        );
        start = next;
    }
    lines
}

fn overflow(
    mut body: &[u8],
    mut offset: usize,
    ended: bool,
    options: LineOptions,
    lines: &mut Vec<KeptLine>,
) {
    let mut line = |bytes: &[u8], offset: usize, started, ended, omitted: usize| {
        lines.push(KeptLine {
            bytes: bytes.to_vec(),
            offset: offset as u64,
            started,
            ended,
            omitted: omitted as u64,
        });
    };
    let mut started = true;
    while body.len() > options.max_length() {
        let (now, later) = body.split_at(cut(body, options.max_length()));
        if options.overflow() == LineOverflow::Truncate {
            line(now, offset, true, ended, later.len());
            return;
        }
        line(now, offset, started, false, 0);
        started = false;
        offset += now.len();
        body = later;
    }
    line(body, offset, started, ended, 0);
}

/// Feeds everything, giving back what was not consumed when a line breaks.
fn parse(parser: &mut LineParser, bytes: &[u8], cuts: &[usize], breaks: bool) -> Vec<KeptLine> {
    let mut lines = Vec::new();
    for mut chunk in chunks(bytes, cuts) {
        while let ControlFlow::Break(consumed) = parser.feed(chunk, |line| {
            lines.push(KeptLine::from(line));
            if breaks {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        }) {
            chunk = &chunk[consumed..];
        }
    }
    lines
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_cut_gives_the_lines_of_the_model(
        bytes in text(30), cuts in cuts(), options in options(), breaks: bool,
    ) {
        let mut parser = LineParser::new(options);
        let mut lines = parse(&mut parser, &bytes, &cuts, breaks);
        prop_assert_eq!(parser.position(), bytes.len() as u64);
        prop_assert!(parser.partial().bytes.len() <= options.max_length());
        lines.extend(parser.finish().map(KeptLine::from));
        prop_assert!(parser.finish().is_none());
        prop_assert_eq!(lines, model(&bytes, options));
    }

    #[test]
    fn a_gap_is_never_bridged_and_all_bytes_add_up(
        before in text(12), after in text(12), cuts in cuts(), options in options(), lost in 1_u64..9,
    ) {
        let options = options.with_ending(LineEnding::Lf);
        let mut parser = LineParser::new(options);
        let mut lines = parse(&mut parser, &before, &cuts, false);
        let gap = Gap { bytes: lost, offset: before.len() as u64 };
        parser.gap(gap);
        let first = lines.len();
        lines.extend(parse(&mut parser, &after, &cuts, false));
        lines.extend(parser.finish().map(KeptLine::from));
        prop_assert!(!lines[first].started && lines[first].offset == gap.end());
        let seen: u64 = lines
            .iter()
            .map(|line| line.bytes.len() as u64 + line.omitted + u64::from(line.ended))
            .sum();
        prop_assert_eq!(seen, before.len() as u64 + lost + after.len() as u64);
    }
}

fn texts(options: LineOptions, chunks: &[&str]) -> Vec<String> {
    let mut parser = LineParser::new(options);
    let mut lines = Vec::new();
    for chunk in chunks {
        let _ = parser.feed(chunk.as_bytes(), |line| {
            lines.push(line.text().into_owned());
            ControlFlow::Continue(())
        });
    }
    lines.extend(parser.finish().map(|line| line.text().into_owned()));
    lines
}

#[test]
fn endings_that_are_split_between_chunks() {
    let options = LineOptions::default();
    let chunks = ["one\r", "\ntwo\r\r", "\nthr\r", "ee"];
    assert_eq!(texts(options, &chunks), ["one", "two\r", "thr\ree"]);
    let any = options.with_ending(LineEnding::AnyCr);
    let bar = ["10%\r", "20%\r", "\ndone\n"];
    assert_eq!(texts(any, &bar), ["10%", "20%", "done"]);
    let lf = options.with_ending(LineEnding::Lf);
    assert_eq!(texts(lf, &["a\r\n"]), ["a\r"]);
}

#[test]
fn long_lines_are_cut_between_characters() {
    let short = LineOptions::default().with_max_length(5).unwrap();
    let split = short.with_overflow(LineOverflow::Split);
    assert_eq!(
        texts(split, &["héllö w", "örld\n"]),
        ["héll", "ö w", "örld"]
    );
    assert_eq!(texts(short, &["12345", "678", "9\nab\n"]), ["12345", "ab"]);
}

#[test]
fn a_prompt_is_seen_before_its_line_ends() {
    let mut parser = LineParser::new(LineOptions::default());
    assert!(
        parser
            .feed(b"hello\nPassword: ", |_| ControlFlow::Continue(()))
            .is_continue()
    );
    let prompt = Line {
        bytes: b"Password: ",
        offset: 6,
        started: true,
        ended: false,
        omitted: 0,
    };
    assert_eq!(parser.partial(), prompt);
}

#[test]
fn a_line_in_one_chunk_is_not_copied() {
    let chunk = b"first\nsecond\n";
    let mut parser = LineParser::new(LineOptions::default());
    let _ = parser.feed(chunk, |line| {
        assert!(chunk.as_ptr_range().contains(&line.bytes.as_ptr()));
        ControlFlow::Continue(())
    });
}
