use clap::Args;
use foster_service::GrepRequest;

/// Which lines of a job's output are shown: the same for `logs` and `tail`.
#[derive(Debug, Args)]
pub struct GrepArgs {
    /// Show the lines that match this regular expression alone
    ///
    /// It is tried on each line without its end, in the syntax of <https://docs.rs/regex>, in linear time.
    #[arg(long, value_name = "REGEX", help_heading = "Choosing lines")]
    pub grep: Option<String>,
    /// Show the lines that do not match
    #[arg(long, requires = "grep", help_heading = "Choosing lines")]
    pub invert: bool,
    /// Take upper and lower case for the same
    #[arg(long, requires = "grep", help_heading = "Choosing lines")]
    pub ignore_case: bool,
    /// Show this many lines before and after each that matches
    #[arg(
        long,
        value_name = "N",
        requires = "grep",
        conflicts_with_all = ["before", "after"],
        help_heading = "Choosing lines"
    )]
    pub context: Option<usize>,
    /// Show this many lines before each that matches
    #[arg(
        long,
        value_name = "N",
        requires = "grep",
        help_heading = "Choosing lines"
    )]
    pub before: Option<usize>,
    /// Show this many lines after each that matches
    #[arg(
        long,
        value_name = "N",
        requires = "grep",
        help_heading = "Choosing lines"
    )]
    pub after: Option<usize>,
    /// End after this many lines that match
    #[arg(
        long,
        value_name = "N",
        requires = "grep",
        help_heading = "Choosing lines"
    )]
    pub max_matches: Option<u64>,
}

impl GrepArgs {
    /// Returns what the service is asked for.
    pub fn request(self) -> Option<GrepRequest> {
        let around = self.context.unwrap_or(0);
        Some(GrepRequest {
            expression: self.grep?,
            invert: self.invert,
            ignore_case: self.ignore_case,
            before: self.before.unwrap_or(around),
            after: self.after.unwrap_or(around),
            max_matches: self.max_matches,
        })
    }

    /// Returns whether there is context, so that groups of lines are to be told apart.
    pub fn has_context(&self) -> bool {
        let some = |lines: Option<usize>| lines.is_some_and(|lines| lines > 0);
        some(self.context) || some(self.before) || some(self.after)
    }
}
