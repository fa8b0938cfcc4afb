use axum::http::StatusCode;
use foster_model::ErrorCode;

/// Returns the status of an answer with this error: the one table.
pub fn status(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::InvalidArgument
        | ErrorCode::InvalidJobId
        | ErrorCode::JobIdTooShort
        | ErrorCode::UnknownSignal
        | ErrorCode::BadEnv
        | ErrorCode::StdinRequired => StatusCode::BAD_REQUEST,
        ErrorCode::Unauthorized => StatusCode::UNAUTHORIZED,
        ErrorCode::Forbidden => StatusCode::FORBIDDEN,
        ErrorCode::JobNotFound | ErrorCode::UnknownSchema | ErrorCode::UnknownRoute => {
            StatusCode::NOT_FOUND
        }
        ErrorCode::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        ErrorCode::RequestTooSlow => StatusCode::REQUEST_TIMEOUT,
        ErrorCode::AmbiguousJobId
        | ErrorCode::InvalidState
        | ErrorCode::ForeignJob
        | ErrorCode::BrokenPipe
        | ErrorCode::SomeFailed
        | ErrorCode::FileChanged => StatusCode::CONFLICT,
        ErrorCode::RequestTooLarge | ErrorCode::StdinTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ErrorCode::CommandNotFound
        | ErrorCode::NotExecutable
        | ErrorCode::BadCwd
        | ErrorCode::BadEnvFile
        | ErrorCode::BadStdin
        | ErrorCode::BadLogPath
        | ErrorCode::ArgumentsTooLarge
        | ErrorCode::ContainmentUnavailable
        | ErrorCode::StartFailed => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorCode::TooBusy | ErrorCode::Interrupted | ErrorCode::ResourcesExhausted => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        ErrorCode::TimedOut => StatusCode::GATEWAY_TIMEOUT,
        ErrorCode::LaunchFailed
        | ErrorCode::RootUnusable
        | ErrorCode::RootNotOwned
        | ErrorCode::RootWritableByOthers
        | ErrorCode::DamagedJob
        | ErrorCode::SupervisorUnreachable
        | ErrorCode::ProtocolMismatch
        | ErrorCode::SurvivorsLeft
        | ErrorCode::ConfigError
        | ErrorCode::AddressUnavailable
        | ErrorCode::TokenUntrusted
        | ErrorCode::Io
        | ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
