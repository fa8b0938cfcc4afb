use std::fs::{self, DirBuilder};
use std::io;
use std::path::Path;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};
use foster_api::Failure;
use foster_api::args::{self, man::Args};
use foster_model::answer::ManAnswer;
use foster_model::{ErrorCode, Exit};
use foster_service::Outcome;

use super::{Unread, say_failure, write};
use crate::exit::Status;
use crate::render::{self, Style};

const KIND: &str = "man";

/// Prints one page as `man` reads it, whatever form answers are to have; or writes all pages, and
/// answers with their paths.
pub fn carry_out(args: &Args, style: Style) -> Status {
    let result = match &args.dir {
        Some(dir) => write_all(dir).map(|answer| {
            let outcome = Outcome::from(answer);
            render::answer(style, KIND, &outcome)
        }),
        None => page_of(args.verb.as_deref()).map(Into::into),
    };
    match result {
        Ok(rendered) => write(&rendered, Exit::Ok.into(), Unread::Fine),
        Err(failure) => say_failure(style, KIND, &failure),
    }
}

/// Returns the definition from which pages are made: of the verbs that people use.
fn program() -> Command {
    let mut program = args::command().disable_help_subcommand(true);
    program.build();
    // What every verb has stands after what is its own.
    program.mut_subcommands(|verb| {
        verb.mut_args(|arg| {
            if arg.is_global_set() {
                arg.display_order(usize::MAX)
            } else {
                arg
            }
        })
    })
}

fn page_of(verb: Option<&str>) -> Result<Vec<u8>, Failure> {
    let program = program();
    let Some(verb) = verb else {
        return page(program);
    };
    let found = program
        .find_subcommand(verb)
        .filter(|verb| !verb.is_hide_set());
    match found {
        Some(verb) => page(verb.clone()),
        None => Err(Failure::usage(
            format!("there is no verb {verb:?}"),
            Some("`foster --help` lists the verbs".to_owned()),
        )),
    }
}

fn page(command: Command) -> Result<Vec<u8>, Failure> {
    // Writing to memory can't fail.
    rendered(command).map_err(|error| failed("the page can't be made", &error))
}

fn rendered(mut command: Command) -> io::Result<Vec<u8>> {
    let usage = usage(&mut command);
    let remarks = command.get_after_help().map(ToString::to_string);
    let title = command
        .get_display_name()
        .unwrap_or("foster")
        .to_uppercase();
    let page = Man::new(command.clone())
        .title(title)
        .source(concat!("foster ", env!("CARGO_PKG_VERSION")))
        .manual("Foster");
    let mut out = Vec::new();
    page.render_title(&mut out)?;
    page.render_name_section(&mut out)?;
    as_it_is("SYNOPSIS", &usage, &mut out)?;
    page.render_description_section(&mut out)?;
    page.render_options_section(&mut out)?;
    if command.has_subcommands() {
        page.render_subcommands_section(&mut out)?;
    }
    let remarks = remarks.unwrap_or_default();
    match remarks.strip_prefix("Examples:\n") {
        Some(examples) => as_it_is("EXAMPLES", examples, &mut out)?,
        None => as_it_is("REMARKS", &remarks, &mut out)?,
    }
    Ok(out)
}

/// Returns the ways to call it, one on each line.
fn usage(command: &mut Command) -> String {
    let usage = command.render_usage().to_string();
    let lines = usage
        .lines()
        .map(|line| line.trim_start_matches("Usage:").trim());
    lines.collect::<Vec<_>>().join("\n")
}

/// Appends a section whose lines stay as they are.
fn as_it_is(title: &str, text: &str, out: &mut Vec<u8>) -> io::Result<()> {
    let mut roff = Roff::new();
    roff.control("SH", [title]).control("nf", []);
    for line in text.lines() {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
    roff.to_writer(out)
}

fn write_all(dir: &Path) -> Result<ManAnswer, Failure> {
    let program = program();
    DirBuilder::new()
        .recursive(true)
        .create(dir)
        .map_err(|error| failed(&format!("{} can't be made", dir.display()), &error))?;
    let verbs = program.get_subcommands().filter(|verb| !verb.is_hide_set());
    let pages = verbs.map(|verb| (format!("foster-{}.1", verb.get_name()), verb.clone()));
    let own = ("foster.1".to_owned(), program.clone());
    let mut files = Vec::new();
    for (name, command) in std::iter::once(own).chain(pages) {
        let path = dir.join(name);
        let written = fs::write(&path, page(command)?);
        written.map_err(|error| failed(&format!("{} can't be written", path.display()), &error))?;
        let path = std::path::absolute(&path).unwrap_or(path);
        files.push(path.to_string_lossy().into_owned());
    }
    Ok(ManAnswer { files })
}

fn failed(what: &str, error: &io::Error) -> Failure {
    Failure::with_hint(ErrorCode::Io, format!("{what}: {error}"), None)
}
