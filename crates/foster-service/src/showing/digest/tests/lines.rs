use foster_model::answer::DigestPart;

use super::{numbered, whole};

#[test]
fn a_line_is_what_a_terminal_shows_at_last() {
    let rows = [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]0;never closed\nnext", "\nnext"),
        ("10%\r50%\r100%", "100%"),
        ("downloading\r\x1b[Kdone", "done"),
        ("downloading\rdone", "doneloading"),
        ("abc\x08\x08X", "aXc"),
        ("abc\x1b[2K\rx", "x"),
        ("a\x1b[900Cb", "a b"),
        ("abc\x1b[2D\x1b[Kx", "ax"),
        ("abc\x1b[2Gx", "axc"),
        ("a\0\x07b\u{9b}c\x7f", "abc"),
        ("trailing  \t", "trailing"),
        ("windows\r\n", "windows\n"),
        ("\u{e9}t\u{e9} \u{c2}ge\r\n", "\u{e9}t\u{e9} \u{c2}ge\n"),
        ("tab\tstays", "tab\tstays"),
    ];
    for (raw, shown) in rows {
        let digest = whole(raw);
        assert_eq!(digest.text, shown, "{raw:?}");
        assert_eq!(digest.applied, raw != shown, "{raw:?}");
    }
}

#[test]
fn what_repeats_is_shown_once_with_its_count() {
    let rows = [
        ("yes\n".repeat(100), "yes  [100 times]\n", 99),
        (
            "ping\npong\nout\n".repeat(20),
            "ping\npong\nout\n[the 3 lines above 20 times]\n",
            57,
        ),
        (
            numbered(1..41, |n| format!("[{n}/40] copied {}%\n", n * 2)),
            "[40/40] copied 80%  [the last of 40 like it]\n",
            39,
        ),
        (
            numbered(1..10, |n| format!("layer {n} pulled\nlayer {n} checked\n")),
            "layer 9 pulled\nlayer 9 checked\n[the 2 lines above are the last of 9 like them]\n",
            16,
        ),
        ("a\n\n\n\nb\n".to_owned(), "a\n\nb\n", 2),
        // What would grow stays as it is; so do few lines with numbers.
        ("a\na\n".to_owned(), "a\na\n", 0),
        (
            "took 1 s\ntook 2 s\ntook 3 s\n".to_owned(),
            "took 1 s\ntook 2 s\ntook 3 s\n",
            0,
        ),
    ];
    for (raw, shown, folded) in rows {
        let digest = whole(&raw);
        assert_eq!(digest.text, shown);
        assert_eq!(digest.lines_folded, folded, "{shown:?}");
        assert_eq!(digest.lines_total, raw.lines().count() as u64);
        assert_eq!(digest.kept, [DigestPart::Whole]);
    }
}

#[test]
fn places_of_errors_are_not_folded_away() {
    let raw = numbered(1..10, |n| format!("src/a.c:{n}:1: error: expected ';'\n"));
    assert_eq!(whole(&raw).text, raw);
}
