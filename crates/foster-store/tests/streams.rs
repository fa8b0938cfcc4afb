//! Streams on disk: head and tail, offsets, excerpts.

#[cfg(test)]
mod common;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;
    use std::path::PathBuf;

    use foster_store::{JobFolder, Stream, StreamLog, StreamWriter};
    use proptest::prelude::*;

    use crate::common::{job, root};

    const OUT: Stream = Stream::Stdout;

    /// The byte at an offset; told from its neighbours' so that a shift shows.
    fn byte(offset: u64) -> u8 {
        (offset % 251) as u8
    }

    fn write(writer: &mut StreamWriter, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let (mut file, room) = writer.target().unwrap();
            assert!(room > 0);
            let n = bytes.len().min(usize::try_from(room).unwrap_or(usize::MAX));
            file.write_all(&bytes[..n]).unwrap();
            writer.advance(n as u64);
            bytes = &bytes[n..];
        }
    }

    fn write_counted(writer: &mut StreamWriter, len: u64) {
        let from = writer.position();
        let bytes: Vec<u8> = (from..from + len).map(byte).collect();
        write(writer, &bytes);
    }

    fn files(folder: &JobFolder) -> Vec<PathBuf> {
        let run = folder.path().join("runs/1");
        let names = fs::read_dir(run)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        names
            .filter(|path| path.to_string_lossy().contains("stdout.log"))
            .collect()
    }

    fn on_disk(folder: &JobFolder) -> u64 {
        files(folder)
            .iter()
            .map(|path| path.metadata().unwrap().len())
            .sum()
    }

    /// Reads all that is there and checks each byte against its offset; returns how many.
    fn check_bytes(log: &StreamLog) -> u64 {
        let (mut at, mut read) = (log.next_present(0), 0);
        let mut buf = [0; 1000];
        while at < log.end() {
            let n = log.read_at(at, &mut buf).unwrap();
            if n == 0 {
                let next = log.next_present(at);
                assert!(next > at || next == log.end(), "{at} is said to be there");
                at = next.max(at + 1);
                continue;
            }
            for (i, found) in buf[..n].iter().enumerate() {
                assert_eq!(*found, byte(at + i as u64), "at {}", at + i as u64);
            }
            read += n as u64;
            at = log.next_present(at + n as u64);
        }
        read
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_cap_keeps_head_and_tail_with_true_offsets(
            cap in 8_192u64..100_000,
            writes in prop::collection::vec((1u64..20_000, 0u8..10), 1..40),
        ) {
            let (_temp, root) = root();
            let (folder, _lock) = job(&root, 1);
            let mut writer = folder.run(1).unwrap().stream_writer(OUT, Some(cap)).unwrap();
            let mut skipped = 0;
            for (len, what) in writes {
                match what {
                    0 => { writer.skip(len); skipped += len; }
                    // A takeover; it can't know of what was skipped at the very end.
                    1 => {
                        let last = writer.position();
                        writer = folder.run(1).unwrap().stream_writer(OUT, Some(cap)).unwrap();
                        prop_assert!(writer.position() <= last);
                    }
                    _ => write_counted(&mut writer, len),
                }
                prop_assert!(on_disk(&folder) <= cap);
            }
            let observed = writer.position();
            let log = folder.run(1).unwrap().stream_log(OUT).unwrap();
            prop_assert_eq!(log.omitted(observed), writer.omitted());
            let read = check_bytes(&log);
            prop_assert_eq!(read, on_disk(&folder));
            prop_assert_eq!(read + writer.omitted_bytes(), observed);
            if skipped == 0 {
                prop_assert!(read >= observed.min(cap / 2));
                prop_assert_eq!(log.next_present(0), 0);
            }
        }

        #[test]
        fn excerpts_forward_tile_the_stream(
            bytes in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..300),
                "\\PC{0,100}".prop_map(String::into_bytes),
            ],
            max in 1u64..40,
            is_final: bool,
        ) {
            let (_temp, root) = root();
            let (folder, _lock) = job(&root, 1);
            write(&mut folder.run(1).unwrap().stream_writer(OUT, None).unwrap(), &bytes);
            let log = folder.run(1).unwrap().stream_log(OUT).unwrap();
            let observed = bytes.len() as u64;
            let (mut at, mut text) = (0, String::new());
            loop {
                let part = log.from(at, max, observed, is_final).unwrap();
                prop_assert_eq!(part.range[0], at);
                prop_assert_eq!(part.range[1] - at, part.included_bytes);
                prop_assert!(part.included_bytes <= max.max(4));
                prop_assert_eq!(part.truncated, part.included_bytes < observed);
                text.push_str(&part.tail.unwrap());
                if part.range[1] == at {
                    break;
                }
                at = part.range[1];
            }
            if is_final {
                prop_assert_eq!(at, observed);
            } else {
                prop_assert!(observed - at <= 3);
            }
            if let Ok(whole) = std::str::from_utf8(&bytes) {
                prop_assert_eq!(text, whole, "no character is cut");
            }
        }

        #[test]
        fn tails_are_cut_on_lines_and_characters(
            text in "([a-zé€😀]{0,5}\n?){0,40}",
            lines in 0usize..10,
            max in 0u64..200,
        ) {
            let (_temp, root) = root();
            let (folder, _lock) = job(&root, 1);
            write(&mut folder.run(1).unwrap().stream_writer(OUT, None).unwrap(), text.as_bytes());
            let log = folder.run(1).unwrap().stream_log(OUT).unwrap();
            let tail = log.tail(lines, max, text.len() as u64, true).unwrap();
            prop_assert_eq!(tail.range[1], text.len() as u64);
            prop_assert!(tail.included_bytes <= max);
            prop_assert_eq!(tail.tail.as_deref(), Some(&text[tail.range[0] as usize..]));
            let all: Vec<&str> = text.split_inclusive('\n').collect();
            let last: String = all[all.len().saturating_sub(lines)..].concat();
            if lines > 0 && last.len() as u64 <= max {
                prop_assert_eq!(tail.tail.unwrap(), last);
            } else {
                prop_assert!(tail.included_bytes + 3 >= max.min(text.len() as u64));
            }
        }

        #[test]
        fn no_bytes_make_a_tail_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..100),
            lines in 0usize..4,
            max in 0u64..120,
            observed in 0u64..200,
            is_final: bool,
        ) {
            let (_temp, root) = root();
            let (folder, _lock) = job(&root, 1);
            write(&mut folder.run(1).unwrap().stream_writer(OUT, None).unwrap(), &bytes);
            let log = folder.run(1).unwrap().stream_log(OUT).unwrap();
            let tail = log.tail(lines, max, observed, is_final).unwrap();
            prop_assert!(tail.range[0] <= tail.range[1] && tail.range[1] <= bytes.len() as u64);
            prop_assert!(tail.observed_bytes >= observed);
            log.from(observed, max, observed, is_final).unwrap();
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn both_ends_are_what_the_stream_holds_there(
            pieces in prop::collection::vec(("[a-z]{1,30}", 0u64..3), 0..12),
            head in 0u64..60,
            tail in 0u64..60,
            from in 0u64..80,
        ) {
            let (_temp, root) = root();
            let (folder, _lock) = job(&root, 1);
            let mut writer = folder.run(1).unwrap().stream_writer(OUT, None).unwrap();
            let mut all = Vec::new();
            for (text, gap) in &pieces {
                write(&mut writer, text.as_bytes());
                all.extend(text.bytes().map(Some));
                writer.skip(*gap);
                all.extend((0..*gap).map(|_| None));
            }
            // What was skipped at the very end can't be seen on disk.
            while all.last() == Some(&None) {
                all.pop();
            }
            let log = folder.run(1).unwrap().stream_log(OUT).unwrap();
            let parts = log.ends(from, head, tail, true).unwrap();
            let (end, first) = (all.len() as u64, from.min(all.len() as u64));
            let wanted = |at: u64| {
                at >= first && (end - first <= head + tail || at < first + head || at >= end - tail)
            };
            let mut read = vec![None; all.len()];
            for part in &parts {
                prop_assert!(!part.bytes.is_empty());
                for (at, byte) in (part.offset..).zip(&part.bytes) {
                    prop_assert_eq!(read[at as usize].replace(*byte), None, "read twice");
                }
            }
            for (at, byte) in all.into_iter().enumerate() {
                let expected = byte.filter(|_| wanted(at as u64));
                prop_assert_eq!(read[at], expected, "at {}", at);
            }
        }
    }

    #[test]
    fn ends_are_cut_on_the_borders_of_characters() {
        let (_temp, root) = root();
        let (folder, _lock) = job(&root, 1);
        let mut writer = folder.run(1).unwrap().stream_writer(OUT, None).unwrap();
        write(&mut writer, "€€€€€".as_bytes());
        write(&mut writer, b"\xe2\x82");
        let log = folder.run(1).unwrap().stream_log(OUT).unwrap();
        let shown = |is_final| -> Vec<(u64, Vec<u8>)> {
            let parts = log.ends(0, 4, 6, is_final).unwrap();
            parts
                .into_iter()
                .map(|part| (part.offset, part.bytes))
                .collect()
        };
        let euro = "€".as_bytes();
        assert_eq!(shown(false), [(0, euro.to_vec()), (12, euro.to_vec())]);
        assert_eq!(
            shown(true),
            [(0, euro.to_vec()), (12, [euro, b"\xe2\x82"].concat())]
        );
    }

    #[test]
    fn a_character_that_is_not_complete_waits() {
        let (_temp, root) = root();
        let (folder, _lock) = job(&root, 1);
        let mut writer = folder.run(1).unwrap().stream_writer(OUT, None).unwrap();
        write(&mut writer, b"a\xe2\x82");
        let mut log = folder.run(1).unwrap().stream_log(OUT).unwrap();
        assert_eq!(log.tail(5, 100, 3, false).unwrap().tail.unwrap(), "a");
        assert_eq!(log.from(0, 100, 3, false).unwrap().range, [0, 1]);
        assert_eq!(log.from(1, 100, 3, false).unwrap().range, [1, 1]);
        assert_eq!(
            log.tail(5, 100, 3, true).unwrap().tail.unwrap(),
            "a\u{fffd}"
        );
        write(&mut writer, b"\xac");
        log.refresh().unwrap();
        assert_eq!(log.from(1, 100, 4, false).unwrap().tail.unwrap(), "€");
    }

    #[test]
    fn what_a_full_disk_took_is_a_gap() {
        let (_temp, root) = root();
        let (folder, _lock) = job(&root, 1);
        let mut writer = folder.run(1).unwrap().stream_writer(OUT, None).unwrap();
        write_counted(&mut writer, 10);
        writer.skip(5);
        assert_eq!(writer.omitted(), [[10, 15]]);
        // A segment is begun, but again nothing can be written.
        writer.target().unwrap();
        writer.skip(5);
        assert_eq!(writer.omitted(), [[10, 20]]);
        write_counted(&mut writer, 10);
        writer.skip(1);
        write_counted(&mut writer, 4);
        assert_eq!(files(&folder).len(), 3);
        assert_eq!(writer.omitted(), [[10, 20], [30, 31]]);
        assert_eq!(writer.omitted_bytes(), 11);
        let log = folder.run(1).unwrap().stream_log(OUT).unwrap();
        assert_eq!(check_bytes(&log), 24);
        assert_eq!(log.omitted(40), [[10, 20], [30, 31], [35, 40]]);
        assert_eq!(log.from(12, 100, 35, true).unwrap().range, [20, 30]);
        assert_eq!(log.tail(0, 100, 35, true).unwrap().range[1], 35);
        assert!(log.tail(0, 100, 35, true).unwrap().range[0] >= 31);
        let resumed = folder.run(1).unwrap().stream_writer(OUT, None).unwrap();
        assert_eq!(resumed.position(), 35);
    }

    #[test]
    fn a_segment_that_goes_while_it_is_read_is_a_gap() {
        let (_temp, root) = root();
        let (folder, _lock) = job(&root, 1);
        let mut writer = folder
            .run(1)
            .unwrap()
            .stream_writer(OUT, Some(32 * 1024))
            .unwrap();
        write_counted(&mut writer, 30 * 1024);
        let log = folder.run(1).unwrap().stream_log(OUT).unwrap();
        write_counted(&mut writer, 100 * 1024);
        assert_eq!(check_bytes(&log), 16 * 1024, "the head is still there");
        assert!(log.tail(10, 1000, 0, true).is_ok());
        fs::write(folder.log_path(1, OUT), b"cut").unwrap();
        let mut at = 0;
        while at < log.end() {
            let n = log.read_at(at, &mut [0; 1000]).unwrap() as u64;
            let next = log.next_present(at + n);
            assert!(next > at || next == log.end());
            at = next.max(at + n);
        }
    }

    #[test]
    fn a_tail_of_a_large_log_reads_only_its_end() {
        let (_temp, root) = root();
        let (folder, _lock) = job(&root, 1);
        let file = fs::OpenOptions::new()
            .write(true)
            .open(folder.log_path(1, OUT))
            .unwrap();
        // All of it would not fit into memory, nor into a test's patience.
        file.set_len(1 << 40).unwrap();
        let log = folder.run(1).unwrap().stream_log(OUT).unwrap();
        assert_eq!(
            log.tail(5, 1000, 1 << 40, true).unwrap().included_bytes,
            1000
        );
        assert_eq!(
            log.from(1 << 39, 1000, 1 << 40, true)
                .unwrap()
                .included_bytes,
            1000
        );
    }

    #[test]
    fn foreign_names_are_no_segments() {
        let (_temp, root) = root();
        let (folder, _lock) = job(&root, 1);
        for name in [
            "stdout.log.7",
            "stdout.log.99999999999999999999",
            "stdout.log.x",
        ] {
            fs::write(folder.path().join("runs/1").join(name), "x").unwrap();
        }
        assert_eq!(folder.run(1).unwrap().stream_log(OUT).unwrap().end(), 0);
        assert_eq!(
            folder
                .run(1)
                .unwrap()
                .stream_writer(OUT, None)
                .unwrap()
                .position(),
            0
        );
    }
}
