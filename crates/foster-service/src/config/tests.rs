use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use foster_model::Stragglers;
use foster_model::answer::ConfigSource;

use super::*;

const ROOT: &str = "/place/of/the/system";

fn parse(text: &str) -> Result<ConfigFile, ConfigError> {
    ConfigFile::parse(Path::new("/c.toml"), text)
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    let own = |(name, value): &(&str, &str)| (name.into(), value.into());
    pairs.iter().map(own).collect()
}

fn merge(
    flags: &[(&'static str, OsString)],
    environment: &[(&str, &str)],
    file: Option<&str>,
) -> Config {
    let file = file.map(|text| parse(text).unwrap());
    let layers = Layers {
        flags,
        environment: &pairs(environment),
        file: file.as_ref(),
        root: OsStr::new(ROOT),
    };
    Config::merge(layers).unwrap()
}

#[test]
fn every_key_has_a_default_that_it_takes_and_a_name_of_its_own() {
    let mut names = std::collections::BTreeSet::new();
    for key in KEYS {
        let checked = key
            .default
            .map_or(Ok(()), |text| (key.check)(OsStr::new(text)));
        assert_eq!(checked, Ok(()), "{key:?}");
        assert!(names.insert(key.variable()), "{key:?}");
        assert!(std::ptr::eq(super::key(&key.path()).unwrap(), key));
    }
    let reserved = ["FOSTER_CONFIG", "FOSTER_JOB", "FOSTER_COMPLETE"];
    assert!(reserved.iter().all(|name| !names.contains(*name)));
    let config = merge(&[], &[], None);
    assert_eq!(
        config.settings.general.root.as_deref(),
        Some(Path::new(ROOT))
    );
    assert_eq!(config.settings.run.stragglers, Stragglers::Kill);
    assert_eq!(
        config.settings.gc.older_than,
        Some(Duration::from_hours(30 * 24))
    );
    assert_eq!(config.settings.gc.max_jobs, None);
    assert!(config.settings.gc.auto);
}

#[test]
fn the_first_layer_that_has_a_value_wins() {
    let file = "output = \"yaml\"\n[run]\ndrain = \"3s\"\ntail_lines = 0x10\n";
    let environment = [("FOSTER_RUN_DRAIN", "4s"), ("FOSTER_RUN_TAIL_LINES", "")];
    let flags = [("output", OsString::from("text"))];
    let config = merge(&flags, &environment, Some(file));
    let origin = |path: &str| {
        let one = config.value(path).unwrap().unwrap();
        (one.text.to_str().unwrap().to_owned(), one.source, one.line)
    };
    assert_eq!(origin("output"), ("text".into(), ConfigSource::Flag, None));
    assert_eq!(
        origin("run.drain"),
        ("4s".into(), ConfigSource::Environment, None)
    );
    assert_eq!(
        origin("run.tail_lines"),
        ("16".into(), ConfigSource::File, Some(4))
    );
    assert_eq!(
        origin("list.limit"),
        ("50".into(), ConfigSource::Default, None)
    );
    assert_eq!(config.settings.general.output, AnswerForm::Text);
    assert_eq!(config.settings.run.drain, Duration::from_secs(4));
    assert_eq!(config.settings.run.tail_lines, 16);
}

#[test]
fn a_wrong_variable_is_refused_where_it_counts() {
    let wrong = [("FOSTER_RUN_DRAIN", "4"), ("FOSTER_GC_AUTO", "maybe")];
    let config = merge(&[], &wrong, Some("[run]\ndrain = \"3s\"\n"));
    assert_eq!(config.settings.run.drain, Duration::from_secs(3));
    let error = config.value("run.drain").unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("FOSTER_RUN_DRAIN: \"4\" has no unit"),
        "{error}"
    );
    assert!(config.value("gc.auto").is_err());
    assert!(
        config
            .value("run.max_bytes")
            .is_ok_and(|value| value.is_some())
    );
    assert!(config.value("no.such").is_ok_and(|value| value.is_none()));
    let told = config
        .shown()
        .into_iter()
        .filter(|one| one.problem.is_some());
    assert_eq!(told.count(), 2);
}

#[test]
fn good_files_are_taken() {
    for text in [
        "",
        "# nothing\n",
        "root = \"/r\"\noutput = \"auto\"\ncontainment = \"subreaper\"\n",
        "run.drain = \"1s\"\nrun.log_cap = \"none\"\n",
        "run = { drain = \"1s\" }\n",
        "[wait]\ntimeout = \"none\"\n[list]\nlimit = 1_000\n",
        "[gc]\nauto = false\nmax_jobs = \"none\"\nmax_bytes = \"1GiB\"\n",
        "[gc]\nmax_jobs = 7\n",
    ] {
        assert!(parse(text).is_ok(), "{text}: {}", parse(text).unwrap_err());
    }
}

#[test]
fn mistakes_are_told_with_their_line_and_what_was_meant() {
    let rows = [
        ("drain = \"1s\"", 1, "no key \"drain\"", "run.drain"),
        (
            "\n[run]\nsnapshot_afer = \"1s\"",
            3,
            "in [run]",
            "snapshot_after?",
        ),
        ("[runn]\n", 1, "no section [runn]", "[run]?"),
        ("run = 5", 1, "is a section", "[run]"),
        ("[run]\ndrain = 5", 2, "an integer", "a duration"),
        ("[run]\n\ndrain = \"5\"", 3, "no unit", "a duration"),
        ("[run]\ntail_lines = \"5\"", 2, "a string", "a number"),
        ("[run]\ntail_lines = -5", 2, "-5", "a number"),
        (
            "[run]\ntail_lines = 0xffffffffffffffff",
            2,
            "too large",
            "a number",
        ),
        ("[run]\nmax_bytes = \"5\"", 2, "no unit", "a size"),
        ("[gc]\nauto = \"yes\"", 2, "a string", "true or false"),
        ("[gc]\nmax_jobs = \"many\"", 2, "a string", "none"),
        ("[run]\nstragglers = \"keep\"", 2, "none of kill", "leave"),
        ("output = \"xml\"", 1, "none of auto", "yaml"),
        ("containment = \"jail\"", 1, "no containment", "pidns"),
        ("root = \"jobs\"", 1, "not an absolute path", "path"),
        ("root = \"~/jobs\"", 1, "not an absolute path", "path"),
        ("root = \"\"", 1, "not an absolute path", "path"),
        ("[run]\ndrain = \"1s\"\ndrain = \"2s\"", 3, "duplicate", ""),
        ("[run]\nzzz = 1", 2, "no key \"zzz\"", "config show"),
        ("[run\n", 1, "", ""),
        ("\n\nrun.drain = = 1", 3, "", ""),
    ];
    for (text, line, reason, hint) in rows {
        let error = parse(text).expect_err(text);
        let message = error.to_string();
        assert!(
            message.starts_with(&format!("/c.toml:{line}: ")),
            "{text}: {message}"
        );
        assert!(message.contains(reason), "{text}: {message}");
        assert!(!message.contains('\n'), "{message}");
        let given = error.hint().unwrap_or_default();
        assert!(given.contains(hint), "{text}: {given:?}");
    }
}

#[test]
fn the_first_mistake_is_told_of_first() {
    let error = parse("[wait]\nzz = 1\n[run]\nzz = 1\n").unwrap_err();
    assert!(error.to_string().starts_with("/c.toml:2: "), "{error}");
}

/// The table in `docs/configuration.md`, between its two marks.
#[test]
fn the_documentation_has_the_table() {
    const BEGIN: &str = "<!-- made from the code: begin -->\n";
    const END: &str = "<!-- made from the code: end -->\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let mut table =
        "| key | variable | default | can be | meaning |\n|---|---|---|---|---|\n".to_owned();
    for key in KEYS {
        let default = key
            .default
            .map_or("the system's place".to_owned(), |text| format!("`{text}`"));
        let (path, variable) = (key.path(), key.variable());
        let (expects, meaning) = (key.expects, key.meaning.trim());
        writeln!(
            table,
            "| `{path}` | `{variable}` | {default} | {expects} | {meaning} |"
        )
        .unwrap();
    }
    let made = format!("{before}{BEGIN}{table}{END}{after}");
    if std::env::var_os("FOSTER_BLESS").is_some() {
        std::fs::write(&path, made).unwrap();
    } else {
        assert_eq!(
            text, made,
            "run: FOSTER_BLESS=1 cargo test -p foster-service"
        );
    }
}

#[test]
fn the_example_in_the_documentation_is_taken() {
    let text = include_str!("../../../../docs/configuration.md");
    let (_, rest) = text.split_once("```toml\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    assert!(example.contains("[gc]"));
    assert!(parse(example).is_ok(), "{}", parse(example).unwrap_err());
}
