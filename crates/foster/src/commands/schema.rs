use foster_api::Failure;
use foster_api::args::schema::Args;
use foster_model::answer::SchemaAnswer;
use foster_service::Outcome;

pub fn carry_out(args: &Args) -> Result<Outcome<SchemaAnswer>, Failure> {
    Ok(foster_service::schema(args.name.as_deref())?.into())
}
