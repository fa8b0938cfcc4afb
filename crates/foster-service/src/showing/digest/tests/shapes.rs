use foster_model::answer::DigestPart;

use super::whole;

const ROWS: [(&str, DigestPart); 39] = [
    ("./main.go:7:2: undefined: total", DigestPart::CompilerError),
    (
        "x.cpp(12): error C2065: 'y': undeclared identifier",
        DigestPart::CompilerError,
    ),
    (
        "Main.java:3: error: ';' expected",
        DigestPart::CompilerError,
    ),
    (
        "main.cc:1:10: fatal error: 'x.h' file not found",
        DigestPart::CompilerError,
    ),
    ("clang: error: no input files", DigestPart::CompilerError),
    (
        "  12:5  error  'x' is not defined  no-undef",
        DigestPart::CompilerError,
    ),
    (
        "error: linking with `cc` failed: exit status: 1",
        DigestPart::LinkerError,
    ),
    ("/usr/bin/ld: cannot find -lssl", DigestPart::LinkerError),
    (
        "Undefined symbols for architecture arm64:",
        DigestPart::LinkerError,
    ),
    ("--- FAIL: TestSum (0.00s)", DigestPart::TestFailure),
    ("FAIL\texample.com/sum\t0.004s", DigestPart::TestFailure),
    (
        "        FAIL [   0.004s] tiny tests::odd",
        DigestPart::TestFailure,
    ),
    ("test tests::odd ... FAILED", DigestPart::TestFailure),
    (
        "FAILED tests/test_a.py::test_b - KeyError: 'x'",
        DigestPart::TestFailure,
    ),
    ("not ok 3 - adds", DigestPart::TestFailure),
    ("  3 failing", DigestPart::TestFailure),
    (
        " 2/9 Test #2: sums ....***Failed    0.01 sec",
        DigestPart::TestFailure,
    ),
    (
        "panic: runtime error: index out of range [3]",
        DigestPart::Panic,
    ),
    (
        "thread 'main' panicked at src/main.rs:2:5:",
        DigestPart::Panic,
    ),
    (
        "thread 'main' (42) panicked at src/main.rs:2:5:",
        DigestPart::Panic,
    ),
    (
        "a.out: a.c:3: main: Assertion `n > 0' failed.",
        DigestPart::Panic,
    ),
    (
        "==7==ERROR: AddressSanitizer: heap-use-after-free",
        DigestPart::Panic,
    ),
    ("Segmentation fault (core dumped)", DigestPart::Panic),
    ("TypeError: x is not a function", DigestPart::StackTrace),
    (
        "java.lang.IllegalStateException: closed",
        DigestPart::StackTrace,
    ),
    (
        "Exception in thread \"main\" java.lang.Error",
        DigestPart::StackTrace,
    ),
    (
        "make[2]: *** [Makefile:7: all] Error 2",
        DigestPart::BuildFailure,
    ),
    ("FAILED: obj/a.o ", DigestPart::BuildFailure),
    (
        "ninja: build stopped: subcommand failed.",
        DigestPart::BuildFailure,
    ),
    ("npm ERR! code ELIFECYCLE", DigestPart::BuildFailure),
    ("npm error Missing script: \"x\"", DigestPart::BuildFailure),
    (
        "CMake Error at CMakeLists.txt:3 (find_package):",
        DigestPart::BuildFailure,
    ),
    ("[ERROR] Failed to execute goal", DigestPart::BuildFailure),
    ("fatal: not a git repository", DigestPart::Error),
    ("bash: line 1: nope: command not found", DigestPart::Error),
    ("cat: x: No such file or directory", DigestPart::Error),
    (
        "2026-11-21T05:00:00Z ERROR server: refused",
        DigestPart::Error,
    ),
    ("time=05:00 level=error msg=refused", DigestPart::Error),
    (
        "{\"level\":\"error\",\"msg\":\"refused\"}",
        DigestPart::Error,
    ),
];

#[test]
fn failures_are_known_by_their_shape() {
    for (line, part) in ROWS {
        assert_eq!(whole(line).kept, [part, DigestPart::Whole], "{line}");
    }
    for line in [
        "0 errors, 2 warnings",
        "ERROR: 0 failed",
        "test tests::failed_logins ... ok",
        "Compiling thiserror v2.0.0",
        "error_log /var/log/nginx.log",
        "no fatal errors",
        "--- PASS: TestSum (0.00s)",
        "ok 3 - refuses an error",
        "terrors",
    ] {
        assert_eq!(whole(line).kept, [DigestPart::Whole], "{line}");
    }
}
