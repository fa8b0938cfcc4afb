use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};
use foster_model::answer::ConfigSource;
use foster_service::config::{Config, ConfigError, Key, key};

/// Returns the key that an option takes its default from: the one of its name in the section of its
/// verb, or else in `[run]`.
fn key_of(verb: &str, option: &Arg) -> Option<&'static Key> {
    // An option without a default has none that could be another.
    if option.get_default_values().is_empty() {
        return None;
    }
    match (verb, option.get_id().as_str()) {
        ("ps", "limit") => key("list.limit"),
        ("ui", "listen") => key("serve.listen"),
        ("tail", "lines") => key("run.tail_lines"),
        (verb, name) => key(&format!("{verb}.{name}")).or_else(|| key(&format!("run.{name}"))),
    }
}

/// Names in each option's help the key that its default can be set by.
pub fn named(command: Command) -> Command {
    command.mut_subcommands(|verb| {
        let name = verb.get_name().to_owned();
        verb.mut_args(|option| match key_of(&name, &option) {
            Some(key) => with_key(option, key),
            None => option,
        })
    })
}

fn with_key(option: Arg, key: &Key) -> Arg {
    let help = option
        .get_help()
        .map(ToString::to_string)
        .unwrap_or_default();
    let default: Vec<_> = option
        .get_default_values()
        .iter()
        .map(|text| text.to_string_lossy())
        .collect();
    let help = format!("{help} [default: {}, or {}]", default.join(" "), key.path());
    option.help(help).hide_default_value(true)
}

/// Puts what is configured in the place of the defaults of options that were not typed; `None` if
/// nothing is configured for them.
///
/// # Errors
/// The environment has a value for one of them that can't be one.
pub fn configured(
    command: Command,
    typed: &ArgMatches,
    config: &Config,
) -> Result<Option<Command>, ConfigError> {
    let Some((name, verb)) = typed.subcommand() else {
        return Ok(None);
    };
    let options = command
        .find_subcommand(name)
        .into_iter()
        .flat_map(Command::get_arguments);
    let mut defaults = Vec::new();
    for option in options {
        let id = option.get_id();
        let was_typed = verb.value_source(id.as_str()) == Some(ValueSource::CommandLine);
        let Some(key) = key_of(name, option).filter(|_| !was_typed) else {
            continue;
        };
        let value = config.value(&key.path())?;
        if let Some(value) = value.filter(|value| value.source != ConfigSource::Default) {
            defaults.push((id.clone(), value.text.clone()));
        }
    }
    if defaults.is_empty() {
        return Ok(None);
    }
    Ok(Some(command.mut_subcommand(name, |verb| {
        defaults.into_iter().fold(verb, |verb, (id, text)| {
            verb.mut_arg(id, |option| {
                option.default_value(clap::builder::OsStr::from(text))
            })
        })
    })))
}
