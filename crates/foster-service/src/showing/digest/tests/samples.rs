//! What real tools printed, and what a digest makes of it. `FOSTER_BLESS=1` writes the digests anew;
//! what each must hold stands here all the same.

use std::fs;
use std::path::PathBuf;

use foster_model::answer::DigestPart;
use foster_store::Part;

use crate::showing::digest::{Source, digest};

/// The sample, a kind of part that is kept of it, and what must be in the text.
const SAMPLES: [(&str, DigestPart, &[&str]); 13] = [
    (
        "cargo_build",
        DigestPart::CompilerError,
        &[
            "error[E0308]: mismatched types",
            "error[E0609]",
            " --> src/main.rs:12:26",
        ],
    ),
    (
        "cargo_test",
        DigestPart::TestFailure,
        &[
            "---- tests::odd_numbers_are_rounded_up stdout ----",
            "assertion `left == right` failed",
            "panicked at src/lib.rs:18:14",
            "test result: FAILED. 40 passed; 2 failed",
        ],
    ),
    (
        "link",
        DigestPart::LinkerError,
        &["undefined reference to `missing'"],
    ),
    (
        "make",
        DigestPart::CompilerError,
        &["a.c:5:20: error:", "make: *** [Makefile:7: a.o] Error 1"],
    ),
    (
        "node",
        DigestPart::StackTrace,
        &["SyntaxError: ", "at parse (/home/user"],
    ),
    (
        "node_test",
        DigestPart::TestFailure,
        &["not ok 31 - bad sum", "2 !== 3", "# fail 1"],
    ),
    (
        "traceback",
        DigestPart::StackTrace,
        &[
            "Traceback (most",
            "json.decoder.JSONDecodeError: Expecting property name",
        ],
    ),
    (
        "unittest",
        DigestPart::TestFailure,
        &[
            "KeyError: 'key'",
            "AssertionError: Lists differ",
            "FAILED (failures=1, errors=1)",
        ],
    ),
    (
        "tsc_pretty",
        DigestPart::CompilerError,
        &["error TS2741", "error TS2345", "Found 4 errors"],
    ),
    (
        "jest",
        DigestPart::TestFailure,
        &[
            "\u{25cf} bad sum",
            "Expected: 3",
            "TypeError: Cannot read",
            "2 failed, 25 passed",
        ],
    ),
    (
        "vitest",
        DigestPart::TestFailure,
        &[
            "FAIL  v/sum.test.js > bad sum",
            "expected 2 to be 3",
            "1 failed | 25 passed",
        ],
    ),
    (
        "pytest",
        DigestPart::TestFailure,
        &[
            "E       AssertionError: assert 5 == 6",
            "E   KeyError: 'price'",
            "2 failed, 40 passed",
        ],
    ),
    (
        "progress",
        DigestPart::Whole,
        &[
            "added 212 packages",
            "crate-part 200/200 (99.5 MB) 2026-11-21T05:19:00Z  [the last of 200",
        ],
    ),
];

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("testdata/digest")
        .join(name)
}

#[test]
fn what_tools_print_is_shown_by_its_failures() {
    let bless = std::env::var_os("FOSTER_BLESS").is_some();
    for (name, part, wanted) in SAMPLES {
        let bytes = fs::read(path(&format!("{name}.txt"))).unwrap();
        let raw = bytes.len();
        let made = digest(&Source {
            parts: &[Part { offset: 0, bytes }],
            from: 0,
            max_bytes: 3_000,
            end_lines: 10,
        });
        let digest = made.digest;
        assert!(digest.text.len() <= raw.min(3_000), "{name}");
        assert!(digest.kept.contains(&part), "{name}: {:?}", digest.kept);
        for wanted in wanted {
            assert!(
                digest.text.contains(wanted),
                "{name}: {wanted:?} is not in\n{}",
                digest.text
            );
        }
        assert!(!digest.text.contains('\x1b'), "{name}");
        let golden = path(&format!("{name}.digest"));
        if bless {
            fs::write(golden, &digest.text).unwrap();
        } else {
            assert_eq!(digest.text, fs::read_to_string(golden).unwrap(), "{name}");
        }
    }
}
