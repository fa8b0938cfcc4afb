use std::fs::{self, DirBuilder};
use std::io;
use std::path::Path;

use clap::Command;
use foster_model::answer::ManAnswer;
use foster_model::{ErrorCode, Exit};
use foster_service::Outcome;

use super::{Unread, say_failure, write};
use crate::args::{self, man::Args};
use crate::exit::Status;
use crate::failure::Failure;
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
    program
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
    let mut text = Vec::new();
    let made = clap_mangen::Man::new(command).render(&mut text);
    // Writing to memory can't fail.
    made.map_err(|error| failed("the page can't be made", &error))?;
    Ok(text)
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
