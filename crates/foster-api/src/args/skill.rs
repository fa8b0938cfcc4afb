//! The skill file shows no command that would be refused.

use clap::{CommandFactory as _, Parser as _};

use super::Cli;

const SKILL: &str = include_str!("../../../foster/skill/SKILL.md");

/// Returns what the skill shows to be typed: lines of its blocks of code, and code within a line.
fn shown() -> Vec<&'static str> {
    let mut commands = Vec::new();
    let mut block = false;
    for line in SKILL.lines() {
        if line.starts_with("```") {
            block = !block;
        } else if block {
            commands.push(line);
        } else {
            commands.extend(line.split('`').skip(1).step_by(2));
        }
    }
    commands.retain(|command| command.starts_with("foster "));
    commands
}

/// Splits a command line as a shell does, as far as the skill uses it.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match (c, words.last_mut()) {
            ('\'', _) => quoted = !quoted,
            (' ', _) if !quoted => words.push(String::new()),
            (c, Some(word)) => word.push(c),
            (_, None) => {}
        }
    }
    words
}

#[test]
fn every_command_of_the_skill_is_one() {
    let shown = shown();
    assert!(shown.len() > 25, "{shown:?}");
    for line in shown {
        let words = words(line);
        let verb = words[1].as_str();
        let is_named_alone = words.len() == 2 && Cli::command().find_subcommand(verb).is_some();
        if is_named_alone {
            continue;
        }
        if let Err(error) = Cli::try_parse_from(words) {
            assert_eq!(
                error.kind(),
                clap::error::ErrorKind::DisplayHelp,
                "{line}: {error}"
            );
        }
    }
}

#[test]
fn the_front_matter_names_the_skill() {
    let (front, _) = SKILL
        .strip_prefix("---\n")
        .unwrap()
        .split_once("\n---\n")
        .unwrap();
    let mut lines = front.lines();
    assert_eq!(lines.next(), Some("name: foster"));
    let description = lines.next().unwrap().strip_prefix("description: ").unwrap();
    // The longest that the format allows: https://agentskills.io/specification.
    assert!((1..=1024).contains(&description.len()));
    assert_eq!(lines.next(), None);
}
