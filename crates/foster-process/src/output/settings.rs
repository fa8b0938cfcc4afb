/// How many bytes are read at once unless told otherwise: what a pipe of Linux holds. Reading 16 KiB
/// at a time costs a quarter of the throughput.
pub const DEFAULT_READ_SIZE: usize = 64 * 1024;

/// How many bytes may wait for one subscriber unless told otherwise.
pub const DEFAULT_BUFFER: usize = 1024 * 1024;

/// How many may subscribe to a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Consumers {
    /// One at a time; another one may follow it.
    #[default]
    Single,
    /// Any number. Each gets every byte from where it began.
    Broadcast,
}

/// What happens when a subscriber is slower than the process that writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Delivery {
    /// Nothing more is read until there is room: the pipe fills, and the process waits.
    #[default]
    Reliable,
    /// The oldest waiting bytes are dropped, and a [`Gap`](super::Gap) stands in their place.
    Lossy,
}

/// What a subscriber gets of the time before it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Replay {
    /// Nothing.
    #[default]
    None,
    /// That many bytes, the last ones; the first chunk is cut for it.
    LastBytes(usize),
    /// Everything. The memory is as large as the output.
    All,
}

/// How a stream is captured. Made by [`CaptureSettings::builder`]; the default is one reliable
/// subscriber at a time, no replay, [`DEFAULT_READ_SIZE`] and [`DEFAULT_BUFFER`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaptureSettings {
    consumers: Consumers,
    delivery: Delivery,
    replay: Replay,
    read_size: usize,
    buffer: usize,
}

/// No stream can be captured in this way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCapture {
    /// A read of nothing would look like the end of the stream.
    #[error("the read size is 0 bytes")]
    ReadSize,
    /// What one read brings would not fit.
    #[error("a buffer of {buffer} bytes can't take a read of {read_size} bytes")]
    Buffer {
        /// The bound for each subscriber, in bytes.
        buffer: usize,
        /// How many bytes are read at once.
        read_size: usize,
    },
    /// Say [`Replay::None`], so that a number that was computed wrongly is seen.
    #[error("a replay of the last 0 bytes")]
    Replay,
}

impl Default for CaptureSettings {
    fn default() -> Self {
        Self {
            consumers: Consumers::default(),
            delivery: Delivery::default(),
            replay: Replay::default(),
            read_size: DEFAULT_READ_SIZE,
            buffer: DEFAULT_BUFFER,
        }
    }
}

impl CaptureSettings {
    /// Returns a builder that starts from the default.
    pub fn builder() -> CaptureSettingsBuilder {
        CaptureSettingsBuilder {
            settings: Self::default(),
        }
    }

    /// Returns how many may subscribe.
    pub fn consumers(&self) -> Consumers {
        self.consumers
    }

    /// Returns what happens when a subscriber is slow.
    pub fn delivery(&self) -> Delivery {
        self.delivery
    }

    /// Returns what a late subscriber gets.
    pub fn replay(&self) -> Replay {
        self.replay
    }

    /// Returns how many bytes are read at most at once; not 0.
    pub fn read_size(&self) -> usize {
        self.read_size
    }

    /// Returns how many bytes may wait for one subscriber; at least the read size.
    pub fn buffer(&self) -> usize {
        self.buffer
    }
}

/// Makes [`CaptureSettings`]. The numbers are judged together, by [`CaptureSettingsBuilder::build`].
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct CaptureSettingsBuilder {
    settings: CaptureSettings,
}

impl CaptureSettingsBuilder {
    /// How many may subscribe.
    pub fn consumers(mut self, consumers: Consumers) -> Self {
        self.settings.consumers = consumers;
        self
    }

    /// What happens when a subscriber is slow.
    pub fn delivery(mut self, delivery: Delivery) -> Self {
        self.settings.delivery = delivery;
        self
    }

    /// What a late subscriber gets.
    pub fn replay(mut self, replay: Replay) -> Self {
        self.settings.replay = replay;
        self
    }

    /// How many bytes are read at most at once.
    pub fn read_size(mut self, bytes: usize) -> Self {
        self.settings.read_size = bytes;
        self
    }

    /// How many bytes may wait for one subscriber.
    pub fn buffer(mut self, bytes: usize) -> Self {
        self.settings.buffer = bytes;
        self
    }

    /// Returns the settings, or which number can't be.
    ///
    /// # Errors
    /// [`InvalidCapture`]: a read size of 0, a buffer smaller than one read, a replay of the last 0
    /// bytes.
    pub fn build(self) -> Result<CaptureSettings, InvalidCapture> {
        let settings = self.settings;
        if settings.read_size == 0 {
            return Err(InvalidCapture::ReadSize);
        }
        if settings.buffer < settings.read_size {
            return Err(InvalidCapture::Buffer {
                buffer: settings.buffer,
                read_size: settings.read_size,
            });
        }
        if settings.replay == Replay::LastBytes(0) {
            return Err(InvalidCapture::Replay);
        }
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_can_not_be_are_errors() {
        let builder = CaptureSettings::builder();
        assert_eq!(builder.read_size(0).build(), Err(InvalidCapture::ReadSize));
        let refused = InvalidCapture::Buffer {
            buffer: 9,
            read_size: 10,
        };
        assert_eq!(builder.read_size(10).buffer(9).build(), Err(refused));
        let nothing = builder.replay(Replay::LastBytes(0));
        assert_eq!(nothing.build(), Err(InvalidCapture::Replay));
        assert_eq!(builder.build(), Ok(CaptureSettings::default()));
    }
}
