use std::fs::File;

use crate::output::CaptureSettings;

/// What a process reads as its standard input.
#[derive(Debug, Default)]
pub enum Input {
    /// Nothing: the end at once.
    #[default]
    Null,
    /// What this process reads.
    Inherit,
    /// What is written to the handle's `stdin`.
    Piped,
    /// This file, from where it stands.
    File(File),
}

/// Where one of a process's outputs goes. Each is chosen by itself.
#[derive(Debug, Default)]
pub enum Output {
    /// Where this process's own goes.
    #[default]
    Inherit,
    /// Nowhere.
    Null,
    /// Into this file, from where it stands. Opened for appending, several may share it.
    File(File),
    /// Through a pipe to those who read it, as the settings say.
    Captured(CaptureSettings),
}

impl Output {
    /// Returns an output that one consumer reads, reliably: with backpressure and without replay.
    pub fn captured() -> Self {
        Self::Captured(CaptureSettings::default())
    }
}
