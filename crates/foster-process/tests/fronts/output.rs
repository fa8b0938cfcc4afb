//! Output is what was printed, or says what is missing.

use std::time::Duration;

use foster_process::output::{
    CaptureSettings, CollectBytes, CollectLines, Consumers, Keep, KeepLines, LineOptions, Lines,
    Pattern, PatternSet, Replay, StdStream, StreamEnd, StreamEvent,
};
use foster_process::{CompletionOptions, Input, Output, OutputError, WaitedFor};

use crate::front::{Front, SECOND, script};
use crate::through_both;

through_both![
    every_line_of_a_flood_is_there,
    a_tail_says_what_is_missing,
    a_prompt_without_a_newline_is_found,
    one_of_several_patterns_on_both_streams,
    what_was_printed_before_is_found_by_replay,
    all_who_subscribe_get_all,
    there_is_one_consumer_unless_it_is_shared,
    output_that_ends_or_never_comes_is_told,
    the_end_is_told_again,
];

fn every_line_of_a_flood_is_there<F: Front>() {
    let process = F::start(script("seq 1 300000")).unwrap();
    let lines = CollectLines::new(KeepLines::All);
    let options = CompletionOptions::new().stdout(Lines::new(LineOptions::default(), lines));
    let done = process.complete(options).unwrap();
    assert!(!done.stdout.truncated());
    let lines: Vec<String> = done
        .stdout
        .lines()
        .map(|line| line.text().into_owned())
        .collect();
    assert_eq!(lines.len(), 300_000);
    assert!(
        lines
            .iter()
            .enumerate()
            .all(|(i, line)| *line == (i + 1).to_string())
    );
}

fn a_tail_says_what_is_missing<F: Front>() {
    let process = F::start(script("seq 1 300000")).unwrap();
    let keep = Keep::HeadAndTail {
        head: 100,
        tail: 1000,
    };
    let options = CompletionOptions::new().stdout(CollectBytes::new(keep));
    let kept = process.complete(options).unwrap().stdout;
    assert!(kept.truncated());
    assert_eq!(kept.total(), 1_988_895);
    assert_eq!(kept.omitted_bytes(), 1_988_895 - 1100);
    let text = kept.to_string_lossy_with_marker();
    assert!(
        text.starts_with("1\n2\n") && text.ends_with("299999\n300000\n"),
        "{text}"
    );
}

fn prompt(text: &str) -> PatternSet {
    PatternSet::new([Pattern::substring(text)]).unwrap()
}

fn a_prompt_without_a_newline_is_found<F: Front>() {
    let text = "printf 'name: '; read a; printf 'colour: '; read b; echo \"$a likes $b\"";
    let mut process = F::start(script(text).stdin(Input::Piped)).unwrap();
    let mut stdout = process.subscribe(StdStream::Stdout).unwrap();
    for (question, answer) in [("name: ", "Ann\n"), ("colour: ", "red\n")] {
        let found = process.wait_for(&mut [&mut stdout], &prompt(question), Some(10 * SECOND));
        assert!(matches!(found, WaitedFor::Found(_)), "{found:?}");
        process.write(answer);
    }
    let rest = process.visit(&mut stdout, CollectBytes::new(Keep::All));
    assert_eq!(rest.to_vec(), b"Ann likes red\n");
}

fn one_of_several_patterns_on_both_streams<F: Front>() {
    let process = F::start(script(
        "echo starting; echo 'listening on 8080' >&2; sleep 100",
    ))
    .unwrap();
    let mut streams = [StdStream::Stdout, StdStream::Stderr].map(|s| process.subscribe(s).unwrap());
    let [out, err] = &mut streams;
    let patterns = PatternSet::new([
        Pattern::substring("cannot bind"),
        Pattern::regex(r"listening on (\d+)").unwrap(),
    ]);
    let patterns = patterns.unwrap();
    let WaitedFor::Found(found) = process.wait_for(&mut [out, err], &patterns, Some(10 * SECOND))
    else {
        panic!("not found");
    };
    assert_eq!((found.stream, found.what.pattern), (StdStream::Stderr, 1));
    assert_eq!(found.what.text, "listening on 8080");
    assert_eq!(found.what.range, 0..17);
}

fn captured(consumers: Consumers, replay: Replay) -> Output {
    let settings = CaptureSettings::builder()
        .consumers(consumers)
        .replay(replay);
    Output::Captured(settings.build().unwrap())
}

fn what_was_printed_before_is_found_by_replay<F: Front>() {
    let command = script("echo long ago; exec cat").stdin(Input::Piped);
    let command = command.stdout(captured(Consumers::Broadcast, Replay::All));
    let process = F::start(command).unwrap();
    let mut first = process.subscribe(StdStream::Stdout).unwrap();
    let seen = process.wait_for(&mut [&mut first], &prompt("ago\n"), Some(10 * SECOND));
    assert!(matches!(seen, WaitedFor::Found(_)));
    let mut late = process.subscribe(StdStream::Stdout).unwrap();
    let seen = process.wait_for(&mut [&mut late], &prompt("long"), Some(10 * SECOND));
    assert!(matches!(seen, WaitedFor::Found(_)));
}

fn all_who_subscribe_get_all<F: Front>() {
    let command = script("read x; seq 1 100000").stdin(Input::Piped);
    let command = command.stdout(captured(Consumers::Broadcast, Replay::None));
    let mut process = F::start(command).unwrap();
    let mut all: Vec<_> = (0..3)
        .map(|_| process.subscribe(StdStream::Stdout).unwrap())
        .collect();
    process.write("go\n");
    // One thread reads for all: each takes a piece in turn.
    let mut texts = vec![Vec::new(); 3];
    let mut open = 3;
    while open > 0 {
        for (subscription, text) in all.iter_mut().zip(&mut texts) {
            if text.ends_with(b"END") {
                continue;
            }
            match process.next_event(subscription) {
                StreamEvent::Chunk(chunk) => text.extend_from_slice(&chunk),
                StreamEvent::Gap(gap) => panic!("{gap:?}"),
                StreamEvent::End(end) => {
                    assert!(end.is_eof());
                    text.extend_from_slice(b"END");
                    open -= 1;
                }
            }
        }
    }
    assert_eq!(texts[0].len(), 588_895 + 3);
    assert!(texts.iter().all(|text| *text == texts[0]));
}

fn there_is_one_consumer_unless_it_is_shared<F: Front>() {
    let process = F::start(script("echo once").stderr(Output::Null)).unwrap();
    let first = process.subscribe(StdStream::Stdout).unwrap();
    let second = process.subscribe(StdStream::Stdout);
    assert!(matches!(
        second,
        Err(OutputError::Taken(StdStream::Stdout, _))
    ));
    let none = process.subscribe(StdStream::Stderr);
    assert!(matches!(
        none,
        Err(OutputError::NotCaptured(StdStream::Stderr))
    ));
    drop(first);
    let mut later = process.subscribe(StdStream::Stdout).unwrap();
    let text = process.visit(&mut later, CollectBytes::new(Keep::All));
    assert_eq!(text.to_vec(), b"once\n");
}

fn output_that_ends_or_never_comes_is_told<F: Front>() {
    let process = F::start(script("echo something else")).unwrap();
    let mut stdout = process.subscribe(StdStream::Stdout).unwrap();
    let waited = process.wait_for(&mut [&mut stdout], &prompt("never"), None);
    assert!(
        matches!(waited, WaitedFor::Ended(StreamEnd::Eof)),
        "{waited:?}"
    );
    let process = F::start(script("sleep 100")).unwrap();
    let mut stdout = process.subscribe(StdStream::Stdout).unwrap();
    let at_most = Some(Duration::from_millis(20));
    let waited = process.wait_for(&mut [&mut stdout], &prompt("never"), at_most);
    assert!(matches!(waited, WaitedFor::Deadline), "{waited:?}");
}

fn the_end_is_told_again<F: Front>() {
    let process = F::start(script("printf x")).unwrap();
    let mut stdout = process.subscribe(StdStream::Stdout).unwrap();
    assert!(matches!(
        process.next_event(&mut stdout),
        StreamEvent::Chunk(_)
    ));
    for _ in 0..3 {
        assert!(matches!(
            process.next_event(&mut stdout),
            StreamEvent::End(StreamEnd::Eof)
        ));
    }
}
