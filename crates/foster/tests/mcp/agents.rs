//! `docs/agents.md`: each set-up is what its client reads, and starts a server that serves.

use std::path::Path;
use std::process::Command;

use foster_testkit::Sandbox;
use serde_json::{Value, json};

use crate::client::{Client, FOSTER, sandbox};

const DOCUMENT: &str = include_str!("../../../../docs/agents.md");

/// Where a client's configuration names the server.
const PLACES: [(&str, &str); 6] = [
    ("Claude Code", "/mcpServers/foster"),
    ("Codex CLI", "/mcp_servers/foster"),
    ("Gemini CLI", "/mcpServers/foster"),
    ("OpenCode", "/mcp/foster"),
    ("VT Code", "/mcp/providers/0"),
    ("Zed", "/context_servers/foster"),
];

/// Returns the first block of configuration below a heading.
fn snippet(client: &str) -> Value {
    let (_, section) = DOCUMENT.split_once(&format!("\n## {client}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let blocks: Vec<_> = section.split("```").collect();
    let block = blocks.iter().skip(1).step_by(2).find_map(|block| {
        let (language, text) = block.split_once('\n').unwrap();
        match language {
            "json" => Some(serde_json::from_str(text).unwrap()),
            "toml" => {
                let read: toml::Table = toml::from_str(text).unwrap();
                Some(serde_json::to_value(read).unwrap())
            }
            _ => None,
        }
    });
    block.unwrap_or_else(|| panic!("{client} has no configuration"))
}

/// Returns the command line that a client makes of its configuration.
fn command_line(client: &str, place: &str) -> Vec<String> {
    let configuration = snippet(client);
    let server = configuration.pointer(place);
    let server =
        server.unwrap_or_else(|| panic!("{client}: nothing at {place}: {configuration:#}"));
    let words = |list: &Value| -> Vec<String> { serde_json::from_value(list.clone()).unwrap() };
    match &server["command"] {
        Value::String(program) => {
            let mut line = vec![program.clone()];
            line.extend(words(&server["args"]));
            line
        }
        list => words(list),
    }
}

/// Returns the command, found on the path as after an installation.
fn as_installed(sandbox: &Sandbox, line: &[String]) -> Command {
    let folder = Path::new(FOSTER).parent().unwrap().to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = [folder].into_iter().chain(std::env::split_paths(&path));
    let mut command = sandbox.foster();
    let mut started = Command::new(&line[0]);
    started.args(&line[1..]).current_dir(sandbox.work());
    for (name, value) in command
        .env("PATH", std::env::join_paths(path).unwrap())
        .get_envs()
    {
        match value {
            Some(value) => started.env(name, value),
            None => started.env_remove(name),
        };
    }
    started
}

#[test]
fn each_set_up_starts_a_server_that_serves() {
    let sandbox = sandbox();
    for (client, place) in PLACES {
        let line = command_line(client, place);
        assert_eq!(line[..2], ["foster", "mcp"], "{client}");
        let mut session = Client::of(as_installed(&sandbox, &line));
        session.shake_hands("2025-06-18");
        let listed = session.ask("tools/list", json!({}));
        assert_eq!(
            listed["result"]["tools"].as_array().unwrap().len(),
            15,
            "{client}"
        );
        let run = session.ok("run", json!({"command": ["true"]}));
        assert_eq!(run["exit_code"], 0, "{client}");
        session.end();
    }
}
