//! Any cut of a stream into chunks gives the same lines.

use std::ops::ControlFlow;

use foster_process::output::{KeptLine, LineEnding, LineOptions, LineOverflow, LineParser};

pub(super) fn check(data: &[u8]) {
    let [mode, length, cut, bytes @ ..] = data else {
        return;
    };
    let ending = match mode % 3 {
        0 => LineEnding::Lf,
        1 => LineEnding::LfOrCrLf,
        _ => LineEnding::AnyCr,
    };
    let overflow = if mode & 0x80 == 0 {
        LineOverflow::Truncate
    } else {
        LineOverflow::Split
    };
    let options = LineOptions::default()
        .with_ending(ending)
        .with_overflow(overflow);
    let Ok(options) = options.with_max_length(usize::from(*length)) else {
        return;
    };
    let whole = parse(options, std::iter::once(bytes));
    let cut = usize::from(*cut).max(1);
    assert_eq!(parse(options, bytes.chunks(cut)), whole);
    assert_eq!(parse(options, bytes.chunks(1)), whole);
    if ending == LineEnding::Lf {
        let seen = whole
            .iter()
            .map(|line| line.bytes.len() as u64 + line.omitted + u64::from(line.ended));
        assert_eq!(seen.sum::<u64>(), bytes.len() as u64);
    }
}

fn parse<'a>(options: LineOptions, chunks: impl Iterator<Item = &'a [u8]>) -> Vec<KeptLine> {
    let mut parser = LineParser::new(options);
    let mut lines = Vec::new();
    for chunk in chunks {
        let flow = parser.feed(chunk, |line| {
            assert!(line.bytes.len() <= options.max_length());
            lines.push(KeptLine::from(line));
            ControlFlow::Continue(())
        });
        assert!(flow.is_continue());
        assert!(parser.partial().bytes.len() <= options.max_length());
    }
    lines.extend(parser.finish().map(KeptLine::from));
    lines
}
