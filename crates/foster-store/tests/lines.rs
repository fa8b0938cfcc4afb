//! The timeline, and lines made of it.

#[cfg(test)]
mod common;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;

    use foster_model::Time;
    use foster_model::answer::LogPosition;
    use foster_store::{
        Chunk, JobFolder, LineMerger, RawLine, Stream, StreamWriter, TimelineWriter,
    };
    use proptest::prelude::*;

    use crate::common::{job, root};

    use Stream::{Stderr, Stdout};

    struct Recorder {
        streams: [StreamWriter; 2],
        timeline: TimelineWriter,
    }

    impl Recorder {
        fn new(folder: &JobFolder, cap: Option<u64>) -> Self {
            Self {
                streams: Stream::ALL
                    .map(|stream| folder.run(1).unwrap().stream_writer(stream, cap).unwrap()),
                timeline: folder.run(1).unwrap().timeline_writer().unwrap(),
            }
        }

        fn untimed(&mut self, stream: Stream, mut bytes: &[u8]) {
            let writer = &mut self.streams[stream.index()];
            while !bytes.is_empty() {
                let (mut file, room) = writer.target().unwrap();
                let n = bytes.len().min(usize::try_from(room).unwrap_or(usize::MAX));
                file.write_all(&bytes[..n]).unwrap();
                writer.advance(n as u64);
                bytes = &bytes[n..];
            }
        }

        fn print(&mut self, ms: i64, stream: Stream, bytes: &[u8]) {
            self.untimed(stream, bytes);
            self.timeline
                .append(ms * 1000, stream, bytes.len() as u32)
                .unwrap();
            self.timeline.flush().unwrap();
        }
    }

    fn merger(folder: &JobFolder) -> LineMerger {
        LineMerger::new(&folder.run(1).unwrap(), LogPosition::default(), None, None).unwrap()
    }

    fn rest(merger: &mut LineMerger) -> Vec<RawLine> {
        std::iter::from_fn(|| merger.finish().unwrap()).collect()
    }

    fn texts(lines: &[RawLine]) -> Vec<(Option<i64>, &str)> {
        let text = |line: &RawLine| std::str::from_utf8(&line.bytes).unwrap().len();
        assert!(lines.iter().all(|line| text(line) == line.bytes.len()));
        lines
            .iter()
            .map(|line| {
                (
                    line.at.map(|at| at.unix_ms()),
                    std::str::from_utf8(&line.bytes).unwrap(),
                )
            })
            .collect()
    }

    #[test]
    fn near_chunks_are_one_record() {
        let (_temp, root) = root();
        let (folder, _lock) = job(&root, 1);
        let mut writer = folder.run(1).unwrap().timeline_writer().unwrap();
        for (at, stream, len) in [
            (1_000, Stdout, 1),
            (5_999, Stdout, 2),
            (6_000, Stdout, 4),
            (6_001, Stderr, 8),
            (6_002, Stdout, 16),
            (6_001, Stdout, 32),
            (6_001, Stdout, u32::MAX),
        ] {
            writer.append(at, stream, len).unwrap();
        }
        let covered = [55 + u64::from(u32::MAX), 8];
        assert_eq!(writer.covered(), covered);
        let mut reader = folder.run(1).unwrap().timeline().unwrap();
        let mut next = || {
            let chunk = reader.next().unwrap();
            chunk.map(|c: Chunk| (c.at_unix_us, c.stream, c.offset, c.len))
        };
        assert_eq!(next(), Some((1_000, Stdout, 0, 3)));
        assert_eq!(next(), Some((6_000, Stdout, 3, 4)));
        assert_eq!(next(), Some((6_001, Stderr, 0, 8)));
        assert_eq!(next(), Some((6_002, Stdout, 7, 16)));
        assert_eq!(next(), Some((6_001, Stdout, 23, 32)));
        assert_eq!(next(), None, "the newest is kept back");
        writer.flush().unwrap();
        assert_eq!(next(), Some((6_001, Stdout, 55, u32::MAX)));
        assert_eq!(next(), None);
        drop(writer);
        assert_eq!(
            folder.run(1).unwrap().timeline_writer().unwrap().covered(),
            covered
        );
    }

    #[test]
    fn a_timeline_cut_at_any_byte_goes_on() {
        let (_temp, root) = root();
        let (folder, _lock) = job(&root, 1);
        let path = folder.path().join("runs/1/timeline");
        for cut in 0..=32 {
            fs::write(&path, b"").unwrap();
            let mut writer = folder.run(1).unwrap().timeline_writer().unwrap();
            writer.append(0, Stdout, 5).unwrap();
            writer.append(0, Stderr, 6).unwrap();
            writer.flush().unwrap();
            let whole = fs::read(&path).unwrap();
            fs::write(&path, &whole[..cut]).unwrap();
            let mut reader = folder.run(1).unwrap().timeline().unwrap();
            let seen = std::iter::from_fn(|| reader.next().unwrap()).count();
            assert_eq!(seen, cut / 16);
            let mut writer = folder.run(1).unwrap().timeline_writer().unwrap();
            writer.append(0, Stdout, 7).unwrap();
            writer.flush().unwrap();
            assert_eq!(reader.next().unwrap().unwrap().len, 7, "cut at {cut}");
        }
    }

    #[test]
    fn lines_come_in_the_order_of_their_ends() {
        let (_temp, root) = root();
        let (folder, _lock) = job(&root, 1);
        let mut recorder = Recorder::new(&folder, None);
        let mut merger = merger(&folder);
        recorder.print(10, Stdout, b"begun");
        assert_eq!(merger.next_line().unwrap(), None);
        recorder.print(20, Stderr, b"error\nmore");
        recorder.print(30, Stdout, b" ended\n\nlast");
        recorder.print(40, Stderr, b"!");
        let lines: Vec<_> = std::iter::from_fn(|| merger.next_line().unwrap()).collect();
        assert_eq!(
            texts(&lines),
            [
                (Some(20), "error"),
                (Some(30), "begun ended"),
                (Some(30), "")
            ]
        );
        assert!(lines.iter().all(|line| line.terminated && !line.partial));
        assert_eq!(
            merger.position(),
            LogPosition {
                stdout: 13,
                stderr: 6
            }
        );
        let tail = rest(&mut merger);
        assert_eq!(texts(&tail), [(Some(30), "last"), (Some(40), "more!")]);
        assert!(tail.iter().all(|line| line.partial && !line.terminated));
        assert_eq!(
            merger.position(),
            LogPosition {
                stdout: 17,
                stderr: 11
            }
        );
    }

    #[test]
    fn bytes_beyond_the_timeline_come_last_without_a_time() {
        let (_temp, root) = root();
        let (folder, _lock) = job(&root, 1);
        let mut recorder = Recorder::new(&folder, None);
        recorder.print(10, Stdout, b"a\nb");
        recorder.untimed(Stdout, b"c\nd\ne");
        recorder.print(20, Stderr, b"x\n");
        let lines = rest(&mut merger(&folder));
        let expected = [
            (Some(10), "a"),
            (Some(20), "x"),
            (None, "bc"),
            (None, "d"),
            (None, "e"),
        ];
        assert_eq!(texts(&lines), expected);
    }

    #[test]
    fn a_damaged_timeline_costs_only_times() {
        let (_temp, root) = root();
        let (folder, _lock) = job(&root, 1);
        let mut recorder = Recorder::new(&folder, None);
        recorder.print(10, Stdout, b"a\n");
        recorder.print(20, Stdout, b"b\n");
        let path = folder.path().join("runs/1/timeline");
        let mut bytes = fs::read(&path).unwrap();
        bytes[16 + 12] = 9;
        fs::write(&path, bytes).unwrap();
        assert_eq!(
            texts(&rest(&mut merger(&folder))),
            [(Some(10), "a"), (None, "b")]
        );
    }

    #[test]
    fn long_lines_come_in_pieces_cut_on_characters() {
        let (_temp, root) = root();
        let (folder, _lock) = job(&root, 1);
        let mut recorder = Recorder::new(&folder, None);
        let long = format!("x{}", "é".repeat(70_000));
        recorder.print(1, Stdout, format!("{long}\nshort\n").as_bytes());
        let exact = "y".repeat(64 * 1024);
        recorder.print(2, Stdout, format!("{exact}\n").as_bytes());
        let lines = rest(&mut merger(&folder));
        let (long_pieces, others) = lines.split_at(3);
        assert!(
            long_pieces
                .iter()
                .all(|piece| std::str::from_utf8(&piece.bytes).is_ok())
        );
        assert_eq!(long_pieces[0].bytes.len(), 64 * 1024 - 1);
        let partial: Vec<bool> = long_pieces.iter().map(|piece| piece.partial).collect();
        assert_eq!(partial, [true, true, false]);
        assert_eq!(
            lines[..3].iter().map(|l| l.bytes.len()).sum::<usize>(),
            long.len()
        );
        assert_eq!(
            texts(others),
            [(Some(1), "short"), (Some(2), exact.as_str())]
        );
    }

    #[test]
    fn skipped_parts_are_not_read() {
        let (_temp, root) = root();
        let (folder, _lock) = job(&root, 1);
        let mut recorder = Recorder::new(&folder, None);
        recorder.print(10, Stdout, b"old\nhalf ");
        recorder.print(10, Stderr, b"e1\ne2");
        recorder.print(20, Stdout, b"whole\nnew\n");
        let since = Some(Time::from_unix_ms(15));
        let mut all =
            LineMerger::new(&folder.run(1).unwrap(), LogPosition::default(), None, since).unwrap();
        assert_eq!(
            texts(&rest(&mut all)),
            [(Some(20), "half whole"), (Some(20), "new")]
        );
        let from = LogPosition {
            stdout: 4,
            stderr: 3,
        };
        let mut later = LineMerger::new(&folder.run(1).unwrap(), from, None, None).unwrap();
        let expected = [
            (Some(20), "half whole"),
            (Some(20), "new"),
            (Some(10), "e2"),
        ];
        let lines = rest(&mut later);
        assert_eq!(texts(&lines), expected);
        assert_eq!(lines[0].offset, 4);
        let mut only = LineMerger::new(&folder.run(1).unwrap(), from, Some(Stderr), None).unwrap();
        assert_eq!(texts(&rest(&mut only)), [(Some(10), "e2")]);
    }

    #[test]
    fn what_a_cap_dropped_is_jumped_over() {
        let (_temp, root) = root();
        let (folder, _lock) = job(&root, 1);
        let mut recorder = Recorder::new(&folder, Some(16 * 1024));
        let mut early = merger(&folder);
        for number in 0..10_000 {
            recorder.print(number, Stdout, format!("line {number:05}\n").as_bytes());
            if number == 5 {
                assert!(early.next_line().unwrap().is_some());
            }
        }
        recorder.print(20_000, Stderr, b"end\n");
        for mut merger in [merger(&folder), early] {
            let lines = rest(&mut merger);
            assert!(lines.len() > 1000 && lines.len() < 2000, "{}", lines.len());
            for line in lines
                .iter()
                .filter(|l| l.stream == Stdout && l.bytes.len() == 10)
            {
                let number = line.offset / 11;
                assert_eq!(line.bytes, format!("line {number:05}").as_bytes());
                assert_eq!(line.at, Some(Time::from_unix_ms(number as i64)));
            }
            assert_eq!(
                merger.position(),
                LogPosition {
                    stdout: 110_000,
                    stderr: 4
                }
            );
        }
    }

    #[test]
    fn what_could_not_be_written_is_jumped_over() {
        let (_temp, root) = root();
        let (folder, _lock) = job(&root, 1);
        let mut recorder = Recorder::new(&folder, None);
        recorder.print(1, Stdout, b"a\nbegun");
        recorder.streams[0].skip(100);
        recorder.timeline.append(10_000, Stdout, 100).unwrap();
        let mut merger = merger(&folder);
        assert_eq!(merger.next_line().unwrap().unwrap().bytes, b"a");
        recorder.print(20, Stdout, b"after\n");
        let lines = rest(&mut merger);
        assert_eq!(texts(&lines), [(Some(1), "begun"), (Some(20), "after")]);
        assert_eq!(lines[1].offset, 107);
    }

    #[test]
    fn a_line_that_was_begun_is_given_as_a_piece_and_goes_on_behind_it() {
        let (_temp, root) = root();
        let (folder, _lock) = job(&root, 1);
        let mut recorder = Recorder::new(&folder, None);
        recorder.print(1, Stdout, b"a\nname? ");
        let mut merger = merger(&folder);
        let first = merger.next_line().unwrap().unwrap();
        assert_eq!((first.offset, first.partial), (0, false));
        assert_eq!(merger.next_line().unwrap(), None);
        assert!(merger.has_begun_a_line());
        let begun = merger.begun_line().unwrap();
        assert_eq!((begun.offset, begun.bytes.as_slice()), (2, &b"name? "[..]));
        assert!(begun.partial && !begun.terminated && !merger.has_begun_a_line());
        assert_eq!(merger.begun_line(), None);
        // The first byte of two that make a character: nothing to be shown yet.
        recorder.print(2, Stdout, b"\xc3");
        assert_eq!(merger.next_line().unwrap(), None);
        assert!(!merger.has_begun_a_line());
        assert_eq!(merger.begun_line(), None);
        recorder.print(3, Stdout, b"\xa4\n");
        let rest = merger.next_line().unwrap().unwrap();
        assert_eq!((rest.offset, rest.bytes.as_slice()), (8, "ä".as_bytes()));
        assert!(rest.terminated && !rest.partial);
        assert_eq!(merger.position().stdout, 11);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn lines_put_together_are_the_streams(
            chunks in prop::collection::vec(
                (any::<bool>(), prop::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 1..50)),
                0..30,
            ),
            pause in 0usize..30,
        ) {
            let (_temp, root) = root();
            let (folder, _lock) = job(&root, 1);
            let mut recorder = Recorder::new(&folder, None);
            let mut merger = merger(&folder);
            let (mut expected, mut lines) = ([vec![], vec![]], vec![]);
            for (at, (err, bytes)) in chunks.iter().enumerate() {
                let stream = Stream::ALL[usize::from(*err)];
                recorder.print(at as i64, stream, bytes);
                expected[stream.index()].extend_from_slice(bytes);
                if at % (pause + 1) == 0 {
                    lines.extend(std::iter::from_fn(|| merger.next_line().unwrap()));
                }
                if at == pause {
                    // Another reader goes on where the first one stopped.
                    merger = LineMerger::new(&folder.run(1).unwrap(), merger.position(), None, None).unwrap();
                }
            }
            lines.extend(rest(&mut merger));
            for stream in Stream::ALL {
                let mut bytes = vec![];
                for line in lines.iter().filter(|line| line.stream == stream) {
                    prop_assert_eq!(line.offset, bytes.len() as u64);
                    bytes.extend_from_slice(&line.bytes);
                    bytes.extend_from_slice(if line.terminated { b"\n" } else { b"" });
                }
                prop_assert_eq!(&bytes, &expected[stream.index()]);
            }
            let times: Vec<_> =
                lines.iter().filter(|l| l.terminated).map(|line| line.at).collect();
            prop_assert!(times.is_sorted());
        }
    }
}
