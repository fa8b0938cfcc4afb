use foster_model::answer::DigestPart;
use foster_model::answer::DigestPart::{
    BuildFailure, CompilerError, Error, LinkerError, Panic, StackTrace, TestFailure,
};

/// What lines of this shape mean.
pub(super) struct Rule {
    pub pattern: &'static str,
    pub part: DigestPart,
    pub rank: Rank,
    pub extent: Extent,
    /// How many lines before it belong to it: a compiler says where before it says what.
    pub lead: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rank {
    /// It is a failure, with its particulars.
    Failure,
    /// It names one, or may be one.
    Hint,
}

/// Which lines after the first belong to a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// None.
    Line,
    /// So many.
    Next(usize),
    /// Those that are indented, and empty ones between them.
    Indented,
    /// Those up to an empty one.
    Paragraph,
    /// The same, after an empty one right below the heading.
    Section,
    /// Those that are indented, and one more.
    Trace,
    /// Those up to the next heading, empty ones included.
    Chapter,
}

const fn failure(pattern: &'static str, part: DigestPart, extent: Extent) -> Rule {
    Rule {
        pattern,
        part,
        rank: Rank::Failure,
        extent,
        lead: 0,
    }
}

const fn led(lead: usize, rule: Rule) -> Rule {
    Rule { lead, ..rule }
}

const fn hint(pattern: &'static str, part: DigestPart) -> Rule {
    Rule {
        pattern,
        part,
        rank: Rank::Hint,
        extent: Extent::Line,
        lead: 0,
    }
}

/// The shapes that are known; the first that fits a line counts, so the special ones stand above the
/// general ones.
pub(super) static RULES: [Rule; 59] = [
    // Rust.
    hint(
        r"^error: (could not compile|aborting due|test failed|\d+ target)",
        CompilerError,
    ),
    failure(r"^error: linking with", LinkerError, Extent::Paragraph),
    failure(r"^error(\[E\d+\])?: ", CompilerError, Extent::Paragraph),
    failure(
        r"^thread '.*' (\(\d+\) )?panicked at",
        Panic,
        Extent::Paragraph,
    ),
    failure(r"^---- .+ std(out|err) ----$", TestFailure, Extent::Section),
    failure(
        r"^ *(FAIL|TIMEOUT|SIG[A-Z]+|ABORT) \[ *[0-9.]+s\]",
        TestFailure,
        Extent::Line,
    ),
    hint(r"^test .+ \.\.\. FAILED$", TestFailure),
    hint(r"^test result: FAILED", TestFailure),
    // C, C++, Java, Swift and whoever else writes `file:line: error:`; the line before says where.
    led(
        1,
        failure(
            r"^\S[^:]*:\d+(:\d+)?: (fatal |internal compiler )?error: ",
            CompilerError,
            Extent::Indented,
        ),
    ),
    failure(
        r"undefined reference to|^collect2: error|linker command failed",
        LinkerError,
        Extent::Line,
    ),
    failure(
        r"^(\S*/)?(ld(\.\w+)?|lld|mold): |^Undefined symbols for|^duplicate symbol",
        LinkerError,
        Extent::Indented,
    ),
    failure(
        r"^\S*(clang|gcc|cc|g\+\+|c\+\+|rustc|javac)(-\d+)?: (fatal )?error: ",
        CompilerError,
        Extent::Indented,
    ),
    // TypeScript and MSVC; the pretty form of tsc shows the place after an empty line.
    failure(
        r"\(\d+(,\d+)?\) ?: (fatal )?error [A-Z]+\d+: ",
        CompilerError,
        Extent::Indented,
    ),
    failure(r":\d+:\d+ - error TS\d+: ", CompilerError, Extent::Next(4)),
    failure(r"^ +\d+:\d+ +error +\S", CompilerError, Extent::Line),
    // Go.
    failure(r"^\S+\.go:\d+(:\d+)?: ", CompilerError, Extent::Indented),
    led(3, failure(r"^ *--- FAIL: ", TestFailure, Extent::Indented)),
    failure(
        r"^panic: |^fatal error: .*|^goroutine \d+ \[running",
        Panic,
        Extent::Paragraph,
    ),
    hint(r"^FAIL(\s|$)", TestFailure),
    // Python.
    failure(
        r"(^| )Traceback \(most recent call last\):",
        StackTrace,
        Extent::Trace,
    ),
    failure(r"^_{3,} .+ _{3,}$", TestFailure, Extent::Chapter),
    failure(r"^(FAIL|ERROR): \w+ \(", TestFailure, Extent::Chapter),
    failure(r"^E {3,}\S", TestFailure, Extent::Line),
    hint(r"^(FAILED|ERROR) \S+(::\S+| - )", TestFailure),
    hint(r"^\S+::\S+ (FAILED|ERROR)\b", TestFailure),
    hint(r"^FAILED \((failures|errors)=", TestFailure),
    hint(r"^=+ .*\d+ (failed|error).* =+$", TestFailure),
    // JavaScript: jest and vitest, node's own runner, TAP, mocha.
    failure("^ *\u{25cf} .+", TestFailure, Extent::Chapter),
    failure(r"^ *FAIL +\S+ > ", TestFailure, Extent::Chapter),
    hint(r"^ *FAIL +\S", TestFailure),
    failure(r"^ *not ok \d*", TestFailure, Extent::Indented),
    hint(
        "^ *(\u{2715}|\u{d7}|\u{2717}|\u{2718}|\u{2716}) ",
        TestFailure,
    ),
    hint(
        r"^ *(Tests|Test Suites|Test Files|Tests run):? .*[1-9]\d* failed",
        TestFailure,
    ),
    hint(r"^ *[1-9]\d* (failing|failed)\b", TestFailure),
    // Exceptions, with the calls below.
    led(
        3,
        failure(
            r"^(Uncaught )?([A-Za-z_]\w*\.)*[A-Z]\w*(Error|Exception)( \[\w+\])?(: |:?$)",
            StackTrace,
            Extent::Indented,
        ),
    ),
    failure(
        r"^(Exception in thread|Caused by:|Unhandled exception)",
        StackTrace,
        Extent::Indented,
    ),
    failure(r"^npm (ERR!|error) ", BuildFailure, Extent::Line),
    // Crashes.
    failure(
        r"ERROR: (Address|Leak|Thread|Memory|UndefinedBehavior)Sanitizer|: runtime error: ",
        Panic,
        Extent::Paragraph,
    ),
    failure(r"^SUMMARY: \w+Sanitizer", Panic, Extent::Line),
    failure(
        r"Segmentation fault|\(core dumped\)|^terminate called|Assertion .* failed",
        Panic,
        Extent::Indented,
    ),
    hint(r"^Killed$|^Aborted$|[Oo]ut of memory", Panic),
    // Builds.
    led(
        2,
        failure(
            r"^[\w./+-]*(make|ninja)(\[\d+\])?: \*\*\* ",
            BuildFailure,
            Extent::Line,
        ),
    ),
    hint(r"^ninja: build stopped", BuildFailure),
    failure(r"^FAILED: ", BuildFailure, Extent::Paragraph),
    failure(r"^CMake Error", BuildFailure, Extent::Paragraph),
    failure(
        r"^FAILURE: Build failed|^\* What went wrong:",
        BuildFailure,
        Extent::Section,
    ),
    hint(r"BUILD FAILED|^BUILD FAILURE", BuildFailure),
    failure(r"^\[(ERROR|FATAL)\] +\S", BuildFailure, Extent::Line),
    hint(r"^error Command failed|ELIFECYCLE|ERR_PNPM", BuildFailure),
    failure(
        r"^The following tests FAILED:",
        TestFailure,
        Extent::Indented,
    ),
    hint(r"\*\*\*(Failed|Exception|Timeout)", TestFailure),
    failure(r"^ +Failure/Error:", TestFailure, Extent::Paragraph),
    failure(
        r"^ERROR: failed to (solve|build)",
        BuildFailure,
        Extent::Indented,
    ),
    // Shells and tools in general.
    hint(
        r": (command )?not found$|[Nn]o such file or directory|[Pp]ermission denied",
        Error,
    ),
    hint(r"^(fatal|FATAL|ERROR|CRITICAL|Error|ERR!)( \[|: | )", Error),
    hint(r"^[\w./+-]+(\[\d+\])?: (fatal|error|ERROR)\b", Error),
    hint(r"\b(ERROR|FATAL|CRITICAL|PANIC)\b", Error),
    hint(r#""(level|severity)": ?"(error|fatal|critical)""#, Error),
    hint(r"\blevel=(error|fatal|panic)\b", Error),
];

/// What says that all is well with the words of a failure.
pub(super) static HARMLESS: [&str; 2] = [
    r"(?i)\b(0|no|without) (errors?|failures?|failed|fatal)\b",
    r"(?i)\b(errors?|failures?|failed): ?0\b",
];
