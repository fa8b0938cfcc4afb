//! What a job printed: streams by logical offsets, when which bytes came, and lines made of both.

pub(crate) mod ends;
pub(crate) mod excerpt;
pub(crate) mod lane;
pub(crate) mod merger;
pub(crate) mod record_format;
pub(crate) mod segments;
pub(crate) mod stream;
pub(crate) mod stream_log;
pub(crate) mod stream_writer;
pub(crate) mod text;
pub(crate) mod timeline_reader;
pub(crate) mod timeline_writer;
