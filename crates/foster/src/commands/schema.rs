use foster_model::answer::SchemaAnswer;
use foster_service::Outcome;

use crate::args::schema::Args;
use crate::failure::Failure;

pub fn carry_out(args: &Args) -> Result<Outcome<SchemaAnswer>, Failure> {
    Ok(foster_service::schema(args.name.as_deref())?.into())
}
