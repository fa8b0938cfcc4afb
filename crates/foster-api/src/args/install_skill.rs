use std::path::PathBuf;

/// Write a skill file that teaches an agent to use Foster
///
/// The file is ./.agents/skills/foster/SKILL.md. One of an older version is replaced; one that somebody
/// has changed is left alone unless --force is given.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Write it below the home directory, for all projects
    #[arg(long, conflicts_with = "dir")]
    pub global: bool,
    /// Write it to .claude/skills instead of .agents/skills
    #[arg(long, conflicts_with = "dir")]
    pub claude: bool,
    /// Write it to this folder of skills: DIR/foster/SKILL.md
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Replace a file that somebody has changed
    #[arg(long)]
    pub force: bool,
}

const EXAMPLES: &str = "\
Examples:
  foster install-skill
  foster install-skill --claude --global";
