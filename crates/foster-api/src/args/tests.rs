use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

use clap::{CommandFactory as _, Parser as _};
use foster_model::CommandLine;
use foster_service::RunRequest;

use super::*;
use crate::args::form::{Format, When};

fn words(line: &str) -> Vec<OsString> {
    let words = line.split(' ').filter(|word| !word.is_empty());
    std::iter::once("foster")
        .chain(words)
        .map(OsString::from)
        .collect()
}

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(words(line))
}

fn run(line: &str) -> run::Args {
    match parse(line).unwrap().verb {
        Verb::Run(args) => *args,
        other => panic!("{other:?}"),
    }
}

fn argv(line: &str) -> Vec<String> {
    match run(line).definition.command.command_line().unwrap() {
        CommandLine::Argv(argv) => argv
            .iter()
            .map(|word| word.to_lossy().into_owned())
            .collect(),
        CommandLine::Shell(line) => panic!("{line:?}"),
    }
}

#[test]
fn the_parser_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn every_verb_is_called_as_its_answer_is() {
    let lines = [
        "run true",
        "exec true",
        "create true",
        "start x",
        "restart x",
        "tag x",
        "notify show x",
        "events x",
        "status x",
        "processes x",
        "list",
        "ps",
        "tail x",
        "logs x",
        "wait x",
        "kill x",
        "send x text",
        "deadline x 5s",
        "delete x",
        "gc",
        "schema",
        "recover",
        "doctor",
        "serve",
        "ui",
        "install-skill",
        "config",
        "completions zsh",
        "man",
        "_supervise",
        "_notify",
    ];
    for line in lines {
        let cli = parse(line).unwrap();
        assert_eq!(Some(cli.verb.name()), line.split(' ').next());
    }
    assert_eq!(Cli::command().get_subcommands().count(), lines.len());
}

#[test]
fn good_lines_are_taken() {
    for line in [
        "run -- true",
        "run true",
        "run --shell true",
        "run --no-wait --timeout 5s true",
        "run --timeout none --log-cap none --snapshot-after 0s true",
        "run --env A=1 --env B --env C= --env-file x --mask A --tag a.b --tag c --name n true",
        "run --escalate INT:2s,TERM:5s true",
        "run --stragglers leave --containment group --drain 1s --kill-after 0s true",
        "run --stdin text --idle-timeout 5m --progress-every 1s --timeout none true",
        "run --stdin=open --stdin-max 1KiB true",
        "create --stdin=- true",
        "send x --eof",
        "send x - --timeout none",
        "send x --no-newline -- -v",
        "deadline x none",
        "deadline x 0s",
        "run --tail-lines 0 --max-bytes 1MiB --stdin-file f --log l --cwd d true",
        "exec --cwd / --kill-after 1s true",
        "--json status x",
        "status x --json",
        "--root /r --output yaml status x",
        "list --all --limit 3 --state running --state lost --tag t",
        "list --state running,lost",
        "list --tag a.* --tag b --group g --name w*b? --command x --cause timeout,stop",
        "list --since 2h --until 2026-11-20T08:00:00Z --sort duration --reverse --limit none --ids",
        "list --cwd / --cursor 1n01m7v41f01000000000001nf6y",
        "ps --tag a --sort name",
        "events x --follow --since 5m",
        "events --all -f --since 2026-11-20T08:00:00+01:00",
        "wait --group g --any",
        "wait --from-json -",
        "wait x --for text --stream stderr",
        "wait x --for-regex ^a --stream either --timeout 1s",
        "kill --group g --tag a.*",
        "status x --run 2",
        "tail x --run 1 --grep a --invert --ignore-case",
        "logs x --run 1 --grep a --before 1 --after 2 --max-matches 3",
        "logs x --since 2026-11-20T08:00:00Z --grep a --context 2",
        "ps --all --limit 1",
        "tail x --stdout --lines 3 --max-bytes 5KiB",
        "tail x --from 12",
        "logs x -f -t --stderr --since 12 --max-bytes 1B",
        "logs x --since 5m",
        "wait x y --any --timeout 0s",
        "wait x --timeout none",
        "kill x y --grace 0s --no-wait",
        "kill x --signal HUP --to leader",
        "kill x --escalate KILL:0s",
        "schema run",
        "recover x y",
        "install-skill --global --claude --force",
        "install-skill --dir d",
        "serve --listen none --unix s",
        "serve --listen [::1]:80 --port 0 --allow-host a.test --allow-host b.test:443 --token-file t",
        "serve --tls-cert c --tls-key k",
        "ui --print --port 0 --insecure-plain-http",
        "run --digest true",
        "wait x --digest",
        "tail x --digest --from 3",
        "delete x y --dry-run",
        "delete --kill x",
        "rm x",
        "delete --all --everywhere --state exited,lost",
        "delete --group g --tag t --kill --state running",
        "gc",
        "gc --older-than 7d --max-jobs 3 --max-bytes 1GiB --limit 5 --dry-run",
        "run --no-auto-gc true",
    ] {
        assert!(parse(line).is_ok(), "{line}: {}", parse(line).unwrap_err());
    }
}

/// Lines that are wrong, each with a part of the hint that is given.
const BAD_LINES: &[(&str, &str)] = &[
    ("run", "--help"),
    ("run --", "--help"),
    ("run --shell x y", "--help"),
    ("run --timeout 5 true", "5s"),
    ("run --timeout 0s true", "none"),
    ("run --timeout soon true", "5s"),
    ("run --snapshot-after 5 true", "5s"),
    ("run --kill-after 5 true", "5s"),
    ("run --kill-after none true", "5s"),
    ("run --drain 5 true", "5s"),
    ("run --max-bytes 64 true", "64KiB"),
    ("run --log-cap 64 true", "64KiB"),
    ("run --log-cap much true", "64KiB"),
    ("run --no-wait --wait true", "--help"),
    ("run --no-wait --snapshot-after 1s true", "--help"),
    ("run --wait --snapshot-after 1s true", "--help"),
    ("run --stdin a --stdin-file b true", "--help"),
    ("run --stdin-max 64 true", "64KiB"),
    ("run --idle-timeout 0s true", "none"),
    ("run --progress-every 9ms true", "100ms"),
    ("send x", "--help"),
    ("send x y --timeout 5", "5s"),
    ("deadline x", "--help"),
    ("deadline x soon", "5s"),
    ("run --escalate TERM true", "TERM:5s"),
    ("run --escalate TERM:5 true", "5s"),
    ("run --escalate :5s true", "TERM:5s"),
    ("run --escalate , true", "TERM:5s"),
    ("run --escalate TERM:5s --kill-after 1s true", "--help"),
    ("run --env =1 true", "NAME=VALUE"),
    ("run --name a/b true", "letters"),
    ("run --tag a..b true", "segments"),
    ("run --timeot 5s true", "--timeout"),
    ("run --stragglers keep true", "--help"),
    ("run --containment jail true", "--help"),
    ("run --tail-lines many true", "--help"),
    ("run -x", "--"),
    ("exec", "--help"),
    ("exec --timeout 5s true", "-- --timeout"),
    ("status", "--help"),
    ("status x y", "--help"),
    ("list --state runing", "running"),
    ("list --limit -1", "--help"),
    ("list --limit 0", "none"),
    ("list --limit many", "none"),
    ("list --all --cwd /", "--help"),
    ("list --tag a.*.b", "segments"),
    ("list --name [ab]", "letters"),
    ("list --since yesterday", "2026"),
    ("list --until 5", "5m"),
    ("list --cursor x", "next"),
    ("list --sort 7", "--help"),
    ("list --cause bored", "--help"),
    ("events", "--help"),
    ("events x --all", "--help"),
    ("events x --since 5", "5m"),
    ("wait x --group g", "--help"),
    ("wait x --from-json f", "--help"),
    ("wait --group g --for x", "--help"),
    ("wait x --for a --for-regex b", "--help"),
    ("wait x --for a --any", "--help"),
    ("wait x --stream both --for a", "--help"),
    ("kill x --group g", "--help"),
    ("logs x --invert", "--help"),
    ("logs x --grep a --context 1 --before 1", "--help"),
    ("tail x --max-matches 1", "--help"),
    ("tail x --stdout --stderr", "--help"),
    ("tail x --from 1KiB", "--help"),
    ("tail x --from 1 --lines 2", "--help"),
    ("tail x --max-bytes 5", "5KiB"),
    ("logs x --since yesterday", "5m"),
    ("logs x --since 99999999999999999999999", "offset"),
    ("wait", "--help"),
    ("wait x --timeout 5", "5s"),
    ("kill", "--help"),
    ("kill x --signal TERM --grace 1s", "--help"),
    ("kill x --to leader", "--help"),
    ("kill x --grace 1", "1s"),
    ("delete", "--help"),
    ("delete --all x", "--help"),
    ("delete --all --kill", "--help"),
    ("delete x --state exited", "--help"),
    ("delete --everywhere", "--help"),
    ("gc x", "--help"),
    ("gc --older-than 5", "5s"),
    ("gc --max-bytes 5", "5KiB"),
    ("gc --max-jobs -1", "--help"),
    ("doctor x", "--help"),
    ("install-skill --dir d --claude", "--help"),
    ("serve --listen 80", "127.0.0.1:7878"),
    ("serve --port 65536", "--help"),
    ("serve --tls-cert c", "--help"),
    ("ui --tls-key k", "--help"),
    ("--output xml list", "yaml"),
    ("--root", "--help"),
    ("lst", "list"),
    ("--json", "--help"),
    ("", "--help"),
];

#[test]
fn bad_lines_are_refused_with_a_hint() {
    for (line, hint) in BAD_LINES {
        let error = parse(line).expect_err(line);
        let typed = Typed::new(&words(line));
        let failure = failure(&error, typed.verb.as_deref());
        let body = failure.body();
        let given = body.hint.as_deref().unwrap_or_default();
        assert!(
            given.contains(hint),
            "{line}: {:?}, hint {given:?}",
            body.message
        );
        assert!(
            !body.message.contains('\n') && !body.message.is_empty(),
            "{line}"
        );
    }
}

#[test]
fn options_after_the_program_belong_to_it() {
    assert_eq!(argv("run ls -l --json"), ["ls", "-l", "--json"]);
    assert_eq!(argv("run -- ls -- --root x"), ["ls", "--", "--root", "x"]);
    assert_eq!(argv("run --no-wait -- -x --wait"), ["-x", "--wait"]);
    assert_eq!(
        parse("run ls --json").unwrap().common.format().unwrap(),
        None
    );
    let before = parse("run --json ls").unwrap().common;
    assert_eq!(before.format().unwrap(), Some(Format::Json));
}

#[test]
fn arguments_need_not_be_text() {
    let mut line = words("run --env");
    line.push(OsString::from_vec(b"K=\xff=x".to_vec()));
    line.push(OsString::from_vec(b"a\xfe".to_vec()));
    let Verb::Run(mut args) = Cli::try_parse_from(line).unwrap().verb else {
        panic!("not run");
    };
    assert_eq!(
        args.definition.command.env[0].value,
        Some(OsString::from_vec(b"\xff=x".to_vec()))
    );
    let CommandLine::Argv(argv) = args.definition.command.command_line().unwrap() else {
        panic!("not an argv");
    };
    assert_eq!(argv[0].as_bytes(), b"a\xfe");
}

#[test]
fn an_empty_command_is_refused() {
    for words in [["run", "--", ""], ["run", "--shell", ""], ["run", "", "x"]] {
        let words = std::iter::once("foster").chain(words);
        let Verb::Run(mut args) = Cli::try_parse_from(words).unwrap().verb else {
            panic!("not run");
        };
        assert!(args.definition.command.command_line().is_err());
    }
}

#[test]
fn the_defaults_are_the_service_s() {
    let args = run("run true");
    let request = RunRequest::new(CommandLine::Argv(vec!["true".into()]));
    let typed = args
        .definition
        .request(crate::args::Dash::StandardInput)
        .unwrap();
    assert_eq!(format!("{typed:?}"), format!("{:?}", request.job));
    let observed = args.observation.observation();
    assert_eq!(
        format!("{observed:?}"),
        format!("{:?}", request.observation)
    );
}

#[test]
fn what_was_typed_is_known_also_if_it_is_wrong() {
    let rows = [
        ("run --json --nope", Some("run"), Some(Format::Json)),
        ("--json run --nope", Some("run"), Some(Format::Json)),
        (
            "--root list --output yaml run --nope",
            Some("run"),
            Some(Format::Yaml),
        ),
        ("--output=text lst", None, Some(Format::Text)),
        ("lst run", None, None),
        ("rm --nope", Some("delete"), None),
        ("--output xml list", Some("list"), None),
        ("run --nope -- x --json", Some("run"), None),
        ("", None, None),
    ];
    for (line, verb, format) in rows {
        let expected = Typed {
            verb: verb.map(str::to_owned),
            format,
            color: When::Auto,
        };
        assert_eq!(Typed::new(&words(line)), expected, "{line}");
    }
}

#[test]
fn json_and_another_form_exclude_each_other() {
    assert!(
        parse("--json list --output yaml")
            .unwrap()
            .common
            .format()
            .is_err()
    );
    assert!(
        parse("list --json --output json")
            .unwrap()
            .common
            .format()
            .is_ok()
    );
}
