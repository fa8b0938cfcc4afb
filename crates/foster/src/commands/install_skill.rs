use std::path::PathBuf;

use foster_api::Failure;
use foster_api::args::install_skill::Args;
use foster_model::answer::InstallSkillAnswer;
use foster_service::{InstallSkillRequest, Outcome};

use super::Caller;
use crate::environment::{self, Needs};

pub fn carry_out(args: Args, caller: &Caller<'_>) -> Result<Outcome<InstallSkillAnswer>, Failure> {
    let request = InstallSkillRequest {
        text: include_str!("../../skill/SKILL.md").to_owned(),
        skills: skills(&args)?,
        force: args.force,
    };
    let context = caller.context(Needs::Directory)?;
    Ok(foster_service::install_skill(&context, &request)?.into())
}

/// Returns the folder of skills.
fn skills(args: &Args) -> Result<PathBuf, Failure> {
    if let Some(folder) = &args.dir {
        return Ok(folder.clone());
    }
    let agents = if args.claude { ".claude" } else { ".agents" };
    let base = if args.global {
        environment::home()?
    } else {
        PathBuf::new()
    };
    Ok(base.join(agents).join("skills"))
}
