/// The class in which a process is served by block devices
/// ([ioprio_set(2)](https://man7.org/linux/man-pages/man2/ioprio_set.2.html)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IoClass {
    /// Before all others, whatever becomes of them. Takes privilege.
    Realtime,
    /// What a process gets by default.
    BestEffort,
    /// When nobody else wants the device. It has no levels.
    Idle,
}

/// How a process is served by block devices, where their scheduler looks at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IoPriority {
    class: IoClass,
    level: u8,
}

/// The class has no such level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{class:?} has no level {level}: 0 to 7, and 0 for idle")]
pub struct InvalidIoPriority {
    /// The class.
    pub class: IoClass,
    /// The level.
    pub level: u8,
}

impl IoPriority {
    /// Returns the priority of this class and level: 0 (first) to 7 (last), and 0 for
    /// [`IoClass::Idle`].
    ///
    /// # Errors
    /// [`InvalidIoPriority`] if the class has no such level.
    pub fn new(class: IoClass, level: u8) -> Result<Self, InvalidIoPriority> {
        let last = if class == IoClass::Idle { 0 } else { 7 };
        if level <= last {
            Ok(Self { class, level })
        } else {
            Err(InvalidIoPriority { class, level })
        }
    }

    /// Returns its class.
    pub fn class(self) -> IoClass {
        self.class
    }

    /// Returns its level.
    pub fn level(self) -> u8 {
        self.level
    }

    /// Returns the number that the kernel has for it (include/uapi/linux/ioprio.h).
    pub(crate) fn kernel_value(self) -> i32 {
        const CLASS_SHIFT: i32 = 13;
        let class = match self.class {
            IoClass::Realtime => 1,
            IoClass::BestEffort => 2,
            IoClass::Idle => 3,
        };
        (class << CLASS_SHIFT) | i32::from(self.level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_levels_that_a_class_has_are_taken() {
        for class in [IoClass::Realtime, IoClass::BestEffort] {
            assert!(IoPriority::new(class, 7).is_ok() && IoPriority::new(class, 8).is_err());
        }
        assert!(IoPriority::new(IoClass::Idle, 0).is_ok());
        assert!(IoPriority::new(IoClass::Idle, 1).is_err());
        let value = IoPriority::new(IoClass::BestEffort, 5).map(IoPriority::kernel_value);
        assert_eq!(value, Ok(0x4005));
    }
}
