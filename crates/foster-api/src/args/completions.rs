/// Print what makes a shell complete Foster's command lines
///
/// Jobs are completed by name, by id and by age, those of this directory first; and tags, states,
/// signals, verbs, options and paths. What is printed asks this same program each time, so it is to be
/// made anew when Foster is.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The shell
    #[arg(value_name = "SHELL", value_parser = super::value::shell())]
    pub shell: &'static str,
}

const EXAMPLES: &str = "\
Examples:
  bash        source <(foster completions bash)         in ~/.bashrc
  zsh         source <(foster completions zsh)          in ~/.zshrc, after compinit
  fish        foster completions fish | source          in ~/.config/fish/config.fish
  powershell  foster completions powershell | Out-String | Invoke-Expression    in $PROFILE";
